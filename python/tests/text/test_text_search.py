"""Full-text and hybrid search: the document store's, the vector store's modes, alone and through retrievers."""

from __future__ import annotations

from pathlib import Path
from typing import List

import pytest
import quipu
from llama_index.core import Document, VectorStoreIndex
from llama_index.core.llms import MockLLM
from llama_index.core.retrievers import QueryFusionRetriever, VectorIndexRetriever
from llama_index.core.retrievers.fusion_retriever import FUSION_MODES
from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores import MetadataFilter, MetadataFilters, VectorStoreQuery
from llama_index.core.vector_stores.types import VectorStoreQueryMode as Mode

from index_lifecycle import TextEmbedding

TEXTS = {"a": "a black cat", "b": "a dog and a cat", "c": "birds of the black sea"}


def nodes() -> List[TextNode]:
    return [
        TextNode(id_=id_, text=text, metadata={"page": place}, excluded_embed_metadata_keys=["page"], embedding=[1, place])
        for place, (id_, text) in enumerate(TEXTS.items())
    ]


def unembedded() -> List[TextNode]:
    return [node.model_copy(update={"embedding": None}) for node in nodes()]


@pytest.fixture
def docstore(kvstore: quipu.RocksDBKVStore) -> quipu.QuipuDocumentStore:
    docstore = quipu.QuipuDocumentStore(kvstore)
    docstore.add_documents(nodes())
    return docstore


def ids(found: object) -> List[str]:
    assert isinstance(found, list)
    return [each[0] if isinstance(each, tuple) else each.node.node_id for each in found]


def test_a_document_store_finds_words(docstore: quipu.QuipuDocumentStore) -> None:
    assert docstore.text_index() is None
    docstore.index_text()
    assert docstore.text_index() == ("english", True, 3, 7)
    assert ids(docstore.search_text("cats")) == ["a", "b"]
    assert ids(docstore.search_text("black -cat")) == ["c"]
    assert ids(docstore.search_text('"black sea"', top_k=1)) == ["c"]
    docstore.delete_document("a")
    docstore.add_documents([TextNode(id_="d", text="a cat")])
    assert ids(docstore.search_text("cat")) == ["d", "b"]
    with pytest.raises(ValueError, match="byte 0"):
        docstore.search_text('"cat')
    assert ids(docstore.search_text('"cat', syntax=False)) == ["d", "b"]
    with pytest.raises(ValueError, match='not by "german"'):
        docstore.index_text("german")
    page = MetadataFilters(filters=[MetadataFilter(key="page", value=1)])
    assert ids(docstore.search_text("cat", filters=page)) == ["b"]
    assert docstore.drop_text_index()
    assert not docstore.drop_text_index()


def test_in_a_transaction_and_on_a_reader(docstore: quipu.QuipuDocumentStore) -> None:
    path = docstore._kvstore.path
    with quipu.QuipuDocumentStore.from_path(path, read_only=True) as reader:
        with pytest.raises(ValueError, match="index_text"):
            reader.search_text("cat")
    docstore.index_text()
    with quipu.QuipuDocumentStore.from_path(path, read_only=True) as reader:
        assert ids(reader.search_text("cat")) == ["a", "b"]
    assert quipu.verify(path) == []


def test_modes_of_a_vector_store(kvstore: quipu.RocksDBKVStore, docstore: quipu.QuipuDocumentStore) -> None:
    vectors = quipu.QuipuVectorStore(kvstore)
    vectors.add(nodes()[:2])

    def query(mode: Mode, **fields: object) -> List[str]:
        asked = {"query_str": "cat", "similarity_top_k": 5, "mode": mode, **fields}
        found = vectors.query(VectorStoreQuery(**asked)).ids  # type: ignore[arg-type]
        assert found is not None
        return found

    assert query(Mode.TEXT_SEARCH) == ["a", "b"]
    assert query(Mode.TEXT_SEARCH, query_str="black") == ["a"]  # "c" has no vector
    assert query(Mode.SPARSE, query_str='"dog') == ["b"]
    assert query(Mode.SPARSE, sparse_top_k=1) == ["a"]
    assert query(Mode.SPARSE, node_ids=["b"]) == ["b"]
    page = MetadataFilters(filters=[MetadataFilter(key="page", value=1)])
    assert query(Mode.SPARSE, filters=page) == ["b"]
    assert query(Mode.HYBRID, query_embedding=[0, 1], alpha=1.0) == ["b", "a"]
    assert query(Mode.HYBRID, query_str="black cat", query_embedding=[0, 1], alpha=0.0) == ["a", "b"]
    assert query(Mode.HYBRID, query_embedding=[0, 1], hybrid_top_k=1, alpha=0.9) == ["b"]
    assert sorted(query(Mode.SEMANTIC_HYBRID, query_embedding=[0, 1])) == ["a", "b"]
    with pytest.raises(ValueError, match="Invalid query mode"):
        query(Mode.SPARSE, query_str=None)


def test_another_document_store(kvstore: quipu.RocksDBKVStore) -> None:
    quipu.QuipuDocumentStore(kvstore, "other").add_documents(nodes())
    vectors = quipu.QuipuVectorStore(kvstore, docstore_namespace="other")
    vectors.add(nodes())
    found = vectors.query(VectorStoreQuery(query_str="birds", similarity_top_k=2, mode=Mode.TEXT_SEARCH))
    assert found.ids == ["c"]
    again = quipu.QuipuVectorStore.model_validate(vectors.model_dump())
    assert again.docstore_namespace == "other"


def test_through_an_index(tmp_path: Path) -> None:
    with quipu.storage_context(tmp_path / "db") as context:
        documents = [Document(id_=id_, text=text) for id_, text in TEXTS.items()]
        index = VectorStoreIndex.from_documents(documents, storage_context=context, embed_model=TextEmbedding(embed_dim=8))
        for mode in (Mode.TEXT_SEARCH, Mode.SPARSE, Mode.HYBRID, Mode.SEMANTIC_HYBRID):
            retriever = index.as_retriever(vector_store_query_mode=mode, similarity_top_k=1, alpha=0.1)
            assert retriever.retrieve("dogs")[0].node.get_content() == TEXTS["b"], mode
        index.delete_ref_doc("b", delete_from_docstore=True)
        retriever = index.as_retriever(vector_store_query_mode=Mode.SPARSE)
        assert retriever.retrieve("dogs") == []


def few(kvstore: quipu.RocksDBKVStore) -> List[str]:
    """5,000 nodes, of which one in 1,000 has the metadata {"few": "yes"}; the ids of these."""
    many = [
        TextNode(
            id_=f"n{i}",
            text="a cord and a knot" + " again" * (i % 7),
            metadata={"few": "yes" if i % 1000 == 7 else "no"},
            excluded_embed_metadata_keys=["few"],
            embedding=[1.0, i / 5000],
        )
        for i in range(5000)
    ]
    quipu.QuipuDocumentStore(kvstore).add_documents(many)
    quipu.QuipuVectorStore(kvstore).add(many)
    return [f"n{i}" for i in range(7, 5000, 1000)]


def test_filters_that_few_pass_find_as_many_as_are_asked_for(kvstore: quipu.RocksDBKVStore) -> None:
    passing = few(kvstore)
    filters = MetadataFilters(filters=[MetadataFilter(key="few", value="yes")])
    for mode in (Mode.TEXT_SEARCH, Mode.SPARSE, Mode.HYBRID, Mode.SEMANTIC_HYBRID):
        query = VectorStoreQuery(
            query_str="knots", query_embedding=[0, 1], similarity_top_k=5, mode=mode, filters=filters, alpha=0.5
        )
        found = quipu.QuipuVectorStore(kvstore).query(query).ids
        assert found is not None
        assert sorted(found) == sorted(passing), mode
    assert sorted(ids(quipu.QuipuDocumentStore(kvstore).search_text("knot", 5, filters=filters))) == sorted(passing)
    retriever = quipu.QuipuBM25Retriever(
        docstore=quipu.QuipuDocumentStore(kvstore), filters=filters, similarity_top_k=5
    )
    assert sorted(ids(retriever.retrieve("knot"))) == sorted(passing)


def test_retrievers_are_fused(tmp_path: Path) -> None:
    """QueryFusionRetriever over both, in each of its modes, as over LlamaIndex's own."""
    with quipu.storage_context(tmp_path / "db") as context:
        index = VectorStoreIndex(unembedded(), storage_context=context, embed_model=TextEmbedding(embed_dim=8))
        both = [
            index.as_retriever(similarity_top_k=3),
            quipu.QuipuBM25Retriever.from_defaults(index=index, similarity_top_k=3),
        ]
        for mode in FUSION_MODES:
            fused = QueryFusionRetriever(both, llm=MockLLM(), mode=mode, similarity_top_k=3, num_queries=1, use_async=False)
            found = fused.retrieve("birds of the sea")
            assert sorted(ids(found)) == ["a", "b", "c"], mode
            assert "c" in ids(found)[:2], mode


@pytest.mark.parametrize("mode", [Mode.TEXT_SEARCH, Mode.SPARSE, Mode.HYBRID, Mode.SEMANTIC_HYBRID])
def test_through_query_engines(tmp_path: Path, mode: Mode) -> None:
    with quipu.storage_context(tmp_path / "db") as context:
        index = VectorStoreIndex(unembedded(), storage_context=context, embed_model=TextEmbedding(embed_dim=8))
        page = MetadataFilters(filters=[MetadataFilter(key="page", value=2)])
        engine = index.as_query_engine(
            llm=MockLLM(), vector_store_query_mode=mode, similarity_top_k=2, sparse_top_k=2, alpha=0.2, filters=page
        )
        assert ids(engine.query("black cat").source_nodes) == ["c"]
        retriever = VectorIndexRetriever(
            index, vector_store_query_mode=mode, similarity_top_k=2, sparse_top_k=2, alpha=0.2, node_ids=["b", "c"]
        )
        assert set(ids(retriever.retrieve("black dog"))) == {"b", "c"}


@pytest.mark.parametrize("mode", [Mode.TEXT_SEARCH, Mode.SPARSE, Mode.HYBRID, Mode.SEMANTIC_HYBRID])
def test_documents_of_each_mode(kvstore: quipu.RocksDBKVStore, mode: Mode) -> None:
    of_documents = []
    for node in nodes():
        node.relationships = {NodeRelationship.SOURCE: RelatedNodeInfo(node_id=f"doc-{node.node_id}")}
        of_documents.append(node)
    quipu.QuipuDocumentStore(kvstore).add_documents(of_documents)
    vectors = quipu.QuipuVectorStore(kvstore)
    vectors.add(of_documents)

    def query(**fields: object) -> List[str]:
        asked = {"query_str": "black cat", "query_embedding": [1, 0], "similarity_top_k": 5, "mode": mode, **fields}
        found = vectors.query(VectorStoreQuery(**asked)).ids  # type: ignore[arg-type]
        assert found is not None
        return found

    assert sorted(query()) == ["a", "b", "c"]
    assert sorted(query(doc_ids=["doc-a", "doc-c"])) == ["a", "c"]
    assert query(doc_ids=["doc-a", "doc-c"], node_ids=["c", "b"]) == ["c"]
    assert query(doc_ids=["doc-x"]) == []


def test_the_first_search_says_that_it_makes_the_index(tmp_path: Path) -> None:
    said: List[str] = []
    with quipu.RocksDBKVStore(tmp_path / "db", logger=said.append) as kvstore:
        docstore = quipu.QuipuDocumentStore(kvstore)
        docstore.add_documents(nodes())
        docstore.search_text("cat")
        docstore.search_text("dog")
    assert [each for each in said if "text index" in each] == ["a text index of docstore/data is made by english"]
