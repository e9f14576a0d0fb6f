#!/usr/bin/env python3
"""Makes the golden directory of a format version: make.py DIRECTORY, with the quipu package of that version.

It holds `database`, `backups` of it, and `persist`, what exporting it gave. Those of a released version are never
made again: every later build must open them (tests/format/old_formats_test.cc).
"""

import sys
from pathlib import Path

import quipu
from llama_index.core.graph_stores.types import ChunkNode, EntityNode, Relation
from llama_index.core.data_structs import IndexDict
from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode
from quipu import storage_context

TEXTS = ("plain", "più", "\u7d50\u3073\u76ee", "a \ud83d surrogate", "quoted \"text\"\n", "x" * 5000)


def node(number, document, vector=None):
    source = {NodeRelationship.SOURCE: RelatedNodeInfo(node_id=document)}
    return TextNode(id_=f"n{number}", text=TEXTS[number % len(TEXTS)], embedding=vector, relationships=source,
                    metadata={"page": number, "ratio": number / 7, "huge": 10 ** 30 + number, "none": None})


def fill(context):
    nodes = [node(i, f"doc{i % 3}", [1.0, i / 3, -i]) for i in range(30)]
    context.docstore.add_documents(nodes[:20])
    context.docstore.add_documents(nodes[20:])
    context.docstore.delete_document("n4")
    context.docstore.delete_ref_doc("doc2")
    context.index_store.add_index_struct(IndexDict(index_id="i", nodes_dict={"n0": "n0", "n1": "n1"}))
    context.vector_store.add(nodes)
    context.vector_store.delete("doc1")
    context.vector_store.use_hnsw()
    for subject, relation, other in (("Ann", "knows", "Bob"), ("Bob", "knows", "Cem"), ("Ann", "has", "")):
        context.graph_store.upsert_triplet(subject, relation, other)
    context.graph_store.delete("Bob", "knows", "Cem")
    graph = context.property_graph_store
    graph.upsert_nodes([EntityNode(name="Ann", label="person", properties={"age": 7}), EntityNode(name="Bob"),
                        ChunkNode(id_="c", text="Ann knows Bob", embedding=[0.5, 0.25])])
    graph.upsert_relations([Relation(label="knows", source_id="Ann", target_id="Bob"),
                            Relation(label="in", source_id="Ann", target_id="c", properties={"at": 1.5})])


def main():
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True)
    with storage_context(directory / "database") as context:
        fill(context)
        quipu.backup(context, directory / "backups")
        context.docstore.set_document_hash("n0", "after the backup")
        quipu.backup(context, directory / "backups")
    quipu.export_dir(directory / "database", directory / "persist")


if __name__ == "__main__":
    main()
