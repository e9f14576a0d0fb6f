"""QuipuBM25Retriever: LlamaIndex's BM25Retriever over a live document store."""

from __future__ import annotations

import json
import os
import tempfile
import weakref
from typing import Any, Callable, Dict, List, Optional, Sequence

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.callbacks.base import CallbackManager
from llama_index.core.constants import DEFAULT_SIMILARITY_TOP_K
from llama_index.core.schema import BaseNode, IndexNode, NodeWithScore, QueryBundle
from llama_index.core.vector_stores.types import MetadataFilters
from llama_index.core.vector_stores.utils import build_metadata_filter_fn, metadata_dict_to_node

from quipu.database.open_databases import close
from quipu.database.paths import is_database
from quipu.stores.document_store import QuipuDocumentStore

# The languages of bm25s's stop words, and Snowball's.
_LANGUAGES = {
    "en": "english",
    "de": "german",
    "nl": "dutch",
    "fr": "french",
    "es": "spanish",
    "pt": "portuguese",
    "it": "italian",
    "ru": "russian",
    "sv": "swedish",
    "no": "norwegian",
    "tr": "turkish",
}
_PATTERN = r"(?u)\b\w\w+\b"
_PERSIST_FILE = "retriever.json"
_DATABASE = "database"
_CORPUS_FILE = "corpus.jsonl"  # of LlamaIndex's retriever


class QuipuBM25Retriever(BaseRetriever):
    """Nodes by BM25, from the full-text index of a document store: what is added to that or deleted is seen at once, nothing
    is held in memory, and scores are those of LlamaIndex's BM25Retriever.

    Unlike that one, it returns no nodes that have none of the query's words.

    Args:
        docstore: what is searched. Its index is made where there is none (``QuipuDocumentStore.index_text``).
        similarity_top_k: how many nodes are returned at most.
        filters: over the nodes' metadata.
        language: of the index, where it is made: "en", or the name of an analyser, such as "english" or "icu".
        nodes: in place of ``docstore``: the nodes of a document store of their own, in a temporary directory.
        syntax: queries are in the syntax of ``QuipuDocumentStore.search_text``, not words alone.
    """

    def __init__(
        self,
        nodes: Optional[Sequence[BaseNode]] = None,
        language: str = "en",
        similarity_top_k: int = DEFAULT_SIMILARITY_TOP_K,
        callback_manager: Optional[CallbackManager] = None,
        objects: Optional[List[IndexNode]] = None,
        object_map: Optional[Dict[str, Any]] = None,
        verbose: bool = False,
        filters: Optional[MetadataFilters] = None,
        docstore: Optional[QuipuDocumentStore] = None,
        syntax: bool = False,
    ) -> None:
        if (nodes is None) == (docstore is None):
            raise ValueError("Please pass exactly one of nodes or docstore.")
        analyser = _LANGUAGES.get(language, language)
        if docstore is None:
            assert nodes is not None
            docstore = _temporary(nodes, analyser)
        elif docstore.text_index() is None:
            docstore.index_text(analyser)
        self.docstore = docstore
        self.similarity_top_k = similarity_top_k
        self.filters = filters
        self.syntax = syntax
        super().__init__(
            callback_manager=callback_manager, object_map=object_map, objects=objects, verbose=verbose
        )

    @classmethod
    def from_defaults(
        cls,
        index: Optional[Any] = None,
        nodes: Optional[Sequence[BaseNode]] = None,
        docstore: Optional[QuipuDocumentStore] = None,
        stemmer: Optional[Any] = None,
        language: str = "en",
        similarity_top_k: int = DEFAULT_SIMILARITY_TOP_K,
        verbose: bool = False,
        skip_stemming: bool = False,
        token_pattern: str = _PATTERN,
        filters: Optional[MetadataFilters] = None,
        tokenizer: Optional[Callable[[str], List[str]]] = None,
    ) -> "QuipuBM25Retriever":
        """As BM25Retriever's: of an index whose document store is on a Quipu database, of nodes, or of such a store.

        Raises ValueError for a ``stemmer``, ``tokenizer``, ``token_pattern`` or ``skip_stemming`` of one's own, for which
        words there are is the index's: name an analyser by ``language``.
        """
        if sum(each is not None for each in (index, nodes, docstore)) != 1:
            raise ValueError("Please pass exactly one of index, nodes, or docstore.")
        if stemmer is not None or tokenizer is not None or skip_stemming or token_pattern != _PATTERN:
            raise ValueError(
                "a Quipu index has its own words: name an analyser by `language`, such as 'en', 'german' or 'words'"
            )
        if index is not None:
            docstore = index.docstore
        if docstore is not None and not isinstance(docstore, QuipuDocumentStore):
            nodes, docstore = list(docstore.docs.values()), None
        return cls(
            nodes=nodes,
            docstore=docstore,
            language=language,
            similarity_top_k=similarity_top_k,
            verbose=verbose,
            filters=filters,
        )

    def get_persist_args(self) -> Dict[str, Any]:
        return {"similarity_top_k": self.similarity_top_k, "verbose": self._verbose}

    def persist(self, path: str, encoding: str = "utf-8", **kwargs: Any) -> None:
        """Writes a directory that ``from_persist_dir`` opens: a copy of the nodes in a database of its own. The store that is
        searched is safe without it."""
        os.makedirs(path, exist_ok=True)
        info = self.docstore.text_index()
        analyser = "english" if info is None else info.analyser
        with QuipuDocumentStore.from_path(os.path.join(path, _DATABASE)) as copy:
            before = copy.text_index()
            if before is not None and before.analyser != analyser:
                copy.drop_text_index()
            known = set(copy.docs)
            nodes = self.docstore.docs
            for gone in known - set(nodes):
                copy.delete_document(gone)
            copy.add_documents(list(nodes.values()))
            copy.index_text(analyser)
        with open(os.path.join(path, _PERSIST_FILE), "w", encoding=encoding) as file:
            json.dump(self.get_persist_args(), file, indent=2)

    @classmethod
    def from_persist_dir(cls, path: str, encoding: str = "utf-8", **kwargs: Any) -> "QuipuBM25Retriever":
        """What ``persist`` has written, for reading; or the nodes of a directory that LlamaIndex's BM25Retriever has written,
        which are indexed anew by the analyser that ``language`` names.

        Raises ValueError for a directory with a ``corpus_weight_mask``, in whose place there are ``filters``.
        """
        with open(os.path.join(path, _PERSIST_FILE), encoding=encoding) as file:
            stored = json.load(file)
        if stored.get("corpus_weight_mask") is not None:
            raise ValueError(f"{path} has a corpus_weight_mask, which a Quipu retriever does not know: pass filters")
        arguments = {name: stored[name] for name in ("similarity_top_k", "verbose") if name in stored}
        database = os.path.join(path, _DATABASE)
        if is_database(database):
            docstore = QuipuDocumentStore.from_path(database, read_only=True)
            return cls(docstore=docstore, **{**arguments, **kwargs})
        with open(os.path.join(path, _CORPUS_FILE), encoding=encoding) as file:
            nodes = [metadata_dict_to_node(json.loads(line)) for line in file if line.strip()]
        return cls(nodes=nodes, **{**arguments, **kwargs})

    def _retrieve(self, query_bundle: QueryBundle) -> List[NodeWithScore]:
        if not query_bundle.query_str:
            return []
        wanted = self.similarity_top_k
        asked = wanted if self.filters is None else max(4 * wanted, 64)
        while True:
            found = self.docstore.search_text(query_bundle.query_str, asked, self.syntax)
            nodes = {node.node_id: node for node in self.docstore.get_nodes([id_ for id_, _ in found], raise_error=False)}
            passing = [(nodes[id_], score) for id_, score in found if id_ in nodes]
            if self.filters is not None:
                passes = build_metadata_filter_fn(lambda id_: nodes[id_].metadata, self.filters)
                passing = [(node, score) for node, score in passing if passes(node.node_id)]
            if len(passing) >= wanted or len(found) < asked:
                return [NodeWithScore(node=node, score=score) for node, score in passing[:wanted]]
            asked *= 8


def _remove(directory: tempfile.TemporaryDirectory[str]) -> None:
    close(os.path.join(directory.name, _DATABASE))
    directory.cleanup()


def _temporary(nodes: Sequence[BaseNode], analyser: str) -> QuipuDocumentStore:
    directory = tempfile.TemporaryDirectory(prefix="quipu-bm25-")
    docstore = QuipuDocumentStore.from_path(os.path.join(directory.name, _DATABASE))
    weakref.finalize(docstore, _remove, directory)
    docstore.index_text(analyser)
    docstore.add_documents(list(nodes))
    return docstore
