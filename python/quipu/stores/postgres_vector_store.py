"""PostgresVectorStore: nodes with their vectors in a table of LlamaIndex's PGVectorStore."""

from __future__ import annotations

import dataclasses
import os
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import fsspec
from llama_index.core.base.embeddings.base import SimilarityMode
from llama_index.core.schema import BaseNode
from llama_index.core.vector_stores.types import (
    DEFAULT_PERSIST_DIR,
    DEFAULT_PERSIST_FNAME,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryResult,
)
from pydantic_core import PydanticSerializationError

from quipu import _native
from quipu.convert.json_values import NotJSONError, node_at_fault
from quipu.convert.models import NODES
from quipu.convert.nodes import to_dict
from quipu.convert.vector_query import native_filters, native_query
from quipu.stores.kv_store import RocksDBKVStore
from quipu.stores.vector_store_on_database import VectorStoreOnDatabase


class PostgresVectorStore(VectorStoreOnDatabase):
    """Nodes with their vectors in a table of a PostgreSQL server, searched there by pgvector.

        kvstore = quipu.RocksDBKVStore("postgresql://host/db?schema=mine")
        vectors = quipu.PostgresVectorStore(kvstore, table_name="essays")
        context = StorageContext.from_defaults(vector_store=vectors, docstore=quipu.QuipuDocumentStore(kvstore), ...)

    The table is that of LlamaIndex's PGVectorStore with the same ``table_name`` and ``schema_name``: each reads what the
    other wrote. What differs: adding a node again replaces it; a call is one transaction, and part of that of
    ``quipu.transaction`` with the other stores on this schema; ``node_ids`` and ``doc_ids`` of a query are obeyed, no
    ids given to ``get_nodes`` are no nodes, and a filter that few nodes pass finds as many as asked for through an
    index, too.

    Args:
        kvstore: the schema, a RocksDBKVStore of a ``postgresql://`` address; ``from_path`` takes the address.
        table_name: the table is "data_" and this in lower case; at most 44 bytes.
        embed_dim: numbers of an embedding; 0: as the table has them, or the first node that is added.
        hybrid_search, text_search_config, use_jsonb, use_halfvec, indexed_metadata_keys: as PGVectorStore's, for a
            table that is not there yet; one that is there is taken as it is.
        hnsw_ef_search: candidates of a query through an index, 1 to 1000.
        similarity: by what queries compare, "cosine", "dot_product" or "euclidean" (SimilarityMode).
    """

    stores_text: bool = True
    flat_metadata: bool = False
    table_name: str = "llamaindex"
    embed_dim: int = 0
    hybrid_search: bool = False
    text_search_config: str = "english"
    use_jsonb: bool = False
    use_halfvec: bool = False
    indexed_metadata_keys: List[Tuple[str, str]] = []
    hnsw_ef_search: int = 64
    similarity: SimilarityMode = SimilarityMode.DEFAULT

    def __init__(
        self,
        kvstore: RocksDBKVStore,
        table_name: str = "llamaindex",
        embed_dim: int = 0,
        hybrid_search: bool = False,
        text_search_config: str = "english",
        use_jsonb: bool = False,
        use_halfvec: bool = False,
        indexed_metadata_keys: Sequence[Tuple[str, str]] = (),
        hnsw_ef_search: int = 64,
        similarity: Union[SimilarityMode, str] = SimilarityMode.DEFAULT,
    ) -> None:
        super().__init__(  # type: ignore[call-arg]
            table_name=table_name,
            embed_dim=embed_dim,
            hybrid_search=hybrid_search,
            text_search_config=text_search_config,
            use_jsonb=use_jsonb,
            use_halfvec=use_halfvec,
            indexed_metadata_keys=sorted(indexed_metadata_keys),
            hnsw_ef_search=hnsw_ef_search,
            similarity=SimilarityMode(similarity),
        )
        self._kvstore = kvstore

    @classmethod
    def class_name(cls) -> str:
        return "PostgresVectorStore"

    @property
    def client(self) -> RocksDBKVStore:
        return self._kvstore

    def _arguments(self) -> Tuple[Any, ...]:
        return (*self._native_arguments(), self.similarity.value)

    def _native_arguments(self) -> Tuple[Any, ...]:
        return (
            self.table_name,
            self.embed_dim,
            self.hybrid_search,
            self.text_search_config,
            self.use_jsonb,
            self.use_halfvec,
            tuple(self.indexed_metadata_keys),
            self.hnsw_ef_search,
        )

    def _facts(self) -> Dict[str, Any]:
        return {"table": repr(self.table_name), "vectors": self._store().count()}

    def _store(self) -> _native.PostgresVectorStore:
        return self._kvstore.bind(_native.PostgresVectorStore, self._native_arguments())

    # ---- nodes ----

    def add(self, nodes: Sequence[BaseNode], **add_kwargs: Any) -> List[str]:
        """Stores the nodes, whose embeddings may be numpy arrays: all of them, or none. Raises ValueError for one without
        an embedding, PydanticSerializationError, which names node and key, for one that cannot be written as JSON."""
        embeddings = [node.get_embedding() for node in nodes]
        try:
            self._store().add(map(_without_embedding, nodes), embeddings)
        except (PydanticSerializationError, UnicodeDecodeError, NotJSONError) as error:
            raise PydanticSerializationError(node_at_fault(nodes, error)) from error
        return [node.node_id for node in nodes]

    def get_nodes(
        self, node_ids: Optional[List[str]] = None, filters: Optional[MetadataFilters] = None
    ) -> List[BaseNode]:
        """The nodes of these ids, those that match, or those that do both, in insertion order and with their embeddings;
        with neither, all."""
        return self._store().get_nodes(None if node_ids is None else list(node_ids), native_filters(filters), NODES)

    # ---- queries ----

    def query(self, query: VectorStoreQuery, **kwargs: Any) -> VectorStoreQueryResult:
        """The most similar nodes; modes default, mmr, and of a table with ``hybrid_search`` sparse, text_search and hybrid.

        No ``node_ids`` are all nodes, as in LlamaIndex's other databases: an index over such a store does not know its
        nodes.
        """
        if not query.node_ids:
            query = dataclasses.replace(query, node_ids=None)
        threshold = query.mmr_threshold if query.mmr_threshold is not None else kwargs.get("mmr_threshold")
        ids, similarities, nodes = self._store().query(
            native_query(query, threshold),
            self.similarity.value,
            list(query.doc_ids) if query.doc_ids else None,
            query.query_str,
            query.sparse_top_k,
            NODES,
        )
        return VectorStoreQueryResult(nodes=nodes, similarities=similarities, ids=ids)

    def use_hnsw(self, M: int = 16, ef_construction: int = 64) -> None:
        """Makes an index for approximate search by this store's ``similarity``, instead of one that is there; writers wait
        for it. It is the table's: all who query it use it. Add many nodes first, and then make it."""
        self._store().use_hnsw(M, ef_construction, self.similarity.value)

    def drop_hnsw(self) -> None:
        """Makes queries exact again."""
        self._store().drop_hnsw()

    def persist(
        self,
        persist_path: str = os.path.join(DEFAULT_PERSIST_DIR, DEFAULT_PERSIST_FNAME),
        fs: Optional[fsspec.AbstractFileSystem] = None,
    ) -> None:
        """Does nothing, as PGVectorStore's: the data are where they are."""

    def __deepcopy__(self, memo: Optional[Dict[int, Any]] = None) -> "PostgresVectorStore":
        return self  # data is on a server: a copy is the same store


def _without_embedding(node: BaseNode) -> Dict[str, Any]:
    """As document stores keep it; the embedding is in a column of its own."""
    stored = to_dict(node)
    stored["__data__"]["embedding"] = None
    return stored
