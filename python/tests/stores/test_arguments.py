"""Arguments of another type than they should be: what is wrong is said by name, and nothing is changed."""

from __future__ import annotations

from typing import Any, Callable

import pytest
import quipu
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryMode

Context = quipu.QuipuStorageContext


CALLS = {
    "get": (lambda c: c.kvstore.get(5), "key must be a str, not int: 5"),
    "get none": (lambda c: c.kvstore.get(None), "key must be a str, not NoneType"),
    "put": (lambda c: c.kvstore.put(b"k", {}), "key must be a str, not bytes: b'k'"),
    "put collection": (lambda c: c.kvstore.put("k", {}, 7), "collection must be a str, not int: 7"),
    "put_all": (lambda c: c.kvstore.put_all([(1, {})]), "keys must be a list of str, not int: 1"),
    "put_all batch": (lambda c: c.kvstore.put_all([("a", {})], batch_size="1"), "batch_size must be an int, not str"),
    "multi_get": (lambda c: c.kvstore.multi_get([1]), "keys must be a list of str, not int: 1"),
    "multi_get str": (lambda c: c.kvstore.multi_get("ab"), "keys must be a list, not str: 'ab'"),
    "delete": (lambda c: c.kvstore.delete(1.5), "key must be a str, not float: 1.5"),
    "exists": (lambda c: c.kvstore.exists(1), "key must be a str"),
    "count": (lambda c: c.kvstore.count(1), "collection must be a str"),
    "get_all": (lambda c: c.kvstore.get_all(1), "collection must be a str"),
    "drop": (lambda c: c.kvstore.drop_collection(1), "collection must be a str"),
    "scan": (lambda c: list(c.kvstore.scan(prefix=1)), "prefix must be a str, not int: 1"),
    "scan start": (lambda c: list(c.kvstore.scan(start=1)), "start must be a str, not int: 1"),
    "scan limit": (lambda c: list(c.kvstore.scan(limit="2")), "limit must be an int, not str: '2'"),
    "scan reverse": (lambda c: list(c.kvstore.scan(reverse="yes")), "reverse must be a bool, not str: 'yes'"),
    "get_document": (lambda c: c.docstore.get_document(5), "key must be a str, not int: 5"),
    "document_exists": (lambda c: c.docstore.document_exists(5), "key must be a str, not int: 5"),
    "delete_document": (lambda c: c.docstore.delete_document(5), "doc_id must be a str, not int: 5"),
    "raise_error": (lambda c: c.docstore.delete_document("a", None), "raise_error must be a bool, not NoneType"),
    "delete_ref_doc": (lambda c: c.docstore.delete_ref_doc(5), "ref_doc_id must be a str, not int: 5"),
    "get_ref_doc_info": (lambda c: c.docstore.get_ref_doc_info(5), "ref_doc_id must be a str, not int: 5"),
    "set_document_hash": (lambda c: c.docstore.set_document_hash("a", 5), "doc_hash must be a str, not int: 5"),
    "set_document_hashes": (lambda c: c.docstore.set_document_hashes({"a": 5}), "doc_hash must be a str, not int: 5"),
    "set hashes list": (lambda c: c.docstore.set_document_hashes(["a"]), "doc_hashes must be a dict, not list"),
    "missing_hashes": (lambda c: c.docstore.missing_hashes([5]), "hashes must be a list of str, not int: 5"),
    "ids_by_hash": (lambda c: c.docstore.ids_by_hash(5), "doc_hash must be a str, not int: 5"),
    "allow_update": (lambda c: c.docstore.add_documents([TextNode()], "yes"), "allow_update must be a bool, not str"),
    "vector get": (lambda c: c.vector_store.get(5), "text_id must be a str, not int: 5"),
    "vector delete": (lambda c: c.vector_store.delete(5), "ref_doc_id must be a str, not int: 5"),
    "delete_nodes": (lambda c: c.vector_store.delete_nodes([5]), "node_ids must be a list of str, not int: 5"),
    "use_hnsw": (lambda c: c.vector_store.use_hnsw(M="16"), "M must be an int, not str: '16'"),
    "query": (lambda c: c.vector_store.query(VectorStoreQuery(similarity_top_k=1)), "has no query_embedding"),
    "query text": (lambda c: query(c, query_embedding="text"), "number"),
    "top_k": (lambda c: query(c, similarity_top_k="3"), "similarity_top_k must be an int, not str: '3'"),
    "top_k none": (lambda c: query(c, similarity_top_k=None), "similarity_top_k must be an int, not NoneType"),
    "node_ids": (lambda c: query(c, node_ids=[1]), "node_ids must be a list of str, not int: 1"),
    "mmr": (lambda c: query_mmr(c, "0.5"), "mmr_threshold must be a number, not str: '0.5'"),
    "triplet": (lambda c: c.graph_store.upsert_triplet("a", 1, "b"), "rel must be a str, not int: 1"),
    "graph get": (lambda c: c.graph_store.get(1), "subj must be a str, not int: 1"),
    "rel_map": (lambda c: c.graph_store.get_rel_map(["a"], depth=None), "depth must be an int, not NoneType"),
    "rel_map subjs": (lambda c: c.graph_store.get_rel_map([1]), "subjs must be a list of str, not int: 1"),
    "graph rel_map": (lambda c: c.property_graph_store.get_rel_map([], limit="9"), "limit must be an int, not str: '9'"),
    "transaction": (lambda c: quipu.transaction(c, sync=None).__enter__(), "sync must be a bool, not NoneType"),
    "namespace": (lambda c: quipu.QuipuGraphStore(c.kvstore, 5).get("a"), "namespace must be a str, not int: 5"),
}


def query(context: Context, **arguments: Any) -> Any:
    given = {"query_embedding": [1.0, 0.0], "similarity_top_k": 1, **arguments}
    return context.vector_store.query(VectorStoreQuery(**given))


def query_mmr(context: Context, threshold: Any) -> Any:
    asked = VectorStoreQuery(query_embedding=[1.0, 0.0], similarity_top_k=1, mode=VectorStoreQueryMode.MMR)
    return context.vector_store.query(asked, mmr_threshold=threshold)


@pytest.mark.parametrize("call, said", CALLS.values(), ids=CALLS)
def test_what_is_wrong_is_named(context: Context, call: Callable[[Context], Any], said: str) -> None:
    context.docstore.add_documents([TextNode(id_="a", text="t")])
    context.vector_store.add([TextNode(id_="a", embedding=[1.0, 0.0])])
    before = {name: context.kvstore.get_all(name) for name in context.kvstore.collections()}
    with pytest.raises(TypeError) as raised:
        call(context)
    assert said in str(raised.value)
    assert "incompatible function arguments" not in str(raised.value)
    assert {name: context.kvstore.get_all(name) for name in context.kvstore.collections()} == before


def test_numbers_that_are_none_of_python(context: Context) -> None:
    import numpy as np

    context.vector_store.add([TextNode(id_="a", embedding=[1.0, 0.0])])
    assert query(context, similarity_top_k=np.int64(1)).ids == ["a"]
    context.docstore.delete_document("none", raise_error=np.bool_(False))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="ef must be from 0 to"):
        context.vector_store.use_hnsw(ef=-1)


@pytest.mark.parametrize("mode", ["sparse", "hybrid", "text_search", "semantic_hybrid"])
def test_modes_of_text_without_a_text_are_not_there_as_the_reference_says(context: Context, mode: str) -> None:
    context.vector_store.add([TextNode(id_="a", embedding=[1.0, 0.0])])
    with pytest.raises(ValueError, match="Invalid query mode"):
        context.vector_store.query(VectorStoreQuery(mode=VectorStoreQueryMode(mode)))


@pytest.mark.parametrize("mode", ["hybrid", "semantic_hybrid"])
def test_a_hybrid_query_without_an_embedding(context: Context, mode: str) -> None:
    context.vector_store.add([TextNode(id_="a", embedding=[1.0, 0.0])])
    with pytest.raises(ValueError, match="embed its text first"):
        context.vector_store.query(VectorStoreQuery(query_str="q", mode=VectorStoreQueryMode(mode)))


def test_a_long_value_is_cut(context: Context) -> None:
    with pytest.raises(TypeError) as raised:
        context.kvstore.get(["é" * 1000])  # type: ignore[arg-type]
    assert len(str(raised.value)) < 120 and str(raised.value).endswith("...")
