"""Indices of every kind: built, then loaded and changed, on whatever storage context; see test_indices.py."""

from __future__ import annotations

import hashlib
import json
import sys
from typing import Any, Callable, Dict, List

from llama_index.core import (
    Document,
    DocumentSummaryIndex,
    KnowledgeGraphIndex,
    MockEmbedding,
    PropertyGraphIndex,
    Settings,
    SimpleKeywordTableIndex,
    StorageContext,
    SummaryIndex,
    TreeIndex,
    VectorStoreIndex,
    load_index_from_storage,
)
from llama_index.core.indices.property_graph import ImplicitPathExtractor
from llama_index.core.llms import MockLLM
from llama_index.core.node_parser import SentenceSplitter


class TextEmbedding(MockEmbedding):
    """A vector that follows from the text, so that no two are equally similar."""

    def _get_vector(self) -> List[float]:
        raise NotImplementedError

    def _get_text_embedding(self, text: str) -> List[float]:
        return [byte / 255 - 0.5 for byte in hashlib.sha256(text.encode()).digest()[: self.embed_dim]]

    def _get_query_embedding(self, query: str) -> List[float]:
        return self._get_text_embedding(query)

    async def _aget_text_embedding(self, text: str) -> List[float]:
        return self._get_text_embedding(text)

    async def _aget_query_embedding(self, query: str) -> List[float]:
        return self._get_text_embedding(query)


def documents(names: str, text: str = "old") -> List[Document]:
    return [
        Document(id_=name, text=f"{text} {name} llama wool. cords of {name} knots. ", metadata={"name": name})
        for name in names
    ]


KINDS: Dict[str, Any] = {
    "vector": (VectorStoreIndex, {}, {"similarity_top_k": 3}),
    "summary": (SummaryIndex, {}, {}),
    "tree": (TreeIndex, {}, {"retriever_mode": "all_leaf"}),
    "keyword": (SimpleKeywordTableIndex, {}, {"retriever_mode": "simple"}),
    "document_summary": (DocumentSummaryIndex, {}, {"retriever_mode": "embedding", "similarity_top_k": 2}),
    "knowledge_graph": (
        KnowledgeGraphIndex,
        {"kg_triplet_extract_fn": lambda text: [(text.split()[1], "has", "wool")]},
        {"retriever_mode": "keyword"},
    ),
    "property_graph": (
        PropertyGraphIndex,
        {"kg_extractors": [ImplicitPathExtractor()], "embed_kg_nodes": False, "use_async": False},
        {},
    ),
}


def settle() -> None:
    Settings.llm = MockLLM(max_tokens=8)
    Settings.embed_model = TextEmbedding(embed_dim=8)
    Settings.transformations = [
        SentenceSplitter(chunk_size=40, chunk_overlap=0, id_func=lambda i, document: f"{document.node_id}-{i}")
    ]


def attempt(call: Callable[[], Any]) -> Any:
    """A call's result, or the name of what it raises: some indices cannot do all."""
    try:
        return call()
    except Exception as error:
        return type(error).__name__


def build(kind: str, context: StorageContext) -> None:
    settle()
    index_class, options, _ = KINDS[kind]
    index_class.from_documents(documents("abc"), storage_context=context, **options)


def use(kind: str, context: StorageContext) -> List[Any]:
    """What an index that another process has built answers, before and after changes."""
    settle()
    _, options, retrieval = KINDS[kind]
    index = load_index_from_storage(context, **options)

    def found() -> Any:
        nodes = attempt(lambda: [found.text for found in index.as_retriever(**retrieval).retrieve("a llama wool")])
        # A keyword table holds its nodes in sets, whose order differs from process to process.
        return sorted(nodes) if kind == "keyword" and isinstance(nodes, list) else nodes

    results = [found()]
    for change in (
        lambda: index.insert(documents("d")[0]),
        lambda: index.delete_ref_doc("a", delete_from_docstore=True),
        lambda: index.refresh_ref_docs(documents("b", "new") + documents("ce")),
    ):
        results += [attempt(change), found()]
    answer = attempt(lambda: str(index.as_query_engine(**retrieval).query("a llama wool")))
    results += [answer, sorted(attempt(lambda: index.docstore.get_all_ref_doc_info()) or {})]
    return results


if __name__ == "__main__":
    import quipu

    with quipu.storage_context(sys.argv[2]) as opened:
        print(json.dumps(use(sys.argv[1], opened)))
