"""Runs the Python blocks of the documentation, in their order, and the example, with LlamaIndex's mock models."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any, Dict, Iterator

import pytest
import quipu
from llama_index.core import Document, MockEmbedding, Settings, VectorStoreIndex
from llama_index.core.llms import MockLLM

SOURCE = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# print(...)  # what it prints: why
PRINTED = re.compile(r"print\(.*\)  # ([^:\n]+)")


@pytest.fixture(autouse=True)
def mock_models() -> Iterator[None]:
    before = Settings._llm, Settings._embed_model
    Settings.llm = MockLLM()
    Settings.embed_model = MockEmbedding(embed_dim=8)
    yield
    Settings._llm, Settings._embed_model = before


@pytest.mark.parametrize("page", ["README.md", "docs/python.md", "docs/search.md", "python/README.md"])
def test_blocks_run(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    documents = [Document(id_=name, text=f"The {name} cord.") for name in ("first", "second")]
    VectorStoreIndex.from_documents(documents).storage_context.persist("./storage")
    capsys.readouterr()

    text = (SOURCE / page).read_text(encoding="utf-8")
    names: Dict[str, Any] = {"document": Document(id_="new", text="A new cord.")}
    expected = []
    for block in BLOCK.finditer(text):
        line = text.count("\n", 0, block.start(1))
        exec(compile("\n" * line + block[1], SOURCE / page, "exec"), names)
        expected += PRINTED.findall(block[1])
    assert "quipu" in names, "the page has no Python blocks"
    printed = capsys.readouterr().out.splitlines()
    assert [line for line in printed if line in expected] == expected


def test_what_is_missing_is_a_file_not_found_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="missing"):
        quipu.RocksDBKVStore(tmp_path / "missing", create_if_missing=False)
    with pytest.raises(FileNotFoundError, match="missing"):
        quipu.export_dir(tmp_path / "missing", tmp_path / "copy")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="docstore.json"):
        quipu.import_dir(tmp_path / "empty", tmp_path / "db")


def test_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(SOURCE / "examples" / "python" / "switch.py"))
    printed = capsys.readouterr().out
    left = [f"doc-{i}" for i in range(1, 7)]
    assert f"after opening again: {left}" in printed
    assert f"back in LlamaIndex's own stores: {left}" in printed
    assert "equal: default__vector_store.json docstore.json" in printed
