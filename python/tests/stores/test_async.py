"""Awaited calls."""

import asyncio
import threading

import pytest
from llama_index.core.llms import ChatMessage

import quipu


def test_a_thousand_at_once(kvstore):
    async def work():
        await asyncio.gather(*(kvstore.aput(f"k{i}", {"v": i}) for i in range(1000)))
        return await asyncio.gather(*(kvstore.aget(f"k{i}") for i in range(1000)))

    assert asyncio.run(work()) == [{"v": i} for i in range(1000)]


def test_cancelled_calls_leave_the_store_usable(kvstore):
    async def work():
        calls = [asyncio.ensure_future(kvstore.aput_all([(f"k{i}", {"v": i})])) for i in range(200)]
        await asyncio.sleep(0)
        for call in calls:
            call.cancel()
        ended = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(each, asyncio.CancelledError) for each in ended)
        await kvstore.aput("after", {"v": -1})
        return await kvstore.aget_all()

    stored = asyncio.run(work())
    assert stored.pop("after") == {"v": -1}
    assert all(value == {"v": int(key[1:])} for key, value in stored.items())


def test_exceptions_are_awaited(context):
    async def work():
        await context.docstore.adelete_document("missing")

    with pytest.raises(ValueError, match="doc_id missing not found"):
        asyncio.run(work())


def test_long_calls_run_beside_each_other_and_keep_nothing_waiting(kvstore):
    go = threading.Event()

    async def work():
        long = [asyncio.ensure_future(kvstore.run(go.wait, 60)) for _ in range(3)]
        await asyncio.sleep(0)
        await asyncio.wait_for(kvstore.run(kvstore.put, "k", {"v": 1}), 60)  # a fourth thread's
        assert not any(call.done() for call in long)
        go.set()
        assert await asyncio.gather(*long) == [True] * 3

    asyncio.run(work())


def test_what_is_done_does_not_wait_for_a_long_call(kvstore):
    go = threading.Event()

    async def work():
        short = asyncio.ensure_future(kvstore.run(lambda: "done"))
        long = asyncio.ensure_future(kvstore.run(go.wait, 60))
        assert await asyncio.wait_for(short, 60) == "done"
        go.set()
        assert await long

    asyncio.run(work())


async def made_at_once(call):
    """Whether what is awaited is not handed to another thread, and its result."""
    try:
        waits_for = call.send(None)
    except StopIteration as answer:
        return True, answer.value

    async def rest():
        await asyncio.wait([waits_for])
        try:
            call.send(None)
        except StopIteration as answer:
            return answer.value
        raise AssertionError("it waits twice")

    return False, await rest()


def test_a_read_is_answered_at_once_from_memory_and_later_from_the_disk(tmp_path):
    async def read(store):
        return await made_at_once(store.aget("k"))

    with quipu.RocksDBKVStore(tmp_path / "db") as store:
        store.put("k", {"v": 1})
        assert asyncio.run(read(store)) == (True, {"v": 1})
        assert asyncio.run(store.aget("none")) is None
        with quipu.transaction(store):
            store.put("k", {"v": 2})
            assert asyncio.run(store.aget("k")) == {"v": 2}
    with quipu.RocksDBKVStore(tmp_path / "db") as store:
        assert asyncio.run(read(store))[1] == {"v": 2}
        assert asyncio.run(read(store)) == (True, {"v": 2})


def test_small_calls_are_made_at_once(context):
    kvstore, docstore = context.kvstore, context.docstore
    chats = quipu.QuipuAsyncChatStore(kvstore)
    message = ChatMessage(role="user", content="What is a quipu?")

    async def work():
        docstore.set_document_hash("d", "1")
        kvstore.put("a", {"v": 1})
        await chats.add_message("chat", message)  # its collections are made
        calls = [
            (kvstore.aput("a", {"v": 2}), None),
            (kvstore.aget("a"), {"v": 2}),
            (kvstore.adelete("a"), True),
            (kvstore.adelete("a"), False),
            (docstore.aset_document_hash("d", "2"), None),
            (docstore.aget_document_hash("d"), "2"),
            (docstore.adocument_exists("d"), False),
            (chats.add_message("chat", message), None),
            (chats.count_messages("chat"), 2),
            (chats.get_messages("chat"), [message, message]),
            (chats.archive_oldest_messages("chat", 1), [message]),
            (chats.delete_message("chat", 2), message),
            (quipu.QuipuChatStore(kvstore).aget_messages("chat"), [message]),
        ]
        for call, result in calls:
            assert await made_at_once(call) == (True, result)
        with pytest.raises(ValueError, match="doc_id missing not found"):
            await docstore.adelete_document("missing")

    asyncio.run(work())


def test_what_would_wait_is_handed_over(tmp_path):
    async def work(store):
        large = {"text": "x" * 100_000}
        assert await made_at_once(store.aput("k", {"v": 1}, "new")) == (False, None)  # the collection is made
        assert await made_at_once(store.aput("k", {"v": 1}, "new")) == (not synced, None)
        assert await made_at_once(store.aput("large", large, "new")) == (False, None)
        assert await made_at_once(store.aget("large", "new")) == (True, large)
        assert await made_at_once(store.adelete("k", "new")) == (not synced, True)

    for synced in (False, True):
        with quipu.RocksDBKVStore(tmp_path / f"{synced}", sync=synced) as store:
            asyncio.run(work(store))


def test_awaited_calls_in_a_transaction_are_its_own(kvstore):
    kvstore.put("k", {"v": 1})

    async def work():
        with pytest.raises(RuntimeError, match="undo"):
            with quipu.transaction(kvstore):
                assert await made_at_once(kvstore.aput("k", {"v": 2})) == (False, None)
                assert await kvstore.aget("k") == {"v": 2}
                raise RuntimeError("undo")
        assert await made_at_once(kvstore.aget("k")) == (True, {"v": 1})

    asyncio.run(work())


def test_an_awaited_value_that_is_no_json_names_its_key(kvstore):
    kvstore.put("k", {"v": 1})
    with pytest.raises(TypeError, match="key 'bad'"):
        asyncio.run(kvstore.aput("bad", {"v": object()}))


def test_awaited_calls_on_a_closed_store_raise(kvstore):
    kvstore.close()

    async def work():
        for call in (kvstore.aget("k"), kvstore.aput("k", {}), kvstore.aget_all()):
            with pytest.raises(ValueError, match="the store is closed"):
                await call

    asyncio.run(work())


def test_loops_one_after_the_other_and_beside_each_other(kvstore):
    async def work(name):
        await asyncio.gather(*(kvstore.aput(f"{name} {i}", {"v": i}) for i in range(50)))
        return await kvstore.aget(f"{name} 49")

    assert asyncio.run(work("first")) == asyncio.run(work("second")) == {"v": 49}
    threads = [threading.Thread(target=asyncio.run, args=(work(f"thread {i}"),)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kvstore.count() == 300
