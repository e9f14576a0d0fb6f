#!/usr/bin/env python3
"""Threads and awaited calls on one database for some seconds: no error, no lost update, no leak.

    python python/tests/stress.py 60

The work is done twice, each time for half of the seconds. What is stored is the same after each half, and so must
be what the process holds when RocksDB's write buffers, which fill up to their budget and are emptied, are empty.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List

import quipu
from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores.types import VectorStoreQuery

THREADS = 8
ROUND_NODES = 20
# What the second half may leave behind beyond the first.
SLACK_MIB = 16.0  # what the allocator keeps for its threads
SLACK_OBJECTS = 500
# Blocks of codes have rising keys, so what the second half leaves of them may be a table file of its own.
SLACK_FILES = 2


@dataclass
class Held:
    """What the process has when nothing is under way."""

    mib: float
    files: int
    objects: int

    def __str__(self) -> str:
        return f"{self.mib:.1f} MiB, {self.files} open files, {self.objects} Python objects"


def held(kvstore: quipu.RocksDBKVStore) -> Held:
    kvstore.compact()  # empties the write buffers, and leaves one table file where there were several
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return Held(resident_mib(), len(os.listdir("/proc/self/fd")), len(gc.get_objects()))


def resident_mib() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def nodes_of(name: str) -> List[TextNode]:
    source = {NodeRelationship.SOURCE: RelatedNodeInfo(node_id=name)}
    return [
        TextNode(id_=f"{name}-{i}", text=f"text {i}", embedding=[float(i), 1.0, 2.0], relationships=source)
        for i in range(ROUND_NODES)
    ]


def work(context: Any, thread: int, deadline: float, done: Dict[int, int], errors: List[BaseException]) -> None:
    try:
        while time.monotonic() < deadline:
            name = f"t{thread}"
            added = nodes_of(name)
            context.docstore.add_documents(added)
            context.vector_store.add(added)
            assert context.docstore.get_ref_doc_info(name).node_ids == [node.node_id for node in added]
            assert context.docstore.get_node(f"{name}-3").text == "text 3"
            assert context.vector_store.query(VectorStoreQuery([1.0, 1.0, 2.0], similarity_top_k=3)).ids
            count_up(context.kvstore)
            context.docstore.delete_ref_doc(name)
            context.vector_store.delete(name)
            done[thread] += 1
    except BaseException as error:
        errors.append(error)


def count_up(kvstore: quipu.RocksDBKVStore) -> None:
    while True:
        try:
            with quipu.transaction(kvstore):
                kvstore.put("count", {"n": (kvstore.get("count") or {"n": 0})["n"] + 1})
            return
        except quipu.ConflictError:
            pass


async def awaited(kvstore: quipu.RocksDBKVStore, round_: int) -> None:
    await asyncio.gather(*(kvstore.aput(f"k{i}", {"v": round_ + i}) for i in range(1000)))
    values = await asyncio.gather(*(kvstore.aget(f"k{i}") for i in range(1000)))
    assert values == [{"v": round_ + i} for i in range(1000)]


def run(seconds: float, path: Path) -> str:
    """What was done; raises when anything went wrong."""
    done = dict.fromkeys(range(THREADS), 0)
    files = len(os.listdir("/proc/self/fd"))
    with quipu.storage_context(path, memory_budget_bytes=32 << 20) as context:
        rounds = work_together(context, seconds / 2, done)
        first = held(context.kvstore)
        rounds += work_together(context, seconds / 2, done)
        second = held(context.kvstore)
        counted = context.kvstore.get("count")
        assert counted == {"n": sum(done.values())}, f"lost updates: {counted}, done {done}"
        assert context.docstore.docs == {}
    assert second.mib <= first.mib + SLACK_MIB, f"memory grows: {first}, then {second}"
    assert second.objects <= first.objects + SLACK_OBJECTS, f"Python objects stay: {first}, then {second}"
    assert second.files <= first.files + SLACK_FILES, f"files stay open: {first}, then {second}"
    assert len(os.listdir("/proc/self/fd")) == files, "files stay open after close()"
    return (
        f"{sum(done.values())} rounds of {THREADS} threads, {rounds} rounds of 1,000 awaited puts and gets, "
        f"no lost update; held after the first half: {first}; after the second: {second}"
    )


def work_together(context: Any, seconds: float, done: Dict[int, int]) -> int:
    """Threads and awaited calls at once; the number of the latter's rounds."""
    errors: List[BaseException] = []
    deadline = time.monotonic() + seconds
    threads = [threading.Thread(target=work, args=(context, each, deadline, done, errors)) for each in range(THREADS)]
    for thread in threads:
        thread.start()
    rounds = 0
    while time.monotonic() < deadline:
        asyncio.run(awaited(context.kvstore, rounds))
        rounds += 1
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return rounds


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="quipu-stress-") as folder:
        print(run(float(sys.argv[1]), Path(folder, "database")))
