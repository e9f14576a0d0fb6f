"""Directories that old versions of LlamaIndex wrote: in, answered, and out again. old_versions.py takes any."""

import logging
from pathlib import Path

import old_versions
import pytest
from llama_index.core import Settings
from old_directories.answers import KINDS
from old_directories.findings import Findings, Raised, Verdict, closely, strictly
from old_directories.manifest import Manifest
from old_directories.model import embedding
from old_directories.values import javascript_number

DATA = Path(__file__).resolve().parents[3] / "tests/data/old"
DIRECTORIES = old_versions.directories(DATA, "*")


@pytest.fixture
def models():
    """Those that the harness sets, for one test."""
    before = Settings._llm, Settings._embed_model
    old_versions.use_models()
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)
    Settings._llm, Settings._embed_model = before


@pytest.mark.parametrize("directory", DIRECTORIES, ids=[Manifest(each).name for each in DIRECTORIES])
def test_directory(directory, models):
    verdict = old_versions.travel(directory, old_versions.find_command())
    if verdict.faults:
        pytest.fail("\n".join(map(str, verdict.faults[:20])), pytrace=False)
    assert sum(count.writer for count in verdict.counts.values()) > 10


def test_every_version_and_kind_of_index_is_there():
    manifests = [Manifest(each) for each in DIRECTORIES]
    assert len({each.name.split("/")[0] for each in manifests}) == 18
    kinds = {info["type"] for each in manifests for info in each.indexes.values()}
    assert kinds >= {
        "simple_dict", "vector_store", "list", "tree", "keyword_table", "kg", "document_summary", "multimodal",
        "simple_lpg",
    }  # fmt: skip
    asked = {answer["kind"] for each in manifests for answer in each.data["answers"]}
    assert asked >= {*KINDS, "pipeline_rerun_after_load"}


def test_a_wrong_answer_is_a_fault():
    def failing():
        raise KeyError("default")

    findings, reference = Findings(), Findings()
    findings.check("answer", "right", [("n", 0.5)], lambda: [("n", 0.5 + 1e-9)], closely)
    findings.check("answer", "another order", ["a", "b"], lambda: ["b", "a"], closely)
    findings.check("answer", "raises", "Raised", failing)
    findings.check("answer", "as the reference", 1, lambda: 2)
    findings.check("answer", "raises as the reference", 1, failing)
    reference.check("answer", "as the reference", 1, lambda: 2)
    reference.check("answer", "raises as the reference", 1, failing)
    verdict = Verdict()
    verdict.add("database", findings, reference)
    (count,) = verdict.counts.values()
    assert (count.writer, count.reference, count.wrong) == (1, 1, 3)
    assert [each.what for each in verdict.faults] == ["another order", "raises", "raises as the reference"]


def test_numbers_are_compared():
    assert strictly({"a": 1, "b": [0.1]}, {"b": [0.1], "a": 1})
    assert not strictly(1, 1.0) and not strictly(1, True) and not strictly(0.1, 0.1 + 1e-16 * 2)
    assert closely([("a", 0.1)], [("a", 0.1 + 9e-7)]) and not closely([("a", 0.1)], [("a", 0.1 + 2e-6)])
    assert not closely([0.1, None], [0.1, 0.1]) and not closely([0.1], [0.1, 0.2])
    assert not Raised("x") == "x"


@pytest.mark.parametrize(
    "number, text",
    [(0.0, "0"), (-0.0, "0"), (1.0, "1"), (-1.5, "-1.5"), (1e-6, "0.000001"), (1.5e-7, "1.5e-7"), (1e-7, "1e-7"),
     (1e20, "100000000000000000000"), (1e21, "1e+21"), (1.5e22, "1.5e+22"), (123456.789, "123456.789"),
     (5e-324, "5e-324"), (0.05, "0.05"), (9007199254740994.0, "9007199254740994"), (1.5e16, "15000000000000000")],
)  # fmt: skip
def test_javascript_number(number, text):
    assert javascript_number(number) == text


def test_embedding_is_the_writers():
    manifest = Manifest(DIRECTORIES[0])
    assert manifest.queries == [embedding(f"query {i}", manifest.data["seed"]) for i in range(3)]
