"""QuipuDocumentStore: LlamaIndex's KVDocumentStore with native methods."""

from __future__ import annotations

import json
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import fsspec
from llama_index.core.schema import BaseNode, ImageNode, IndexNode, TextNode
from llama_index.core.storage.docstore.keyval_docstore import KVDocumentStore
from llama_index.core.storage.docstore.types import DEFAULT_PERSIST_PATH, RefDocInfo
from llama_index.core.storage.docstore.utils import doc_to_json
from llama_index.core.storage.kvstore.types import DEFAULT_BATCH_SIZE
from llama_index.core.vector_stores.types import MetadataFilters

from quipu import _native
from quipu.convert.json_values import NotJSONError, node_at_fault
from quipu.convert.models import NODES
from quipu.convert.nodes import to_dict
from quipu.convert.vector_query import native_filters
from quipu.database.progress import ProgressCallback, progress_bar
from quipu.files.location import locate
from quipu.stores.kv_store import RocksDBKVStore
from quipu.stores.on_database import OnDatabase
from quipu.telemetry.events import dispatches

# What is to be stored of these follows from their JSON; other classes may compute their hashes in their own way,
# and those with media resources do so from what is not stored.
_PLAIN = frozenset((TextNode, ImageNode, IndexNode))


class TextIndex(NamedTuple):
    """The full-text index of a document store."""

    analyser: str
    whole: bool  # else index_text() was interrupted, and goes on
    documents: int
    tokens: int


class QuipuDocumentStore(OnDatabase, KVDocumentStore):
    """Nodes and documents on a Quipu database.

    Methods, results and exceptions are those of KVDocumentStore. Every change is one atomic write, over all
    collections; adding a node to a document, or taking it out, costs the same whatever the document's size.
    Values of metadata that are no JSON, such as dates, are stored as pydantic's mode "json" writes them; one that it
    cannot write is a TypeError that names node and key.

    Args:
        kvstore: the database; ``from_path`` opens one.
        namespace: before the names of the three collections; "docstore" when it is not given.
        batch_size: accepted as in the reference; every call is one batch.
    """

    _kvstore: RocksDBKVStore
    _persist_file = "docstore.json"

    def __init__(
        self,
        kvstore: RocksDBKVStore,
        namespace: Optional[str] = None,
        batch_size: int = DEFAULT_BATCH_SIZE,
        node_collection_suffix: Optional[str] = None,
        ref_doc_collection_suffix: Optional[str] = None,
        metadata_collection_suffix: Optional[str] = None,
    ) -> None:
        super().__init__(
            kvstore,
            namespace,
            batch_size,
            node_collection_suffix,
            ref_doc_collection_suffix,
            metadata_collection_suffix,
        )

    def _arguments(self) -> Tuple[Any, ...]:
        return (
            self._namespace,
            self._batch_size,
            self._node_collection_suffix,
            self._ref_doc_collection_suffix,
            self._metadata_collection_suffix,
        )

    def _facts(self) -> Dict[str, Any]:
        return {
            "nodes": self._kvstore.count(self._node_collection),
            "ref_docs": self._kvstore.count(self._ref_doc_collection),
        }

    @property
    def _native(self) -> _native.DocumentStore:
        return self._kvstore.bind(_native.DocumentStore, self._bound_arguments)

    # ---- nodes ----

    @dispatches(lambda docs, nothing: len(docs))
    def add_documents(
        self,
        docs: Sequence[BaseNode],
        allow_update: bool = True,
        batch_size: Optional[int] = None,
        store_text: bool = True,
    ) -> None:
        try:
            self._add(docs, (allow_update, batch_size, store_text))
        except ValueError as error:
            if str(error).endswith("surrogates not allowed"):
                for doc in docs:
                    doc.hash  # raises Python's own error
            raise

    def _add(self, docs: Sequence[BaseNode], options: Tuple[bool, Optional[int], bool]) -> None:
        if all(type(doc) in _PLAIN for doc in docs):
            try:
                return self._native.add_serialized(map(to_dict, docs), *options)
            except TypeError:
                pass  # a value that is no JSON, or only stands for it: its node's hash is of what it is
        facts, failed = _facts(docs)
        nodes = [doc_to_json(doc) for doc in docs[: len(facts)]]
        try:
            self._native.add_facts(nodes, facts, failed, *options)
        except NotJSONError as error:
            raise TypeError(node_at_fault(docs, error)) from error

    async def async_add_documents(
        self,
        docs: Sequence[BaseNode],
        allow_update: bool = True,
        batch_size: Optional[int] = None,
        store_text: bool = True,
    ) -> None:
        await self._kvstore.run(self.add_documents, docs, allow_update, batch_size, store_text)

    def delete_document(self, doc_id: str, raise_error: bool = True) -> None:
        self._native.delete_document(doc_id, raise_error)

    async def adelete_document(self, doc_id: str, raise_error: bool = True) -> None:
        await self._kvstore.run_small(self.delete_document, doc_id, raise_error)

    def document_exists(self, doc_id: str) -> bool:
        return self._kvstore.exists(doc_id, self._node_collection)

    async def adocument_exists(self, doc_id: str) -> bool:
        return await self._kvstore.run_small(self.document_exists, doc_id)

    @property
    def docs(self) -> Dict[str, BaseNode]:
        return _native.get_all(self._kvstore.native, self._node_collection, NODES)

    def get_document(self, doc_id: str, raise_error: bool = True) -> Optional[BaseNode]:
        node: Optional[BaseNode] = _native.get(self._kvstore.native, doc_id, self._node_collection, NODES)
        return _found(node, doc_id, raise_error)

    async def aget_document(self, doc_id: str, raise_error: bool = True) -> Optional[BaseNode]:
        node: Optional[BaseNode] = await self._kvstore.find(doc_id, self._node_collection, NODES)
        return _found(node, doc_id, raise_error)

    def get_nodes(self, node_ids: List[str], raise_error: bool = True) -> List[BaseNode]:
        """The nodes in the order of their ids, in one look-up."""
        nodes: List[BaseNode] = []
        found = _native.multi_get(self._kvstore.native, node_ids, self._node_collection, NODES)
        for node_id, node in zip(node_ids, found):
            if node is not None:
                nodes.append(node)
            elif raise_error:
                raise ValueError(f"doc_id {node_id} not found.")
        return nodes

    async def aget_nodes(self, node_ids: List[str], raise_error: bool = True) -> List[BaseNode]:
        return await self._kvstore.run(self.get_nodes, node_ids, raise_error)

    def stream_nodes(self) -> Iterator[Tuple[str, BaseNode]]:
        """Yields every id with its node in insertion order, one at a time, whatever their number."""
        yield from self._kvstore.objects(self._node_collection, NODES)

    # ---- hashes ----

    def set_document_hash(self, doc_id: str, doc_hash: str) -> None:
        self._native.set_document_hash(doc_id, doc_hash)

    async def aget_document_hash(self, doc_id: str) -> Optional[str]:
        found = _native.hash_at_hand(self._kvstore.native, doc_id, self._metadata_collection)
        if found is NotImplemented:
            found = await self._kvstore.run(self.get_document_hash, doc_id)
        doc_hash: Optional[str] = found
        return doc_hash

    async def aset_document_hash(self, doc_id: str, doc_hash: str) -> None:
        await self._kvstore.run_small(self.set_document_hash, doc_id, doc_hash)

    def set_document_hashes(self, doc_hashes: Dict[str, str]) -> None:
        self._native.set_document_hashes(doc_hashes)

    async def aset_document_hashes(self, doc_hashes: Dict[str, str]) -> None:
        await self._kvstore.run(self.set_document_hashes, doc_hashes)

    def get_all_document_hashes(self) -> Dict[str, str]:
        return self._native.get_all_document_hashes()

    async def aget_all_document_hashes(self) -> Dict[str, str]:
        return await self._kvstore.run(self.get_all_document_hashes)

    def missing_hashes(self, hashes: Sequence[str]) -> List[str]:
        """Those of ``hashes`` that no stored node has, in one look-up."""
        return self._native.missing_hashes(list(hashes))

    def ids_by_hash(self, doc_hash: str) -> List[str]:
        """The ids of all nodes with this hash."""
        return self._native.ids_by_hash(doc_hash)

    # ---- full-text search ----

    def index_text(
        self,
        analyser: str = "english",
        progress: Optional[ProgressCallback] = None,
        show_progress: bool = False,
    ) -> None:
        """Makes a full-text index of the nodes, of what ``get_content(MetadataMode.EMBED)`` of each returns.

        From then on every write to the nodes is part of it, in the same atomic write. It goes on where an earlier call was
        interrupted, and is cheap when there is nothing to do. While it is made, others may read and write.

        Args:
            analyser: which words there are: a language that Snowball knows, in lower case and stemmed, without its stop
                words; "words", all as they are in lower case; "icu", words of any script; "whitespace", what is between
                white space.
            progress: called some times a second with the collection, 0 and 0. An exception that it raises, and Ctrl-C,
                cancel the call; what has been made so far stays.
            show_progress: show a bar of tqdm.

        Raises ValueError for an unknown analyser, or another one than the index has (``drop_text_index`` first).
        """
        with progress_bar(show_progress, progress, "index text", unit="nodes") as told:
            self._native.index_text(analyser, told)

    async def aindex_text(self, analyser: str = "english") -> None:
        await self._kvstore.run(self.index_text, analyser)

    def drop_text_index(self) -> bool:
        """Removes the full-text index; False where there is none."""
        return self._native.drop_text_index()

    def text_index(self) -> Optional[TextIndex]:
        """What there is of the full-text index, or None."""
        found = self._native.text_index()
        return None if found is None else TextIndex(*found)

    @dispatches(lambda query, found: len(found))
    def search_text(
        self, query: str, top_k: int = 10, syntax: bool = True, filters: Optional[MetadataFilters] = None
    ) -> List[Tuple[str, float]]:
        """Ids and BM25 scores of the nodes that fit best, best first. The first search makes the index where there is none.

        Args:
            query: ``cat dog`` (either), ``"black cat"`` (side by side), ``cat*`` (words that begin so), ``+cat`` (only with
                it), ``-dog`` (not with it), ``AND``, ``OR``, ``NOT``, parentheses; a backslash makes a letter of what
                follows it.
            top_k: how many are returned at most.
            syntax: False where ``query`` is words of which any is enough, whatever characters are in it.
            filters: over the nodes' metadata.

        Raises ValueError for a query out of the syntax, which says where, and where there is no index on a reader or in
        a transaction.
        """
        return self._native.search_text(query, top_k, syntax, native_filters(filters))

    async def asearch_text(
        self, query: str, top_k: int = 10, syntax: bool = True, filters: Optional[MetadataFilters] = None
    ) -> List[Tuple[str, float]]:
        return await self._kvstore.run(self.search_text, query, top_k, syntax, filters)

    # ---- ref docs ----

    def get_ref_doc_info(self, ref_doc_id: str) -> Optional[RefDocInfo]:
        text = self._native.get_ref_doc_info(ref_doc_id)
        return None if text is None else RefDocInfo(**json.loads(text))

    async def aget_ref_doc_info(self, ref_doc_id: str) -> Optional[RefDocInfo]:
        """Reads at once, for a vector index awaits it together with what deletes the document."""
        return self.get_ref_doc_info(ref_doc_id)

    def get_all_ref_doc_info(self) -> Optional[Dict[str, RefDocInfo]]:
        entries = json.loads(self._native.get_all_ref_doc_info())
        return {ref_doc_id: RefDocInfo(**entry) for ref_doc_id, entry in entries.items()}

    async def aget_all_ref_doc_info(self) -> Optional[Dict[str, RefDocInfo]]:
        return await self._kvstore.run(self.get_all_ref_doc_info)

    def ref_doc_exists(self, ref_doc_id: str) -> bool:
        return self._native.ref_doc_exists(ref_doc_id)

    async def aref_doc_exists(self, ref_doc_id: str) -> bool:
        return await self._kvstore.run_small(self.ref_doc_exists, ref_doc_id)

    def delete_ref_doc(self, ref_doc_id: str, raise_error: bool = True) -> None:
        self._native.delete_ref_doc(ref_doc_id, raise_error)

    async def adelete_ref_doc(self, ref_doc_id: str, raise_error: bool = True) -> None:
        await self._kvstore.run(self.delete_ref_doc, ref_doc_id, raise_error)

    # ---- files ----

    def persist(
        self, persist_path: str = DEFAULT_PERSIST_PATH, fs: Optional[fsspec.AbstractFileSystem] = None
    ) -> None:
        """Writes docstore.json as the reference would. Data is safe without it; it is for switching back."""
        self._native.persist(*locate(persist_path, fs))


def _found(node: Optional[BaseNode], doc_id: str, raise_error: bool) -> Optional[BaseNode]:
    if node is None and raise_error:
        raise ValueError(f"doc_id {doc_id} not found.")
    return node


def _facts(docs: Sequence[BaseNode]) -> Tuple[List[List[Any]], Optional[Tuple[str, str]]]:
    """What the library needs to know of nodes that are not plain: id, whether it has a source, ref doc, metadata,
    hash. Then id and error of the first whose source is a list, where it ends."""
    facts: List[List[Any]] = []
    for doc in docs:
        try:
            facts.append([doc.node_id, doc.source_node is not None, doc.ref_doc_id, doc.metadata, doc.hash])
        except ValueError as error:
            return facts, (doc.node_id, str(error))
    return facts, None
