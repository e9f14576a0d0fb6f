"""Nodes as dicts, as LlamaIndex's document stores keep them."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence

from llama_index.core.schema import BaseNode, RelatedNodeInfo, RelatedNodeType, TextNode
from llama_index.core.storage.docstore.utils import doc_to_json

_TEXT_NODE_FIELDS = tuple(TextNode.model_fields)
_TEXT_NODE_TYPE = TextNode.get_type()


def to_dicts(nodes: Sequence[BaseNode]) -> List[Dict[str, Any]]:
    """doc_to_json of each, for values that are JSON already.

    Text nodes, which are most, are read without pydantic's serializers, which cost more than to store them. What
    only those could bring into JSON is left as it is.
    """
    return [_text_node(node) if type(node) is TextNode else doc_to_json(node) for node in nodes]


def _text_node(node: TextNode) -> Dict[str, Any]:
    values = node.__dict__
    data = {name: values[name] for name in _TEXT_NODE_FIELDS}
    data["relationships"] = {
        relationship: _related(info) for relationship, info in node.relationships.items()
    }
    data["class_name"] = "TextNode"
    return {"__data__": data, "__type__": _TEXT_NODE_TYPE}


def _related(info: RelatedNodeType) -> Any:
    if type(info) is not RelatedNodeInfo:
        return [_related(each) for each in info] if isinstance(info, list) else info.model_dump()
    return {
        "node_id": info.node_id,
        "node_type": info.node_type,
        "metadata": info.metadata,
        "hash": info.hash,
        "class_name": "RelatedNodeInfo",
    }
