#!/usr/bin/env python3
"""The chat stores of the Python package beside LlamaIndex's SQLAlchemyChatStore on a file, in the same run.

usage: chat_stores.py [MESSAGES]     how long the chat is that is read, 100,000 when it is not given

add_message: one message at a time, each its own commit, at the end of the chat. last_20: get_messages of its last 20.
Both through the same interface, AsyncDBChatStore; "sync" is QuipuChatStore, which has the same without asyncio.
memory_put: Memory.put into a queue of 200 messages, all of it against the time that its tokenizer takes.
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
from llama_index.core.storage.chat_store.sql import SQLAlchemyChatStore
from llama_index.core.utils import get_tokenizer

TEXT = "A quipu records numbers by knots on cords: their kind, their place and their colour say what was counted. "
ROUNDS = 5
CALLS = 100


def message(number):
    return ChatMessage(role="user" if number % 2 == 0 else "assistant", content=f"{number}: {TEXT * 3}")


def per_call(seconds):
    return round(statistics.median(seconds) / CALLS * 1e6, 1)


async def timed(call, n=CALLS):
    start = time.perf_counter()
    for number in range(n):
        await call(number)
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
            add[name].append(await timed(lambda number: store.add_message("chat", message(number))))
            there = await store.count_messages("chat")
            last[name].append(await timed(lambda number: store.get_messages("chat", limit=20, offset=there - 20)))
        add["sync"].append(timed_sync(lambda number: sync.add_message("chat", message(number))))
        last["sync"].append(timed_sync(lambda number: sync.get_messages("chat", offset=-20)))
    await stores["reference"]._async_engine.dispose()
    database.close()
    return {"add_message": summary(add), "last_20": summary(last)}


def timed_sync(call):
    start = time.perf_counter()
    for number in range(CALLS):
        call(number)
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

    found = {}
    stores = {
        "reference": SQLAlchemyChatStore("memory", f"sqlite+aiosqlite:///{folder}/memory.db"),
        "quipu": quipu.QuipuAsyncChatStore.from_path(folder / "memory.quipu"),
    }
    for name, store in stores.items():
        history = [message(number) for number in range(200)]
        memory = Memory.from_defaults("session", chat_history=history, chat_store=store, token_limit=10**6,
                                      tokenizer_fn=tokenize)
        ratios = []
        for number in range(30):
            spent[0] = 0.0
            start = time.perf_counter()
            memory.put(message(number))
            ratios.append((time.perf_counter() - start) / spent[0])
        found[name] = round(statistics.median(ratios), 3)
    return found


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory(prefix="quipu-bench-") as folder:
        results = asyncio.run(compare(Path(folder), count))
        results["memory_put"] = memory_put(Path(folder))
    print(json.dumps(results))


if __name__ == "__main__":
    main()
