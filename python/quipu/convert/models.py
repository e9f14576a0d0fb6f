"""LlamaIndex's nodes and relations as the native module reads them from what a store has of them.

Their classes validate what they are made of, which costs more than to read it. What a store wrote is of the types that
validation leaves as they are, so the native module makes the same objects without it. It does so where it knows each
member and its value; the rest goes through the classes: members of former versions, images, media that are not text.
"""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, List, Optional, Tuple, Type

from llama_index.core.bridge.pydantic import BaseModel
from llama_index.core.graph_stores.types import ChunkNode, EntityNode, LabelledNode, Relation
from llama_index.core.schema import (
    BaseNode,
    Document,
    ImageNode,
    IndexNode,
    MediaResource,
    Node,
    NodeRelationship,
    RelatedNodeInfo,
    TextNode,
)
from llama_index.core.storage.docstore.utils import doc_to_json, json_to_doc

from quipu import _native

Fields = List[Tuple[str, str, Any]]
Beside = List[Tuple[str, Optional[str], Optional[str]]]

_CLASS_NAME: Beside = [("class_name", None, None)]
_RELATED = _native.ModelReader(
    RelatedNodeInfo,
    [("node_id", "str", None), ("node_type", "str?", None), ("metadata", "{}", None), ("hash", "str?", None)],
    _CLASS_NAME,
)
_TEXT_RESOURCE = _native.ModelReader(
    MediaResource,
    [
        ("embeddings", "null", None),
        ("data", "unset", None),
        ("text", "str?", None),
        ("path", "null", None),
        ("url", "null", None),
        ("mimetype", "str?", None),
    ],
    [],
)
_BASE_NODE: Fields = [
    ("id_", "str", None),
    ("embedding", "float[]?", None),
    ("metadata", "{}", None),
    ("excluded_embed_metadata_keys", "str[]", None),
    ("excluded_llm_metadata_keys", "str[]", None),
    ("relationships", "models", ({each.value: each for each in NodeRelationship}, _RELATED)),
    ("metadata_template", "str", None),
    ("metadata_separator", "str", None),
]
_NODE: Fields = [
    *_BASE_NODE,
    ("text_resource", "model?", _TEXT_RESOURCE),
    ("image_resource", "null", None),
    ("audio_resource", "null", None),
    ("video_resource", "null", None),
    ("text_template", "str", None),
]
_TEXT_NODE: Fields = [
    *_BASE_NODE,
    ("text", "str", None),
    ("mimetype", "str", None),
    ("start_char_idx", "int?", None),
    ("end_char_idx", "int?", None),
    ("text_template", "str", None),
]
_IMAGE_NODE: Fields = [
    *_TEXT_NODE,
    ("image", "str?", None),
    ("image_path", "null", None),  # its class guesses the MIME type of a path
    ("image_url", "str?", None),
    ("image_mimetype", "str?", None),
    ("text_embedding", "float[]?", None),
]
_INDEX_NODE: Fields = [*_TEXT_NODE, ("index_id", "str", None), ("obj", "null", None)]
_LABELLED_NODE: Fields = [("label", "str", None), ("embedding", "float[]?", None), ("properties", "{}", None)]
_RELATION: Fields = [("label", "str", None), ("source_id", "str", None), ("target_id", "str", None)]

# Its text stands beside the resource that it is of.
_OF_DOCUMENT: Beside = [("class_name", "Document", None), ("text", None, "text_resource")]


def _related() -> Any:
    info = RelatedNodeInfo(node_id="a", node_type="4", metadata={"b": [1.5, None]}, hash="c")
    return {NodeRelationship.SOURCE: info, NodeRelationship.CHILD: [info]}


def _node_readers() -> List[Tuple[str, str, _native.ModelReader]]:
    common: Dict[str, Any] = {"embedding": [0.5, -1e-7], "metadata": {"a": {"b": 1}}, "relationships": _related()}
    text = {**common, "text": "t\n\u00e9", "start_char_idx": 0, "excluded_llm_metadata_keys": ["a"]}
    return [
        *_checked(TextNode, _TEXT_NODE, _CLASS_NAME, TextNode(**text)),
        *_checked(Document, _NODE, _OF_DOCUMENT, Document(**common, text="d")),
        *_checked(Node, _NODE, _CLASS_NAME, Node(**common, text_resource=MediaResource(text="n"))),
        *_checked(ImageNode, _IMAGE_NODE, _CLASS_NAME, ImageNode(**text, image="i", text_embedding=[1.0])),
        *_checked(IndexNode, _INDEX_NODE, _CLASS_NAME, IndexNode(**text, index_id="x")),
    ]


def _checked(
    made: Type[BaseNode], fields: Fields, beside: Beside, sample: BaseNode
) -> List[Tuple[str, str, _native.ModelReader]]:
    reader = _native.ModelReader(made, fields, beside)
    prefix, suffix = '{"__data__": ', f', "__type__": {json.dumps(sample.get_type())}}}'
    same = _reads_as(made, fields, (prefix, suffix, reader), json.dumps(doc_to_json(sample)), json_to_doc)
    return [(prefix, suffix, reader)] if same else []


def _labelled_readers(
    made: Type[BaseModel], fields: Fields, sample: BaseModel
) -> List[Tuple[str, str, _native.ModelReader]]:
    reader = _native.ModelReader(made, fields, [])
    text = json.dumps(sample.model_dump())
    return [("", "", reader)] if _reads_as(made, fields, ("", "", reader), text, lambda parsed: made(**parsed)) else []


def _reads_as(
    made: Type[BaseModel],
    fields: Fields,
    reader: Tuple[str, str, _native.ModelReader],
    text: str,
    from_parsed: Callable[[Any], Any],
) -> bool:
    """Whether what is read is what the class makes. It need not be so with other versions of LlamaIndex and pydantic;
    they are left to their classes."""
    if list(made.model_fields) != [name for name, _, _ in fields]:
        return False
    read = _native.ObjectReader([reader], lambda parsed: None).read(text)
    return _same(read, from_parsed(json.loads(text)))


def _same(a: Any, b: Any) -> bool:
    """Whether two objects are of the same types, down to their parts, as well as equal."""
    if type(a) is not type(b):
        return False
    if isinstance(a, BaseModel):
        return a.model_fields_set == b.model_fields_set and _same(a.__dict__, b.__dict__) and a == b
    if isinstance(a, dict):
        return list(a) == list(b) and all(_same(x, y) for x, y in zip(a.values(), b.values()))
    if isinstance(a, list):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b))
    return bool(a == b)


def _to_labelled_node(stored: Dict[str, Any]) -> LabelledNode:
    return EntityNode(**stored) if "name" in stored else ChunkNode(**stored)


NODES = _native.ObjectReader(_node_readers(), json_to_doc)
LABELLED_NODES = _native.ObjectReader(
    [
        *_labelled_readers(
            EntityNode,
            [*_LABELLED_NODE, ("name", "str", None)],
            EntityNode(name="n", embedding=[0.5], properties={"a": [1]}),
        ),
        *_labelled_readers(
            ChunkNode,
            [*_LABELLED_NODE, ("text", "str", None), ("id_", "str?", None)],
            ChunkNode(text="t", id_="i", properties={"a": [1]}),
        ),
    ],
    _to_labelled_node,
)
RELATIONS = _native.ObjectReader(
    _labelled_readers(
        Relation,
        [*_RELATION, ("properties", "{}", None)],
        Relation(label="l", source_id="s", target_id="t", properties={"a": [1]}),
    ),
    lambda stored: Relation(**stored),
)
