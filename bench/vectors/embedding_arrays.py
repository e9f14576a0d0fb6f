#!/usr/bin/env python3
"""Embeddings as arrays: adding a matrix beside adding nodes, and queries from Python beside the same ones from C++.

usage: embedding_arrays.py QUERY_TIMES [COUNT [DIMENSIONS]]    QUERY_TIMES: the program; 100,000 x 384 by default
prints a row a call to stderr, and one JSON object: [[what, target, baseline, own], ...], medians in seconds a vector or
query. What was added is compared with what add of nodes has stored.
"""
import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy
import quipu
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores.types import VectorStoreQuery

ROUNDS = 3
QUERIES = 100
QUERY_ROUNDS = 15
SEED = 2026


def timed(call):
    gc.collect()
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def row(rows, what, target, baseline, own):
    rows.append([what, target, baseline, own])
    print(f"{what:100} {target:>8} {own / baseline:7.3f} × ({own * 1e6:,.1f} µs)", file=sys.stderr, flush=True)


def at_once(matrix, count):
    return ((at, matrix[at:at + count]) for at in range(0, len(matrix), count))


def added(folder, matrix):
    """Rows of what adding takes; the database of the last one stays for the queries."""
    lists = matrix.astype(numpy.float64).tolist()
    nodes = [TextNode(id_=f"n{i}", embedding=elements) for i, elements in enumerate(lists)]
    ids = [node.node_id for node in nodes]
    del lists
    gc.collect()
    gc.freeze()
    ways = {
        "add of nodes, 1,000 a call": lambda store: [store.add(some) for _, some in at_once(nodes, 1000)],
        "add of nodes, one call": lambda store: store.add(nodes),
        "add_embeddings, one call": lambda store: store.add_embeddings(ids, matrix),
        "add_embeddings, 1,000 a call": lambda store: [
            store.add_embeddings(ids[at:at + 1000], some) for at, some in at_once(matrix, 1000)],
    }
    seconds = {way: [] for way in ways}
    for number in range(ROUNDS):
        for way, add in ways.items():
            with quipu.QuipuVectorStore.from_path(folder / f"{way} {number}") as store:
                seconds[way].append(timed(lambda add=add, store=store: add(store)) / len(matrix))
    paths = [folder / f"{way} {ROUNDS - 1}" for way in ways]
    if any(quipu.diff(paths[0], path) for path in paths[1:]):
        raise SystemExit("what is stored differs")
    return {way: statistics.median(each) for way, each in seconds.items()}, paths[-1]


def queried(path, folder, program, queries):
    """Medians of seconds a query, from C++ and from Python as array, as list, and all at once, in turns."""
    file = folder / "queries"
    file.write_bytes(queries.astype(numpy.float64).tobytes())
    child = subprocess.Popen([program, path, file, str(queries.shape[1])], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def from_cpp():
        child.stdin.write("\n")
        child.stdin.flush()
        return float(child.stdout.readline())

    with quipu.QuipuVectorStore.from_path(path, read_only=True) as store:
        as_arrays = [VectorStoreQuery(query_embedding=each, similarity_top_k=10) for each in queries]
        as_lists = [VectorStoreQuery(query_embedding=each.tolist(), similarity_top_k=10) for each in queries]
        ways = {
            "C++": from_cpp,
            "array": lambda: timed(lambda: [store.query(each) for each in as_arrays]) / len(queries),
            "list": lambda: timed(lambda: [store.query(each) for each in as_lists]) / len(queries),
            "matrix": lambda: timed(lambda: store.query_all(queries, similarity_top_k=10)) / len(queries),
        }
        runs = {way: [] for way in ways}
        for _ in range(QUERY_ROUNDS + 1):
            for way, call in ways.items():
                runs[way].append(call())
        found = store.query_all(queries, similarity_top_k=10)
        if found.ids.tolist() != [store.query(each).ids for each in as_lists]:
            raise SystemExit("a matrix of queries finds something else")
    child.stdin.close()
    child.wait()
    return {way: statistics.median(each[1:]) for way, each in runs.items()}


def main():
    program = sys.argv[1]
    count, dimensions = ([int(each.replace(",", "")) for each in sys.argv[2:]] + [100000, 384][len(sys.argv) - 2:])[:2]
    draw = numpy.random.default_rng(SEED)
    matrix = draw.standard_normal((count, dimensions)).astype(numpy.float32)
    queries = draw.standard_normal((QUERIES, dimensions)).astype(numpy.float32)
    rows = []
    size = f"{count:,} × {dimensions}"
    with tempfile.TemporaryDirectory(prefix="quipu-bench-") as name:
        folder = Path(name)
        seconds, path = added(folder, matrix)
        nodes = "add of nodes, 1,000 a call"
        row(rows, f"add_embeddings of {size}, one call, against {nodes}", "≤ 0.33 ×", seconds[nodes], seconds["add_embeddings, one call"])
        row(rows, f"the same, 1,000 rows a call, against {nodes}", "≤ 0.33 ×", seconds[nodes], seconds["add_embeddings, 1,000 a call"])
        row(rows, "the same, one call each", "≤ 0.33 ×", seconds["add of nodes, one call"], seconds["add_embeddings, one call"])
        asked = queried(path, folder, program, queries)
        row(rows, f"query of {size}, an array, against C++", "≤ 1.1 ×", asked["C++"], asked["array"])
        row(rows, f"query of {size}, a list, against C++", "≤ 1.1 ×", asked["C++"], asked["list"])
        row(rows, f"query_all of {QUERIES} rows, {size}, against C++ one by one", "-", asked["C++"], asked["matrix"])
        for small in (1000, 10000):
            if small >= count:
                continue
            with quipu.QuipuVectorStore.from_path(folder / f"small {small}") as store:
                store.add_embeddings([f"n{i}" for i in range(small)], matrix[:small])
            asked = queried(folder / f"small {small}", folder, program, queries)
            row(rows, f"query of {small:,} × {dimensions}, an array, against C++", "-", asked["C++"], asked["array"])
    print(json.dumps(rows))


main()
