"""QuipuIndexStore: LlamaIndex's KVIndexStore on a Quipu database."""

from __future__ import annotations

import os
from typing import Any, Optional, Tuple, Union

import fsspec
from llama_index.core.data_structs.data_structs import IndexStruct
from llama_index.core.storage.index_store.keyval_index_store import KVIndexStore
from llama_index.core.storage.index_store.types import DEFAULT_PERSIST_PATH
from llama_index.core.storage.index_store.utils import index_struct_to_json

from quipu import _native
from quipu.kv_store import RocksDBKVStore
from quipu.persist_dir import persist


class QuipuIndexStore(KVIndexStore):
    """Index structs on a Quipu database; methods, results and exceptions are those of KVIndexStore.

    Args:
        kvstore: the database; ``from_path`` opens one.
        namespace: before the collection's name; "index_store" when it is not given.
    """

    _kvstore: RocksDBKVStore

    def __init__(
        self,
        kvstore: RocksDBKVStore,
        namespace: Optional[str] = None,
        collection_suffix: Optional[str] = None,
    ) -> None:
        super().__init__(kvstore, namespace, collection_suffix)

    @classmethod
    def from_path(
        cls, path: Union[str, "os.PathLike[str]"], namespace: Optional[str] = None
    ) -> "QuipuIndexStore":
        """The index store of a database directory, which is made when it is missing."""
        return cls(RocksDBKVStore(path), namespace)

    @property
    def kvstore(self) -> RocksDBKVStore:
        return self._kvstore

    @property
    def _native(self) -> _native.IndexStore:
        return self._kvstore.bind(_native.IndexStore, self._namespace, self._collection_suffix)

    def add_index_struct(self, index_struct: IndexStruct) -> None:
        self._native.add_index_struct(index_struct_to_json(index_struct))

    async def async_add_index_struct(self, index_struct: IndexStruct) -> None:
        await self._kvstore.run(self.add_index_struct, index_struct)

    def persist(
        self, persist_path: str = DEFAULT_PERSIST_PATH, fs: Optional[fsspec.AbstractFileSystem] = None
    ) -> None:
        """Writes index_store.json as the reference would. Data is safe without it; it is for switching back."""
        persist(self._native.persist, persist_path, fs)

    def __reduce__(self) -> Tuple[Any, ...]:
        return type(self), (self._kvstore, self._namespace, self._collection_suffix)
