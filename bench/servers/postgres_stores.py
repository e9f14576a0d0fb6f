#!/usr/bin/env python3
"""Stores in PostgreSQL beside LlamaIndex's, on one server and the same nodes, by turns.

usage: postgres_stores.py NODES.jsonl        the server is started for it, with fsync

prints one JSON object; "reference" (batches of one, its default; of 1,000) and "quipu" are calls or nodes a second
"""
import json
import statistics
import sys
import time
from pathlib import Path

import quipu
from llama_index.core.storage.docstore.utils import json_to_doc
from llama_index.storage.docstore.postgres import PostgresDocumentStore
from llama_index.storage.kvstore.postgres import PostgresKVStore

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "tests" / "postgres"))
from postgres_server import PostgresServer  # noqa: E402

ROUNDS = 3
NODES = 3000
NODES_ONE_BY_ONE = 200
GETS = 400


def rate(count, call):
    start = time.perf_counter()
    call()
    return count / (time.perf_counter() - start)


def thousands(add, entries):
    for at in range(0, len(entries), 1000):
        add(entries[at:at + 1000])


class Bench:
    def __init__(self, server, path):
        with open(path, encoding="utf-8") as lines:
            self.nodes = [json_to_doc(json.loads(line)) for line, _ in zip(lines, range(NODES))]
        self.pairs = [(node.node_id, {"__data__": node.to_dict(), "__type__": "1"}) for node in self.nodes]
        self.keys = [self.pairs[i * 7919 % len(self.pairs)][0] for i in range(GETS)]
        self.server = server
        self.schemas = 0

    def address(self):
        self.schemas += 1
        return f"bench_{self.schemas}"

    def peer(self, table):
        socket = f"/postgres?host={self.server.socket}&user=quipu"
        store = PostgresKVStore(table_name=table, connection_string=f"postgresql+psycopg2://{socket}",
                                async_connection_string=f"postgresql+asyncpg://{socket}", schema_name=self.address())
        store.get("made")  # its tables
        return store

    def figures(self):
        runs = {}
        for _ in range(ROUNDS):
            for name, per_second in self.round():
                runs.setdefault(name, []).append(per_second)
        return {name: statistics.median(each) for name, each in runs.items()}

    def round(self):
        few = self.nodes[:NODES_ONE_BY_ONE]
        theirs = self.peer("docstore")
        yield "add_documents reference", rate(len(few), lambda: PostgresDocumentStore(theirs).add_documents(few))
        theirs = PostgresDocumentStore(self.peer("docstore"), batch_size=1000)
        yield "add_documents reference 1000", rate(NODES, lambda: thousands(theirs.add_documents, self.nodes))
        ours = quipu.QuipuDocumentStore.from_path(self.server.address(self.address()))
        yield "add_documents quipu", rate(NODES, lambda: thousands(ours.add_documents, self.nodes))
        yield "get_nodes reference", rate(GETS, lambda: [theirs.get_nodes(self.keys[i:i + 100]) for i in range(0, GETS, 100)])
        yield "get_nodes quipu", rate(GETS, lambda: [ours.get_nodes(self.keys[i:i + 100]) for i in range(0, GETS, 100)])

        theirs = self.peer("kvstore")
        yield "put_all reference", rate(NODES, lambda: theirs.put_all(self.pairs, collection="c", batch_size=1000))
        ours = quipu.RocksDBKVStore(self.server.address(self.address()))
        ours.get("made")
        yield "put_all quipu", rate(NODES, lambda: thousands(lambda some: ours.put_all(some, "c", batch_size=1000), self.pairs))
        yield "get reference", rate(GETS, lambda: [theirs.get(key, "c") for key in self.keys])
        yield "get quipu", rate(GETS, lambda: [ours.get(key, "c") for key in self.keys])


def main():
    with PostgresServer(durable=True) as server:
        figures = Bench(server, sys.argv[1]).figures()
    rows = {"add_documents, against batches of one": ("add_documents quipu", "add_documents reference"),
            "add_documents, against batches of 1,000": ("add_documents quipu", "add_documents reference 1000"),
            "put_all of 1,000": ("put_all quipu", "put_all reference"),
            "get": ("get quipu", "get reference"),
            "get_nodes of 100": ("get_nodes quipu", "get_nodes reference")}
    print(json.dumps({"per_second": figures,
                      "ratio": {name: figures[ours] / figures[theirs] for name, (ours, theirs) in rows.items()}}, indent=1))


if __name__ == "__main__":
    main()
