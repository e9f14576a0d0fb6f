"""Sparse vectors of a learned encoder: given as two functions, stored with the vectors, searched in the modes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, List, Tuple

import numpy
import pytest
import quipu
from llama_index.core import StorageContext, VectorStoreIndex
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores import VectorStoreQuery
from llama_index.core.vector_stores.types import VectorStoreQueryMode as Mode

from index_lifecycle import TextEmbedding

WORDS = {"cat": 3, "black": 10, "dog": 4_000_000_000, "sea": 5}


def encode(texts: List[str]) -> Tuple[List[List[int]], List[List[float]]]:
    """A word is its number, and twice as heavy where it comes first."""
    words = [[each for each in text.split() if each in WORDS] for text in texts]
    return (
        [[WORDS[word] for word in each] for each in words],
        [[2.0 if place == 0 else 1.0 for place in range(len(each))] for each in words],
    )


def nodes() -> List[TextNode]:
    texts = {"a": "black cat", "b": "dog cat", "c": "sea"}
    return [TextNode(id_=id_, text=text, embedding=[1.0, place]) for place, (id_, text) in enumerate(texts.items())]


def query(words: str, mode: Mode = Mode.SPARSE, **fields: Any) -> VectorStoreQuery:
    return VectorStoreQuery(query_str=words, mode=mode, similarity_top_k=3, **fields)


def test_modes_search_what_the_encoders_make(kvstore: quipu.RocksDBKVStore) -> None:
    store = quipu.QuipuVectorStore(kvstore, sparse_doc_fn=encode, sparse_query_fn=encode)
    store.add(nodes())
    found = store.query(query("black cat"))
    assert (found.ids, found.similarities) == (["a", "b"], [5.0, 1.0])
    assert store.query(query("cat", node_ids=["b", "c"])).ids == ["b"]
    assert store.query(query("nothing of it")).ids == []
    hybrid = store.query(query("dog", Mode.HYBRID, query_embedding=[1.0, 2.0], alpha=0.4))
    assert hybrid.ids == ["b", "c", "a"]
    assert [each.ids for each in store.query_all([query("sea"), query("dog")])] == [["c"], ["b"]]
    store.delete_nodes(["a"])
    store.add([TextNode(id_="c", text="black", embedding=[0.0, 1.0])])
    assert store.query(query("black sea")).ids == ["c"]
    assert [each for each in quipu.verify(kvstore.path) if each.severity == "fault"] == []


def test_arrays_are_taken(kvstore: quipu.RocksDBKVStore) -> None:
    def as_arrays(texts: List[str]) -> Any:
        indices, values = encode(texts)
        return [numpy.array(each, dtype=numpy.int64) for each in indices], [numpy.array(each, dtype=numpy.float32) for each in values]

    store = quipu.QuipuVectorStore(kvstore, sparse_doc_fn=as_arrays, sparse_query_fn=as_arrays)
    store.add(nodes())
    assert store.query(query("dog")).ids == ["b"]


def test_an_encoder_that_errs_stores_nothing(kvstore: quipu.RocksDBKVStore) -> None:
    for wrong, message in [
        (lambda texts: ([[1]] * len(texts), [[-1.0]] * len(texts)), "the value -1.0 at the index 1"),
        (lambda texts: ([[1, 1]] * len(texts), [[1.0, 1.0]] * len(texts)), "the index 1 twice"),
        (lambda texts: ([[1]], [[1.0]]), "sparse vectors of 3 texts are 1 lists"),
    ]:
        with pytest.raises(ValueError, match=message):
            quipu.QuipuVectorStore(kvstore, sparse_doc_fn=wrong).add(nodes())
    with pytest.raises(ValueError, match="there are no sparse vectors"):
        store = quipu.QuipuVectorStore(kvstore, sparse_query_fn=encode)
        store.query(query("cat"))
    assert kvstore.count("vector_store/default/embeddings") == 0


def test_of_a_context_through_a_retriever_in_a_transaction_and_by_a_reader(tmp_path: Path) -> None:
    path = tmp_path / "db"
    with quipu.storage_context(path, sparse_doc_fn=encode, sparse_query_fn=encode) as context:
        index = VectorStoreIndex(nodes(), storage_context=context, embed_model=TextEmbedding(embed_dim=2))
        with quipu.transaction(context):
            index.insert_nodes([TextNode(id_="d", text="dog")])
        retriever = index.as_retriever(vector_store_query_mode=Mode.SPARSE, similarity_top_k=2)
        assert [each.node.node_id for each in retriever.retrieve("dog")] == ["b", "d"]
    with quipu.storage_context(path, read_only=True, sparse_query_fn=encode) as reader:
        assert reader.vector_store.query(query("dog")).ids == ["b", "d"]
        reader.refresh()
        assert reader.vector_store.query(query("sea")).ids == ["c"]
    assert quipu.verify(path) == []


def test_exports_have_them(tmp_path: Path) -> None:
    with quipu.storage_context(tmp_path / "db", sparse_doc_fn=encode, sparse_query_fn=encode) as context:
        VectorStoreIndex(nodes(), storage_context=context, embed_model=TextEmbedding(embed_dim=2))
        context.persist(tmp_path / "out")
    assert (tmp_path / "out" / "default__sparse_vectors.json").exists()
    quipu.import_dir(tmp_path / "out", tmp_path / "copy")
    with quipu.storage_context(tmp_path / "copy", sparse_query_fn=encode) as copy:
        assert copy.vector_store.query(query("black")).ids == ["a"]
    StorageContext.from_defaults(persist_dir=str(tmp_path / "out"))
