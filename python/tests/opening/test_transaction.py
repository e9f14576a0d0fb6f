"""quipu.transaction()."""

import asyncio
import threading

import pytest
import quipu
from llama_index.core import StorageContext
from llama_index.core.schema import TextNode


def in_thread(call):
    results = []
    thread = threading.Thread(target=lambda: results.append(call()))
    thread.start()
    thread.join(30)
    return results[0]


def test_block_reads_its_writes_and_nobody_else_does(context):
    with quipu.transaction(context):
        context.docstore.add_documents([TextNode(id_="n", text="t")])
        context.vector_store.add([TextNode(id_="n", embedding=[1.0, 2.0])])
        context.graph_store.upsert_triplet("a", "r", "b")
        assert context.docstore.get_node("n").text == "t"
        assert in_thread(lambda: context.docstore.document_exists("n")) is False
        assert in_thread(lambda: context.graph_store.get("a")) == []
    assert in_thread(lambda: context.docstore.document_exists("n")) is True
    assert context.vector_store.get("n") == [1.0, 2.0]
    assert context.graph_store.get("a") == [["r", "b"]]


def test_exception_undoes_all(context):
    with pytest.raises(ZeroDivisionError):
        with quipu.transaction(context):
            context.docstore.add_documents([TextNode(id_="n", text="t")])
            context.graph_store.upsert_triplet("a", "r", "b")
            1 / 0
    assert context.docstore.docs == {}
    assert context.graph_store.get("a") == []


def test_conflict_is_refused_and_can_be_repeated(kvstore):
    kvstore.put("k", {"v": 0})
    with pytest.raises(quipu.ConflictError):
        with quipu.transaction(kvstore):
            kvstore.put("k", {"v": kvstore.get("k")["v"] + 1})
            in_thread(lambda: kvstore.put("k", {"v": 10}))
    assert kvstore.get("k") == {"v": 10}
    with quipu.transaction(kvstore):
        kvstore.put("k", {"v": kvstore.get("k")["v"] + 1})
    assert kvstore.get("k") == {"v": 11}


def test_nested_is_refused(kvstore):
    with quipu.transaction(kvstore):
        kvstore.put("k", {})
        with pytest.raises(ValueError, match="running already"):
            with quipu.transaction(kvstore):
                pass
    assert kvstore.get("k") == {}


def test_async_calls_belong_to_it(kvstore):
    async def work():
        with quipu.transaction(kvstore):
            await kvstore.aput("k", {"v": 1})
            assert await kvstore.aget("k") == {"v": 1}
            assert in_thread(lambda: kvstore.get("k")) is None

    asyncio.run(work())
    assert kvstore.get("k") == {"v": 1}


def stores_on(kvstore):
    return StorageContext(
        docstore=quipu.QuipuDocumentStore(kvstore),
        index_store=quipu.QuipuIndexStore(kvstore),
        vector_stores={"default": quipu.QuipuVectorStore(kvstore)},
        graph_store=quipu.QuipuGraphStore(kvstore),
    )


def test_plain_storage_context(kvstore):
    with quipu.transaction(stores_on(kvstore)):
        kvstore.put("k", {})
        assert in_thread(lambda: kvstore.get("k")) is None


def test_stores_on_two_databases_are_refused(kvstore, tmp_path):
    with quipu.RocksDBKVStore(tmp_path / "other") as other:
        mixed = stores_on(kvstore)
        mixed.graph_store = quipu.QuipuGraphStore(other)
        with pytest.raises(ValueError, match="one Quipu database"):
            with quipu.transaction(mixed):
                pass
    with pytest.raises(ValueError, match="one Quipu database"):
        with quipu.transaction(StorageContext.from_defaults()):
            pass


def test_closing_meanwhile_is_refused(kvstore):
    with quipu.transaction(kvstore):
        kvstore.put("k", {})
        with pytest.raises(quipu.BusyError):
            kvstore.close()
    assert kvstore.get("k") == {}
