#!/usr/bin/env python3
"""What calls of the Python package cost, each beside its baseline: LlamaIndex's Simple store in memory, a RocksDB Put
of the same bytes from C++, json.loads and the class, or the package's own other way. Rows whose target is "floor" say
what is to be had at best: what RocksDB or LlamaIndex takes of it by itself.

usage: python_calls.py NODES.jsonl RAW_PUTS [COUNT]
       NODES.jsonl: what write_workload prints; RAW_PUTS: the program; COUNT: so many nodes, default 20,000
prints a row a call to stderr, and one JSON object: [[what, target, baseline, own], ...], medians in seconds a call
"""
import asyncio
import gc
import json
import random
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import quipu
from llama_index.core import Document, MockEmbedding, StorageContext, VectorStoreIndex
from llama_index.core.graph_stores import EntityNode, Relation
from llama_index.core.ingestion import IngestionCache, IngestionPipeline
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.schema import TextNode
from llama_index.core.storage.docstore import SimpleDocumentStore
from llama_index.core.storage.docstore.utils import json_to_doc
from llama_index.core.storage.index_store import SimpleIndexStore
from llama_index.core.vector_stores.simple import SimpleVectorStore

ROUNDS = 5
GATHERED = 1000  # calls that are awaited together
INSERTS = 20


def timed(call, count):
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) / count


def in_turns(baseline, own, count, rounds=ROUNDS):
    """Medians of seconds a call, of calls that make `count` each and take turns; the first round warms up."""
    runs = [(timed(baseline, count), timed(own, count)) for _ in range(rounds + 1)][1:]
    return [statistics.median(run[i] for run in runs) for i in (0, 1)]


class NoDocumentStore(SimpleDocumentStore):
    """Keeps nothing; makes the hashes that it is given, as (hashes, ids) in bytes, anew for each call."""

    hashes = ([], [])

    def get_all_document_hashes(self):
        return dict(zip(*(map(bytes.decode, each) for each in self.hashes)))

    def get_document_hash(self, doc_id):
        return None

    def _ignore(self, *args, **kwargs):
        pass

    add_documents = set_document_hash = set_document_hashes = _ignore


class NoIndexStore(SimpleIndexStore):
    def add_index_struct(self, index_struct):
        pass


class NoVectorStore(SimpleVectorStore):
    def add(self, nodes, **kwargs):
        return [node.node_id for node in nodes]


class NoCache(IngestionCache):
    def get(self, key, collection=None):
        return None

    def put(self, key, nodes, collection=None):
        pass


class Bench:
    def __init__(self, path, raw_puts, count, folder):
        self.raw_puts = raw_puts
        self.folder = folder
        with open(path, encoding="utf-8") as lines:
            self.texts = [line.rstrip("\n") for line, _ in zip(lines, range(count))]
        self.nodes = [json_to_doc(json.loads(text)) for text in self.texts]
        self.ids = [node.node_id for node in self.nodes]
        self.shuffled = random.Random(1).sample(self.ids, len(self.ids))
        self.context = quipu.storage_context(folder / "database")
        self.simple = SimpleDocumentStore()
        for store in (self.simple, self.context.docstore):
            for at in range(0, len(self.nodes), 1000):
                store.add_documents(self.nodes[at : at + 1000])
        gc.collect()
        gc.freeze()  # what is made here is nothing that a collection during a call should walk
        self.rows = []

    def row(self, what, target, baseline, own):
        self.rows.append([what, target, baseline, own])
        print(f"{what:75} {target:>8} {own / baseline:7.2f} × ({own * 1e6:.1f} µs)", file=sys.stderr, flush=True)

    # ---- RocksDB alone ----

    def raw_seconds(self, pairs, at_once=1):
        """Median seconds a pair of writing these from C++: a Put each, or so many as one batch."""
        file = self.folder / "pairs"
        with open(file, "wb") as out:
            for key, value in pairs:
                out.write(struct.pack("<II", len(key), len(value)) + key + value)
        run = subprocess.run([self.raw_puts, file, str(at_once)], check=True, stdout=subprocess.PIPE)
        return statistics.median(map(float, run.stdout.split())) / len(pairs)

    def against_puts(self, what, pairs, own, rounds=3):
        raw, mine = [], []
        for number in range(rounds):
            raw.append(self.raw_seconds(pairs))
            mine.append(timed(lambda: own(number), len(pairs)))
        self.row(f"{what}, against a RocksDB Put of the same bytes", "≤ 3 ×", *map(statistics.median, (raw, mine)))

    # ---- reading ----

    def reading(self):
        own = self.context.docstore
        count = len(self.ids)
        self.row("get_document, against the Simple store", "≤ 3 ×", *in_turns(
            lambda: [self.simple.get_document(each) for each in self.shuffled],
            lambda: [own.get_document(each) for each in self.shuffled], count))
        self.row("docs, against json.loads and the classes", "≤ 1.2 ×", *in_turns(
            lambda: {key: json_to_doc(json.loads(text)) for key, text in zip(self.ids, self.texts)},
            lambda: own.docs, count))
        self.row("get_all_document_hashes, against the Simple store", "≤ 2 ×", *in_turns(
            self.simple.get_all_document_hashes, own.get_all_document_hashes, count))
        for name, call, sync in (
            ("aget_document_hash", own.aget_document_hash, own.get_document_hash),
            ("aget_document", own.aget_document, own.get_document),
            ("kvstore.aput", lambda each: own.kvstore.aput(each, {"a": each}, "awaited"),
             lambda each: own.kvstore.put(each, {"a": each}, "awaited")),
        ):
            self.row(f"gather of {name}, {GATHERED:,} at once, against its own sync loop", "≤ 3 ×", *in_turns(
                lambda: [sync(each) for each in self.shuffled],
                lambda: asyncio.run(self.gathered(call)), count))

    async def gathered(self, call):
        for at in range(0, len(self.shuffled), GATHERED):
            await asyncio.gather(*map(call, self.shuffled[at : at + GATHERED]))

    # ---- writing ----

    def writing(self):
        kvstore = self.context.kvstore
        values = [json.loads(text) for text in self.texts]
        pairs = [(key.encode(), text.encode()) for key, text in zip(self.ids, self.texts)]
        self.against_puts("kv.put of a node", pairs, lambda number: [
            kvstore.put(key, value, f"put {number}") for key, value in zip(self.ids, values)])
        ends = list(zip(self.ids, self.shuffled))
        pairs = [(a.encode(), json.dumps(["rel", b]).encode()) for a, b in ends]
        self.against_puts("upsert_triplet", pairs, lambda number: [
            self.context.graph_store.upsert_triplet(a, f"rel {number}", b) for a, b in ends])

    def relations(self):
        graph = self.context.property_graph_store
        entities = [EntityNode(name=each, properties={"page": 1, "title": "a title"}) for each in self.ids]
        graph.upsert_nodes(entities)
        texts = [json.dumps(each.model_dump()) for each in entities]
        self.row("property graph's get(), against json.loads and the classes", "≤ 1.2 ×", *in_turns(
            lambda: [EntityNode(**json.loads(text)) for text in texts], graph.get, len(texts)))

        def made(label):
            return [Relation(label=label, source_id=a, target_id=b, properties={"weight": 0.5})
                    for a, b in zip(self.ids, self.shuffled)]

        pairs = [(f"{each.source_id}_{each.label}_{each.target_id}".encode(), json.dumps(each.model_dump()).encode())
                 for each in made("label")]
        for what, at_once in (("upsert_relations, 1,000 a call", 1000), ("upsert_relations, one a call", 1)):
            relations = [made(f"label {at_once} {number}") for number in range(3)]

            def upsert(number):
                for at in range(0, len(self.ids), at_once):
                    graph.upsert_relations(relations[number][at : at + at_once])

            self.against_puts(what, pairs, upsert)
        self.row("RocksDB's write of a relation's five entries, against a Put of the same bytes", "floor",
                 self.raw_seconds(pairs), 5 * self.raw_seconds(list(self.entries(pairs)), 5))

    def entries(self, pairs):
        """What upsert_relations writes of each relation: itself, its triplet, that by its target, two counts."""
        for number, ((key, value), a, b) in enumerate(zip(pairs, self.ids, self.shuffled)):
            triplet = json.dumps([a, "label", b]).encode()
            yield key, value
            yield triplet, json.dumps({"target": b}).encode()
            yield b.encode() + triplet, b""
            yield from ((b"count", struct.pack("<Q", number)) for _ in range(2))

    # ---- ingestion ----

    def pipelines(self):
        text = json.loads(self.texts[0])["__data__"]["text"]
        numbers = iter(range(10**9))
        own_cache = quipu.QuipuIngestionCache(self.context.kvstore)
        no_docstore = NoDocumentStore()
        no_docstore.hashes = [[text.encode() for text in texts]
                              for texts in zip(*self.simple.get_all_document_hashes().items())]
        for what, simple_vectors, own_vectors in (
            ("a document store", None, None),
            ("document and vector store", SimpleVectorStore(), self.context.vector_store),
        ):
            splitter = SentenceSplitter(chunk_size=256, chunk_overlap=0)
            transformations = [splitter] if own_vectors is None else [splitter, MockEmbedding(8)]
            simple = IngestionPipeline(
                transformations=transformations, docstore=self.simple, vector_store=simple_vectors)
            own = IngestionPipeline(
                transformations=transformations, docstore=self.context.docstore, vector_store=own_vectors,
                cache=own_cache)
            nothing = IngestionPipeline(
                transformations=transformations, docstore=no_docstore,
                vector_store=own_vectors and NoVectorStore(), cache=NoCache())

            def run(pipeline):
                pipeline.run(documents=[Document(text=f"{next(numbers)} {text}")])

            self.row(f"one document through a pipeline with {what}, against the Simple ones", "≤ 1 ×",
                     *in_turns(lambda: run(simple), lambda: run(own), 1, rounds=31))
            self.row("the same with stores that keep nothing, and make the hashes where they are read", "floor",
                     *in_turns(lambda: run(simple), lambda: run(nothing), 1, rounds=31))

    # ---- transactions ----

    def transactions(self):
        numbers = iter(range(10**9))
        value = json.loads(self.texts[0])
        for sync, target in ((True, "≤ 0.33 ×"), (False, "≤ 1 ×")):
            with quipu.storage_context(self.folder / f"transactions {sync}", sync=sync) as context:
                index = VectorStoreIndex([], storage_context=context, embed_model=MockEmbedding(8))

                def put(number):
                    context.kvstore.put(f"k{number}", value, "put")

                def add(number):
                    context.docstore.add_documents([TextNode(id_=f"n{number}", text=f"text {number}")])

                def insert(number):
                    index.insert(Document(id_=f"d{number}", text=f"text {number}"))

                for what, call in (("kv puts", put), ("docstore adds", add), ("index.insert", insert)):
                    def plain():
                        for _ in range(INSERTS):
                            call(next(numbers))

                    def together():
                        with quipu.transaction(context, sync=sync):
                            plain()

                    synced = "with sync" if sync else "without sync"
                    rounds = 9 if sync else 31
                    self.row(f"{INSERTS} {what} in a transaction, {synced}, against without one", target,
                             *in_turns(plain, together, INSERTS, rounds=rounds))
                nothing = StorageContext.from_defaults(
                    docstore=NoDocumentStore(), index_store=NoIndexStore(), vector_store=NoVectorStore())
                of_nothing = VectorStoreIndex([], storage_context=nothing, embed_model=MockEmbedding(8))

                def insert_nothing():
                    for number in range(INSERTS):
                        of_nothing.insert(Document(id_=f"d{number}", text=f"text {number}"))

                self.row(f"{INSERTS} index.insert into stores that keep nothing, against {synced}", "floor",
                         *in_turns(plain, insert_nothing, INSERTS, rounds=rounds))


def main():
    warnings.simplefilter("ignore")
    path, raw_puts = sys.argv[1:3]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 20000
    with tempfile.TemporaryDirectory(prefix="quipu-bench-") as folder:
        bench = Bench(path, raw_puts, count, Path(folder))
        for part in (bench.reading, bench.writing, bench.relations, bench.pipelines, bench.transactions):
            part()
        bench.context.close()
    print(json.dumps(bench.rows))


main()
