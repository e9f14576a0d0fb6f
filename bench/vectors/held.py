#!/usr/bin/env python3
"""Search of more vectors than memory has room for: by a process in a cgroup of its own, whose limit counts the page cache.

usage: held.py [--limit MIB] [--recall SHARE] [--folder FOLDER] [DATA]

DATA: as compare.py has it, clustered:5,000,000:384 by default; --limit: 1,536 MiB by default; --folder: where the
database is (build/bench-vectors/<set>/held); one that is there is searched as it is. Needs root, to make a cgroup, and
files on a disk. All is done within the limit: adding the vectors, finding partitions, and the queries, each a process.

Printed are seconds of CPU and wall time; of queries for the 10 nearest what share of these was found, and milliseconds of
wall time: one after the other as they come, with what earlier ones have left in memory; and cold, after each of which the
database's files are dropped from the page cache and the process forgets nothing. At last the most memory that was charged.
"""
import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy  # noqa: E402

import vector_sets  # noqa: E402

MIB = 2**20
AT_ONCE = 10_000
COLD = 50
EXACT = 5


class Held:
    """A memory cgroup, version 1 or 2, of processes that are started with `enter`."""

    def __init__(self, limit):
        first = Path("/sys/fs/cgroup/memory")
        self.old = first.is_dir()
        self.path = (first if self.old else Path("/sys/fs/cgroup")) / f"quipu-held-{os.getpid()}"
        self.path.mkdir()
        self._write("memory.limit_in_bytes" if self.old else "memory.max", limit)
        self._write("memory.swappiness" if self.old else "memory.swap.max", 0)

    def _write(self, name, value):
        (self.path / name).write_text(str(value), encoding="ascii")

    def enter(self):
        self._write("cgroup.procs", os.getpid())

    def most(self):
        return int((self.path / ("memory.max_usage_in_bytes" if self.old else "memory.peak")).read_text(encoding="ascii"))

    def close(self):
        self.path.rmdir()


def drop(folder):
    """Takes the folder's files out of the page cache."""
    for file in Path(folder).rglob("*"):
        if not file.is_file():
            continue
        handle = os.open(file, os.O_RDONLY)
        os.fsync(handle)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(handle)


def took(what, cpu, wall):
    print(f"{what:45} {time.process_time() - cpu:10,.1f} s of CPU, {time.perf_counter() - wall:10,.1f} s", flush=True)


def build(folder, database, recall):
    import quipu

    rows = numpy.load(folder / "rows.npy", mmap_mode="r")
    with quipu.QuipuVectorStore.from_path(database) as store:
        cpu, wall = time.process_time(), time.perf_counter()
        for at in range(0, len(rows), AT_ONCE):
            some = numpy.array(rows[at:at + AT_ONCE])
            store.add_embeddings([str(at + i) for i in range(len(some))], some)
        took(f"{len(rows):,} vectors added", cpu, wall)
        cpu, wall = time.process_time(), time.perf_counter()
        store.use_ann(recall)
        took("partitions found", cpu, wall)
        cpu, wall = time.process_time(), time.perf_counter()
    took("closed", cpu, wall)


def timed(call):
    start = time.perf_counter()
    found = call()
    return (time.perf_counter() - start) * 1e3, found


def show(what, milliseconds, found=None, nearest=None):
    ordered = sorted(milliseconds)
    text = f"{what:45} median {statistics.median(ordered):10.2f} ms, 99 of 100 {ordered[int(len(ordered) * 0.99)]:10.2f} ms"
    if found is not None:
        hits = sum(len(set(map(int, ids)) & set(row.tolist())) for ids, row in zip(found, nearest))
        text += f", recall {hits / nearest[:len(found)].size:.3f}"
    print(text, flush=True)


def search(folder, database, _recall):
    import quipu
    from llama_index.core.vector_stores.types import VectorStoreQuery

    queries, nearest = numpy.load(folder / "queries.npy"), numpy.load(folder / "nearest.npy")
    asked = [VectorStoreQuery(query_embedding=each, similarity_top_k=vector_sets.K) for each in queries]
    drop(database)
    opened, store = timed(lambda: quipu.QuipuVectorStore.from_path(database, read_only=True))
    with store:
        first, _ = timed(lambda: store.query(asked[0]))
        print(f"{'opened and asked, cold':45} {opened:.1f} ms and {first:.1f} ms", flush=True)
        cold = []
        for query in asked[:COLD]:
            drop(database)
            cold.append(timed(lambda query=query: store.query(query).ids))
        show("approximate, cold", [each[0] for each in cold], [each[1] for each in cold], nearest)
        for way in ("as they come", "warm"):
            cpu = time.process_time()
            runs = [timed(lambda query=query: store.query(query).ids) for query in asked]
            cpu = (time.process_time() - cpu) * 1e3 / len(asked)
            show(f"approximate, {way} ({cpu:.2f} ms of CPU)", [each[0] for each in runs], [each[1] for each in runs], nearest)
        print(f"{'search in memory':45} {quipu.stat(store.client).search_indexes}", flush=True)


def search_exactly(folder, database, recall):
    import quipu
    from llama_index.core.vector_stores.types import VectorStoreQuery

    queries, nearest = numpy.load(folder / "queries.npy"), numpy.load(folder / "nearest.npy")
    asked = [VectorStoreQuery(query_embedding=each, similarity_top_k=vector_sets.K) for each in queries]
    with quipu.QuipuVectorStore.from_path(database) as store:
        store.drop_ann()
        try:
            runs = [timed(lambda query=query: store.query(query).ids) for query in asked[:EXACT]]
        finally:
            store.use_ann(recall)
    show("exact", [each[0] for each in runs], [each[1] for each in runs], nearest)
    same = all([int(id_) for id_ in found] == row.tolist() for (_, found), row in zip(runs, nearest))
    print(f"{'exact, the ids of float64 in their order':45} {same}", flush=True)


STEPS = {"build": build, "search": search, "exactly": search_exactly}


def main():
    if sys.argv[1:2] == ["--step"]:
        STEPS[sys.argv[2]](Path(sys.argv[3]), Path(sys.argv[4]), float(sys.argv[5]))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", default="clustered:5,000,000:384", metavar="DATA")
    parser.add_argument("--limit", type=int, default=1536, help="MiB")
    parser.add_argument("--recall", type=float, default=0.95)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    folder = vector_sets.folder_of(options.data)
    database = options.folder or folder / "held"
    for step in STEPS:
        if step == "build" and database.exists():
            continue
        held = Held(options.limit * MIB)
        try:
            subprocess.run([sys.executable, __file__, "--step", step, folder, database, str(options.recall)],
                           preexec_fn=held.enter, check=True)
            print(f"{f'most memory, of {options.limit:,} MiB':45} {held.most() / MIB:10,.0f} MiB", flush=True)
        finally:
            held.close()


if __name__ == "__main__":
    main()
