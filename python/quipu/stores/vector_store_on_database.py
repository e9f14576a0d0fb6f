"""What LlamaIndex's vector stores on a Quipu database have in common, whatever they keep."""

from __future__ import annotations

from typing import Any, List, Optional, Protocol, Sequence

from llama_index.core.schema import BaseNode
from llama_index.core.vector_stores.types import (
    BasePydanticVectorStore,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryResult,
)

from quipu.convert.vector_query import native_filters
from quipu.stores.component import ComponentOnDatabase


class _NativeStore(Protocol):
    def delete(self, ref_doc_id: str) -> None: ...
    def delete_nodes(self, node_ids: Optional[List[str]], filters: Any) -> None: ...
    def clear(self) -> None: ...


class VectorStoreOnDatabase(ComponentOnDatabase, BasePydanticVectorStore):
    """Removing, and the awaited calls; adding and finding are each class's own."""

    def _store(self) -> _NativeStore:
        raise NotImplementedError

    async def async_add(self, nodes: Sequence[BaseNode], **kwargs: Any) -> List[str]:
        return await self._kvstore.run(self.add, nodes, **kwargs)

    async def aget_nodes(
        self, node_ids: Optional[List[str]] = None, filters: Optional[MetadataFilters] = None
    ) -> List[BaseNode]:
        return await self._kvstore.run(self.get_nodes, node_ids, filters)

    def delete(self, ref_doc_id: str, **delete_kwargs: Any) -> None:
        self._store().delete(ref_doc_id)

    async def adelete(self, ref_doc_id: str, **delete_kwargs: Any) -> None:
        await self._kvstore.run(self.delete, ref_doc_id)

    def delete_nodes(
        self,
        node_ids: Optional[List[str]] = None,
        filters: Optional[MetadataFilters] = None,
        **delete_kwargs: Any,
    ) -> None:
        """Removes the nodes of these ids, those that match, or those that do both."""
        self._store().delete_nodes(None if node_ids is None else list(node_ids), native_filters(filters))

    async def adelete_nodes(
        self,
        node_ids: Optional[List[str]] = None,
        filters: Optional[MetadataFilters] = None,
        **delete_kwargs: Any,
    ) -> None:
        await self._kvstore.run(self.delete_nodes, node_ids, filters)

    def clear(self) -> None:
        self._store().clear()

    async def aclear(self) -> None:
        await self._kvstore.run(self.clear)

    async def aquery(self, query: VectorStoreQuery, **kwargs: Any) -> VectorStoreQueryResult:
        return await self._kvstore.run(self.query, query, **kwargs)
