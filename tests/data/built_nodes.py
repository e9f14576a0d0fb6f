#!/usr/bin/env python3
"""Makes built_nodes.json: what the reference writes for nodes made in code, and what it says of them.

    python3 built_nodes.py > built_nodes.json      needs llama-index-core 0.14.25
"""
import json

from llama_index.core.schema import (Document, ImageDocument, ImageNode, IndexNode, MediaResource, MetadataMode,
                                     Node, NodeRelationship, ObjectType, RelatedNodeInfo, TextNode)
from llama_index.core.storage.docstore.utils import doc_to_json

NODES = {
    "text": TextNode(id_="n1", text="hello"),
    "everything": TextNode(
        id_="n2", text="héllo \U0001F600", embedding=[0.5, -1.0, 1e-7, 3.0],
        metadata={"page": 1, "author": "Zoë", "skip": None}, excluded_embed_metadata_keys=["page"],
        excluded_llm_metadata_keys=["author"],
        relationships={
            NodeRelationship.SOURCE: RelatedNodeInfo(
                node_id="d1", node_type=ObjectType.DOCUMENT, metadata={"a": 1}, hash="h"),
            NodeRelationship.CHILD: [RelatedNodeInfo(node_id="c1")]},
        metadata_template="{key}={value}", metadata_separator="; ", text_template="<{metadata_str}|{content}>",
        start_char_idx=0, end_char_idx=12, mimetype="text/markdown"),
    "image": ImageNode(id_="i1", text="cat", image="aGk=", image_path="/p", image_url="http://x/y",
                       image_mimetype="image/png", text_embedding=[1.0, 2.5]),
    "index": IndexNode(id_="x1", text="idx", index_id="target"),
    "index_of_node": IndexNode(id_="x2", text="idx", index_id="target", obj=TextNode(id_="n1", text="hello")),
    "document": Document(id_="d1", text="doc text", metadata={"k": [1, 2]}),
    "empty_document": Document(id_="d2", text=""),
    "document_of_resource": Document(
        id_="d6", text_resource=MediaResource(text="from resource", mimetype="text/html")),
    "image_document": ImageDocument(id_="d4", image_resource=MediaResource(path="/p.png")),
    "path_as_pathlib_has_it": Document(id_="d7", image_resource=MediaResource(path="//a/./b//c.tar.gz/")),
    "node": Node(id_="m1", text_resource=MediaResource(text="tt"),
                 image_resource=MediaResource(path="/a/photo.JPEG"), metadata={"z": "y"}),
}

print(json.dumps({
    name: {
        "stored": json.dumps(doc_to_json(node)),
        "hash": node.hash,
        "content": [node.get_content(mode) for mode in MetadataMode],
        "metadata": [node.get_metadata_str(mode) for mode in MetadataMode],
    } for name, node in NODES.items()
}, indent=1))
