"""Full-text and hybrid search: the document store's, the vector store's modes, the retriever."""

from __future__ import annotations

import json
from pathlib import Path
from typing import List

import pytest
import quipu
from llama_index.core import Document, VectorStoreIndex
from llama_index.core.schema import MetadataMode, NodeWithScore, TextNode
from llama_index.core.vector_stores import MetadataFilter, MetadataFilters, VectorStoreQuery
from llama_index.core.vector_stores.types import VectorStoreQueryMode as Mode
from llama_index.core.vector_stores.utils import node_to_metadata_dict

from index_lifecycle import TextEmbedding

TEXTS = {"a": "a black cat", "b": "a dog and a cat", "c": "birds of the black sea"}


def nodes() -> List[TextNode]:
    return [
        TextNode(id_=id_, text=text, metadata={"page": place}, excluded_embed_metadata_keys=["page"], embedding=[1, place])
        for place, (id_, text) in enumerate(TEXTS.items())
    ]


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


class TestRetriever:
    def texts(self, found: List[NodeWithScore]) -> List[str]:
        return [each.node.get_content(MetadataMode.NONE) for each in found]

    def test_over_a_live_store(self, docstore: quipu.QuipuDocumentStore) -> None:
        retriever = quipu.QuipuBM25Retriever.from_defaults(docstore=docstore, similarity_top_k=2)
        assert ids(retriever.retrieve("cat")) == ["a", "b"]
        docstore.add_documents([TextNode(id_="d", text="cat")])
        assert ids(retriever.retrieve("cat")) == ["d", "a"]
        docstore.delete_document("d")
        assert ids(retriever.retrieve("what's a (cat")) == ["a", "b"]
        assert retriever.retrieve("unicorn") == []

    def test_of_nodes_with_filters(self) -> None:
        page = MetadataFilters(filters=[MetadataFilter(key="page", value=1)])
        retriever = quipu.QuipuBM25Retriever.from_defaults(nodes=nodes(), filters=page)
        assert ids(retriever.retrieve("cat")) == ["b"]

    def test_of_an_index(self, tmp_path: Path) -> None:
        with quipu.storage_context(tmp_path / "db") as context:
            index = VectorStoreIndex(nodes(), storage_context=context, embed_model=TextEmbedding(embed_dim=8))
            retriever = quipu.QuipuBM25Retriever.from_defaults(index=index)
            assert ids(retriever.retrieve("birds")) == ["c"]

    def test_persists(self, docstore: quipu.QuipuDocumentStore, tmp_path: Path) -> None:
        retriever = quipu.QuipuBM25Retriever.from_defaults(docstore=docstore, similarity_top_k=1)
        retriever.persist(str(tmp_path / "kept"))
        docstore.delete_document("a")
        retriever.persist(str(tmp_path / "kept"))
        loaded = quipu.QuipuBM25Retriever.from_persist_dir(str(tmp_path / "kept"))
        assert loaded.similarity_top_k == 1
        assert ids(loaded.retrieve("cat")) == ["b"]
        assert ids(loaded.retrieve("black")) == ["c"]

    def test_opens_what_llama_index_has_persisted(self, tmp_path: Path) -> None:
        lines = [json.dumps(node_to_metadata_dict(node) | {"node_id": node.node_id}) for node in nodes()]
        (tmp_path / "corpus.jsonl").write_text("".join(line + "\n" for line in lines))
        arguments = {"similarity_top_k": 1, "verbose": False, "corpus_weight_mask": None}
        (tmp_path / "retriever.json").write_text(json.dumps(arguments))
        loaded = quipu.QuipuBM25Retriever.from_persist_dir(str(tmp_path))
        assert ids(loaded.retrieve("birds")) == ["c"]
        assert sorted(each.name for each in tmp_path.iterdir()) == ["corpus.jsonl", "retriever.json"]
        (tmp_path / "retriever.json").write_text(json.dumps(arguments | {"corpus_weight_mask": [1, 0]}))
        with pytest.raises(ValueError, match="filters"):
            quipu.QuipuBM25Retriever.from_persist_dir(str(tmp_path))

    def test_says_what_it_cannot(self, docstore: quipu.QuipuDocumentStore) -> None:
        with pytest.raises(ValueError, match="exactly one"):
            quipu.QuipuBM25Retriever.from_defaults()
        with pytest.raises(ValueError, match="exactly one"):
            quipu.QuipuBM25Retriever.from_defaults(nodes=nodes(), docstore=docstore)
        with pytest.raises(ValueError, match="language"):
            quipu.QuipuBM25Retriever.from_defaults(docstore=docstore, skip_stemming=True)

