"""QuipuBM25Retriever: LlamaIndex's BM25Retriever over a live document store."""

from __future__ import annotations

import os
import tempfile
import weakref
from typing import Any, Callable, Dict, List, Optional, Sequence, Set, Tuple

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.callbacks.base import CallbackManager
from llama_index.core.constants import DEFAULT_SIMILARITY_TOP_K
from llama_index.core.schema import BaseNode, IndexNode, NodeWithScore, QueryBundle
from llama_index.core.vector_stores.types import MetadataFilters
from llama_index.core.vector_stores.utils import build_metadata_filter_fn, metadata_dict_to_node

from quipu import _native
from quipu.database.open_databases import close
from quipu.files.bm25_directory import analyser_of, check_parameters, corpus_entry, read_directory, write_directory
from quipu.stores.document_store import QuipuDocumentStore

# The languages of bm25s's stop words, and Snowball's.
_LANGUAGES = {
    "en": "english",
    "da": "danish",
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
# By what becomes of these, stemmers are told from one another.
_PROBES = [
    "generalizations", "adoringly", "häusern", "verliebten", "continuidad", "buscabais", "nationalité", "majestueusement",
    "pregiudicato", "quilométricas", "opvangcentra", "lichamelijke", "книгами", "важнейшее", "jaktkarlarne", "havnedistrikt",
    "undersøgelserne", "kitaplarımızdan",
]  # fmt: skip
_DATABASE = "database"
_NODES_AT_ONCE = 1000
_OF_LOADING = {"mmap", "show_progress", "leave_progress", "verbosity", "allow_pickle", "load_vocab"}  # bm25s's options


class QuipuBM25Retriever(BaseRetriever):
    """Nodes by BM25, from the full-text index of a document store: what is added to that or deleted is seen at once, nothing
    is held in memory, and scores are those of LlamaIndex's BM25Retriever.

    Unlike that one, it returns no nodes that have none of the query's words.

    Args:
        nodes: what is searched: nodes of a document store of their own, in a temporary directory.
        stemmer: one of PyStemmer's, of the language.
        language: of the index, where it is made: "en", or the name of an analyser, such as "english" or "icu".
        existing_bm25: in place of nodes: an index of bm25s whose corpus is nodes, as BM25Retriever's is.
        similarity_top_k: how many nodes are returned at most.
        filters: over the nodes' metadata.
        corpus_weight_mask: of ``nodes``, 0 for each that is not to be found.
        docstore: in place of nodes: a store that is searched as it is at each query. Its index is made where there is none
            (``QuipuDocumentStore.index_text``).
        syntax: queries are in the syntax of ``QuipuDocumentStore.search_text``, not words alone.

    Raises ValueError for ``skip_stemming``, another ``token_pattern`` and a ``stemmer`` of another language: which words
    there are is the index's.
    """

    def __init__(
        self,
        nodes: Optional[Sequence[BaseNode]] = None,
        stemmer: Optional[Any] = None,
        language: str = "en",
        existing_bm25: Optional[Any] = None,
        similarity_top_k: int = DEFAULT_SIMILARITY_TOP_K,
        callback_manager: Optional[CallbackManager] = None,
        objects: Optional[List[IndexNode]] = None,
        object_map: Optional[Dict[str, Any]] = None,
        verbose: bool = False,
        skip_stemming: bool = False,
        token_pattern: str = _PATTERN,
        filters: Optional[MetadataFilters] = None,
        corpus_weight_mask: Optional[List[int]] = None,
        docstore: Optional[QuipuDocumentStore] = None,
        syntax: bool = False,
    ) -> None:
        if sum(each is not None for each in (nodes, existing_bm25, docstore)) != 1:
            raise ValueError("Please pass exactly one of nodes, existing_bm25 or docstore.")
        analyser = _analyser(language, stemmer, skip_stemming, token_pattern)
        if existing_bm25 is not None:
            nodes = [metadata_dict_to_node(entry) for entry in existing_bm25.corpus]
            check_parameters(vars(existing_bm25), "existing_bm25")
            analyser = _analyser_of_words(nodes, list(existing_bm25.vocab_dict), "existing_bm25", analyser)
        if corpus_weight_mask and (nodes is None or len(corpus_weight_mask) != len(nodes)):
            raise ValueError("corpus_weight_mask takes as many nodes, or an existing_bm25 of as many")
        if docstore is None:
            assert nodes is not None
            docstore = _temporary(nodes, analyser)
        elif docstore.text_index() is None:
            docstore.index_text(analyser)
        self.docstore = docstore
        self.similarity_top_k = similarity_top_k
        self.filters = filters
        self.syntax = syntax
        self._masked: Optional[Set[str]] = None
        if corpus_weight_mask and nodes is not None:
            self._masked = {node.node_id for node, weight in zip(nodes, corpus_weight_mask) if not weight}
        super().__init__(
            callback_manager=callback_manager, object_map=object_map, objects=objects, verbose=verbose
        )

    @classmethod
    def from_defaults(
        cls,
        index: Optional[Any] = None,
        nodes: Optional[Sequence[BaseNode]] = None,
        docstore: Optional[Any] = None,
        stemmer: Optional[Any] = None,
        language: str = "en",
        similarity_top_k: int = DEFAULT_SIMILARITY_TOP_K,
        verbose: bool = False,
        skip_stemming: bool = False,
        token_pattern: str = _PATTERN,
        filters: Optional[MetadataFilters] = None,
        tokenizer: Optional[Callable[[str], List[str]]] = None,
    ) -> "QuipuBM25Retriever":
        """As BM25Retriever's: over the live document store of an index, or such a store, that is on a Quipu database; else over
        the nodes that are there now. Of an index whose document store has none, over those of its vector store.

        Raises ValueError as the constructor, and for a ``tokenizer``, which BM25Retriever passes by.
        """
        if sum(each is not None for each in (index, nodes, docstore)) != 1:
            raise ValueError("Please pass exactly one of index, nodes, or docstore.")
        if tokenizer is not None:
            raise ValueError("a Quipu index has its own words: name an analyser by `language`, such as 'icu'")
        if index is not None:
            docstore = index.docstore
        if docstore is not None:
            nodes, docstore = _of_store(docstore, index)
        return cls(
            nodes=nodes,
            docstore=docstore,
            stemmer=stemmer,
            language=language,
            similarity_top_k=similarity_top_k,
            verbose=verbose,
            skip_stemming=skip_stemming,
            token_pattern=token_pattern,
            filters=filters,
        )

    def get_persist_args(self) -> Dict[str, Any]:
        """What retriever.json has."""
        mask = None
        if self.filters is not None or self._masked:
            mask = [int(self._finds(node)) for _, node in self.docstore.stream_nodes()]
        return {"similarity_top_k": self.similarity_top_k, "verbose": self._verbose, "corpus_weight_mask": mask}

    def persist(self, path: str, encoding: str = "utf-8", **kwargs: Any) -> None:
        """Writes a directory that both ``from_persist_dir`` and BM25Retriever's open. The store that is searched is safe
        without it; a later change of it is not in the directory. Options of bm25s's ``save`` are passed by.

        BM25Retriever takes queries as English ones, whatever the language of the words.
        """
        info = self.docstore.text_index()
        analyser = "english" if info is None else info.analyser
        nodes = (node for _, node in self.docstore.stream_nodes())
        write_directory(path, nodes, analyser, self.get_persist_args(), encoding)

    @classmethod
    def from_persist_dir(cls, path: str, encoding: str = "utf-8", **kwargs: Any) -> "QuipuBM25Retriever":
        """What ``persist`` or BM25Retriever has written, its nodes indexed anew. ``kwargs`` are the constructor's; options of
        bm25s's ``load`` are passed by.

        Raises ValueError where the directory's words are those of no analyser, unless ``language`` names one, and for
        scores other than BM25Retriever's.
        """
        kept = read_directory(path, encoding)
        check_parameters(kept.parameters, path)
        given = {name: value for name, value in kwargs.items() if name not in _OF_LOADING}
        if "language" not in given:
            given["language"] = _analyser_of_words(kept.nodes, kept.words, path)
        return cls(nodes=kept.nodes, **{**kept.arguments, **given})

    def _finds(self, node: BaseNode) -> bool:
        if self._masked and node.node_id in self._masked:
            return False
        return self.filters is None or build_metadata_filter_fn(lambda _: corpus_entry(node), self.filters)(node.node_id)

    def _retrieve(self, query_bundle: QueryBundle) -> List[NodeWithScore]:
        if not query_bundle.query_str:
            return []
        asked = self.similarity_top_k
        while True:
            found = self.docstore.search_text(query_bundle.query_str, asked, self.syntax, self.filters)
            left = [(id_, score) for id_, score in found if not self._masked or id_ not in self._masked]
            if len(left) >= self.similarity_top_k or len(found) < asked:
                break
            asked *= 8
        left = left[: self.similarity_top_k]
        ids = [id_ for id_, _ in left]
        nodes = {node.node_id: node for node in self.docstore.get_nodes(ids, raise_error=False)}
        return [NodeWithScore(node=nodes[id_], score=score) for id_, score in left if id_ in nodes]

    async def _aretrieve(self, query_bundle: QueryBundle) -> List[NodeWithScore]:
        found: List[NodeWithScore] = await self.docstore._kvstore.run(self._retrieve, query_bundle)
        return found


def _analyser(language: Any, stemmer: Optional[Any], skip_stemming: bool, token_pattern: str) -> str:
    analyser = _LANGUAGES.get(language, language) if isinstance(language, str) else None
    if analyser is None or skip_stemming or token_pattern != _PATTERN:
        raise ValueError(
            "a Quipu index has its own words: name an analyser by `language`, such as 'en', 'german' or 'words', in place of"
            " stop words, a token_pattern or skip_stemming"
        )
    if stemmer is not None:
        stem = getattr(stemmer, "stemWords", stemmer)
        if [[word] for word in stem(list(_PROBES))] != _native.text_terms(_PROBES, analyser):
            raise ValueError(
                f"this stemmer is not that of the analyser {analyser!r}: name its language by `language`, such as 'german'"
            )
    return analyser


def _analyser_of_words(nodes: Sequence[BaseNode], words: Sequence[str], name: str, first: str = "english") -> str:
    analyser = analyser_of(nodes, words, dict.fromkeys((first, *_LANGUAGES.values(), "words", "icu", "whitespace")))
    if analyser is None:
        raise ValueError(f"{name} has words that no analyser makes of its nodes: name one by `language` to index them anew")
    return analyser


def _of_store(
    docstore: Any, index: Optional[Any]
) -> Tuple[Optional[Sequence[BaseNode]], Optional[QuipuDocumentStore]]:
    """The nodes of a document store, or it itself where it can be searched."""
    vector_store = getattr(index, "vector_store", None)  # only an index of vectors has one
    keeps_nodes = vector_store is not None and vector_store.stores_text
    if isinstance(docstore, QuipuDocumentStore):
        if not keeps_nodes or next(docstore.stream_nodes(), None) is not None:
            return None, docstore
    nodes = list(docstore.docs.values())
    if not nodes and vector_store is not None and keeps_nodes:
        try:
            nodes = vector_store.get_nodes()
        except NotImplementedError:
            pass
    if not nodes:
        raise ValueError("No nodes found: neither the document store has any, nor a vector store that keeps texts.")
    return nodes, None


def _remove(directory: tempfile.TemporaryDirectory[str]) -> None:
    close(os.path.join(directory.name, _DATABASE))
    directory.cleanup()


def _temporary(nodes: Sequence[BaseNode], analyser: str) -> QuipuDocumentStore:
    directory = tempfile.TemporaryDirectory(prefix="quipu-bm25-")
    docstore = QuipuDocumentStore.from_path(os.path.join(directory.name, _DATABASE))
    weakref.finalize(docstore, _remove, directory)
    docstore.index_text(analyser)
    for at in range(0, len(nodes), _NODES_AT_ONCE):
        docstore.add_documents(nodes[at : at + _NODES_AT_ONCE])
    return docstore
