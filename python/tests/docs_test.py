"""Runs the Python blocks of the documentation, in their order, and the example, with LlamaIndex's mock models."""

from __future__ import annotations

import ast
import json
import re
import runpy
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any, Dict, Iterator

import pytest
import quipu
from llama_index.core import Document, MockEmbedding, Settings, VectorStoreIndex
from llama_index.core.llms import MockLLM

SOURCE = Path(__file__).resolve().parents[2]
EXAMPLES = SOURCE / "examples"
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


def pages_with_python() -> Iterator[str]:
    for path in (SOURCE / "README.md", SOURCE / "python" / "README.md", *sorted((SOURCE / "docs").rglob("*.md"))):
        if BLOCK.search(path.read_text(encoding="utf-8")):
            yield path.relative_to(SOURCE).as_posix()


def test_pages_are_found() -> None:
    assert {"README.md", "docs/python.md", "docs/tutorial.md", "docs/howto/llamaindex.md"} <= set(pages_with_python())


@pytest.mark.parametrize("page", list(pages_with_python()))
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
    runpy.run_path(str(EXAMPLES / "python" / "switch.py"))
    printed = capsys.readouterr().out
    left = [f"doc-{i}" for i in range(1, 7)]
    assert f"after opening again: {left}" in printed
    assert f"back in LlamaIndex's own stores: {left}" in printed
    assert "equal: default__vector_store.json docstore.json" in printed


def run_example(name: str, *arguments: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
    runpy.run_path(str(EXAMPLES / "python" / name), run_name="__main__")


def test_chat_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    run_example("chat.py", "ann", "My name is Ann.", "What is my name?", monkeypatch=monkeypatch)
    run_example("chat.py", "ann", "And what did I ask first?", monkeypatch=monkeypatch)
    run_example("chat.py", "bob", monkeypatch=monkeypatch)
    counts = [line for line in capsys.readouterr().out.splitlines() if "messages" in line]
    assert counts == [
        "ann: 0 messages so far",
        "ann: 4 messages now",
        "ann: 4 messages so far",
        "ann: 6 messages now",
        "bob: 0 messages so far",
        "bob: 0 messages now",
    ]


def test_typescript_comes_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    storage = next((SOURCE / "tests" / "data" / "old" / "ts-0.12.1").iterdir())
    run_example("from_typescript.py", storage, tmp_path / "db", "text", monkeypatch=monkeypatch)
    printed = capsys.readouterr().out
    assert "converted: " in printed
    assert "faults: []" in printed
    assert re.search(r"Index: [1-9]\d* documents, [1-9]\d* nodes for 'text'", printed)


def test_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Its cells in their order, with what each shows at its end."""
    monkeypatch.chdir(tmp_path)
    names: Dict[str, Any] = {}
    shown = []
    for cell in json.loads((EXAMPLES / "notebook" / "quipu.ipynb").read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        body = ast.parse("".join(cell["source"])).body
        last = body.pop() if isinstance(body[-1], ast.Expr) else None
        exec(compile(ast.Module(body, []), "cell", "exec"), names)
        if isinstance(last, ast.Expr):
            shown.append(eval(compile(ast.Expression(last.value), "cell", "eval"), names))
    assert "quipu" in shown[0]._repr_html_()
    assert shown[1].inserted == 40
    assert shown[3] and len(shown[4]) == 1
    assert shown[5] == 40
    assert "query" in shown[6]
    assert "ingest: 100%" in capsys.readouterr().err


def test_web_app_answers(tmp_path: Path) -> None:
    """What comes into the folder is found by each of the processes that answer."""
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "first.txt").write_text("A quipu is a bundle of cords.")
    command = [sys.executable, EXAMPLES / "python" / "web_app.py", tmp_path / "db", tmp_path / "inbox", "--workers", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as app:
        try:
            assert app.stdout is not None
            address = app.stdout.readline().strip()
            workers: Dict[int, Any] = {}
            while len(workers) < 2:
                try:
                    with urllib.request.urlopen(f"{address}/search?q=bundle", timeout=60) as answer:
                        told = json.load(answer)
                except OSError:
                    continue  # nobody listens yet
                if told["found"]:
                    workers[told["worker"]] = told["found"]
            for found in workers.values():
                assert [row["text"] for row in found] == ["A quipu is a bundle of cords."]
            with urllib.request.urlopen(f"{address}/metrics", timeout=60) as answer:
                assert b"quipu_call_seconds_count" in answer.read()
        finally:
            app.send_signal(signal.SIGTERM)
            assert app.wait(timeout=60) == 0
