"""One process that writes and many that read beside it, in Python, some of them killed. Prints what a refresh costs.

    build/python-venv/bin/python python/tests/readers.py --seconds 60 --readers 8 --kills 20 --nodes 100000

The writer adds documents with their embeddings, each with a note of how many there are, in one transaction, and now
and then deletes some. A reader refreshes for ever and compares the note with what it finds: a torn state is an error,
and so is one that is older than the one before.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Dict, List, Optional

import quipu
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores.types import VectorStoreQuery

DIMENSIONS = 16
BATCH = 5  # nodes a transaction


def node(number: int) -> TextNode:
    return TextNode(id_=f"node-{number}", text=f"The knot {number} " * 20, embedding=[float(number % 7), 1.0] * 8)


def write_batch(context: quipu.QuipuStorageContext, first: int, count: int) -> None:
    """Adds nodes and takes back the last one of the batch before, so that deletions are seen, too."""
    nodes = [node(number) for number in range(first, first + count)]
    with quipu.transaction(context):
        context.docstore.add_documents(nodes)
        context.vector_store.add(nodes)
        context.kvstore.put("note", {"next": first + count}, "notes")
        context.kvstore.put("gone", {"node": f"node-{first - 1}"}, "notes")
        context.docstore.delete_document(f"node-{first - 1}", raise_error=False)
        context.vector_store.delete_nodes([f"node-{first - 1}"])


def write(path: str, first: int, pause: float) -> None:
    """Until the end of standard input: whoever started it has gone, or wants it to stop."""
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    with quipu.storage_context(path) as context:
        print("open", flush=True)
        while not over.is_set():
            write_batch(context, first, BATCH)
            first += BATCH
            time.sleep(pause)
    print(first, flush=True)


def check(context: quipu.QuipuStorageContext, newest: int) -> int:
    """What the note says; raises AssertionError for what does not agree with it."""
    note = context.kvstore.get("note", "notes")
    assert note is not None
    after: int = note["next"]
    assert after >= newest, f"older than before: {after} after {newest}"
    gone = context.kvstore.get("gone", "notes")
    assert gone is not None and not context.docstore.document_exists(gone["node"])
    assert context.docstore.document_exists(f"node-{after - 1}")
    assert not context.docstore.document_exists(f"node-{after}")
    counts = [context.kvstore.count(name) for name in ("docstore/data", "vector_store/default/embeddings")]
    assert counts[0] == counts[1], f"{counts[0]} nodes and {counts[1]} vectors"
    return after


def read(path: str, seconds: float, queries: bool) -> None:
    """Refreshes and checks; prints the milliseconds of CPU that a refresh which found something new took, with the first
    get after it, and those of the first query."""
    costs: List[float] = []
    searches: List[float] = []
    refreshes = 0
    with quipu.storage_context(path, read_only=True) as context:
        newest = check(context, 0)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            before = time.process_time()
            context.refresh()
            context.kvstore.get("note", "notes")
            cost = (time.process_time() - before) * 1000
            refreshes += 1
            now = check(context, newest)
            if now == newest:
                continue
            costs.append(cost)
            newest = now
            if queries:
                before = time.process_time()
                found = context.vector_store.query(VectorStoreQuery(query_embedding=[1.0] * DIMENSIONS, similarity_top_k=3))
                searches.append((time.process_time() - before) * 1000)
                assert found.ids is not None and len(found.ids) == 3
    print(json.dumps({"costs": costs, "searches": searches, "refreshes": refreshes}), flush=True)


def start(*arguments: Any) -> "subprocess.Popen[str]":
    command = [sys.executable, __file__, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def median(numbers: List[float]) -> Optional[float]:
    return round(sorted(numbers)[len(numbers) // 2], 2) if numbers else None


def run(path: str, seconds: float, readers: int, kills: int, nodes: int, pause: float, seed: int) -> Dict[str, Any]:
    """Raises AssertionError with what a process that was not killed has said of a fault."""
    numbers = random.Random(seed)
    with quipu.storage_context(path) as context:
        for first in range(0, nodes, 2000):
            write_batch(context, first, min(2000, nodes - first))
    writer = start("--write", path, "--first", nodes, "--pause", pause)
    assert writer.stdout is not None and writer.stdout.readline() == "open\n"
    end = time.monotonic() + seconds

    def reader(which: int) -> "subprocess.Popen[str]":
        queries = ["--queries"] if which == 0 else []
        return start("--read", path, "--seconds", max(end - time.monotonic(), 0.5), *queries)

    running = [reader(which) for which in range(readers)]
    for _ in range(kills):
        time.sleep(seconds / (kills + 1))
        which = numbers.randrange(1, readers) if readers > 1 else 0
        running[which].send_signal(signal.SIGKILL)
        running[which].communicate()
        running[which] = reader(which)
    costs: List[float] = []
    searches: List[float] = []
    refreshes = 0
    for each in running:
        said, errors = each.communicate()
        assert each.returncode == 0, errors
        report = json.loads(said)
        costs += report["costs"]
        searches += report["searches"]
        refreshes += report["refreshes"]
    said, errors = writer.communicate("")
    assert writer.returncode == 0, errors
    with quipu.storage_context(path, create_if_missing=False) as context:
        assert check(context, 0) == int(said)
    ordered = sorted(costs)
    return {
        "refreshes": refreshes,
        "of a changed database": len(costs),
        "written": int(said) - nodes,
        "median ms of CPU": median(costs),
        "99 % ms of CPU": round(ordered[int(len(ordered) * 0.99)], 2) if ordered else None,
        "median ms of CPU of a first query": median(searches),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--readers", type=int, default=8)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--nodes", type=int, default=100_000)
    parser.add_argument("--pause", type=float, default=0.01, help="seconds between two transactions")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", help=argparse.SUPPRESS)
    parser.add_argument("--first", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--read", help=argparse.SUPPRESS)
    parser.add_argument("--queries", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.write:
        write(given.write, given.first, given.pause)
    elif given.read:
        read(given.read, given.seconds, given.queries)
    else:
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "database")
            report = run(path, given.seconds, given.readers, given.kills, given.nodes, given.pause, given.seed)
        for name, value in report.items():
            print(f"{name}: {value}")


if __name__ == "__main__":
    main()
