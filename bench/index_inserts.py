#!/usr/bin/env python3
"""What an insert into an index costs, and a deletion, by the number of nodes that the index has; and a loop of inserts.

usage: index_inserts.py sizes [KIND [NODES...]]  KIND: vector, list, keyword, document_summary, tree
       index_inserts.py loop [NODES]             a loop of inserts, and what it writes; LlamaIndex's Simple stores in
                                                 memory are measured at five sizes on the way, for a loop takes them hours
prints one JSON object; times are medians, in milliseconds
"""
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import quipu
from llama_index.core import (
    Document, DocumentSummaryIndex, MockEmbedding, Settings, SimpleKeywordTableIndex, StorageContext, SummaryIndex, TreeIndex,
    VectorStoreIndex)
from llama_index.core.llms import MockLLM
from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode

DIMENSIONS = 1536
AT_ONCE = 20000
REPEATS = 21
KINDS = {"vector": VectorStoreIndex, "list": SummaryIndex, "keyword": SimpleKeywordTableIndex,
         "document_summary": DocumentSummaryIndex, "tree": TreeIndex}


def node(i):
    source = {NodeRelationship.SOURCE: RelatedNodeInfo(node_id=f"document-{i}")}
    return TextNode(id_=f"node-{i:032d}", text=f"text of number{i} and word{i % 5000}", relationships=source)


def document(i):
    return Document(id_=f"new-{i}", text=f"a new text of number{i} and word{i % 5000}")


def filled(kind, context, nodes):
    """An index of so many nodes; vectors are small, for they are not what is measured."""
    Settings.embed_model, Settings.llm = MockEmbedding(8), MockLLM(max_tokens=8)
    index = KINDS[kind](nodes=[], storage_context=context)
    for begin in range(0, nodes, AT_ONCE):
        index.insert_nodes([node(i) for i in range(begin, min(begin + AT_ONCE, nodes))])
    return index


def times(index, first):
    """Of inserts and deletions of documents of one node."""
    inserts, deletions = [], []
    for i in range(first, first + REPEATS):
        begin = time.perf_counter()
        index.insert(document(i))
        inserts.append(time.perf_counter() - begin)
    for i in range(first, first + REPEATS):
        begin = time.perf_counter()
        index.delete_ref_doc(f"new-{i}", delete_from_docstore=True)
        deletions.append(time.perf_counter() - begin)
    return {"insert": 1000 * statistics.median(inserts), "delete_ref_doc": 1000 * statistics.median(deletions)}


def sizes(kind="vector", *counts):
    figures = {}
    for nodes in map(int, counts or (1000, 10000, 100000, 1000000)):
        with tempfile.TemporaryDirectory(prefix="quipu-bench-") as folder:
            with quipu.storage_context(Path(folder, "db")) as context:
                index = filled(kind, context, nodes)
                times(index, 0)
                figures[nodes] = times(index, REPEATS)
    return {"kind": kind, "milliseconds": figures}


def written_bytes():
    return int(dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())["write_bytes"])


def loop(count="20000"):
    count = int(count)
    Settings.embed_model, Settings.llm = MockEmbedding(DIMENSIONS), MockLLM()
    documents = [document(i) for i in range(count)]
    with tempfile.TemporaryDirectory(prefix="quipu-bench-", dir=".") as folder:
        before = written_bytes()
        with quipu.storage_context(Path(folder, "db")) as context:
            index = VectorStoreIndex(nodes=[], storage_context=context)
            begin = time.perf_counter()
            for each in documents:
                index.insert(each)
            ours = time.perf_counter() - begin
        written = written_bytes() - before
        data = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
    simple = []
    for share in (0.1, 0.3, 0.5, 0.7, 0.9):
        index = VectorStoreIndex(nodes=[], storage_context=StorageContext.from_defaults())
        index.insert_nodes([node(i) for i in range(int(count * share))])
        simple.append(statistics.median(timed(lambda each=each: index.insert(each)) for each in documents[:5]))
    return {"inserts": count, "seconds": ours, "simple_seconds": statistics.mean(simple) * count,
            "times_faster": statistics.mean(simple) * count / ours, "written": written, "data": data}


def timed(call):
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


print(json.dumps({"sizes": sizes, "loop": loop}[sys.argv[1]](*sys.argv[2:])))
