#!/usr/bin/env python3
"""Nodes with vectors in PostgreSQL beside LlamaIndex's PGVectorStore, on one server and the same nodes, by turns.

usage: postgres_vectors.py [ROWS]        4000 unless given; a server with pgvector is started for it, with fsync

prints one JSON object: rows and queries a second of both, their ratios, and of a filter that one node in 100 passes: how many
results of those asked for there are, and which part of them are the nearest, on a table with an index as the server plans it
and where it has to go through the index
"""
import json
import statistics
import sys
import time
from pathlib import Path

import numpy
import quipu
from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores.types import MetadataFilter, MetadataFilters, VectorStoreQuery
from llama_index.vector_stores.postgres import PGVectorStore

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "postgres"))
from postgres_server import PostgresServer  # noqa: E402

ROUNDS = 3
DIMENSIONS = 384
BATCH = 1000
QUERIES = 200
TOP_K = 10
HNSW = {"hnsw_m": 16, "hnsw_ef_construction": 64, "hnsw_ef_search": 40}


def rate(count, call):
    start = time.perf_counter()
    call()
    return count / (time.perf_counter() - start)


class Bench:
    def __init__(self, server, rows):
        random = numpy.random.default_rng(1)
        self.vectors = random.standard_normal((rows, DIMENSIONS)).astype("float32")
        self.queries = random.standard_normal((QUERIES, DIMENSIONS)).astype("float32").tolist()
        self.nodes = [self.node(i) for i in range(rows)]
        self.server = server
        self.tables = 0

    def node(self, i):
        node = TextNode(text="x" * 600, id_=f"n{i}", metadata={"g": i % 100, "page": i}, embedding=self.vectors[i].tolist())
        node.relationships[NodeRelationship.SOURCE] = RelatedNodeInfo(node_id=f"doc-{i // 20}")
        return node

    def theirs(self, table, **options):
        socket = f"/postgres?host={self.server.socket}&user=quipu"
        store = PGVectorStore(connection_string=f"postgresql+psycopg2://{socket}",
                              async_connection_string=f"postgresql+asyncpg://{socket}", table_name=table,
                              embed_dim=DIMENSIONS, initialization_fail_on_error=True, **options)
        store._initialize()  # its table
        return store

    def new_ours(self):
        store = self.ours(self.table())
        store.add(self.nodes[:1])  # its table
        store.clear()
        return store

    def ours(self, table, options=""):
        return quipu.PostgresVectorStore.from_path(self.server.address("public") + options, table_name=table,
                                                   embed_dim=DIMENSIONS, hnsw_ef_search=HNSW["hnsw_ef_search"])

    def table(self):
        self.tables += 1
        return f"bench_{self.tables}"

    def add(self, store):
        for at in range(0, len(self.nodes), BATCH):
            store.add(self.nodes[at:at + BATCH])

    def add_and_index(self, store):
        self.add(store)
        store.use_hnsw(M=HNSW["hnsw_m"], ef_construction=HNSW["hnsw_ef_construction"])

    def query(self, store, embeddings, filters=None):
        return [store.query(VectorStoreQuery(query_embedding=each, similarity_top_k=TOP_K, filters=filters)).ids
                for each in embeddings]

    def round(self):
        rows = len(self.nodes)
        store = self.theirs(self.table())
        yield "bulk reference", rate(rows, lambda: self.add(store))
        store = self.new_ours()
        yield "bulk quipu", rate(rows, lambda: self.add(store))
        store = self.theirs(self.table(), hnsw_kwargs=dict(HNSW))
        yield "bulk and index reference", rate(rows, lambda: self.add(store))
        store = self.new_ours()
        self.indexed = store.table_name
        yield "bulk and index quipu", rate(rows, lambda: self.add_and_index(store))
        theirs, ours = self.theirs(self.indexed, hnsw_kwargs=dict(HNSW)), self.ours(self.indexed)
        for store in (theirs, ours):
            self.query(store, self.queries[:10])
        yield "query reference", rate(QUERIES, lambda: self.query(theirs, self.queries))
        yield "query quipu", rate(QUERIES, lambda: self.query(ours, self.queries))

    def filtered(self, options=""):
        """Of a filter that one node in 100 passes: results of those asked for, and recall."""
        store, found, right = self.ours(self.indexed, options), 0, 0
        norms = numpy.linalg.norm(self.vectors, axis=1)
        for number, query in enumerate(self.queries[:50]):
            group = number % 100
            members = numpy.arange(group, len(self.nodes), 100)
            nearest = members[numpy.argsort(-(self.vectors[members] @ numpy.array(query)) / norms[members])[:TOP_K]]
            filters = MetadataFilters(filters=[MetadataFilter(key="g", value=group)])
            ids = self.query(store, [query], filters)[0]
            found += len(ids)
            right += len(set(ids) & {f"n{i}" for i in nearest})
        return {"results of those asked for": found / (50 * TOP_K), "recall": right / (50 * TOP_K)}


def main():
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 4000
    with PostgresServer(durable=True, vectors=True) as server:
        bench, runs = Bench(server, rows), {}
        for _ in range(ROUNDS):
            for name, per_second in bench.round():
                runs.setdefault(name, []).append(per_second)
        filtered = {"as planned": bench.filtered(),
                    "through the index": bench.filtered("&options=-c%20enable_seqscan%3Doff")}
    figures = {name: statistics.median(each) for name, each in runs.items()}
    ratios = {name: figures[f"{name} quipu"] / figures[f"{name} reference"] for name in ("bulk", "bulk and index", "query")}
    print(json.dumps({"rows": rows, "per_second": figures, "ratio": ratios, "filtered": filtered}, indent=1))


if __name__ == "__main__":
    main()
