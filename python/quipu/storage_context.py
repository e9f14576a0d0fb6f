"""storage_context(): LlamaIndex's StorageContext, wholly in one database directory."""

from __future__ import annotations

import os
from typing import Any, Dict, Union

from llama_index.core import StorageContext
from llama_index.core.storage.storage_context import IMAGE_VECTOR_STORE_NAMESPACE
from llama_index.core.vector_stores.simple import DEFAULT_VECTOR_STORE
from llama_index.core.vector_stores.types import BasePydanticVectorStore

from quipu import _native
from quipu.closing import Closing
from quipu.document_store import QuipuDocumentStore
from quipu.graph_store import QuipuGraphStore
from quipu.index_store import QuipuIndexStore
from quipu.kv_store import RocksDBKVStore
from quipu.property_graph_store import QuipuPropertyGraphStore
from quipu.vector_store import QuipuVectorStore


class QuipuStorageContext(Closing, StorageContext):
    """A StorageContext whose stores share one database. Close it, or use it in a ``with``.

    ``persist`` writes LlamaIndex's JSON files, for switching back; data is safe without it.
    """

    @property
    def kvstore(self) -> RocksDBKVStore:
        assert isinstance(self.docstore, QuipuDocumentStore)
        return self.docstore.kvstore

    def close(self) -> None:
        """Lets go of the directory. Safe twice. Raises BusyError while a transaction is open."""
        self.kvstore.close()


def storage_context(path: Union[str, "os.PathLike[str]"], **options: Any) -> QuipuStorageContext:
    """All stores of a database directory, which is made when it is missing.

    Args:
        path: the directory.
        options: those of RocksDBKVStore.

    Raises: as RocksDBKVStore.
    """
    kvstore = RocksDBKVStore(path, **options)
    names = [DEFAULT_VECTOR_STORE, *_native.vector_store_namespaces(kvstore.native), IMAGE_VECTOR_STORE_NAMESPACE]
    vector_stores: Dict[str, BasePydanticVectorStore] = {
        name: QuipuVectorStore(kvstore, name) for name in dict.fromkeys(names)
    }
    return QuipuStorageContext(
        docstore=QuipuDocumentStore(kvstore),
        index_store=QuipuIndexStore(kvstore),
        vector_stores=vector_stores,
        graph_store=QuipuGraphStore(kvstore),
        property_graph_store=QuipuPropertyGraphStore(kvstore),
    )
