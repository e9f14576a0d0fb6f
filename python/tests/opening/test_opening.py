"""What a user meets when opening and closing: paths that are none, options, repr, another cell of a notebook."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import quipu
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores import SimpleVectorStore

GOLDEN = Path(__file__).resolve().parents[3] / "tests" / "data" / "goldens" / "basic"
CLASSES = [
    quipu.QuipuDocumentStore,
    quipu.QuipuIndexStore,
    quipu.QuipuVectorStore,
    quipu.QuipuGraphStore,
    quipu.QuipuPropertyGraphStore,
]


# ---- paths ----


def test_a_persist_directory_is_named_with_what_to_do(tmp_path: Path) -> None:
    persisted = tmp_path / "storage"
    shutil.copytree(GOLDEN, persisted)
    before = sorted(each.name for each in persisted.iterdir())
    said = r"storage is a directory that LlamaIndex persisted.*quipu\.import_dir\('.*storage', '.*storage\.quipu'\)"
    calls = [
        lambda: quipu.storage_context(persisted),
        lambda: quipu.storage_context(persisted, read_only=True),
        lambda: quipu.storage_context(persisted, create_if_missing=False),
        lambda: quipu.QuipuDocumentStore.from_path(persisted),
        lambda: quipu.import_dir(tmp_path / "storage.quipu", persisted),  # swapped
        lambda: quipu.export_dir(persisted, tmp_path / "storage.quipu"),  # swapped
    ]
    for call in calls:
        with pytest.raises(ValueError, match=said):
            call()
    assert sorted(each.name for each in persisted.iterdir()) == before
    assert not (tmp_path / "storage.quipu").exists()


@pytest.mark.parametrize("path", ["s3://bucket/storage", "file:///tmp/x", ":memory:", ""])
def test_what_is_no_directory_is_refused(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for call in (quipu.storage_context, quipu.RocksDBKVStore, *[each.from_path for each in CLASSES]):
        with pytest.raises(ValueError, match="directory|empty"):
            call(path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", [3, None, ["a"]])
def test_paths_of_other_types(path: Any) -> None:
    with pytest.raises(TypeError, match=f"path must be a str, bytes or os.PathLike, not {type(path).__name__}"):
        quipu.storage_context(path)


@pytest.mark.parametrize("name", [b"plain", b"n\xffo text"])
def test_paths_as_bytes(name: bytes, tmp_path: Path) -> None:
    path = os.path.join(os.fsencode(tmp_path), name)
    with quipu.RocksDBKVStore(path) as store:
        store.put("k", {"v": 1})
        assert quipu.RocksDBKVStore(os.fsdecode(path)).get("k") == {"v": 1}
        with quipu.RocksDBKVStore(path, read_only=True) as reader, pytest.raises(quipu.ReadOnlyError):
            reader.put("k", {})
    assert os.path.isdir(path)


# ---- options ----


@pytest.mark.parametrize(
    "options, said",
    [
        ({"sync": None}, "sync must be a bool, not NoneType"),
        ({"memory_budget_bytes": "1GB"}, "memory_budget_bytes must be an int, not str: '1GB'"),
        ({"search_memory_bytes": 1e9}, "search_memory_bytes must be an int, not float: 1000000000.0"),
        ({"read_only": 1}, "read_only must be a bool, not int: 1"),
        ({"logger": "print"}, "logger must be callable"),
        ({"synk": True}, r"has no argument 'synk' \(did you mean 'sync'\?\); there are: .*search_memory_bytes"),
        ({"namespaces": "x"}, "has no argument 'namespaces'"),
    ],
)
def test_wrong_options(path: Path, options: Any, said: str) -> None:
    for call in (quipu.storage_context, quipu.RocksDBKVStore, *[each.from_path for each in CLASSES]):
        with pytest.raises(TypeError, match=said):
            call(path, **options)
    assert not path.exists()


def test_numbers_out_of_range(path: Path) -> None:
    with pytest.raises(ValueError, match="memory_budget_bytes must be from 0 to 18446744073709551615: -1"):
        quipu.storage_context(path, memory_budget_bytes=-1)
    with pytest.raises(ValueError, match="max_open_files must be from -2147483648 to 2147483647"):
        quipu.storage_context(path, max_open_files=1 << 40)
    assert not path.exists()


def test_wrong_options_are_said_though_it_is_open(path: Path) -> None:
    with quipu.storage_context(path), pytest.raises(TypeError, match="sync must be a bool"):
        quipu.storage_context(path, sync=None)  # type: ignore[arg-type]


def test_options_reach_the_library(path: Path) -> None:
    messages = []
    limits = {"max_key_bytes": 8, "max_value_bytes": 1000, "max_batch_bytes": 3000, "background_threads": 3}
    others = {"search_memory_bytes": 1 << 20, "max_collection_families": 4, "max_open_files": 100}
    with quipu.storage_context(path, logger=messages.append, **limits, **others) as context:  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="max_key_bytes"):
            context.kvstore.put("a long key", {})
        with pytest.raises(ValueError, match="max_value_bytes"):
            context.kvstore.put("k", {"text": "x" * 2000})
        with pytest.raises(ValueError, match="max_batch_bytes"):
            context.kvstore.put_all([(f"k{i}", {"text": "x" * 900}) for i in range(9)])
        context.kvstore.put("k", {})
    with quipu.storage_context(path, max_directory_bytes=1) as context:
        with pytest.raises(ValueError, match="max_directory_bytes"):
            context.kvstore.put("more", {})


def test_logger_hears_of_a_recovery(path: Path, run_python) -> None:
    program = "import os, quipu; s = quipu.RocksDBKVStore(sys.argv[1]); s.put('k', {}); os._exit(0)"
    assert run_python(program, path).returncode == 0
    messages = []
    quipu.RocksDBKVStore(path, logger=messages.append).close()
    assert any("recovered" in each for each in messages), messages


# ---- closing ----


def test_the_cell_of_a_notebook_that_is_run_again(path: Path) -> None:
    first = quipu.storage_context(path)
    first.kvstore.put("k", {"v": 1})
    with pytest.raises(ValueError, match="other options: it has sync=False, and sync=True is asked for") as refused:
        quipu.storage_context(path, sync=True)
    assert f"quipu.close('{path}')" in str(refused.value)
    reader = quipu.storage_context(path, read_only=True)
    quipu.close(path)
    assert first.closed and reader.closed
    for each in (first, reader):
        with pytest.raises(ValueError, match="closed"):
            each.kvstore.get("k")
    again = quipu.storage_context(path, sync=True)
    assert again.kvstore.get("k") == {"v": 1}
    first.close()  # of no consequence for the one that is open now
    reader.close()
    assert again.kvstore.get("k") == {"v": 1}
    again.close()
    quipu.close(path)  # nothing is open
    quipu.close(path.parent / "never")


def test_close_waits_for_no_transaction(path: Path) -> None:
    with quipu.storage_context(path) as context:
        with quipu.transaction(context):
            with pytest.raises(quipu.BusyError):
                quipu.close(path)
            context.kvstore.put("k", {})
        assert context.kvstore.get("k") == {}


@pytest.mark.parametrize("made", CLASSES, ids=lambda each: each.__name__)
def test_every_store_closes(made: Any, path: Path) -> None:
    with made.from_path(path) as store:
        assert not store.closed
        assert repr(store).startswith(f"{made.__name__}({str(path)!r}, ")
    assert store.closed
    store.close()
    assert repr(store) == f"{made.__name__}({str(path)!r}, closed)"
    assert str(store) == repr(store)
    quipu.RocksDBKVStore(path, sync=True).close()  # nobody has it open


def test_repr_counts(path: Path) -> None:
    with quipu.storage_context(path) as context:
        context.docstore.add_documents([TextNode(id_="n", text="t")])
        context.vector_store.add([TextNode(id_="n", embedding=[1.0])])
        context.graph_store.upsert_triplet("a", "b", "c")
        assert repr(context.docstore) == f"QuipuDocumentStore({str(path)!r}, nodes=1, ref_docs=0)"
        assert repr(context.vector_store) == f"QuipuVectorStore({str(path)!r}, namespace='default', vectors=1)"
        assert repr(context.graph_store) == f"QuipuGraphStore({str(path)!r}, subjects=1)"
        assert repr(context).startswith(f"QuipuStorageContext({str(path)!r}, nodes=1, ref_docs=0, index_structs=0, ")
        assert "'default': 1" in repr(context)
        assert repr(context.kvstore).startswith(f"RocksDBKVStore({str(path)!r}, collections=")
    assert repr(context) == f"QuipuStorageContext({str(path)!r}, closed)"


def test_a_vector_store_from_elsewhere_is_the_default_one_where_it_is_added(path):
    elsewhere = SimpleVectorStore()
    with quipu.storage_context(path) as context:
        context.add_vector_store(elsewhere, "default")
        assert context.vector_store is elsewhere
