"""QuipuPropertyGraphStore: LlamaIndex's PropertyGraphStore on a Quipu database."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Optional, Sequence, Tuple

import fsspec
from llama_index.core.graph_stores.types import (
    ChunkNode,
    EntityNode,
    LabelledNode,
    PropertyGraphStore,
    Relation,
    Triplet,
)
from llama_index.core.vector_stores.types import VectorStoreQuery

from quipu import _native
from quipu.kv_store import RocksDBKVStore
from quipu.on_database import OnDatabase
from quipu.place import place
from quipu.vector_query import native_query

DEFAULT_NAMESPACE = "property_graph_store"


class QuipuPropertyGraphStore(OnDatabase, PropertyGraphStore):
    """A labelled property graph on a Quipu database.

    Methods and results are those of SimplePropertyGraphStore, whose ``delete`` removes more than it is asked
    for, and whose triplets may dangle then: here what is selected goes, nodes with all their relations. Nodes
    that carry embeddings answer ``vector_query``. A step of ``get_rel_map`` costs what it finds, not the graph.

    Args:
        kvstore: the database; ``from_path`` opens one.
        namespace: before the names of the collections.
    """

    supports_structured_queries: bool = False
    supports_vector_queries: bool = True

    _persist_file = "property_graph_store.json"

    def __init__(self, kvstore: RocksDBKVStore, namespace: str = DEFAULT_NAMESPACE) -> None:
        self._kvstore = kvstore
        self._namespace = namespace

    @property
    def client(self) -> RocksDBKVStore:
        return self._kvstore

    def _arguments(self) -> Tuple[Any, ...]:
        return (self._namespace,)

    def _facts(self) -> Dict[str, Any]:
        return {
            each: self._kvstore.count(f"{self._namespace}/{each}") for each in ("nodes", "relations", "triplets")
        }

    @property
    def _native(self) -> _native.PropertyGraphStore:
        return self._kvstore.bind(_native.PropertyGraphStore, *self._arguments())

    # ---- reading ----

    def get(
        self, properties: Optional[Dict[str, Any]] = None, ids: Optional[List[str]] = None
    ) -> List[LabelledNode]:
        return _to_nodes(self._native.get(json.dumps(properties or {}), list(ids or [])))

    def get_triplets(
        self,
        entity_names: Optional[List[str]] = None,
        relation_names: Optional[List[str]] = None,
        properties: Optional[Dict[str, Any]] = None,
        ids: Optional[List[str]] = None,
    ) -> List[Triplet]:
        return _to_triplets(
            self._native.get_triplets(_selection(entity_names, relation_names, properties, ids))
        )

    def get_rel_map(
        self,
        graph_nodes: List[LabelledNode],
        depth: int = 2,
        limit: int = 30,
        ignore_rels: Optional[List[str]] = None,
    ) -> List[Triplet]:
        nodes = json.dumps([node.model_dump() for node in graph_nodes])
        return _to_triplets(self._native.get_rel_map(nodes, depth, limit, ignore_rels or []))

    def vector_query(self, query: VectorStoreQuery, **kwargs: Any) -> Tuple[List[LabelledNode], List[float]]:
        """The nodes whose embeddings are most similar, best first, with their similarities; filters are over
        the nodes' properties."""
        nodes, similarities = self._native.vector_query(native_query(query, kwargs.get("mmr_threshold")))
        return _to_nodes(nodes), similarities

    def structured_query(self, query: str, param_map: Optional[Dict[str, Any]] = None) -> Any:
        raise NotImplementedError("QuipuPropertyGraphStore does not support structured queries.")

    def get_schema(self, refresh: bool = False) -> Any:
        """{"labels": [...], "relations": [...], "properties": [...]}, each sorted."""
        return json.loads(self._native.get_schema())

    # ---- writing ----

    def upsert_nodes(self, nodes: Sequence[LabelledNode]) -> None:
        self._native.upsert_nodes(json.dumps([node.model_dump() for node in nodes]))

    def upsert_relations(self, relations: List[Relation]) -> None:
        self._native.upsert_relations(json.dumps([relation.model_dump() for relation in relations]))

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
        self._native.persist(*place(persist_path, fs))


def _selection(
    entity_names: Optional[List[str]],
    relation_names: Optional[List[str]],
    properties: Optional[Dict[str, Any]],
    ids: Optional[List[str]],
) -> str:
    return json.dumps(
        {
            "entity_names": list(entity_names or []),
            "relation_names": list(relation_names or []),
            "properties": properties or {},
            "ids": list(ids or []),
        }
    )


def _to_node(stored: Dict[str, Any]) -> LabelledNode:
    return EntityNode(**stored) if "name" in stored else ChunkNode(**stored)


def _to_nodes(text: str) -> List[LabelledNode]:
    return [_to_node(stored) for stored in json.loads(text)]


def _to_triplets(text: str) -> List[Triplet]:
    return [
        (_to_node(source), Relation(**relation), _to_node(target)) for source, relation, target in json.loads(text)
    ]
