"""Awaited calls."""

import asyncio

import pytest


def test_a_thousand_at_once(kvstore):
    async def work():
        await asyncio.gather(*(kvstore.aput(f"k{i}", {"v": i}) for i in range(1000)))
        return await asyncio.gather(*(kvstore.aget(f"k{i}") for i in range(1000)))

    assert asyncio.run(work()) == [{"v": i} for i in range(1000)]


def test_cancelled_calls_leave_the_store_usable(kvstore):
    async def work():
        calls = [asyncio.ensure_future(kvstore.aput(f"k{i}", {"v": i})) for i in range(200)]
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
