"""VectorStoreQuery and MetadataFilters as the library takes them."""

from __future__ import annotations

import json
from typing import Any, Dict, Optional, Union

from llama_index.core.vector_stores.types import (
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryMode,
)

from quipu import _native


def native_query(query: VectorStoreQuery, mmr_threshold: Optional[float] = None) -> _native.VectorQuery:
    return _native.VectorQuery(
        query.query_embedding,
        query.similarity_top_k,
        None if query.node_ids is None else list(query.node_ids),
        VectorStoreQueryMode(query.mode).value,
        native_filters(query.filters),
        mmr_threshold,
        query.query_str,
        query.alpha,
        query.sparse_top_k,
        query.hybrid_top_k,
        None if query.doc_ids is None else list(query.doc_ids),
    )


def native_filters(filters: Optional[MetadataFilters]) -> Optional[str]:
    return None if filters is None else json.dumps(_to_dict(filters))


def _to_dict(filters: Union[MetadataFilter, MetadataFilters]) -> Dict[str, Any]:
    if isinstance(filters, MetadataFilters):
        return {
            "filters": [_to_dict(each) for each in filters.filters],
            "condition": None if filters.condition is None else filters.condition.value,
        }
    return {"key": filters.key, "value": filters.value, "operator": filters.operator.value}
