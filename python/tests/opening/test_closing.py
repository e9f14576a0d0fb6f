"""When a database is open, and for whom."""

import asyncio
import copy
import gc
import pickle

import pytest
import quipu
from llama_index.core.schema import TextNode


def test_closed_by_with_and_safe_twice(path):
    with quipu.RocksDBKVStore(path) as store:
        store.put("k", {"v": 1})
    assert store.closed
    store.close()
    with pytest.raises(ValueError, match="closed"):
        store.get("k")
    with quipu.RocksDBKVStore(path) as again:
        assert again.get("k") == {"v": 1}


def test_objects_on_a_path_share_a_database(path):
    first, second = quipu.RocksDBKVStore(path), quipu.RocksDBKVStore(str(path) + "/")
    first.put("k", {"v": 1})
    assert second.get("k") == {"v": 1}
    first.close()
    assert second.get("k") == {"v": 1}
    with pytest.raises(ValueError, match="other options"):
        quipu.RocksDBKVStore(path, sync=True)
    second.close()
    quipu.RocksDBKVStore(path, sync=True).close()


def test_garbage_collection_closes(path, run_python):
    store = quipu.RocksDBKVStore(path)
    store.put("k", {"v": 1})
    del store
    gc.collect()
    ran = run_python("import quipu; print(quipu.RocksDBKVStore(sys.argv[1]).get('k'))", path)
    assert ran.stdout == "{'v': 1}\n", ran.stderr


def test_end_of_the_process_closes(path, run_python):
    ran = run_python("import quipu; s = quipu.RocksDBKVStore(sys.argv[1]); s.put('k', {'v': 1})", path)
    assert (ran.returncode, ran.stderr) == (0, "")
    with quipu.RocksDBKVStore(path) as store:
        assert store.get("k") == {"v": 1}


def test_second_process_is_refused(path, kvstore, run_python):
    ran = run_python(
        "import quipu\ntry: quipu.RocksDBKVStore(sys.argv[1])\nexcept quipu.LockedError as e: print('locked:', e)",
        path,
    )
    assert ran.stdout.startswith("locked:") and str(path) in ran.stdout, ran.stderr


def test_closing_waits_for_async_calls(path):
    store = quipu.RocksDBKVStore(path)

    async def work():
        calls = [asyncio.ensure_future(store.aput(f"k{i}", {"v": i})) for i in range(50)]
        await asyncio.sleep(0)
        store.close()
        await asyncio.gather(*calls)

    asyncio.run(work())
    with quipu.RocksDBKVStore(path) as again:
        assert again.count() == 50


def test_scan_ends_when_its_store_closes(path):
    store = quipu.RocksDBKVStore(path)
    store.put_all([(f"k{i:04}", {}) for i in range(1000)])
    pairs = store.scan()
    assert next(pairs) == ("k0000", {})
    store.close()
    with pytest.raises(ValueError):
        list(pairs)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))])
def test_copies_are_on_the_same_database(context, copied):
    context.docstore.add_documents([TextNode(id_="n", text="t")])
    context.vector_store.add([TextNode(id_="n", embedding=[1.0])])
    context.graph_store.upsert_triplet("a", "r", "b")
    assert copied(context.docstore).get_node("n").text == "t"
    assert copied(context.vector_store).get("n") == [1.0]
    assert copied(context.graph_store).get("a") == [["r", "b"]]
    assert copied(context.index_store).index_structs() == []
    assert copied(context.property_graph_store).get() == []
    assert copied(context.kvstore).count("docstore/data") == 1
