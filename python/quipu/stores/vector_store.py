"""QuipuVectorStore: LlamaIndex's BasePydanticVectorStore on a Quipu database."""

from __future__ import annotations

import dataclasses
import json
import os
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, overload

import fsspec
from llama_index.core.bridge.pydantic import PrivateAttr, TypeAdapter
from llama_index.core.indices.query.embedding_utils import get_top_k_embeddings_learner
from llama_index.core.schema import BaseNode, MetadataMode, TextNode
from llama_index.core.storage.docstore.keyval_docstore import DEFAULT_NAMESPACE as DEFAULT_DOCSTORE
from llama_index.core.storage.docstore.utils import doc_to_json, json_to_doc
from llama_index.core.vector_stores.simple import DEFAULT_VECTOR_STORE, LEARNER_MODES, NAMESPACE_SEP
from llama_index.core.vector_stores.types import (
    DEFAULT_PERSIST_DIR,
    DEFAULT_PERSIST_FNAME,
    BasePydanticVectorStore,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryResult,
)
from pydantic_core import PydanticSerializationError

from quipu import _native
from quipu.convert.json_values import NotJSONError, entry_at_fault, node_at_fault, related_metadata
from quipu.convert.vector_query import SparseEncoderCallable, native_filters, native_query, sparse_encoding
from quipu.database.paths import Path
from quipu.database.progress import ProgressCallback, progress_bar
from quipu.files.location import locate
from quipu.stores.kv_store import RocksDBKVStore
from quipu.stores.vector_store_on_database import VectorStoreOnDatabase
from quipu.telemetry.events import dispatches

# Metadata as the reference stores it: through pydantic's mode "json".
_METADATA: TypeAdapter[Dict[str, Any]] = TypeAdapter(Dict[str, Any])


class QueryArrays(NamedTuple):
    """The results of many queries, a row each, as numpy arrays of the same shape. A query that has fewer results than
    another one has None and NaN behind them."""

    ids: Any  # of str
    similarities: Any  # of float64


class QuipuVectorStore(VectorStoreOnDatabase):
    """Embeddings on a Quipu database, searched exactly, or approximately once ``use_ann`` or ``use_hnsw`` was called.

    Methods, results and exceptions are those of SimpleVectorStore, but that ``model_dump`` holds where the data are, and
    ``from_dict`` takes that. The first query after opening reads all embeddings once into an index of a byte
    an element, or of half a byte where it takes more than a third of ``search_memory_bytes``.

    Args:
        kvstore: the database; ``from_path`` opens one.
        namespace: which of the database's vector stores this is.
        stores_text: keep the nodes with their vectors, so that queries and ``get_nodes`` return them, as a
            VectorMemoryBlock and an index without a document store want it. They are in the vectors' metadata, under
            "_node_content", as LlamaIndex's ``node_to_metadata_dict`` writes it.
        docstore_namespace: the document store of the same database whose text the modes TEXT_SEARCH, SPARSE, HYBRID
            and SEMANTIC_HYBRID search, of the nodes that this store has vectors of.
        sparse_doc_fn: a learned encoder such as SPLADE: of a list of texts it returns a list of indices and a list of
            values for each. ``add`` keeps what it makes of the nodes' texts, in the same batch. Values are not negative.
        sparse_query_fn: the encoder of queries. The modes SPARSE, HYBRID and SEMANTIC_HYBRID then search by what it makes
            of ``query_str``, among the vectors of ``sparse_doc_fn``, in place of words in the document store. Neither
            function is part of ``model_dump``: whoever opens the store again gives them again.
    """

    stores_text: bool = False
    namespace: str = DEFAULT_VECTOR_STORE
    docstore_namespace: str = DEFAULT_DOCSTORE
    _sparse_doc_fn: Optional[SparseEncoderCallable] = PrivateAttr(default=None)
    _sparse_query_fn: Optional[SparseEncoderCallable] = PrivateAttr(default=None)

    def __init__(
        self,
        kvstore: RocksDBKVStore,
        namespace: str = DEFAULT_VECTOR_STORE,
        stores_text: bool = False,
        docstore_namespace: str = DEFAULT_DOCSTORE,
        sparse_doc_fn: Optional[SparseEncoderCallable] = None,
        sparse_query_fn: Optional[SparseEncoderCallable] = None,
    ) -> None:
        super().__init__(  # type: ignore[call-arg]
            stores_text=stores_text, namespace=namespace, docstore_namespace=docstore_namespace
        )
        self._kvstore = kvstore
        self._sparse_doc_fn = sparse_doc_fn
        self._sparse_query_fn = sparse_query_fn

    @classmethod
    def _file_of(cls, namespace: Optional[str]) -> str:
        return f"{namespace or DEFAULT_VECTOR_STORE}{NAMESPACE_SEP}{DEFAULT_PERSIST_FNAME}"

    @classmethod
    def from_namespaced_persist_dir(
        cls,
        persist_dir: str = DEFAULT_PERSIST_DIR,
        fs: Optional[fsspec.AbstractFileSystem] = None,
        *,
        path: Optional[Path] = None,
        **options: Any,
    ) -> Dict[str, BasePydanticVectorStore]:
        """The vector stores of all files of a persist directory, by namespace; see ``from_persist_dir``."""
        names = os.listdir(persist_dir) if fs is None else [os.path.basename(each) for each in fs.ls(persist_dir, False)]
        end = NAMESPACE_SEP + DEFAULT_PERSIST_FNAME
        found = [name[: -len(end)] for name in sorted(names) if name.endswith(end)]
        return {ns: cls.from_persist_dir(persist_dir, ns, fs, path=path, **options) for ns in found}

    @classmethod
    def class_name(cls) -> str:
        return "QuipuVectorStore"

    @property
    def client(self) -> RocksDBKVStore:
        return self._kvstore

    def _arguments(self) -> Tuple[Any, ...]:
        return (self.namespace, self.stores_text, self.docstore_namespace)

    def _facts(self) -> Dict[str, Any]:
        vectors = self._kvstore.count(f"vector_store/{self.namespace}/embeddings")
        return {"namespace": repr(self.namespace), "vectors": vectors}

    def _store(self) -> _native.VectorStore:
        return self._kvstore.bind(_native.VectorStore, self._arguments())

    # ---- nodes ----

    @dispatches(lambda nodes, ids: len(ids))
    def add(self, nodes: Sequence[BaseNode], **add_kwargs: Any) -> List[str]:
        """Stores the nodes' embeddings, which may be numpy arrays, with their documents and metadata.

        As in the reference, the nodes before one that has no embedding are stored, and a node that cannot be written
        as JSON, with all that a document store would keep of it, raises PydanticSerializationError, which names node
        and key; none is stored then.
        """
        embedded = []
        for node in nodes:
            if node.embedding is None:
                break
            embedded.append(node)
        ids = [node.node_id for node in embedded]
        try:
            self._store().add(
                ids,
                [node.embedding for node in embedded],
                [node.class_name() for node in embedded],
                [node.ref_doc_id or "" for node in embedded],
                [_METADATA.dump_python(node.metadata, mode="json") for node in embedded],
                self._checked_nodes(embedded),
                sparse_encoding(self._sparse_doc_fn, [each.get_content(MetadataMode.EMBED) for each in embedded])
                if self._sparse_doc_fn is not None
                else None,
            )
        except (PydanticSerializationError, UnicodeDecodeError, NotJSONError) as error:
            raise PydanticSerializationError(node_at_fault(embedded, error)) from error
        if len(embedded) != len(nodes):
            raise ValueError("embedding not set.")
        return ids

    def _checked_nodes(self, nodes: Sequence[BaseNode]) -> List[Dict[str, Any]]:
        """The nodes to be stored, once it is sure that a document store will take all: an index adds them to it after
        their vectors."""
        if self.stores_text:
            return [_without_embedding(node) for node in nodes]
        _native.check_json(related_metadata(nodes))
        _native.check_json([_without_embedding(node) for node in nodes if type(node) is not TextNode])
        return []

    @dispatches(lambda ids, stored: len(stored))
    def add_embeddings(
        self,
        ids: Sequence[str],
        embeddings: Any,
        *,
        ref_doc_ids: Optional[Sequence[Optional[str]]] = None,
        metadata: Optional[Sequence[Mapping[str, Any]]] = None,
    ) -> List[str]:
        """Stores embeddings without nodes: the same as ``add`` of TextNodes with these ids.

        Args:
            ids: one a row.
            embeddings: an array of float32 or float64 of the shape (ids, elements) in main memory, whose strides are
                of whole elements: numpy's, or any with the buffer protocol or ``__dlpack__``; or a list of embeddings of
                one length. It is copied before anything is stored, and may be changed afterwards. It goes in at once,
                so that it must fit into a batch (``max_batch_bytes``).
            ref_doc_ids: the document of each, or None where there is none.
            metadata: that of each, as filters ask for it.

        Raises:
            ValueError: the numbers of ids, rows, ref_doc_ids and metadata differ, another shape, or ``stores_text``,
                for there are no nodes to keep.
            TypeError: an array of other elements.
            PydanticSerializationError: metadata that cannot be written as JSON; it names id and key.
            In each case, nothing is stored.
        """
        if self.stores_text:
            raise ValueError("a store with stores_text keeps nodes: add() takes them, with their embeddings")
        if isinstance(ids, str):
            raise TypeError("ids is a sequence of ids, one a row, not a str")
        given = list(ids)
        all_metadata = None if metadata is None else list(metadata)
        ref_docs = None if ref_doc_ids is None else [each or "" for each in ref_doc_ids]
        try:
            dumped = None
            if all_metadata is not None:
                dumped = [_METADATA.dump_python(dict(each), mode="json") for each in all_metadata]
            self._store().add_embeddings(given, embeddings, ref_docs, dumped)
        except (PydanticSerializationError, UnicodeDecodeError, NotJSONError) as error:
            raise PydanticSerializationError(entry_at_fault(given, all_metadata or [], error)) from error
        return given

    def get(self, text_id: str) -> List[float]:
        embedding = self._store().get(text_id)
        if embedding is None:
            raise KeyError(text_id)
        return embedding

    def get_nodes(
        self, node_ids: Optional[List[str]] = None, filters: Optional[MetadataFilters] = None
    ) -> List[BaseNode]:
        """The nodes of these ids, those that match, or those that do both, in insertion order; with neither, all.

        Their metadata are as pydantic's mode "json" writes them, their embeddings None. Raises NotImplementedError without
        ``stores_text``, ValueError for a vector that was added without.
        """
        if not self.stores_text:
            raise NotImplementedError("QuipuVectorStore does not store nodes directly, unless it is opened with stores_text.")
        texts = self._store().get_nodes(None if node_ids is None else list(node_ids), native_filters(filters))
        return [_node(text) for text in texts]

    # ---- queries ----

    @dispatches(lambda query, found: len(found.ids))
    def query(self, query: VectorStoreQuery, **kwargs: Any) -> VectorStoreQueryResult:
        """The most similar nodes. The modes that fit a learner need scikit-learn, as in the reference.

        Beyond the reference's SimpleVectorStore there are modes over the text of the document store's nodes, by BM25:
        TEXT_SEARCH (``query_str`` in the syntax of ``QuipuDocumentStore.search_text``), SPARSE (any of its words), HYBRID
        (with ``alpha``: 0, text alone, to 1, vectors alone; 0.5) and SEMANTIC_HYBRID (by ranks). ``sparse_top_k`` texts are
        found, and ``hybrid_top_k`` nodes returned; ``node_ids``, ``doc_ids`` and ``filters`` hold for both. The first such
        query makes the text index where there is none. With ``sparse_query_fn`` the last three search sparse vectors in
        place of texts, by the inner product.

        With ``stores_text``, no node_ids are all nodes, as in LlamaIndex's other databases: an index over such a store
        does not know its nodes.
        """
        query = self._over_all_nodes(query)
        if query.mode in LEARNER_MODES:
            return self._query_learner(query)
        return self._result(*self._store().query(self._native_query(query, kwargs)))

    @overload
    def query_all(self, queries: Sequence[VectorStoreQuery], **kwargs: Any) -> List[VectorStoreQueryResult]: ...

    @overload
    def query_all(self, queries: Any, **kwargs: Any) -> QueryArrays: ...

    @dispatches(lambda queries, found: len(queries))
    def query_all(self, queries: Any, **kwargs: Any) -> Any:
        """What ``query`` answers for each of several queries, in one call and in one pass over the index.

        It uses all processors (in a transaction one), also where it is given one query alone and searches an index in
        memory, and takes each a fraction of the time of single calls. An error of one query is raised in place of all
        results.

        Args:
            queries: a list of VectorStoreQuery; or their embeddings alone, as ``add_embeddings`` takes them, with what
                else they have, the same for all, as keyword arguments: ``query_all(matrix, similarity_top_k=10)``.

        Returns:
            A list of results; of embeddings, ``QueryArrays``.
        """
        if not (isinstance(queries, (list, tuple)) and all(isinstance(each, VectorStoreQuery) for each in queries)):
            return self._query_rows(queries, **kwargs)
        queries = [self._over_all_nodes(query) for query in queries]
        if any(query.mode in LEARNER_MODES for query in queries):
            return [self.query(query, **kwargs) for query in queries]
        native = [self._native_query(query, kwargs) for query in queries]
        return [self._result(*found) for found in self._store().query_all(native)]

    def _query_rows(self, embeddings: Any, mmr_threshold: Optional[float] = None, **fields: Any) -> QueryArrays:
        query = self._over_all_nodes(VectorStoreQuery(query_embedding=[], **fields))
        if query.mode in LEARNER_MODES:
            raise NotImplementedError(f"the mode {query.mode.value} takes each query as a VectorStoreQuery")
        store = self._kvstore.bind(_native.VectorStore, (self.namespace, False, self.docstore_namespace))  # reads no nodes
        ids, similarities = store.query_rows(embeddings, native_query(query, mmr_threshold, self._sparse_query_fn))
        import numpy  # what to return arrays takes, and nothing else here

        return QueryArrays(numpy.array(ids, dtype=object).reshape(similarities.shape), similarities)

    def _native_query(self, query: VectorStoreQuery, kwargs: Dict[str, Any]) -> _native.VectorQuery:
        return native_query(query, kwargs.get("mmr_threshold"), self._private("_sparse_query_fn"))

    def _over_all_nodes(self, query: VectorStoreQuery) -> VectorStoreQuery:
        if self.stores_text and not query.node_ids:
            return dataclasses.replace(query, node_ids=None)
        return query

    def _result(self, ids: List[str], similarities: List[float], texts: List[str]) -> VectorStoreQueryResult:
        nodes = [_node(text) for text in texts] if self.stores_text else None
        return VectorStoreQueryResult(nodes=nodes, similarities=similarities, ids=ids)

    def _query_learner(self, query: VectorStoreQuery) -> VectorStoreQueryResult:
        ids, embeddings = self._store().candidates(native_query(query))
        similarities, found = get_top_k_embeddings_learner(
            [] if query.query_embedding is None else list(query.query_embedding),
            embeddings if ids else [],
            similarity_top_k=query.similarity_top_k,
            embedding_ids=ids,
        )
        if not self.stores_text:
            return VectorStoreQueryResult(similarities=similarities, ids=found)
        nodes = {node.node_id: node for node in self.get_nodes(found)}
        there = [place for place, id_ in enumerate(found) if id_ in nodes]  # what is deleted meanwhile is not
        return VectorStoreQueryResult(
            nodes=[nodes[found[place]] for place in there],
            similarities=[similarities[place] for place in there],
            ids=[found[place] for place in there],
        )

    def use_ann(
        self, recall: float = 0.95, progress: Optional[ProgressCallback] = None, show_progress: bool = False
    ) -> None:
        """From now on, and whenever this store is opened, queries in the default mode find this share of the nearest
        vectors that pass their filters, about, in a fraction of the time; their similarities are exact.

        Vectors that are near one another are kept together in the database, which takes some seconds for 100,000; what
        is added later is found at once. A vector of zeros is near nothing, and not found. ``progress`` is called with the
        collection, the bytes of vectors done and those in all; ``show_progress`` shows a bar of tqdm. An exception that
        it raises, and Ctrl-C, cancel the call: the store is searched as before.
        """
        with progress_bar(show_progress, progress, "partitions") as told:
            self._store().use_ann(recall, told)

    def drop_ann(self) -> None:
        """Makes queries exact again."""
        self._store().drop_ann()

    def use_hnsw(
        self,
        M: int = 16,
        ef_construction: int = 200,
        ef: int = 64,
        progress: Optional[ProgressCallback] = None,
        show_progress: bool = False,
    ) -> None:
        """From now on, and whenever this store is opened, queries in the default mode are approximate.

        Makes the graph, which takes about a minute for 100,000 vectors. ``progress`` is called with the collection, the
        bytes of vectors done and those in all. An exception that it raises, and Ctrl-C, cancel the call: the store is
        searched as before.
        """
        with progress_bar(show_progress, progress, "graph") as told:
            self._store().use_hnsw(M, ef_construction, ef, told)

    def drop_hnsw(self) -> None:
        """Makes queries exact again."""
        self._store().drop_hnsw()

    # ---- files, copies ----

    def to_dict(self, **kwargs: Any) -> Dict[str, Any]:
        """All data, as SimpleVectorStore's ``data.to_dict()``. What opens the store again is its ``model_dump()``."""
        saved: Dict[str, Any] = json.loads(self._store().to_dict())
        return saved

    def persist(
        self,
        persist_path: str = os.path.join(DEFAULT_PERSIST_DIR, DEFAULT_PERSIST_FNAME),
        fs: Optional[fsspec.AbstractFileSystem] = None,
    ) -> None:
        """Writes the store's JSON file as the reference would. Data is safe without it; it is for switching
        back."""
        self._store().persist(*locate(persist_path, fs))

    def __deepcopy__(self, memo: Optional[Dict[int, Any]] = None) -> "QuipuVectorStore":
        return self  # data is on disk: a copy is the same store


def _without_embedding(node: BaseNode) -> Dict[str, Any]:
    return doc_to_json(node.model_copy(update={"embedding": None}))


def _node(text: str) -> BaseNode:
    return json_to_doc(json.loads(text))
