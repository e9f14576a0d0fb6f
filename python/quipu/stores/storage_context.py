"""storage_context(): LlamaIndex's StorageContext, wholly in one database directory."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar, Dict, Mapping, Optional, Union, cast

import fsspec
from llama_index.core import StorageContext
from llama_index.core.graph_stores.types import DEFAULT_PERSIST_FNAME as GRAPH_STORE_FNAME
from llama_index.core.graph_stores.types import DEFAULT_PG_PERSIST_FNAME as PG_FNAME
from llama_index.core.storage.docstore.types import DEFAULT_PERSIST_FNAME as DOCSTORE_FNAME
from llama_index.core.storage.index_store.types import DEFAULT_PERSIST_FNAME as INDEX_STORE_FNAME
from llama_index.core.storage.storage_context import DEFAULT_PERSIST_DIR, IMAGE_STORE_FNAME
from llama_index.core.vector_stores.simple import DEFAULT_VECTOR_STORE, NAMESPACE_SEP
from llama_index.core.vector_stores.types import DEFAULT_PERSIST_FNAME as VECTOR_STORE_FNAME
from llama_index.core.vector_stores.types import BasePydanticVectorStore

from quipu import _native
from quipu.database.closing import Closing
from quipu.database.options import OpenOptions, check_names, OPTION_NAMES
from quipu.database.paths import Path
from quipu.convert.vector_query import SparseEncoderCallable
from quipu.files.persist_dir import export_files
from quipu.stores.document_store import QuipuDocumentStore
from quipu.stores.graph_store import QuipuGraphStore
from quipu.stores.index_store import QuipuIndexStore
from quipu.stores.kv_store import RocksDBKVStore, describe
from quipu.stores.property_graph_store import QuipuPropertyGraphStore
from quipu.stores.vector_store import QuipuVectorStore
from quipu.telemetry.repr_html import repr_html
from quipu.telemetry.stats import Stats

if TYPE_CHECKING:
    from typing_extensions import Unpack


class QuipuStorageContext(Closing, StorageContext):
    """A StorageContext whose stores share one database. Close it, or use it in a ``with``.

    ``persist`` writes LlamaIndex's JSON files, for switching back; data is safe without it.
    """

    docstore: QuipuDocumentStore
    index_store: QuipuIndexStore
    graph_store: QuipuGraphStore
    property_graph_store: QuipuPropertyGraphStore
    _encoders: ClassVar[Mapping[str, Optional[SparseEncoderCallable]]] = {}  # of one that was made otherwise

    @property
    def vector_store(self) -> QuipuVectorStore:
        """The default one: of this database, unless another was added by that name. Raises KeyError 'default' where
        there is none, as the reference does."""
        return cast(QuipuVectorStore, self.vector_stores[DEFAULT_VECTOR_STORE])

    @property
    def kvstore(self) -> RocksDBKVStore:
        return self.docstore.kvstore

    @property
    def closed(self) -> bool:
        return self.kvstore.closed

    def stats(self) -> Stats:
        """What this process has done with the database; see RocksDBKVStore.stats."""
        return self.kvstore.stats()

    def refresh(self) -> None:
        """Of a context that reads only: shows the database as it is now, in all stores; see RocksDBKVStore.refresh.

        What an index object keeps in memory, its struct, is as it was: load the index again.
        """
        self.kvstore.refresh()
        for name, store in _vector_stores(self.kvstore, **self._encoders).items():
            self.vector_stores.setdefault(name, store)

    def close(self) -> None:
        """Lets go of the directory. Safe twice. Raises BusyError while a transaction is open."""
        self.kvstore.close()

    def persist(
        self,
        persist_dir: Union[str, "os.PathLike[str]"] = DEFAULT_PERSIST_DIR,
        docstore_fname: str = DOCSTORE_FNAME,
        index_store_fname: str = INDEX_STORE_FNAME,
        vector_store_fname: str = VECTOR_STORE_FNAME,
        image_store_fname: str = IMAGE_STORE_FNAME,
        graph_store_fname: str = GRAPH_STORE_FNAME,
        pg_graph_store_fname: str = PG_FNAME,
        fs: Optional[fsspec.AbstractFileSystem] = None,
    ) -> None:
        """Writes LlamaIndex's JSON files: those that ``export_dir`` writes, of one moment. Data is safe without it; it
        is for switching back. Files of the same names are replaced."""
        names = {
            DOCSTORE_FNAME: docstore_fname,
            INDEX_STORE_FNAME: index_store_fname,
            GRAPH_STORE_FNAME: graph_store_fname,
            PG_FNAME: pg_graph_store_fname,
        }
        for namespace in self.vector_stores:
            names[f"{namespace}{NAMESPACE_SEP}{VECTOR_STORE_FNAME}"] = f"{namespace}{NAMESPACE_SEP}{vector_store_fname}"
        export_files(self.kvstore.native, os.fspath(persist_dir), names, fs)
        for namespace, store in self.vector_stores.items():  # those that are elsewhere
            if not isinstance(store, QuipuVectorStore):
                store.persist(os.path.join(persist_dir, f"{namespace}{NAMESPACE_SEP}{vector_store_fname}"), fs=fs)

    def __repr__(self) -> str:
        return describe(self, self.kvstore.path, self._facts)

    def _repr_html_(self) -> str:
        return repr_html(self, self.kvstore.path, self._facts)

    def _facts(self) -> Dict[str, Any]:
        stores = [self.docstore, self.index_store, self.graph_store, self.property_graph_store]
        facts: Dict[str, Any] = {}
        for store in stores[:2]:
            facts.update(store._facts())
        facts["vectors"] = {
            name: store._facts()["vectors"]
            for name, store in self.vector_stores.items()
            if isinstance(store, QuipuVectorStore)
        }
        facts["graph_subjects"] = self.graph_store._facts()["subjects"]
        facts["property_graph"] = self.property_graph_store._facts()
        return facts


def _vector_stores(
    kvstore: RocksDBKVStore, **encoders: Optional[SparseEncoderCallable]
) -> Dict[str, BasePydanticVectorStore]:
    stores: Dict[str, BasePydanticVectorStore] = {}
    for name in _native.vector_store_namespaces(kvstore.native):
        given = encoders if name == DEFAULT_VECTOR_STORE else {}
        stores[name] = QuipuVectorStore(
            kvstore, name, sparse_doc_fn=given.get("sparse_doc_fn"), sparse_query_fn=given.get("sparse_query_fn")
        )
    return stores


def storage_context(
    path: Path,
    *,
    supports_vector_queries: Optional[bool] = None,
    sparse_doc_fn: Optional[SparseEncoderCallable] = None,
    sparse_query_fn: Optional[SparseEncoderCallable] = None,
    **options: Unpack[OpenOptions],
) -> QuipuStorageContext:
    """All stores of a database directory, which is made when it is missing.

        with quipu.storage_context("./storage.quipu", read_only=True) as context:  # beside a process that writes
            index = load_index_from_storage(context)

    Args:
        path: the directory.
        supports_vector_queries: of the property graph store; see QuipuPropertyGraphStore.
        sparse_doc_fn, sparse_query_fn: encoders of the default vector store; see QuipuVectorStore.
        options: those of RocksDBKVStore, which says what each is: ``read_only``, ``sync``, ``memory_budget_bytes``,
            ``search_memory_bytes``, and so on.

    Raises: as RocksDBKVStore.
    """
    check_names("storage_context", options, OPTION_NAMES)
    kvstore = RocksDBKVStore(path, **options)
    encoders = {"sparse_doc_fn": sparse_doc_fn, "sparse_query_fn": sparse_query_fn}
    context = QuipuStorageContext(
        docstore=QuipuDocumentStore(kvstore),
        index_store=QuipuIndexStore(kvstore),
        vector_stores=_vector_stores(kvstore, **encoders),
        graph_store=QuipuGraphStore(kvstore),
        property_graph_store=QuipuPropertyGraphStore(kvstore, supports_vector_queries=supports_vector_queries),
    )
    context.__dict__["_encoders"] = encoders
    return context
