#!/usr/bin/env python3
"""The page of `quipu ui` over a database that is being written to: first paint, searches, memory.

usage: page_times.py DB [--searches N] [--seed N]

DB: with a document store that has a text index, and vectors in the vector store "default". A writer adds nodes with vectors,
1,000 a commit of `quipu import --merge`, all the while, under ids that begin with "page_times"; they stay. Queries are words
of stored texts, and vectors of stored nodes. Baseline: the same searches by `quipu search` and `quipu query`, which open the
database each time, without the writer.
"""

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(SOURCE / "tests" / "ui"))
from browser import Browser, find_chromium  # noqa: E402
from ui_support import QUIPU, Page, node  # noqa: E402

BATCH = 1000
MIB = 2**20


class Writer(threading.Thread):
    """Adds nodes with vectors as long as it is not told to stop."""

    def __init__(self, database, dimensions, seed):
        super().__init__()
        self.database, self.dimensions, self.random = database, dimensions, random.Random(seed)
        self.stopping, self.written, self.run_id = threading.Event(), 0, f"page_times-{time.time_ns():x}"

    def run(self):
        with tempfile.TemporaryDirectory(prefix="page_times.") as folder:
            while not self.stopping.is_set():
                self.write_files(Path(folder))
                subprocess.run([QUIPU, "import", "--merge", "--quiet", folder, self.database], check=True, stdout=subprocess.DEVNULL)
                self.written += BATCH

    def write_files(self, folder):
        ids = [f"{self.run_id}-{self.written + i}" for i in range(BATCH)]
        nodes = {each: node(each, f"A note of number {each} about cords and knots.", {"title": "note"}, None) for each in ids}
        vectors = {each: [round(self.random.gauss(0, 1), 4) for _ in range(self.dimensions)] for each in ids}
        (folder / "docstore.json").write_text(json.dumps({"docstore/data": nodes}))
        (folder / "index_store.json").write_text("{}")
        (folder / "default__vector_store.json").write_text(json.dumps({
            "embedding_dict": vectors, "text_id_to_ref_doc_id": dict.fromkeys(ids, "None"),
            "metadata_dict": dict.fromkeys(ids, {"title": "note"})}))


def memory(pid):
    """Resident bytes, and those of them that are no files."""
    text = Path(f"/proc/{pid}/status").read_text()
    return tuple(int(re.search(rf"{name}:\s+(\d+)", text)[1]) * 1024 for name in ("VmRSS", "RssAnon"))


def samples(page, number, seed):
    """Ids and words of nodes here and there."""
    chosen = random.Random(seed)
    found = []
    while len(found) < number:
        after = bytes(chosen.choice(b"abcdefghijklmnopqrstuvwxyz0123456789:") for _ in range(chosen.randint(1, 7)))
        rows = page.get("nodes", after_hex=after.hex(), limit=20).json()["rows"]
        for row in rows[:2]:
            words = [word for word in re.findall(r"[a-z]{4,}", row["text"].lower())]
            if len(words) >= 3:
                found.append((row["key"], " ".join(chosen.sample(words, 3))))
    return found[:number]


def timed(call):
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def line(name, times):
    times = sorted(times)
    print(f"{name:44}  {statistics.median(times):8.1f}  {times[int(len(times) * .95)]:8.1f}  {times[-1]:8.1f}", flush=True)


def first_paint(page):
    """Milliseconds from the address to the first contentful paint, and to the numbers of the database."""
    with Browser(find_chromium()) as browser:
        browser.open(page.url)
        browser.wait("document.querySelector('.card dd')")
        return browser.evaluate("[performance.getEntriesByName('first-contentful-paint')[0].startTime, performance.now()]")


def measure(page, asked):
    for mode in ("words", "vector", "hybrid"):
        bodies = [{"mode": mode, "query": words, "like": key, "top_k": "10"} for key, words in asked]
        first = timed(lambda body=bodies[0]: page.post("search", **body))
        times = []
        for body in bodies[1:]:
            times.append(timed(lambda body=body: page.post("search", **body)))
        print(f"{f'search, {mode}: the first one':44}  {first:8.1f}", flush=True)
        line(f"search, {mode}", times)
    for name, params in (("overview", {}), ("nodes", {"after_hex": "67"}), ("documents", {"after_hex": "67"})):
        line(f"list, {name}", [timed(lambda name=name, params=params: page.get(name, **params)) for _ in range(20)])


def baseline(database, page, asked):
    vectors = [page.get("node", id=key).json()["vectors"] for key, _ in asked[:10]]
    commands = [([QUIPU, "search", database, words], None) for _, words in asked[:10]]
    commands += [([QUIPU, "query", database, "--vector", "-"], f"[{', '.join(each[0]['elements'])}]".encode()) for each in vectors if each]
    for name in ("search", "query"):
        line(f"baseline: quipu {name}", [timed(lambda c=c, i=i: subprocess.run(c, input=i, check=True, stdout=subprocess.DEVNULL))
                                         for c, i in commands if c[1] == name])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database")
    parser.add_argument("--searches", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    process = subprocess.Popen([QUIPU, "ui", arguments.database, "--json", "--quiet"], stdout=subprocess.PIPE)
    try:
        run(arguments, process)
    finally:
        process.terminate()
        process.wait()


def run(arguments, process):
    page = Page(process, json.loads(process.stdout.readline())["url"])
    asked = samples(page, arguments.searches, arguments.seed)
    print(f"{'milliseconds':44}  {'median':>8}  {'95 %':>8}  {'most':>8}", flush=True)
    baseline(arguments.database, page, asked)
    dimensions = page.get("node", id=asked[0][0]).json()["vectors"][0]["dimension"]
    writer = Writer(arguments.database, dimensions, arguments.seed)
    writer.start()
    try:
        paints = [first_paint(page) for _ in range(3)]
        line("first contentful paint, beside the writer", [paint for paint, _ in paints])
        line("numbers of the database are to be seen", [whole for _, whole in paints])
        measure(page, asked)
        resident, anonymous = memory(process.pid)
        indexes = sum(index["memory_bytes"] for index in page.get("overview").json()["search_indexes"])
    finally:
        writer.stopping.set()
        writer.join()
    print(f"memory: {resident / MIB:.0f} MiB resident, {anonymous / MIB:.0f} MiB of them no files; search index {indexes / MIB:.0f} MiB, "
          f"block cache at most 256 MiB; written meanwhile: {writer.written} nodes with vectors")


if __name__ == "__main__":
    main()
