"""What tests of quipu.ingest share: transformations whose nodes have the same ids in every run, and whether what is in
the stores belongs together."""

from __future__ import annotations

import random
from typing import Any, Callable, Dict, List, Optional

import quipu
from llama_index.core import Document, MockEmbedding, VectorStoreIndex
from llama_index.core.indices.base import BaseIndex
from llama_index.core.ingestion import DocstoreStrategy, IngestionPipeline
from llama_index.core.schema import BaseNode, TextNode, TransformComponent
from stored_vectors import stored_vectors


class Split(TransformComponent):
    """A node a word."""

    def __call__(self, nodes: Any, **kwargs: Any) -> List[BaseNode]:
        ON_TRANSFORM("split")
        return [
            TextNode(
                id_=f"{node.node_id}/{node.hash[:8]}/{number}",
                text=word,
                metadata=dict(node.metadata),
                relationships={"1": node.as_related_node_info()},
            )
            for node in nodes
            for number, word in enumerate(node.get_content().split())
        ]


class Embed(MockEmbedding):
    """An embedding that is the text's."""

    def _embed(self, text: str) -> List[float]:
        ON_TRANSFORM("embed")
        generator = random.Random(text)
        return [generator.random() for _ in range(self.embed_dim)]

    def _get_text_embedding(self, text: str) -> List[float]:
        return self._embed(text)

    async def _aget_text_embedding(self, text: str) -> List[float]:
        return self._embed(text)


ON_TRANSFORM: Callable[[str], None] = lambda name: None


def on_transform(call: Callable[[str], None]) -> None:
    """Has every transformation call this first."""
    global ON_TRANSFORM
    ON_TRANSFORM = call


def documents(*versions: str) -> List[Document]:
    """For "a b c" a document "a" with this text."""
    return [Document(id_=text.split()[0], text=text, metadata={"first": text[0]}) for text in versions]


def make_index(context: quipu.QuipuStorageContext) -> VectorStoreIndex:
    return VectorStoreIndex([], storage_context=context, embed_model=Embed(embed_dim=2))


def make_pipeline(
    context: quipu.QuipuStorageContext, strategy: DocstoreStrategy = DocstoreStrategy.UPSERTS, **options: Any
) -> IngestionPipeline:
    """Over all stores of a context."""
    stores: Dict[str, Any] = {
        "docstore": context.docstore,
        "vector_store": context.vector_store,
        "cache": quipu.QuipuIngestionCache(context.kvstore),
    }
    stores["transformations"] = [Split(), Embed(embed_dim=2)]
    return IngestionPipeline(docstore_strategy=strategy, **{**stores, **options})


def stored(context: quipu.QuipuStorageContext) -> Dict[str, List[Any]]:
    """All that is in a database, in its order; collections without anything left out."""
    found = {name: list(context.kvstore.scan(name, insertion_order=True)) for name in context.kvstore.collections()}
    return {name: pairs for name, pairs in found.items() if pairs}


def faults(context: quipu.QuipuStorageContext, strict: bool = False) -> List[quipu.Finding]:
    return [each for each in quipu.verify(context, strict=strict) if each.severity == "fault"]


def assert_agreed(context: quipu.QuipuStorageContext, index: Optional[BaseIndex[Any]]) -> Dict[str, str]:
    """Nodes, hashes, ref docs, vectors and struct are of the same documents, each wholly. Returns the documents."""
    assert faults(context, strict=index is not None) == []  # vectors without nodes are what a pipeline leaves
    nodes = context.docstore.docs
    parts = {node_id: node for node_id, node in nodes.items() if node.source_node}
    texts = {node_id: node.text for node_id, node in nodes.items() if not node.source_node}
    for doc_id in texts:
        assert context.docstore.get_document_hash(doc_id) == nodes[doc_id].hash
    vectors = stored_vectors(context.vector_store)
    if index is not None:
        want = {f"{doc_id}/{nodes[doc_id].hash[:8]}/{n}" for doc_id in texts for n in range(len(texts[doc_id].split()))}
        assert parts.keys() == want
        ref_docs = context.docstore.get_all_ref_doc_info()
        assert {node_id for info in ref_docs.values() for node_id in info.node_ids} == want
        assert ref_docs.keys() == texts.keys()
        assert set(index.index_struct.nodes_dict.values()) == want
        assert context.index_store.get_index_struct(index.index_id) == index.index_struct
        assert vectors["embedding_dict"].keys() == want
    of_documents = {doc_id: [] for doc_id in texts}
    for node_id, doc_id in vectors["text_id_to_ref_doc_id"].items():
        of_documents[doc_id].append(node_id)
    for doc_id, node_ids in of_documents.items():
        assert len(node_ids) == len(texts[doc_id].split())
        assert all(node_id.startswith(f"{doc_id}/{nodes[doc_id].hash[:8]}/") for node_id in node_ids)
    return texts
