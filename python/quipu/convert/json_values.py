"""Values of users' metadata that are no JSON: dates, UUIDs, Decimals, sets, bytes, enums, ..."""

from __future__ import annotations

from typing import Any, Iterable, List, Mapping, Optional, Sequence, Tuple

from llama_index.core.bridge.pydantic import TypeAdapter
from llama_index.core.schema import BaseNode, RelatedNodeInfo

from quipu import _native

_ANY: TypeAdapter[Any] = TypeAdapter(Any)


class NotJSONError(TypeError):
    """A value that neither JSON nor pydantic's mode "json" can write."""


def jsonable(value: Any) -> Any:
    """What pydantic's mode "json" makes of a value; the native encoder asks for what JSON does not know.

    So the reference's vector stores keep such values, and here all stores do.
    """
    try:
        return _ANY.dump_python(value, mode="json")
    except ValueError as error:
        name = type(value).__name__
        raise NotJSONError(f"Object of type {name} is not JSON serializable: {error}") from error


def key_at_fault(values: Mapping[str, Any]) -> Optional[Tuple[str, NotJSONError]]:
    """The first of these keys whose value cannot be written, and why."""
    for key, value in values.items():
        try:
            _native.check_json({key: value})
        except NotJSONError as error:
            return key, error
    return None


def entry_at_fault(ids: Sequence[str], metadata: Iterable[Mapping[str, Any]], error: Exception) -> str:
    """Which of the ids, and which key of its metadata, is why they cannot be written."""
    for id_, values in zip(ids, metadata):
        found = key_at_fault(values)
        if found is not None:
            return f"id {id_!r}, metadata key {found[0]!r}: {found[1]}"
    return str(error)


def node_at_fault(nodes: Sequence[BaseNode], error: Exception) -> str:
    """Which of the nodes, and which key of its metadata, is why they cannot be written."""
    for node in nodes:
        for whose, metadata in _all_metadata(node):
            found = key_at_fault(metadata)
            if found is not None:
                return f"node {node.node_id!r}, metadata key {found[0]!r}{whose}: {found[1]}"
    return str(error)


def related_metadata(nodes: Iterable[BaseNode]) -> List[Mapping[str, Any]]:
    """What the nodes say of other nodes' metadata."""
    infos = [info for node in nodes for info in node.relationships.values()]
    return [each.metadata for info in infos for each in (info if isinstance(info, list) else (info,)) if each.metadata]


def _all_metadata(node: BaseNode) -> List[Tuple[str, Mapping[str, Any]]]:
    related = [(f" of its {name} {info.node_id!r}", info.metadata) for name, info in _related(node)]
    return [("", node.metadata), *related]


def _related(node: BaseNode) -> List[Tuple[str, RelatedNodeInfo]]:
    found: List[Tuple[str, RelatedNodeInfo]] = []
    for relationship, info in node.relationships.items():
        name = getattr(relationship, "name", str(relationship)).lower()
        found += [(name, each) for each in (info if isinstance(info, list) else [info])]
    return found
