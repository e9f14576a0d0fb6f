"""What one run of an ingestion does with the database: it selects, and writes each batch in one transaction."""

from __future__ import annotations

import itertools
import warnings
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Callable, Iterable, Iterator, List, Optional, Sequence, Set, TypeVar

from llama_index.core.indices.base import BaseIndex
from llama_index.core.indices.vector_store import VectorStoreIndex
from llama_index.core.ingestion import DocstoreStrategy, IngestionPipeline
from llama_index.core.schema import BaseNode
from llama_index.core.storage.kvstore import SimpleKVStore

from quipu import _native
from quipu.database.open_databases import in_transaction
from quipu.database.progress import ProgressCallback
from quipu.ingestion.selection import Batch, Select, Selection, select_all, select_by
from quipu.ingestion.transforming import CachePlace, Transformed
from quipu.stores.document_store import QuipuDocumentStore
from quipu.stores.kv_store import RocksDBKVStore
from quipu.stores.one_database import one_database, stores_of
from quipu.stores.transaction import Transaction
from quipu.stores.vector_store import QuipuVectorStore

T = TypeVar("T")

_ATTEMPTS = 10  # at a batch whose commit somebody else's is in the way of


@dataclass(frozen=True)
class IngestReport:
    """What an ingestion has done."""

    documents: int = 0  # that were given
    inserted: int = 0  # of these, those that were new
    updated: int = 0  # those of which another version was stored, which is gone
    skipped: int = 0  # those that were stored already
    deleted: int = 0  # documents that were stored and not given, with DocstoreStrategy.UPSERTS_AND_DELETE
    nodes: int = 0  # that the transformations have made of what was inserted and updated


class _SelectedOtherwise(Exception):
    def __init__(self, selection: Selection) -> None:
        self.selection = selection


class Ingestion:
    """A pipeline with an index, checked, and what has been done so far."""

    def __init__(
        self,
        pipeline: IngestionPipeline,
        index: Optional[BaseIndex[Any]],
        *,
        batch_size: int,
        cache_collection: Optional[str],
        store_doc_text: bool,
        sync: bool,
        progress: Optional[ProgressCallback],
    ) -> None:
        if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
            raise ValueError(f"batch_size must be a number of documents, 1 or more, not {batch_size!r}")
        if not isinstance(sync, bool):
            raise TypeError(f"sync must be a bool, not {type(sync).__name__}")
        self.kvstore = _check_database(pipeline, index)
        self.pipeline = pipeline
        self.index = index
        self.docstore: Optional[QuipuDocumentStore] = pipeline.docstore  # type: ignore[assignment]  # as was checked
        self.cache = _cache_place(pipeline, cache_collection)
        self.report = IngestReport()
        self.batch_size = batch_size
        self._store_doc_text = store_doc_text
        self._sync = sync
        self._progress = progress
        self._strategy = _strategy(pipeline, index)
        self._select: Select = select_all if self.docstore is None else select_by(self._strategy, self.docstore)
        self._deletes = self.docstore is not None and self._strategy == DocstoreStrategy.UPSERTS_AND_DELETE
        self._given: Set[str] = set()  # the ids of all documents, where those not given will be deleted
        self._total = 0

    # ---- what is given ----

    def inputs(self, documents: Optional[Iterable[BaseNode]]) -> Iterator[BaseNode]:
        """The documents, and those of the pipeline itself."""
        if isinstance(documents, (BaseNode, str)):
            raise TypeError(f"documents must be an iterable of documents, not one {type(documents).__name__}")
        readers = self.pipeline.readers or []
        of_pipeline = self.pipeline.documents or []
        if not readers and (documents is None or hasattr(documents, "__len__")):
            self._total = len(documents or []) + len(of_pipeline)  # type: ignore[arg-type]
        read = itertools.chain.from_iterable(reader.read() for reader in readers)
        return itertools.chain(documents or [], of_pipeline, read)

    # ---- a batch ----

    def select(self, batch: Batch) -> Selection:
        """What is likely to be selected when the batch is written."""
        return self._select(batch, lambda doc_id: None)

    def embed(self, transformed: Transformed) -> Transformed:
        """Has a vector index embed what it would embed, before anything is written."""
        if type(self.index) is not VectorStoreIndex or not transformed.nodes:
            return transformed
        return replace(transformed, for_index=self.index._get_node_with_embedding(transformed.nodes))

    async def aembed(self, transformed: Transformed) -> Transformed:
        if type(self.index) is not VectorStoreIndex or not transformed.nodes:
            return transformed
        return replace(transformed, for_index=await self.index._aget_node_with_embedding(transformed.nodes))

    def write(self, batch: Batch, selection: Selection, transformed: Transformed) -> Optional[Selection]:
        """Writes what was made of the selection, all of it or, with an exception, nothing.

        Returns another selection, and has written nothing, where meanwhile another one is right.
        """
        if selection.positions:
            try:
                selection = self._commit(partial(self._write, batch, selection, transformed))
            except _SelectedOtherwise as otherwise:
                return otherwise.selection
        if self._deletes:
            self._given.update(batch.ids)
        done = self.report
        self.report = replace(
            done,
            documents=done.documents + len(batch.documents),
            inserted=done.inserted + len(selection.positions) - len(selection.outdated),
            updated=done.updated + len(selection.outdated),
            skipped=done.skipped + len(batch.documents) - len(selection.positions),
            nodes=done.nodes + len(transformed.nodes),
        )
        return None

    def tell(self) -> None:
        """Calls ``progress``, whose exceptions end the run: between two commits."""
        if self._progress is not None:
            self._progress("documents", self.report.documents, self._total)

    def _commit(self, write: Callable[[], T]) -> T:
        """Runs what writes in a transaction, again where somebody else has changed what it used."""
        indices = [] if self.index is None else [self.index]
        for _ in range(_ATTEMPTS - 1):
            try:
                with Transaction(self.kvstore.database, indices, self._sync):
                    return write()
            except _native.ConflictError:
                pass
        with Transaction(self.kvstore.database, indices, self._sync):
            return write()

    def _write(self, batch: Batch, selection: Selection, transformed: Transformed) -> Selection:
        found = self._select(batch, self._delete)
        if found.positions != selection.positions:
            raise _SelectedOtherwise(found)
        documents = batch.selected(found)
        embedded = [node for node in transformed.nodes if node.embedding is not None]
        if self.pipeline.vector_store is not None and embedded and not self._index_adds_vectors():
            self.pipeline.vector_store.add(embedded)
        if self.docstore is not None:
            self.docstore.add_documents(documents, store_text=self._store_doc_text)
        if self.index is not None:
            self._insert(self.index, documents, transformed.for_index)
        if self.cache is not None and transformed.cached:
            self.kvstore.put_all(list(transformed.cached.items()), self.cache.collection)
        return found

    def _insert(self, index: BaseIndex[Any], documents: Sequence[BaseNode], nodes: Sequence[BaseNode]) -> None:
        if nodes:
            index.insert_nodes(nodes)
        if self.docstore is None or not _same_documents(self.docstore, index.docstore):  # as index.insert does
            index.docstore.set_document_hashes({each.node_id: each.hash for each in documents if not each.source_node})

    def _index_adds_vectors(self) -> bool:
        """Whether the index puts all vectors where the pipeline is to put them."""
        if type(self.index) is not VectorStoreIndex:
            return False
        of_index: Any = self.index.vector_store
        of_pipeline: Any = self.pipeline.vector_store
        return bool(of_index.namespace == of_pipeline.namespace)

    def _delete(self, doc_id: str) -> None:
        """Deletes a document and all that was made of it."""
        if self.index is not None:
            self.index.delete_ref_doc(doc_id, delete_from_docstore=True)
        if self.docstore is not None:
            self.docstore.delete_ref_doc(doc_id, raise_error=False)
        if self.pipeline.vector_store is not None:
            self.pipeline.vector_store.delete(doc_id)

    # ---- what is not given ----

    def others(self) -> Iterator[List[str]]:
        """The documents that were not given, where they are to be deleted, some at a time."""
        others = self._others() if self._deletes else iter(())
        while some := list(itertools.islice(others, self.batch_size)):
            yield some

    def delete(self, doc_ids: Sequence[str]) -> None:
        """Deletes documents, all of them or none."""
        self._commit(partial(self._delete_all, doc_ids))
        self.report = replace(self.report, deleted=self.report.deleted + len(doc_ids))

    def _delete_all(self, doc_ids: Sequence[str]) -> None:
        assert self.docstore is not None
        for doc_id in doc_ids:
            self._delete(doc_id)
            self.docstore.delete_document(doc_id, raise_error=False)

    def _others(self) -> Iterator[str]:
        """The documents that are stored, themselves or by nodes of theirs, and were not given."""
        assert self.docstore is not None
        known = self._given
        for node_id, metadata in self.kvstore.scan(self.docstore._metadata_collection, insertion_order=True):
            doc_id = metadata.get("ref_doc_id") or node_id
            if doc_id not in known:
                known.add(doc_id)
                yield doc_id


def _check_database(pipeline: IngestionPipeline, index: Optional[BaseIndex[Any]]) -> RocksDBKVStore:
    """The database that pipeline and index are on, as one of their stores has it. Raises ValueError where there is none,
    or nothing can be written to it."""
    stores = {"the index's " + name: store for name, store in (stores_of(index) if index is not None else {}).items()}
    kinds = {"docstore": QuipuDocumentStore, "vector_store": QuipuVectorStore}
    for name, kind in kinds.items():
        store = getattr(pipeline, name)
        if store is not None and not isinstance(store, kind):
            raise ValueError(f"ingest needs a quipu.{kind.__name__} as the pipeline's {name}, not a {type(store).__name__}")
        if store is not None:
            stores["the pipeline's " + name] = store
    if not stores:
        raise ValueError("ingest needs a pipeline with a docstore or a vector_store on a Quipu database, or an index on one")
    if _uses_cache(pipeline):
        stores["the pipeline's cache"] = pipeline.cache.cache
    database = one_database("ingest", stores)
    if in_transaction(database):
        raise ValueError(f"{database.path}: a transaction is running already in this context, and ingest has its own")
    first = next(iter(stores.values()))
    kvstore: RocksDBKVStore = first if isinstance(first, RocksDBKVStore) else first._kvstore
    if kvstore.read_only:
        raise _native.ReadOnlyError(f"{database.path} was opened with read_only=True")
    return kvstore


def _uses_cache(pipeline: IngestionPipeline) -> bool:
    """False also for the empty one in memory that a pipeline has when none was named: it would grow with every batch."""
    cache = pipeline.cache.cache
    unnamed = isinstance(cache, SimpleKVStore) and not any(cache.to_dict().values())
    return not pipeline.disable_cache and not unnamed


def _cache_place(pipeline: IngestionPipeline, collection: Optional[str]) -> Optional[CachePlace]:
    cache = pipeline.cache
    return CachePlace(cache.nodes_key, collection or cache.collection) if _uses_cache(pipeline) else None


def _strategy(pipeline: IngestionPipeline, index: Optional[BaseIndex[Any]]) -> DocstoreStrategy:
    """As the pipeline's run has it; an index knows the nodes of a document, too."""
    strategy = DocstoreStrategy(pipeline.docstore_strategy)
    if pipeline.docstore is None or pipeline.vector_store is not None or index is not None:
        return strategy
    if strategy != DocstoreStrategy.DUPLICATES_ONLY:
        warnings.warn(
            f"docstore_strategy='{strategy.value}' requires a vector store or an index to apply upsert/delete semantics; "
            "falling back to 'duplicates_only' for this run. pipeline.docstore_strategy is unchanged.",
            UserWarning,
            stacklevel=5,
        )
    return DocstoreStrategy.DUPLICATES_ONLY


def _same_documents(docstore: QuipuDocumentStore, other: Any) -> bool:
    return bool(docstore._metadata_collection == getattr(other, "_metadata_collection", None))
