"""Reading beside a writer, of this process or another."""

from __future__ import annotations

import asyncio
import gc
import io
import pickle
from pathlib import Path
from typing import Dict

import pytest
import quipu
import readers
from llama_index.core import Document, MockEmbedding, StorageContext, VectorStoreIndex, load_index_from_storage
from llama_index.core.graph_stores.types import EntityNode, Relation
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores.types import VectorStoreQuery


def fill(context: quipu.QuipuStorageContext, name: str) -> None:
    """Something in every store."""
    context.docstore.add_documents([TextNode(id_=name, text="t")])
    context.vector_store.add([TextNode(id_=name, embedding=[1.0, len(name)])])
    context.graph_store.upsert_triplet(name, "hangs from", "a cord")
    context.property_graph_store.upsert_nodes([EntityNode(name=name)])
    context.kvstore.put(name, {"n": 1})


def found(context: quipu.QuipuStorageContext, name: str) -> list:
    """Whether each store has it."""
    query = VectorStoreQuery(query_embedding=[1.0, 1.0], similarity_top_k=9)
    return [
        context.docstore.document_exists(name),
        name in context.vector_store.query(query).ids,
        bool(context.graph_store.get(name)),
        bool(context.property_graph_store.get(ids=[name])),
        context.kvstore.get(name) is not None,
        name in context.docstore.docs,
    ]


def test_shows_its_moment_until_it_is_refreshed(path: Path) -> None:
    with quipu.storage_context(path) as writer, quipu.storage_context(path) as _:
        fill(writer, "a")
        with quipu.storage_context(path, read_only=True) as reader:
            assert found(reader, "a") == [True] * 6
            for round_number in range(4):  # the log grows, a table is written, and the log grows again
                name = f"b{round_number}"
                fill(writer, name)
                assert found(reader, name) == [False] * 6
                reader.refresh()
                assert found(reader, name) == [True] * 6 and found(reader, "a") == [True] * 6
                writer.docstore.delete_document(name)
                assert reader.docstore.document_exists(name)
                if round_number == 1:
                    writer.kvstore.compact()
                reader.refresh()
                assert not reader.docstore.document_exists(name)
            reader.refresh()  # nothing was written since
            assert found(reader, "a") == [True] * 6


def test_each_store_reads_alone(path: Path) -> None:
    classes = {
        quipu.QuipuDocumentStore: lambda store: store.document_exists("b"),
        quipu.QuipuVectorStore: lambda store: "b" in store.query(VectorStoreQuery([1.0, 1.0], 9)).ids,
        quipu.QuipuGraphStore: lambda store: bool(store.get("b")),
        quipu.QuipuPropertyGraphStore: lambda store: bool(store.get(ids=["b"])),
        quipu.QuipuIndexStore: lambda store: bool(store.index_structs()),
    }
    with quipu.storage_context(path) as writer:
        fill(writer, "a")
        with quipu.RocksDBKVStore(path, read_only=True) as kvstore:
            stores = {made: made.from_path(path, read_only=True) for made in classes}
            fill(writer, "b")
            VectorStoreIndex([], storage_context=writer, embed_model=MockEmbedding(embed_dim=2))
            assert not any(has(stores[made]) for made, has in classes.items())
            next(iter(stores.values())).refresh()  # of all that read here
            assert all(has(stores[made]) for made, has in classes.items())
            assert kvstore.read_only and kvstore.get("b") == {"n": 1}
            for store in stores.values():
                store.close()


def writes(context: quipu.QuipuStorageContext) -> Dict[str, object]:
    node = TextNode(id_="n", text="t", embedding=[1.0, 2.0])
    docstore, vectors, graph = context.docstore, context.vector_store, context.property_graph_store
    return {
        "add_documents": lambda: docstore.add_documents([node]),
        "delete_document": lambda: docstore.delete_document("a"),
        "set_document_hash": lambda: docstore.set_document_hash("a", "h"),
        "add": lambda: vectors.add([node]),
        "clear": lambda: vectors.clear(),
        "delete_nodes": lambda: vectors.delete_nodes(["a"]),
        "use_hnsw": lambda: vectors.use_hnsw(),
        "upsert_triplet": lambda: context.graph_store.upsert_triplet("a", "b", "c"),
        "delete_triplet": lambda: context.graph_store.delete("a", "hangs from", "a cord"),
        "upsert_nodes": lambda: graph.upsert_nodes([EntityNode(name="x")]),
        "upsert_relations": lambda: graph.upsert_relations([Relation(label="l", source_id="a", target_id="b")]),
        "put": lambda: context.kvstore.put("k", {}),
        "put_all": lambda: context.kvstore.put_all([("k", {})]),
        "delete_key": lambda: context.kvstore.delete("a"),
        "drop_collection": lambda: context.kvstore.drop_collection("data"),
        "compact": lambda: context.kvstore.compact(),
        "transaction": lambda: quipu.transaction(context).__enter__(),
        "index": lambda: VectorStoreIndex([], storage_context=context, embed_model=MockEmbedding(embed_dim=2)),
        "aput": lambda: asyncio.run(context.kvstore.aput("k", {})),
    }


def test_writing_raises(path: Path) -> None:
    with quipu.storage_context(path) as writer:
        fill(writer, "a")
    before = {each: each.read_bytes() for each in path.rglob("*") if each.is_file()}
    with quipu.storage_context(path, read_only=True) as reader:
        for name, write in writes(reader).items():
            with pytest.raises(quipu.ReadOnlyError, match="open for reading only"):
                write()  # type: ignore[operator]
                pytest.fail(name)
        assert found(reader, "a") == [True] * 6
    assert {each: each.read_bytes() for each in path.rglob("*") if each.is_file()} == before
    assert issubclass(quipu.ReadOnlyError, io.UnsupportedOperation)


def test_indices_load_and_search(path: Path) -> None:
    model = MockEmbedding(embed_dim=2)
    with quipu.storage_context(path) as writer:
        index = VectorStoreIndex([], storage_context=writer, embed_model=model)
        index.insert(Document(id_="a", text="cord"))
        with quipu.storage_context(path, read_only=True) as reader:
            loaded = load_index_from_storage(reader, embed_model=model)
            assert len(loaded.as_retriever().retrieve("q")) == 1
            index.insert(Document(id_="b", text="knot"))
            reader.refresh()
            again = load_index_from_storage(reader, embed_model=model)
            assert len(again.as_retriever().retrieve("q")) == 2


def test_vector_stores_that_came_later(path: Path) -> None:
    with quipu.storage_context(path) as writer, quipu.storage_context(path, read_only=True) as reader:
        quipu.QuipuVectorStore(writer.kvstore, "more").add([TextNode(id_="n", embedding=[1.0])])
        assert "more" not in reader.vector_stores
        reader.refresh()
        assert reader.vector_stores["more"].get("n") == [1.0]  # type: ignore[attr-defined]


def test_a_scan_goes_on_with_what_it_began_with(path: Path) -> None:
    with quipu.RocksDBKVStore(path) as writer:
        writer.put_all([(f"k{i:04}", {}) for i in range(1000)])
        with quipu.RocksDBKVStore(path, read_only=True) as reader:
            pairs = reader.scan()
            next(pairs)
            writer.put_all([(f"k{i:04}x", {}) for i in range(1000)])
            reader.refresh()
            assert reader.count() == 2000
            assert len(list(pairs)) == 999
            again = reader.scan()
            next(again)
            writer.put("more", {})
            reader.refresh()
        with pytest.raises(ValueError, match="closed"):
            list(again)


def test_other_processes_read_beside_a_writer(path: Path, run_python) -> None:
    with quipu.RocksDBKVStore(path) as writer:
        writer.put("k", {"v": 1})
        ran = run_python("import quipu; print(quipu.RocksDBKVStore(sys.argv[1], read_only=True).get('k'))", path)
        assert ran.stdout == "{'v': 1}\n", ran.stderr
        refused = run_python("import quipu; quipu.RocksDBKVStore(sys.argv[1])", path)
        import os

        assert f"process {os.getpid()}" in refused.stderr and "read_only=True" in refused.stderr


def test_pickled_and_read_alone(path: Path) -> None:
    with quipu.storage_context(path) as writer:
        fill(writer, "a")
    reader = quipu.QuipuDocumentStore.from_path(path, read_only=True)
    copied = pickle.loads(pickle.dumps(reader))
    assert copied.kvstore.read_only and copied.document_exists("a")
    with quipu.RocksDBKVStore(path) as writer_beside:
        writer_beside.put("more", {})
    copied.close()
    reader.close()


def test_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        quipu.storage_context(tmp_path / "missing", read_only=True)
    assert not (tmp_path / "missing").exists()


def test_async_calls_while_it_is_refreshed(path: Path) -> None:
    """The threads of a database that was refreshed go when their work is done."""

    async def work() -> None:
        with quipu.RocksDBKVStore(path) as writer, quipu.RocksDBKVStore(path, read_only=True) as reader:
            for number in range(30):
                calls = [asyncio.ensure_future(reader.aget("k")) for _ in range(20)]
                writer.put("k", {"n": number})
                await asyncio.sleep(0)
                reader.refresh()
                await asyncio.gather(*calls)
                assert reader.get("k") == {"n": number}

    asyncio.run(work())
    gc.collect()


def test_many_processes_and_kills(path: Path) -> None:
    """A share of what readers.py runs for a minute."""
    path.mkdir()
    report = readers.run(str(path), seconds=4, readers=3, kills=2, nodes=200, pause=0.02, seed=7)
    assert report["of a changed database"] > 0 and report["written"] > 0, report


def test_reference_and_reader_agree(path: Path, tmp_path: Path) -> None:
    with quipu.storage_context(path) as writer:
        fill(writer, "a")
        reader = quipu.storage_context(path, read_only=True)
        reader.persist(str(tmp_path / "out"))
        simple = StorageContext.from_defaults(persist_dir=str(tmp_path / "out"))
        assert list(simple.docstore.docs) == ["a"]
        reader.close()



def test_what_cannot_be_written_to_names_read_only(path, monkeypatch):
    """As on a read-only mount, which only root can make."""
    quipu.storage_context(path).close()

    def refused(*_):
        raise OSError("cannot open LOCK: Read-only file system")

    monkeypatch.setattr("quipu._native.open", refused)
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(OSError, match="Read-only file system; read_only=True"):
        quipu.storage_context(path)
