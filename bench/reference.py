#!/usr/bin/env python3
"""The reference, llama-index-core, on the data of the C++ benchmarks.

usage: reference.py add NODES.jsonl      add_documents, 1,000 nodes a call, one thread
       reference.py load DIR QUERY.json  StorageContext.from_defaults of a persist directory with vectors,
                                         persist, and queries there and with faiss
       reference.py rel_map EDGES        get_rel_map of a property graph, depth 2 from 5 nodes
prints one JSON object
"""
import importlib.metadata
import json
import resource
import statistics
import sys
import tempfile
import time


def seconds_of(call, times=1):
    """The median of several runs, and what the last one returned."""
    runs = []
    for _ in range(times):
        start = time.perf_counter()
        result = call()
        runs.append(time.perf_counter() - start)
    return statistics.median(runs), result


def add(path):
    from llama_index.core.storage.docstore import SimpleDocumentStore
    from llama_index.core.storage.docstore.utils import json_to_doc

    with open(path, encoding="utf-8") as lines:
        nodes = [json_to_doc(json.loads(line)) for line in lines]
    store = SimpleDocumentStore()
    start = time.perf_counter()
    for at in range(0, len(nodes), 1000):
        store.add_documents(nodes[at:at + 1000])
    return {"nodes": len(nodes), "seconds": time.perf_counter() - start}


def faiss_figures(embeddings, vector):
    import faiss
    import numpy

    faiss.omp_set_num_threads(1)
    ids = list(embeddings)
    matrix = numpy.array(list(embeddings.values()), dtype=numpy.float32)
    faiss.normalize_L2(matrix)
    index = faiss.IndexFlatIP(matrix.shape[1])
    index.add(matrix)
    queries = numpy.random.default_rng(1).uniform(-1, 1, (100, matrix.shape[1])).astype(numpy.float32)
    faiss.normalize_L2(queries)
    runs = [seconds_of(lambda q=q: index.search(q[None], 10))[0] for q in queries]
    wanted = numpy.array([vector], dtype=numpy.float32)
    faiss.normalize_L2(wanted)
    found = index.search(wanted, 10)[1][0]
    return {"faiss_seconds": statistics.median(runs), "faiss_ids": [ids[i] for i in found]}


def load(directory, query_path):
    from llama_index.core import StorageContext
    from llama_index.core.vector_stores.types import VectorStoreQuery

    seconds, context = seconds_of(lambda: StorageContext.from_defaults(persist_dir=directory))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with open(query_path, encoding="utf-8") as file:
        vector = json.load(file)
    query = VectorStoreQuery(query_embedding=vector, similarity_top_k=10)
    query_seconds, found = seconds_of(lambda: context.vector_store.query(query), 3)
    with tempfile.TemporaryDirectory() as folder:
        persist_seconds, _ = seconds_of(lambda: context.persist(folder))
    return {"nodes": len(context.docstore.docs), "seconds": seconds, "peak_mib": peak / 1024,
            "query_seconds": query_seconds, "query_ids": found.ids, "persist_seconds": persist_seconds,
            **faiss_figures(context.vector_store.data.embedding_dict, vector)}


def rel_map(edges):
    from llama_index.core.graph_stores import EntityNode, Relation, SimplePropertyGraphStore

    nodes = int(edges) // 10
    store = SimplePropertyGraphStore()
    ends = [(i, (i * 7 + j * 13 + 1) % nodes) for i in range(nodes) for j in range(10)]
    store.upsert_relations([Relation(label="r", source_id=f"n{a}", target_id=f"n{b}") for a, b in ends])
    seeds = [EntityNode(name=f"n{i}") for i in range(5)]
    return {"seconds": seconds_of(lambda: store.get_rel_map(seeds, depth=2), 3)[0]}


figures = {"add": add, "load": load, "rel_map": rel_map}[sys.argv[1]](*sys.argv[2:])
print(json.dumps(figures | {"version": importlib.metadata.version("llama-index-core")}))
