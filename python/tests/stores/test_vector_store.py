"""QuipuVectorStore where Python has a part in it."""

import random
import sys

import numpy
import pytest
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores.simple import SimpleVectorStore
from llama_index.core.vector_stores.types import (
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryMode,
)

from stored_vectors import stored_vectors

LEARNERS = [
    VectorStoreQueryMode.SVM,
    VectorStoreQueryMode.LINEAR_REGRESSION,
    VectorStoreQueryMode.LOGISTIC_REGRESSION,
]


def nodes(count=30, dimension=8):
    draw = random.Random(5)
    return [
        TextNode(id_=f"n{i}", embedding=[draw.gauss(0, 1) for _ in range(dimension)], metadata={"even": i % 2})
        for i in range(count)
    ]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numpy_embeddings(context, dtype):
    added = nodes(3)
    expected = [numpy.array(node.embedding, dtype) for node in added]
    for node, embedding in zip(added, expected):
        node.__dict__["embedding"] = embedding
    context.vector_store.add(added)
    for node, embedding in zip(added, expected):
        assert context.vector_store.get(node.node_id) == embedding.tolist()
    query = VectorStoreQuery(query_embedding=expected[1], similarity_top_k=1)
    assert context.vector_store.query(query).ids == ["n1"]


def test_many_queries_at_once_give_what_each_gives(context):
    theirs, ours = SimpleVectorStore(), context.vector_store
    for store in (theirs, ours):
        store.add(nodes(300))
    draw = random.Random(6)
    queries = [VectorStoreQuery(query_embedding=[draw.gauss(0, 1) for _ in range(8)], similarity_top_k=k) for k in range(1, 20)]
    filtered = MetadataFilters(filters=[MetadataFilter(key="even", value=0)])
    others = [VectorStoreQuery(query_embedding=[1.0] * 8, similarity_top_k=4, filters=filtered),
              VectorStoreQuery(query_embedding=[1.0] * 8, similarity_top_k=4, mode=VectorStoreQueryMode.MMR)]
    for some in (queries, queries + others, others[1:], []):
        found = ours.query_all(some)
        assert [each.ids for each in found] == [theirs.query(query).ids for query in some]
        assert [each.similarities for each in found] == [ours.query(query).similarities for query in some]
    with pytest.raises(ValueError, match="shapes"):
        ours.query_all([*queries, VectorStoreQuery(query_embedding=[1.0] * 7)])


@pytest.mark.parametrize("mode", LEARNERS)
@pytest.mark.parametrize("filtered", [False, True])
def test_learners_give_the_references_result(context, mode, filtered):
    pytest.importorskip("sklearn")
    theirs, ours = SimpleVectorStore(), context.vector_store
    for store in (theirs, ours):
        store.add(nodes())
    filters = MetadataFilters(filters=[MetadataFilter(key="even", value=0)]) if filtered else None
    query = VectorStoreQuery(query_embedding=[0.5] * 8, similarity_top_k=5, mode=mode, filters=filters)
    want, got = theirs.query(query), ours.query(query)
    assert got.ids == want.ids
    assert got.similarities == pytest.approx(want.similarities, rel=1e-6)


def test_learners_without_scikit_learn(context, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    context.vector_store.add(nodes(2))
    query = VectorStoreQuery(query_embedding=[0.5] * 8, mode=VectorStoreQueryMode.SVM)
    with pytest.raises(ImportError, match="scikit-learn"):
        context.vector_store.query(query)


def test_lone_surrogates(context):
    odd_text = TextNode(id_="text", text="\ud800", embedding=[1.0])
    assert context.vector_store.add([odd_text]) == ["text"]
    odd_metadata = TextNode(id_="metadata", metadata={"a": {"\ud800": 1}}, embedding=[1.0])
    with pytest.raises(UnicodeEncodeError):
        context.vector_store.add([TextNode(id_="before", embedding=[1.0]), odd_metadata])
    assert list(stored_vectors(context.vector_store)["embedding_dict"]) == ["text"]
