"""QuipuPropertyGraphStore: LlamaIndex's PropertyGraphStore on a Quipu database."""

from __future__ import annotations

import json
from typing import Any, Dict, FrozenSet, Iterable, List, Optional, Sequence, Tuple, Union

import fsspec
from llama_index.core.graph_stores.types import (
    ChunkNode,
    EntityNode,
    LabelledNode,
    PropertyGraphStore,
    Relation,
    Triplet,
)
from llama_index.core.schema import BaseNode
from llama_index.core.vector_stores.types import VectorStoreQuery

from pydantic_core import PydanticSerializationError

from quipu import _native
from quipu.convert.json_values import NotJSONError, key_at_fault, node_at_fault
from quipu.convert.models import LABELLED_NODES, RELATIONS
from quipu.convert.vector_query import native_query
from quipu.files.location import locate
from quipu.stores.kv_store import RocksDBKVStore
from quipu.stores.on_database import OnDatabase

DEFAULT_NAMESPACE = "property_graph_store"

_PLAIN: Dict[type, FrozenSet[str]] = {each: frozenset(each.model_fields) for each in (ChunkNode, EntityNode, Relation)}
_PLAIN_VALUES = frozenset((str, int, float, bool, type(None)))


class QuipuPropertyGraphStore(OnDatabase, PropertyGraphStore):
    """A labelled property graph on a Quipu database.

    Methods and results are those of SimplePropertyGraphStore, whose ``delete`` removes more than it is asked
    for, and whose triplets may dangle then: here what is selected goes, nodes with all their relations. A step of
    ``get_rel_map`` costs what it finds, not the graph.

    As beside SimplePropertyGraphStore, PropertyGraphIndex keeps entities' embeddings in the vector store of its
    storage context, and its retriever asks that. With ``supports_vector_queries`` it puts them on the graph's nodes
    and asks ``vector_query``, which also finds embeddings of entities in the database's default vector store.

    Properties that are no JSON, such as dates, are stored as pydantic's mode "json" writes them; what it cannot write
    is a TypeError that names node, or relation, and key.

    Args:
        kvstore: the database; ``from_path`` opens one.
        namespace: before the names of the collections.
        supports_vector_queries: whether ``vector_query`` answers. None is what holds for this graph: True once it was
            written with True, or by a version where that was so for all and there are embeddings on its entities;
            else False.
    """

    supports_structured_queries: bool = False

    _persist_file = "property_graph_store.json"

    def __init__(
        self,
        kvstore: RocksDBKVStore,
        namespace: str = DEFAULT_NAMESPACE,
        supports_vector_queries: Optional[bool] = None,
    ) -> None:
        self._kvstore = kvstore
        self._namespace = namespace
        self._supports_vector_queries = supports_vector_queries

    @property
    def client(self) -> RocksDBKVStore:
        return self._kvstore

    def _arguments(self) -> Tuple[Any, ...]:
        return (self._namespace, self._supports_vector_queries)

    def _facts(self) -> Dict[str, Any]:
        return {
            each: self._kvstore.count(f"{self._namespace}/{each}") for each in ("nodes", "relations", "triplets")
        }

    @property
    def _native(self) -> _native.PropertyGraphStore:
        return self._kvstore.bind(_native.PropertyGraphStore, self._bound_arguments)

    @property
    def supports_vector_queries(self) -> bool:
        """What the constructor was given, else what holds for the graph."""
        return self._native.supports_vector_queries()

    @supports_vector_queries.setter
    def supports_vector_queries(self, value: Optional[bool]) -> None:
        self._supports_vector_queries = value
        self.__dict__.pop("_bound_arguments", None)

    # ---- reading ----

    def get(
        self, properties: Optional[Dict[str, Any]] = None, ids: Optional[List[str]] = None
    ) -> List[LabelledNode]:
        return self._native.get(_native.to_json(properties or {}), list(ids or []), LABELLED_NODES)

    def get_triplets(
        self,
        entity_names: Optional[List[str]] = None,
        relation_names: Optional[List[str]] = None,
        properties: Optional[Dict[str, Any]] = None,
        ids: Optional[List[str]] = None,
    ) -> List[Triplet]:
        selection = _selection(entity_names, relation_names, properties, ids)
        return self._native.get_triplets(selection, LABELLED_NODES, RELATIONS)

    def get_rel_map(
        self,
        graph_nodes: List[LabelledNode],
        depth: int = 2,
        limit: int = 30,
        ignore_rels: Optional[List[str]] = None,
    ) -> List[Triplet]:
        nodes = _native.to_json(_to_dicts(graph_nodes))
        return self._native.get_rel_map(nodes, depth, limit, ignore_rels or [], LABELLED_NODES, RELATIONS)

    def vector_query(self, query: VectorStoreQuery, **kwargs: Any) -> Tuple[List[LabelledNode], List[float]]:
        """The entities whose embeddings are most similar, best first, with their similarities; filters are over
        their properties. Raises NotImplementedError, as SimplePropertyGraphStore does, unless
        ``supports_vector_queries``."""
        if not self.supports_vector_queries:
            raise NotImplementedError(
                "Vector query is off for this property graph: embeddings of its entities are in the vector store. "
                "Open it with supports_vector_queries=True to have it answer."
            )
        return self._native.vector_query(native_query(query, kwargs.get("mmr_threshold")), LABELLED_NODES)

    def structured_query(self, query: str, param_map: Optional[Dict[str, Any]] = None) -> Any:
        raise NotImplementedError("QuipuPropertyGraphStore does not support structured queries.")

    def get_schema(self, refresh: bool = False) -> Any:
        """{"labels": [...], "relations": [...], "properties": [...]}, each sorted."""
        return json.loads(self._native.get_schema())

    # ---- writing ----

    def upsert_nodes(self, nodes: Sequence[LabelledNode]) -> None:
        try:
            self._native.upsert_nodes(_to_dicts(nodes))
        except NotJSONError as error:
            raise TypeError(_at_fault(((f"node {node.id!r}", node) for node in nodes), error)) from error

    def upsert_relations(self, relations: List[Relation]) -> None:
        try:
            self._native.upsert_relations(relations, Relation, _values)
        except NotJSONError as error:
            named = ((f"relation {each.source_id!r} -> {each.label!r} -> {each.target_id!r}", each) for each in relations)
            raise TypeError(_at_fault(named, error)) from error

    def upsert_llama_nodes(self, llama_nodes: List[BaseNode]) -> None:
        try:
            super().upsert_llama_nodes(llama_nodes)
        except (PydanticSerializationError, UnicodeDecodeError) as error:
            raise TypeError(node_at_fault(llama_nodes, error)) from error

    def delete(
        self,
        entity_names: Optional[List[str]] = None,
        relation_names: Optional[List[str]] = None,
        properties: Optional[Dict[str, Any]] = None,
        ids: Optional[List[str]] = None,
    ) -> None:
        self._native.delete(_selection(entity_names, relation_names, properties, ids))

    # ---- the async twins ----

    async def aget(
        self, properties: Optional[Dict[str, Any]] = None, ids: Optional[List[str]] = None
    ) -> List[LabelledNode]:
        return await self._kvstore.run(self.get, properties, ids)

    async def aget_triplets(
        self,
        entity_names: Optional[List[str]] = None,
        relation_names: Optional[List[str]] = None,
        properties: Optional[Dict[str, Any]] = None,
        ids: Optional[List[str]] = None,
    ) -> List[Triplet]:
        return await self._kvstore.run(self.get_triplets, entity_names, relation_names, properties, ids)

    async def aget_rel_map(
        self,
        graph_nodes: List[LabelledNode],
        depth: int = 2,
        limit: int = 30,
        ignore_rels: Optional[List[str]] = None,
    ) -> List[Triplet]:
        return await self._kvstore.run(self.get_rel_map, graph_nodes, depth, limit, ignore_rels)

    async def aupsert_nodes(self, nodes: List[LabelledNode]) -> None:
        await self._kvstore.run(self.upsert_nodes, nodes)

    async def aupsert_llama_nodes(self, llama_nodes: List[BaseNode]) -> None:
        await self._kvstore.run(self.upsert_llama_nodes, llama_nodes)

    async def aupsert_relations(self, relations: List[Relation]) -> None:
        await self._kvstore.run(self.upsert_relations, relations)

    async def adelete(
        self,
        entity_names: Optional[List[str]] = None,
        relation_names: Optional[List[str]] = None,
        properties: Optional[Dict[str, Any]] = None,
        ids: Optional[List[str]] = None,
    ) -> None:
        await self._kvstore.run(self.delete, entity_names, relation_names, properties, ids)

    async def adelete_llama_nodes(
        self, node_ids: Optional[List[str]] = None, ref_doc_ids: Optional[List[str]] = None
    ) -> None:
        await self._kvstore.run(self.delete_llama_nodes, node_ids, ref_doc_ids)

    async def avector_query(
        self, query: VectorStoreQuery, **kwargs: Any
    ) -> Tuple[List[LabelledNode], List[float]]:
        return await self._kvstore.run(self.vector_query, query, **kwargs)

    async def aget_schema(self, refresh: bool = False) -> Any:
        return await self._kvstore.run(self.get_schema, refresh)

    # ---- files ----

    def to_dict(self) -> Dict[str, Any]:
        """{"nodes": {id: node}, "relations": {key: relation}, "triplets": [[source, label, target], ...]}."""
        saved: Dict[str, Any] = json.loads(self._native.to_dict())
        return saved

    def persist(self, persist_path: str, fs: Optional[fsspec.AbstractFileSystem] = None) -> None:
        """Writes property_graph_store.json as the reference would. Data is safe without it; it is for switching
        back."""
        self._native.persist(*locate(persist_path, fs))


def _selection(
    entity_names: Optional[List[str]],
    relation_names: Optional[List[str]],
    properties: Optional[Dict[str, Any]],
    ids: Optional[List[str]],
) -> str:
    return _native.to_json(
        {
            "entity_names": list(entity_names or []),
            "relation_names": list(relation_names or []),
            "properties": properties or {},
            "ids": list(ids or []),
        }
    )


def _to_dicts(nodes: Sequence[LabelledNode]) -> List[Dict[str, Any]]:
    """The nodes as they are stored: a chunk without ``id_``, whose ``id`` is another in each process, has the one that
    it has now."""
    dicts = [_to_dict(node) for node in nodes]
    for node, stored in zip(nodes, dicts):
        if isinstance(node, ChunkNode) and node.id_ is None:
            stored["id_"] = node.id
    return dicts


def _to_dict(model: Union[LabelledNode, Relation]) -> Dict[str, Any]:
    """model_dump(), without its serializer where that changes nothing."""
    return dict(_values(model))


def _values(model: Union[LabelledNode, Relation]) -> Dict[str, Any]:
    """The same, to be read only: it may be the model's own."""
    values = model.__dict__
    if values.keys() == _PLAIN.get(type(model)) and _is_plain(values["properties"]):
        return values
    return model.model_dump()


def _is_plain(properties: Any) -> bool:
    return type(properties) is dict and _PLAIN_VALUES.issuperset(map(type, properties.values()))


def _at_fault(named: Iterable[Tuple[str, Union[LabelledNode, Relation]]], error: NotJSONError) -> str:
    """Which of these has a property that cannot be written, and why."""
    for name, each in named:
        found = key_at_fault(each.properties)
        if found is not None:
            return f"{name}, property {found[0]!r}: {found[1]}"
    return str(error)
