#!/usr/bin/env python3
"""What an insert into an index costs, and a deletion, by the number of nodes that the index has; and a loop of inserts.

usage: index_inserts.py sizes [KIND [NODES...]]  KIND: vector, list, keyword, document_summary, tree (which LlamaIndex cannot
                                                 delete from); the sizes are measured by turns, each median is of all turns
       index_inserts.py imported [KIND [NODES]]  loading an index that was imported, the first insert, which takes its struct
                                                 apart, and the second
       index_inserts.py loop [NODES]             a loop of inserts, and what it writes; LlamaIndex's Simple stores in
                                                 memory are measured at five sizes, from a tenth to nine tenths of the
                                                 loop, which is taken to be as long as so many inserts of their mean: what
                                                 an insert costs there grows with the index, and the whole takes an hour
prints one JSON object; times are in milliseconds, unless they are called seconds, by the clock and of the processor (of the
calling thread)
"""
import contextlib
import gc
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import quipu
from llama_index.core import (
    Document, DocumentSummaryIndex, MockEmbedding, Settings, SimpleKeywordTableIndex, StorageContext, SummaryIndex,
    TreeIndex, VectorStoreIndex, load_index_from_storage)
from llama_index.core.llms import MockLLM
from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode

DIMENSIONS = 1536
AT_ONCE = 20000
TURNS = 10
REPEATS = 20
TURN_SECONDS = 1  # after which the repeats of a turn end
KINDS = {"vector": VectorStoreIndex, "list": SummaryIndex, "keyword": SimpleKeywordTableIndex,
         "document_summary": DocumentSummaryIndex, "tree": TreeIndex}
CANNOT_DELETE = ("tree",)


class RandomEmbedding(MockEmbedding):
    """As many bytes on disk as those of a model, which do not compress."""

    def _get_vector(self):
        return NUMBERS.random(self.embed_dim, dtype=np.float32).tolist()


NUMBERS = np.random.default_rng(17)


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


def timed(call):
    """Seconds by the clock, and of the processor."""
    processor, begin = time.thread_time(), time.perf_counter()
    call()
    return time.perf_counter() - begin, time.thread_time() - processor


def turn_of(call, numbers):
    times = []
    for i in numbers:
        if sum(clock for clock, _ in times) < TURN_SECONDS:
            times.append(timed(lambda: call(i)))
    return times


def medians(times):
    clock, processor = (1000 * statistics.median(column) for column in zip(*times))
    return {"clock": round(clock, 3), "processor": round(processor, 3)}


def sizes(kind="vector", *counts):
    figures, counts = {}, [int(count) for count in counts or (1000, 10000, 100000, 1000000)]
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="quipu-bench-"))
        indices = {}
        for nodes in counts:
            context = stack.enter_context(quipu.storage_context(Path(folder, str(nodes))))
            seconds = timed(lambda nodes=nodes, context=context: indices.update({nodes: filled(kind, context, nodes)}))
            figures[nodes] = {"filled_seconds": round(seconds[0], 1)}
        times = {nodes: {"insert": [], "delete_ref_doc": []} for nodes in counts}
        gc.collect()
        gc.freeze()  # or what a collection costs depends on the largest, whichever is measured
        for turn in range(TURNS + 1):
            for nodes, index in indices.items():
                numbers = range(turn * REPEATS, (turn + 1) * REPEATS)
                inserts = turn_of(lambda i: index.insert(document(i)), numbers)
                deletions = [] if kind in CANNOT_DELETE else turn_of(
                    lambda i: index.delete_ref_doc(f"new-{i}", delete_from_docstore=True), numbers[:len(inserts)])
                if turn:  # the first is to warm up
                    times[nodes]["insert"] += inserts
                    times[nodes]["delete_ref_doc"] += deletions
    for nodes, measured in times.items():
        figures[nodes].update({name: medians(each) for name, each in measured.items() if each})
    return {"kind": kind, "nodes": figures}


def imported(kind="vector", nodes="100000"):
    with tempfile.TemporaryDirectory(prefix="quipu-bench-") as folder:
        path, persist_dir, imported_path = (Path(folder, name) for name in ("db", "storage", "imported"))
        with quipu.storage_context(path) as context:
            filled(kind, context, int(nodes))
        quipu.export_dir(path, persist_dir)
        quipu.import_dir(persist_dir, imported_path)
        with quipu.storage_context(imported_path) as context:
            loaded = []
            calls = {"load": lambda: loaded.append(load_index_from_storage(context)),
                     "first_insert": lambda: loaded[0].insert(document(0)),
                     "second_insert": lambda: loaded[0].insert(document(1))}
            figures = {name: medians([timed(call)]) for name, call in calls.items()}
    return {"kind": kind, "nodes": int(nodes), **figures}


def written_bytes():
    return int(dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())["write_bytes"])


def loop(count="20000"):
    count = int(count)
    Settings.embed_model, Settings.llm = RandomEmbedding(DIMENSIONS), MockLLM()
    documents = [document(i) for i in range(count)]
    with tempfile.TemporaryDirectory(prefix="quipu-bench-", dir=".") as folder:
        before = written_bytes()
        with quipu.storage_context(Path(folder, "db")) as context:
            index = VectorStoreIndex(nodes=[], storage_context=context)
            ours = timed(lambda: [index.insert(each) for each in documents])
        written = written_bytes() - before
        data = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
    simple = []
    for share in (0.1, 0.3, 0.5, 0.7, 0.9):
        index = VectorStoreIndex(nodes=[], storage_context=StorageContext.from_defaults())
        index.insert_nodes([node(i) for i in range(int(count * share))])
        simple.append([timed(lambda: index.insert(each)) for each in documents[:5]])
    clock, processor = (count * statistics.mean(statistics.median(each[i] for each in times) for times in simple)
                        for i in (0, 1))
    return {"inserts": count, "seconds": {"clock": ours[0], "processor": ours[1]},
            "simple_seconds": {"clock": clock, "processor": processor}, "simple_milliseconds": list(map(medians, simple)),
            "times_faster": {"clock": clock / ours[0], "processor": processor / ours[1]},
            "written": written, "data": data, "written_times_data": written / data}


with contextlib.redirect_stdout(sys.stderr):  # where a DocumentSummaryIndex tells each document
    result = {"sizes": sizes, "imported": imported, "loop": loop}[sys.argv[1]](*sys.argv[2:])
print(json.dumps(result))
