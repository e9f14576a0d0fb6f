"""QuipuGraphStore: LlamaIndex's GraphStore on a Quipu database."""

from __future__ import annotations

import json
import os
from typing import Any, Dict, List, Optional, Tuple

import fsspec
from llama_index.core.graph_stores.types import DEFAULT_PERSIST_DIR, DEFAULT_PERSIST_FNAME, GraphStore

from quipu import _native
from quipu.files.location import locate
from quipu.stores.kv_store import RocksDBKVStore
from quipu.stores.on_database import OnDatabase

DEFAULT_NAMESPACE = "graph_store"


class QuipuGraphStore(OnDatabase, GraphStore):
    """Triplets on a Quipu database; methods and results are those of SimpleGraphStore, whose ``delete``, which
    never deletes, is repaired. Changing a triplet costs the same whatever the degree of its subject.

    Args:
        kvstore: the database; ``from_path`` opens one.
        namespace: before the collection's name.
    """

    _persist_file = DEFAULT_PERSIST_FNAME

    def __init__(self, kvstore: RocksDBKVStore, namespace: str = DEFAULT_NAMESPACE) -> None:
        self._kvstore = kvstore
        self._namespace = namespace

    @property
    def client(self) -> RocksDBKVStore:
        return self._kvstore

    def _arguments(self) -> Tuple[Any, ...]:
        return (self._namespace,)

    def _facts(self) -> Dict[str, Any]:
        return {"subjects": self._kvstore.count(f"{self._namespace}/data")}

    @property
    def _native(self) -> _native.GraphStore:
        return self._kvstore.bind(_native.GraphStore, self._bound_arguments)

    def get(self, subj: str) -> List[List[str]]:
        return self._native.get(subj)

    def get_rel_map(
        self, subjs: Optional[List[str]] = None, depth: int = 2, limit: int = 30
    ) -> Dict[str, List[List[str]]]:
        return self._native.get_rel_map(subjs, depth, limit)

    def upsert_triplet(self, subj: str, rel: str, obj: str) -> None:
        self._native.upsert_triplet(subj, rel, obj)

    def delete(self, subj: str, rel: str, obj: str) -> None:
        """Removes a triplet, and its subject once it has none left."""
        self._native.delete(subj, rel, obj)

    def get_schema(self, refresh: bool = False) -> str:
        raise NotImplementedError("QuipuGraphStore does not support get_schema")

    def query(self, query: str, param_map: Optional[Dict[str, Any]] = {}) -> Any:
        raise NotImplementedError("QuipuGraphStore does not support query")

    def to_dict(self) -> Dict[str, Any]:
        """All triplets, as SimpleGraphStore's to_dict."""
        saved: Dict[str, Any] = json.loads(self._native.to_dict())
        return saved

    def persist(
        self,
        persist_path: str = os.path.join(DEFAULT_PERSIST_DIR, DEFAULT_PERSIST_FNAME),
        fs: Optional[fsspec.AbstractFileSystem] = None,
    ) -> None:
        """Writes graph_store.json as the reference would. Data is safe without it; it is for switching back."""
        self._native.persist(*locate(persist_path, fs))
