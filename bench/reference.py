#!/usr/bin/env python3
"""Bulk add_documents of the reference, llama-index-core, on the data of the C++ benchmarks.

usage: reference.py NODES.jsonl      one node's JSON a line, as bench/write_nodes prints it
prints: nodes per second, 1,000 nodes a call, one thread
"""
import json
import sys
import time

from llama_index.core.storage.docstore import SimpleDocumentStore
from llama_index.core.storage.docstore.utils import json_to_doc

with open(sys.argv[1], encoding="utf-8") as lines:
    nodes = [json_to_doc(json.loads(line)) for line in lines]
store = SimpleDocumentStore()
start = time.perf_counter()
for at in range(0, len(nodes), 1000):
    store.add_documents(nodes[at:at + 1000])
print(f"{len(nodes) / (time.perf_counter() - start):.0f} nodes/s")
