#!/usr/bin/env python3
"""The Python package beside LlamaIndex's Simple stores, on the data of the C++ benchmarks.

usage: python_stores.py add NODES.jsonl         add_documents and vector_store.add, 1,000 nodes a call;
                                                delete_ref_doc of a document of 4,000 nodes
       python_stores.py load DATABASE QUERY.json
                                                storage_context and load_index_from_storage in a new process, with an
                                                index over all nodes, and queries of the default vector store
prints one JSON object; "reference" and "quipu" are medians in seconds
"""
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import quipu
from llama_index.core import load_index_from_storage
from llama_index.core.data_structs.data_structs import IndexDict
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.schema import NodeRelationship, RelatedNodeInfo
from llama_index.core.storage.docstore import SimpleDocumentStore
from llama_index.core.storage.docstore.utils import json_to_doc
from llama_index.core.vector_stores.simple import SimpleVectorStore
from llama_index.core.vector_stores.types import VectorStoreQuery

NODES = 10000
OF_ONE_DOCUMENT = 4000
ROUNDS = 3


def timed(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def in_turns(work, makers):
    """Medians of `work(store)` on fresh stores of each kind, which take turns."""
    runs = {name: [] for name in makers}
    for _ in range(ROUNDS):
        for name, make in makers.items():
            store = make()
            runs[name].append(timed(lambda store=store: work(store)))
    return {name: statistics.median(times) for name, times in runs.items()}


def thousands(add, nodes):
    for at in range(0, len(nodes), 1000):
        add(nodes[at:at + 1000])


def add(path):
    with open(path, encoding="utf-8") as lines:
        nodes = [json_to_doc(json.loads(line)) for line, _ in zip(lines, range(NODES))]
    numbers = random.Random(1)
    with tempfile.TemporaryDirectory(prefix="quipu-bench-") as folder:
        count = iter(range(1000))
        documents = {"reference": SimpleDocumentStore, "quipu": lambda: quipu.QuipuDocumentStore.from_path(
            Path(folder, str(next(count))))}
        vectors = {"reference": SimpleVectorStore, "quipu": lambda: quipu.QuipuVectorStore.from_path(
            Path(folder, str(next(count))))}
        figures = {"nodes": len(nodes),
                   "add_documents": in_turns(lambda store: thousands(store.add_documents, nodes), documents)}
        for node in nodes:
            node.embedding = [numbers.uniform(-1, 1) for _ in range(384)]
        figures["vector_add"] = in_turns(lambda store: thousands(store.add, nodes), vectors)
        one_document = nodes[:OF_ONE_DOCUMENT]
        for node in one_document:
            node.embedding = None
            node.relationships[NodeRelationship.SOURCE] = RelatedNodeInfo(node_id="document")
        figures["delete_ref_doc"] = in_turns(
            lambda store: store.delete_ref_doc("document"),
            {name: lambda make=make: filled(make(), one_document) for name, make in documents.items()})
    return figures


def filled(store, nodes):
    store.add_documents(nodes)
    return store


def load(database, query_path):
    with quipu.storage_context(database) as context:
        ids = [doc_id for doc_id, _ in context.kvstore.scan("docstore/metadata")]
        context.index_store.add_index_struct(IndexDict(index_id="all", nodes_dict={each: each for each in ids}))
    runs = [json.loads(subprocess.run([sys.executable, __file__, "open", database], check=True,
                                      stdout=subprocess.PIPE).stdout)["seconds"] for _ in range(ROUNDS)]
    query = VectorStoreQuery(query_embedding=json.loads(Path(query_path).read_text()), similarity_top_k=10)
    with quipu.storage_context(database) as context:
        found = context.vector_store.query(query)
        query_seconds = statistics.median(timed(lambda: context.vector_store.query(query)) for _ in range(50))
        context.index_store.delete_index_struct("all")
    return {"nodes": len(ids), "seconds": statistics.median(runs), "query_seconds": query_seconds,
            "query_ids": found.ids}


def open_index(database):
    """In a process of its own, behind the imports that both sides need. LlamaIndex's reading of its tokenizer's
    tables is in the time."""
    embed_model = MockEmbedding(384)
    start = time.perf_counter()
    context = quipu.storage_context(database)
    index = load_index_from_storage(context, index_id="all", embed_model=embed_model)
    seconds = time.perf_counter() - start
    assert index.index_id == "all"
    context.close()
    return {"seconds": seconds}


print(json.dumps({"add": add, "load": load, "open": open_index}[sys.argv[1]](*sys.argv[2:])))
