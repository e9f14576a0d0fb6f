"""QuipuIngestionCache: an IngestionCache on a Quipu database, in parallel pipelines too."""

from __future__ import annotations

from functools import partial
from typing import Any, Callable, Dict, Optional, Sequence, Tuple

from llama_index.core.ingestion import IngestionCache
from llama_index.core.ingestion.cache import DEFAULT_CACHE_NAME
from llama_index.core.schema import BaseNode
from llama_index.core.storage.kvstore.simple_kvstore import SimpleKVStore
from llama_index.core.storage.kvstore.types import DEFAULT_COLLECTION

from quipu.convert.nodes import to_dicts
from quipu.stores.kv_store import RocksDBKVStore


class QuipuIngestionCache(IngestionCache):
    """The cache of an IngestionPipeline on a Quipu database.

    With ``num_workers`` the pipeline sends its cache to processes of its own, which cannot write to a database that
    this one has open: they read it, and what they add comes back with their nodes, and is stored here.

    Args:
        cache: the database.
        collection: where in it.
    """

    def __init__(self, cache: RocksDBKVStore, collection: str = DEFAULT_CACHE_NAME) -> None:
        super().__init__(cache=cache, collection=collection)

    def put(self, key: str, nodes: Sequence[BaseNode], collection: Optional[str] = None) -> None:
        self.cache.put(key, {self.nodes_key: to_dicts(nodes)}, collection or self.collection)

    def __reduce__(self) -> Tuple[Any, ...]:
        assert isinstance(self.cache, RocksDBKVStore)
        return _in_worker, (self.cache.path, self.collection)


class StagedKVStore(SimpleKVStore):
    """What is in a database, and in memory what is put here.

    Of a worker of LlamaIndex's: it sends to its parent what a store of this class has in memory.
    """

    def __init__(self, open_database: Callable[[], RocksDBKVStore]) -> None:
        super().__init__()
        self._open = open_database  # by a call, which can say what is wrong
        self._database: Optional[RocksDBKVStore] = None

    def get(self, key: str, collection: str = DEFAULT_COLLECTION) -> Optional[Dict[str, Any]]:
        added = super().get(key, collection)
        if added is not None:
            return added
        if self._database is None:
            self._database = self._open()
        return self._database.get(key, collection)


def _in_worker(path: str, collection: str) -> IngestionCache:
    """Reads what another process has open."""
    return IngestionCache(cache=StagedKVStore(partial(RocksDBKVStore, path, read_only=True)), collection=collection)
