#!/usr/bin/env python3
"""The reference, llama-index-core, on the data of the C++ benchmarks.

usage: reference.py add NODES.jsonl    add_documents, 1,000 nodes a call, one thread
       reference.py load DIR           StorageContext.from_defaults of a persist directory
prints one JSON object
"""
import importlib.metadata
import json
import resource
import sys
import time


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


def load(directory):
    from llama_index.core import StorageContext

    start = time.perf_counter()
    context = StorageContext.from_defaults(persist_dir=directory)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"nodes": len(context.docstore.docs), "seconds": seconds, "peak_mib": peak / 1024}


figures = {"add": add, "load": load}[sys.argv[1]](sys.argv[2])
print(json.dumps(figures | {"version": importlib.metadata.version("llama-index-core")}))
