"""VectorStoreQuery and MetadataFilters as the library takes them."""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, List, Optional, Tuple, Union

from llama_index.core.vector_stores.types import (
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryMode,
)

from quipu import _native


# Of texts what a learned encoder makes of each: the indices, and the values of these. As in LlamaIndex's stores.
BatchSparseEncoding = Tuple[List[List[int]], List[List[float]]]
SparseEncoderCallable = Callable[[List[str]], BatchSparseEncoding]

_SPARSE_MODES = (VectorStoreQueryMode.SPARSE, VectorStoreQueryMode.HYBRID, VectorStoreQueryMode.SEMANTIC_HYBRID)


def sparse_encoding(
    encode: Optional[SparseEncoderCallable], texts: List[str]
) -> Optional[Tuple[List[List[int]], List[List[float]]]]:
    """What an encoder makes of texts, as plain lists; None without one. Arrays and tensors are taken, too."""
    if encode is None or not texts:
        return None
    indices, values = encode(texts)
    return [[int(i) for i in each] for each in indices], [[float(v) for v in each] for each in values]


def native_query(
    query: VectorStoreQuery,
    mmr_threshold: Optional[float] = None,
    sparse_query_fn: Optional[SparseEncoderCallable] = None,
) -> _native.VectorQuery:
    mode = query.mode if type(query.mode) is VectorStoreQueryMode else VectorStoreQueryMode(query.mode)
    is_sparse = query.query_str and mode in _SPARSE_MODES
    return _native.VectorQuery(
        query.query_embedding,
        query.similarity_top_k,
        None if query.node_ids is None else list(query.node_ids),
        mode.value,
        native_filters(query.filters),
        mmr_threshold,
        query.query_str,
        query.alpha,
        query.sparse_top_k,
        query.hybrid_top_k,
        None if query.doc_ids is None else list(query.doc_ids),
        sparse_encoding(sparse_query_fn, [query.query_str or ""]) if is_sparse else None,
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
