#!/usr/bin/env python3
"""Approximate search of a store that changes: vectors are added and deleted among queries, and then what is left is added to
a fresh store, whose recall is beside it.

usage: churn.py [--adds N] [--deletes N] [--recall R] [DATA]

DATA: as compare.py's, clustered:200000:768 by default. The last N vectors are those that are added, some at a time, while
others are deleted; in between each of 20 queries is timed by the CPU of its thread. The same adds and deletes go to a store
without partitions, in turns.
"""
import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy

import vector_sets

AT_ONCE = 100  # adds of a round, and half as many deletes
QUERIES = 20  # of a round
CHECKED = 200


def queries_near(rows, count, seed):
    draw = numpy.random.default_rng(seed)
    near = rows[draw.integers(0, len(rows), count)]
    spread = numpy.linalg.norm(near, axis=1, keepdims=True) / numpy.sqrt(rows.shape[1])
    return near + 0.3 * spread * draw.standard_normal(near.shape).astype(numpy.float32)


class Store:
    def __init__(self, folder, recall):
        from llama_index.core.vector_stores.types import VectorStoreQuery
        from quipu import QuipuVectorStore

        self.query_class = VectorStoreQuery
        self.store = QuipuVectorStore.from_path(str(folder))
        self.recall = recall
        self.write_cpu = 0.0

    def build(self, numbers, rows):
        for at in range(0, len(numbers), 10_000):
            some = numbers[at:at + 10_000]
            self.store.add_embeddings([str(number) for number in some], rows[some])
        if self.recall:
            self.store.use_ann(recall=self.recall)

    def change(self, added, deleted, rows):
        cpu = time.process_time()
        self.store.add_embeddings([str(number) for number in added], rows[added])
        self.write_cpu += time.process_time() - cpu
        self.store.delete_nodes([str(number) for number in deleted])

    def ask(self, query):
        """The ids that it finds; seconds of CPU of this thread, and of wall time."""
        asked = self.query_class(query_embedding=query, similarity_top_k=vector_sets.K)
        wall, cpu = time.perf_counter(), time.thread_time()
        found = self.store.query(asked)
        return [int(each) for each in found.ids], time.thread_time() - cpu, time.perf_counter() - wall


def recall_of(store, queries, expected):
    found = [store.ask(query)[0] for query in queries]
    return sum(len(set(a) & set(b.tolist())) for a, b in zip(found, expected)) / expected.size


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", default="clustered:200000:768", metavar="DATA")
    parser.add_argument("--adds", type=int, default=100_000)
    parser.add_argument("--deletes", type=int, default=50_000)
    parser.add_argument("--recall", type=float, default=0.95)
    options = parser.parse_args()
    rows = numpy.load(vector_sets.folder_of(options.data) / "rows.npy")
    if options.adds >= len(rows):
        sys.exit(f"{options.data} has {len(rows)} vectors, of which {options.adds} cannot be added")
    draw = numpy.random.default_rng(vector_sets.SEED)
    with tempfile.TemporaryDirectory(prefix="quipu-bench-") as folder:
        changing, plain = Store(Path(folder, "ann"), options.recall), Store(Path(folder, "plain"), None)
        first = numpy.arange(len(rows) - options.adds)
        for store in (changing, plain):
            store.build(first, rows)
        live = first.tolist()
        cpu, walls = [], []
        queries = queries_near(rows, 10_000, vector_sets.SEED + 2)
        rounds = options.adds // AT_ONCE
        for turn in range(rounds):
            added = numpy.arange(len(first) + turn * AT_ONCE, len(first) + (turn + 1) * AT_ONCE)
            deleted = [live.pop(int(draw.integers(0, len(live)))) for _ in range(options.deletes // rounds)]
            for store in (changing, plain):
                store.change(added, deleted, rows)
            live.extend(added.tolist())
            for i in range(QUERIES):
                _, of_thread, wall = changing.ask(queries[(turn * QUERIES + i) % len(queries)])
                cpu.append(of_thread)
                walls.append(wall)
        kept = numpy.array(sorted(live))
        checked = queries_near(rows, CHECKED, vector_sets.SEED + 3)
        expected = kept[vector_sets.nearest(rows[kept], checked)]
        after = recall_of(changing, checked, expected)
        fresh = Store(Path(folder, "fresh"), options.recall)
        fresh.build(kept, rows)
        cpu.sort()
        median, most = statistics.median(cpu), cpu[int(len(cpu) * 0.999)]
        print(f"{options.data}: {options.adds} added and {options.deletes} deleted among {len(cpu)} queries, recall wanted "
              f"{options.recall}\n  recall {after:.3f}, of a fresh store {recall_of(fresh, checked, expected):.3f}\n"
              f"  CPU of a query: median {median * 1e3:.3f} ms, p99.9 {most * 1e3:.3f} ms ({most / median:.2f} x), "
              f"longest wall time {max(walls) * 1e3:.1f} ms\n"
              f"  adds: {options.adds / changing.write_cpu:,.0f} a CPU second, without partitions "
              f"{options.adds / plain.write_cpu:,.0f} ({plain.write_cpu / changing.write_cpu:.2f} x)")
        for store in (changing, plain, fresh):
            store.store.close()


if __name__ == "__main__":
    main()
