#!/usr/bin/env python3
"""The chat stores of the Python package beside LlamaIndex's SQLAlchemyChatStore on a file, in the same run.

usage: chat_stores.py [MESSAGES]     how long the chat is that is read, 100,000 when it is not given

add_message: one message at a time, each its own commit, at the end of the chat. last_20: get_messages of its last 20.
Both through the same interface, AsyncDBChatStore; "sync" is QuipuChatStore, which has the same without asyncio.
memory_put: Memory.put into a queue of 200 messages, all of it against the time that its tokenizer takes; "floor" is that of
a store that has its messages in a list and does nothing else: what LlamaIndex's Memory itself takes.
prints one JSON object; times are medians in microseconds
"""
import asyncio
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import quipu
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.memory import Memory
from llama_index.core.storage.chat_store.base_db import AsyncDBChatStore
from llama_index.core.storage.chat_store.sql import SQLAlchemyChatStore
from llama_index.core.utils import get_tokenizer

TEXT = "A quipu records numbers by knots on cords: their kind, their place and their colour say what was counted. "
ROUNDS = 5
CALLS = 100


def message(number):
    return ChatMessage(role="user" if number % 2 == 0 else "assistant", content=f"{number}: {TEXT * 3}")


def per_call(seconds):
    return round(statistics.median(seconds) / CALLS * 1e6, 1)


class ListChatStore(AsyncDBChatStore):
    """The least that a store can be for Memory.put."""

    def __init__(self):
        super().__init__()
        self._messages = []

    async def get_messages(self, key, status=None, limit=None, offset=None):
        return list(self._messages)

    async def add_message(self, key, message, status=None):
        self._messages.append(message)

    async def add_messages(self, key, messages, status=None):
        self._messages += messages

    set_messages = add_messages

    async def _not_needed(self, *args, **kwargs):
        raise NotImplementedError

    count_messages = delete_message = delete_messages = get_keys = _not_needed
    delete_oldest_messages = archive_oldest_messages = _not_needed


MESSAGES = [message(number) for number in range(CALLS)]


async def timed(call):
    start = time.perf_counter()
    for each in MESSAGES:
        await call(each)
    return time.perf_counter() - start


async def compare(folder, count):
    database = quipu.RocksDBKVStore(folder / "chats.quipu")
    stores = {
        "reference": SQLAlchemyChatStore("chats", f"sqlite+aiosqlite:///{folder}/chats.db"),
        "quipu": quipu.QuipuAsyncChatStore(database),
    }
    sync = quipu.QuipuChatStore(database)
    for store in stores.values():
        for at in range(0, count, 1000):
            await store.add_messages("chat", [message(number) for number in range(at, min(at + 1000, count))])
    add = {name: [] for name in (*stores, "sync")}
    last = {name: [] for name in (*stores, "sync")}
    for _ in range(ROUNDS):
        for name, store in stores.items():
            add[name].append(await timed(lambda each: store.add_message("chat", each)))
            there = await store.count_messages("chat")
            last[name].append(await timed(lambda each: store.get_messages("chat", limit=20, offset=there - 20)))
        add["sync"].append(timed_sync(lambda each: sync.add_message("chat", each)))
        last["sync"].append(timed_sync(lambda each: sync.get_messages("chat", offset=-20)))
    await stores["reference"]._async_engine.dispose()
    database.close()
    return {"messages": count, "add_message": summary(add), "last_20": summary(last)}


def timed_sync(call):
    start = time.perf_counter()
    for each in MESSAGES:
        call(each)
    return time.perf_counter() - start


def summary(runs):
    times = {name: per_call(seconds) for name, seconds in runs.items()}
    return {**times, "ratio": round(times["reference"] / times["quipu"], 1),
            "ratio_sync": round(times["reference"] / times["sync"], 1)}


def memory_put(folder):
    tokenizer = get_tokenizer()
    spent = [0.0]

    def tokenize(text):
        start = time.perf_counter()
        try:
            return tokenizer(text)
        finally:
            spent[0] += time.perf_counter() - start

    def memory_on(store):
        history = [message(number) for number in range(200)]
        return Memory.from_defaults("session", chat_history=history, chat_store=store, token_limit=10**6,
                                    tokenizer_fn=tokenize)

    memories = {
        "reference": memory_on(SQLAlchemyChatStore("memory", f"sqlite+aiosqlite:///{folder}/memory.db")),
        "quipu": memory_on(quipu.QuipuAsyncChatStore.from_path(folder / "memory.quipu")),
        "floor": memory_on(ListChatStore()),
    }
    ratios = {name: [] for name in memories}
    for number in range(30):
        for name, memory in memories.items():
            spent[0] = 0.0
            start = time.perf_counter()
            memory.put(message(number))
            ratios[name].append((time.perf_counter() - start) / spent[0])
    quipu.close(folder / "memory.quipu")
    return {name: round(statistics.median(each), 3) for name, each in ratios.items()}


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory(prefix="quipu-bench-") as folder:
        results = asyncio.run(compare(Path(folder), count))
        results["memory_put"] = memory_put(Path(folder))
    print(json.dumps(results))


if __name__ == "__main__":
    main()
