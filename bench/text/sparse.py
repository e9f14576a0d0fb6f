#!/usr/bin/env python3
"""Search of sparse vectors beside all products, from Python: the 10 nearest by the vector store's mode SPARSE, in a process of
one thread.

usage: sparse.py [--vectors COUNT] [--weights COUNT] [--query-weights COUNT] [--queries COUNT]

The vectors are made: as many weights each of 30,522 terms, either all terms alike ("even") or, as words are, few of them in
most vectors ("skewed"). For both: what adding them takes, and CPU milliseconds a query (the best of several rounds) of
Quipu, as the additions have left the index and again after compact(), of numpy (the query as a full vector, its numbers at
all indices times all values, added up by vectors; then the best), and of scipy's product with a sparse matrix, where it is
installed. The ids must be those of numpy but for products that are equal to 1e-6; exit code 1 where they are not.
"""
import argparse
import os
import sys
import tempfile
import time

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np  # noqa: E402
from llama_index.core.schema import TextNode  # noqa: E402
from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryMode  # noqa: E402

import quipu  # noqa: E402

TERMS = 30_522  # of BERT's vocabulary, as SPLADE has them
K = 10
ROUNDS = 3
PART = 2000
SEED = 2026


def vectors(random, count, weights, skewed):
    """Indices and values, a row each."""
    share = 1 / np.arange(10, TERMS + 10) if skewed else np.ones(TERMS)
    until = np.cumsum(share / share.sum())
    indices = np.empty((count, weights), np.int32)
    for row in range(count):
        drawn = np.empty(0, np.int64)
        while len(drawn) < weights:
            more = np.minimum(np.searchsorted(until, random.random(4 * weights)), TERMS - 1)
            drawn = np.unique(np.concatenate((drawn, more)))
        indices[row] = random.permutation(drawn)[:weights]
    values = np.minimum(random.gamma(2.0, 0.3, (count, weights)), 3.5).astype(np.float32)
    return indices, values


def cpu_of(call, queries):
    """CPU seconds of one query, and what was found in the last round."""
    best = float("inf")
    for _ in range(ROUNDS):
        begin = time.process_time()
        found = [call(query) for query in queries]
        best = min(best, time.process_time() - begin)
    return best / len(queries), found


def nearest(products):
    best = np.argpartition(-products, K)[:K]
    return best[np.argsort(-products[best], kind="stable")]


def full(query):
    vector = np.zeros(TERMS, np.float32)
    vector[query[0]] = query[1]
    return vector


def by_scipy(indices, values):
    try:
        import scipy.sparse
    except ImportError:
        return None
    matrix = scipy.sparse.csr_matrix((values.ravel(), indices.ravel(), np.arange(0, values.size + 1, values.shape[1])),
                                     shape=(len(values), TERMS))
    return lambda query: nearest(matrix @ full(query))


def add(store, count):
    begin = time.process_time()
    for at in range(0, count, PART):
        store.add([TextNode(id_=str(i), text=str(i), embedding=[1.0]) for i in range(at, min(at + PART, count))])
    return time.process_time() - begin


def of_texts(texts, indices, values):
    """A text is the number of its vector."""
    return [indices[int(text)] for text in texts], [values[int(text)] for text in texts]


def compare(name, options, folder):
    random = np.random.default_rng(SEED)
    indices, values = vectors(random, options.vectors, options.weights, name == "skewed")
    queries = list(zip(*vectors(random, options.queries, options.query_weights, name == "skewed")))
    database = quipu.RocksDBKVStore(os.path.join(folder, name))
    store = quipu.QuipuVectorStore(database, sparse_doc_fn=lambda texts: of_texts(texts, indices, values),
                                   sparse_query_fn=lambda texts: of_texts(texts, *zip(*queries)))
    added = add(store, len(values))
    ask = lambda i: store.query(VectorStoreQuery(query_str=str(i), mode=VectorStoreQueryMode.SPARSE, similarity_top_k=K))  # noqa: E731
    before, _ = cpu_of(ask, range(len(queries)))
    quipu.compact(database)
    ours, results = cpu_of(ask, range(len(queries)))
    by_numpy = lambda query: nearest((full(query)[indices] * values).sum(axis=1))  # noqa: E731
    numpy_s, want = cpu_of(by_numpy, queries)
    line = (f"{name}: added in {added:.1f} s of CPU; a query {before * 1e3:.2f} ms, compacted {ours * 1e3:.2f} ms; "
            f"numpy {numpy_s * 1e3:.2f} ms ({numpy_s / before:.1f} x, {numpy_s / ours:.1f} x)")
    scipy_call = by_scipy(indices, values)
    if scipy_call is not None:
        scipy_s, _ = cpu_of(scipy_call, queries)
        line += f", scipy {scipy_s * 1e3:.2f} ms ({scipy_s / before:.1f} x, {scipy_s / ours:.1f} x)"
    print(line, flush=True)
    return all(same(query, result, rows, indices, values) for query, result, rows in zip(queries, results, want))


def same(query, result, want, indices, values):
    ids = [int(each) for each in result.ids]
    products = lambda rows: (full(query)[indices[rows]].astype(np.float64) * values[rows]).sum(axis=1)  # noqa: E731
    if list(want) == ids or np.allclose(products(ids), products(want), rtol=1e-6, atol=0):
        return True
    print(f"ids {ids}, numpy has {list(want)}")
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", type=int, default=100_000)
    parser.add_argument("--weights", type=int, default=100)
    parser.add_argument("--query-weights", type=int, default=40)
    parser.add_argument("--queries", type=int, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="quipu-bench-") as folder:
        return 0 if all([compare(name, options, folder) for name in ("even", "skewed")]) else 1


if __name__ == "__main__":
    sys.exit(main())
