"""Property graph indices whose vectors follow from their texts: built, changed and asked on any storage context."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence

from llama_index.core import Document, PropertyGraphIndex, Settings, StorageContext, load_index_from_storage
from llama_index.core.graph_stores.types import KG_NODES_KEY, KG_RELATIONS_KEY, EntityNode, Relation
from llama_index.core.indices.property_graph import VectorContextRetriever
from llama_index.core.llms import MockLLM
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.schema import BaseNode, TransformComponent

import index_lifecycle

FIRST = {"a": "Ann ties knots", "b": "Bob dyes cords", "c": "Cem counts knots"}
SECOND = {"d": "Dia spins wool", "e": "Eli reads knots", "f": 'Flo "the knot" sells wool'}
QUESTIONS = ["Ann", "knots", "wool", "cords of llama wool", "Eli"]


class Extractor(TransformComponent):
    """Two entities and a relation for each text: its first and last words, and what stands before the last."""

    def __call__(self, nodes: Sequence[BaseNode], **kwargs: Any) -> Sequence[BaseNode]:
        for node in nodes:
            *subject, verb, thing = node.get_content().split()
            name = " ".join(subject)
            entities = [EntityNode(name=name, label="person", properties={"size": len(name)}), EntityNode(name=thing)]
            node.metadata[KG_NODES_KEY] = entities
            node.metadata[KG_RELATIONS_KEY] = [Relation(label=verb, source_id=entities[0].id, target_id=thing)]
        return nodes


def settle() -> None:
    Settings.llm = MockLLM(max_tokens=8)
    Settings.embed_model = index_lifecycle.TextEmbedding(embed_dim=8)
    Settings.transformations = [SentenceSplitter(id_func=lambda i, document: f"{document.node_id}-{i}")]


def documents(texts: Dict[str, str]) -> List[Document]:
    return [Document(id_=name, text=text) for name, text in texts.items()]


def build(context: StorageContext, texts: Dict[str, str] = FIRST) -> PropertyGraphIndex:
    settle()
    return PropertyGraphIndex.from_documents(
        documents(texts), storage_context=context, kg_extractors=[Extractor()], use_async=False
    )


def load(context: StorageContext) -> PropertyGraphIndex:
    settle()
    return load_index_from_storage(context, kg_extractors=[Extractor()], use_async=False)


def insert(context: StorageContext, texts: Dict[str, str] = SECOND) -> None:
    load(context).insert_nodes(Settings.transformations[0](documents(texts)))


def answers(context: StorageContext, top_k: int = 2) -> Dict[str, List[List[Any]]]:
    """What vectors find of each question: texts with their scores."""
    index = load(context)
    retriever = VectorContextRetriever(
        graph_store=index.property_graph_store,
        vector_store=index.vector_store,
        embed_model=Settings.embed_model,
        include_text=False,
        similarity_top_k=top_k,
        path_depth=1,
        limit=1000,
    )
    return {
        question: sorted([each.text, round(each.score or 0.0, 6)] for each in retriever.retrieve(question))
        for question in QUESTIONS
    }
