"""Nodes as dicts, as LlamaIndex's document stores keep them."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence

from llama_index.core.schema import BaseNode, NodeRelationship, ObjectType, RelatedNodeInfo, RelatedNodeType, TextNode
from llama_index.core.storage.docstore.utils import doc_to_json

_TEXT_NODE_FIELDS = tuple(TextNode.model_fields)


def to_dict(node: BaseNode) -> Dict[str, Any]:
    """doc_to_json, all that LlamaIndex itself puts there being of JSON's own types.

    Text nodes, which are most, are read without pydantic's serializers, which cost more than to store them. What
    only those could bring into JSON is left as it is.
    """
    return _text_node(node) if type(node) is TextNode else _other_node(node)


def to_dicts(nodes: Sequence[BaseNode]) -> List[Dict[str, Any]]:
    return [to_dict(node) for node in nodes]


def _text_node(node: TextNode) -> Dict[str, Any]:
    values = node.__dict__
    data = {name: values[name] for name in _TEXT_NODE_FIELDS}
    data["relationships"] = _relationships(node)
    data["class_name"] = "TextNode"
    return {"__data__": data, "__type__": _plain(TextNode.get_type())}


def _other_node(node: BaseNode) -> Dict[str, Any]:
    stored = doc_to_json(node)
    stored["__data__"]["relationships"] = _relationships(node)
    stored["__type__"] = _plain(stored["__type__"])
    return stored


def _relationships(node: BaseNode) -> Dict[Any, Any]:
    return {_plain(relationship): _related(info) for relationship, info in node.relationships.items()}


def _related(info: RelatedNodeType) -> Any:
    if type(info) is not RelatedNodeInfo:
        return [_related(each) for each in info] if isinstance(info, list) else info.model_dump()
    return {
        "node_id": info.node_id,
        "node_type": _plain(info.node_type),
        "metadata": info.metadata,
        "hash": info.hash,
        "class_name": "RelatedNodeInfo",
    }


def _plain(name: Any) -> Any:
    """The str that LlamaIndex's own enums stand for."""
    return name._value_ if type(name) in (NodeRelationship, ObjectType) else name
