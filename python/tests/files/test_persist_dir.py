"""import_dir, export_dir and persist."""

import json
import subprocess
import sys
from pathlib import Path

import fsspec
import pytest
import quipu
from llama_index.core import StorageContext
from llama_index.core.schema import TextNode


@pytest.fixture
def persisted(tmp_path):
    context = StorageContext.from_defaults()
    nodes = [TextNode(id_=f"n{i}", text="t" * 2000, embedding=[float(i), 1.0]) for i in range(500)]
    context.docstore.add_documents(nodes)
    context.vector_store.add(nodes)
    context.graph_store.upsert_triplet("a", "r", "b")
    context.persist(tmp_path / "persisted")
    return tmp_path / "persisted"


def contents(folder):
    return {each.name: each.read_bytes() for each in Path(folder).iterdir()}


def test_round_trip_is_byte_for_byte(path, persisted, tmp_path):
    seen = []
    report = quipu.import_dir(persisted, path, progress=lambda *call: seen.append(call))
    assert report["docstore.json"]["docstore/data"] == 500
    assert {name for name, _, _ in seen} <= set(contents(persisted)) and seen
    assert all(0 <= done <= total for _, done, total in seen if total)
    quipu.export_dir(path, tmp_path / "exported")
    assert contents(tmp_path / "exported") == contents(persisted)
    with pytest.raises(ValueError):
        quipu.import_dir(persisted, path)
    quipu.import_dir(persisted, path, merge=True)


def test_one_file_index_of_before_0_6(path, tmp_path):
    index = Path(__file__).resolve().parents[3] / "tests/data/old/0.5.27/vector_simple/index.json"
    report = quipu.import_dir(index, path)
    assert report["index_store.json"] == {"index_store/data": 1}
    assert report.notes[0].startswith("index.json is an index of LlamaIndex before 0.6")
    quipu.export_dir(path, tmp_path / "exported")
    exported = StorageContext.from_defaults(persist_dir=str(tmp_path / "exported"))
    docs = json.loads(index.read_text(encoding="ascii"))["docstore"]["__data__"]["docs"]
    assert {each.node_id: each.text for each in exported.docstore.docs.values()} == {
        node_id: doc["text"] for node_id, doc in docs.items()
    }


def test_missing_file_is_named(path, persisted):
    persisted.joinpath("docstore.json").unlink()
    with pytest.raises(FileNotFoundError, match="docstore.json"):
        quipu.import_dir(persisted, path)
    assert not path.exists()


def test_failed_import_leaves_what_was_there(path, persisted):
    persisted.joinpath("index_store.json").write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match="index_store.json"):
        quipu.import_dir(persisted, path / "below")
    assert not path.exists()
    with quipu.RocksDBKVStore(path) as store:  # empty, but somebody's
        with pytest.raises(ValueError, match="index_store.json"):
            quipu.import_dir(persisted, path)
        store.put("k", {"v": 1})
    with quipu.RocksDBKVStore(path, create_if_missing=False) as store:
        assert store.get("k") == {"v": 1}


def test_exception_of_progress_cancels(path, persisted):
    def refuse(*call):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        quipu.import_dir(persisted, path, progress=refuse)
    assert not path.exists()
    quipu.import_dir(persisted, path)


def test_interrupt_cancels(path, persisted):
    program = (
        "import os, signal, sys, quipu\n"
        "def interrupt(*call): os.kill(os.getpid(), signal.SIGINT)\n"
        "try: quipu.import_dir(sys.argv[1], sys.argv[2], progress=interrupt)\n"
        "except KeyboardInterrupt: print('cancelled', os.path.exists(sys.argv[2]))\n"
    )
    folder = str(Path(quipu.__file__).parents[1])
    ran = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {folder!r})\n{program}", persisted, path],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.stdout == "cancelled False\n", ran.stderr


def test_persist_to_another_file_system(context):
    context.docstore.add_documents([TextNode(id_="n", text="t")])
    memory = fsspec.filesystem("memory")
    context.docstore.persist("/quipu-test/docstore.json", fs=memory)
    with memory.open("/quipu-test/docstore.json") as file:
        assert list(json.load(file)["docstore/data"]) == ["n"]
    memory.rm("/quipu-test", recursive=True)


def test_persisted_context_is_the_references(context, tmp_path):
    node = TextNode(id_="n", text="t", embedding=[1.0, 2.0])
    context.docstore.add_documents([node])
    context.vector_store.add([node])
    context.persist(tmp_path / "out")
    theirs = StorageContext.from_defaults(persist_dir=str(tmp_path / "out"))
    assert theirs.docstore.get_node("n").text == "t"
    assert theirs.vector_store.get("n") == [1.0, 2.0]
