"""Arrays of embeddings into QuipuVectorStore, and arrays of results out of it."""

import array
import threading

import numpy
import pytest
import quipu
from llama_index.core.graph_stores import EntityNode
from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores.simple import SimpleVectorStore
from llama_index.core.vector_stores.types import (
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryMode,
)
from pydantic_core import PydanticSerializationError

COUNT, SIZE = 30, 8
EVEN = MetadataFilters(filters=[MetadataFilter(key="even", value=1)])


def matrix(dtype="float64", count=COUNT, size=SIZE, seed=5):
    return numpy.random.default_rng(seed).standard_normal((count, size)).astype(dtype)


def ids_of(rows):
    return [f"n{i}" for i in range(len(rows))]


def as_buffer(rows):
    """Without numpy."""
    return memoryview(array.array("d", rows.ravel().tolist())).cast("B").cast("d", rows.shape)


def nodes(rows, metadata=None, ref_docs=None):
    made = []
    for i, row in enumerate(rows):
        node = TextNode(id_=f"n{i}", embedding=row.tolist(), metadata=metadata[i] if metadata else {})
        if ref_docs and ref_docs[i]:
            node.relationships[NodeRelationship.SOURCE] = RelatedNodeInfo(node_id=ref_docs[i])
        made.append(node)
    return made


FORMS = {
    "float32": matrix("float32"),
    "float64": matrix(),
    "by columns": numpy.asfortranarray(matrix("float32")),
    "transposed": matrix(count=SIZE, size=COUNT).T,
    "strided": matrix("float32", 3 * COUNT, 2 * SIZE)[::3, ::2],
    "backwards": matrix()[::-1, ::-1],
    "unaligned": numpy.frombuffer(b"x" + matrix("float32").tobytes(), "float32", offset=1).reshape(COUNT, SIZE),
    "repeated": numpy.broadcast_to(matrix(count=1), (COUNT, SIZE)),
    "without elements": matrix(size=0),
    "without rows": matrix(count=0),
}


@pytest.mark.parametrize("form", FORMS)
def test_an_array_is_stored_as_nodes_are(tmp_path, form):
    rows = FORMS[form]
    expected = rows.tolist()
    metadata = [{"even": i % 2, "page": "eins" if i < 7 else "zwei"} for i in range(len(rows))]
    ref_docs = [None if i % 5 == 0 else f"d{i % 3}" for i in range(len(rows))]
    files = []
    for name in ("nodes", "array"):
        with quipu.storage_context(tmp_path / name) as context:
            if name == "nodes":
                context.vector_store.add(nodes(rows, metadata, ref_docs))
            else:
                added = context.vector_store.add_embeddings(
                    ids_of(rows), rows, ref_doc_ids=ref_docs, metadata=metadata)
                assert added == ids_of(rows)
                assert [context.vector_store.get(each) for each in added] == expected
            assert [each for each in quipu.verify(context) if each.severity == "fault"] == []
        quipu.export_dir(tmp_path / name, tmp_path / "files" / name)
        files.append((tmp_path / "files" / name / "default__vector_store.json").read_bytes())
    assert files[0] == files[1]


@pytest.mark.parametrize("make", [as_buffer, lambda rows: rows.tolist(), list, lambda rows: tuple(map(tuple, rows))])
def test_what_is_no_numpy_array(context, make):
    rows = matrix()
    context.vector_store.add_embeddings(ids_of(rows), make(rows))
    assert [context.vector_store.get(each) for each in ids_of(rows)] == rows.tolist()
    found = context.vector_store.query_all(make(rows), similarity_top_k=1)
    assert found.ids.ravel().tolist() == ids_of(rows)


def test_without_metadata_and_documents(context):
    rows = matrix()
    context.vector_store.add_embeddings(ids_of(rows), rows)
    by_nodes = SimpleVectorStore()
    by_nodes.add(nodes(rows))
    assert context.vector_store.to_dict() == by_nodes.data.to_dict()


def test_documents_and_metadata_are_found_by(context):
    rows, store = matrix(), context.vector_store
    store.add_embeddings(ids_of(rows), rows, ref_doc_ids=["d"] * 10 + [None] * (COUNT - 10),
                         metadata=[{"even": i % 2} for i in range(COUNT)])
    assert set(store.query_all(rows[:2], similarity_top_k=COUNT, filters=EVEN).ids.ravel()) == set(ids_of(rows)[1::2])
    store.delete("d")
    assert list(store.to_dict()["embedding_dict"]) == ids_of(rows)[10:]
    store.add_embeddings(["n20"], rows[:1])  # replaces, at its place
    assert store.get("n20") == rows[0].tolist()
    assert list(store.to_dict()["embedding_dict"]) == ids_of(rows)[10:]


def test_nan_and_infinity_as_nodes_have_them(context):
    rows = matrix()
    rows[3, 2], rows[4, 0] = float("nan"), float("inf")
    plain, arrays = context.vector_store, quipu.QuipuVectorStore(context.kvstore, "arrays")
    plain.add(nodes(rows))
    arrays.add_embeddings(ids_of(rows), rows)
    for store in (plain, arrays):
        assert numpy.array_equal([store.get(each) for each in ids_of(rows)], rows, equal_nan=True)
    query = VectorStoreQuery(query_embedding=[1.0] * SIZE, similarity_top_k=COUNT)
    assert arrays.query(query).ids == plain.query(query).ids


@pytest.mark.parametrize(
    "rows, error, message",
    [
        (matrix("int64"), TypeError, "embeddings must be an array of float32 or float64.* of int64"),
        (matrix("float16"), TypeError, "of float16"),
        (matrix("complex64"), TypeError, "of complex64"),
        (matrix(">f8"), TypeError, "of >f8"),
        (matrix().astype(object), TypeError, "of object"),
        (matrix().astype(str), TypeError, "of <U"),
        (matrix()[0], ValueError, r"embeddings must have two dimensions.*the shape \(8\)"),
        (matrix().reshape(COUNT, 2, 4), ValueError, r"the shape \(30, 2, 4\)"),
        (matrix()[1:], ValueError, "30 ids and 29 embeddings"),
        (matrix().tolist()[1:], ValueError, "30 ids and 29 embeddings"),
        ([[1.0, 2.0], [1.0]], ValueError, r"embeddings\[1\] has 1 elements, where the first one has 2"),
        ([[1.0], ["one"]], TypeError, "real number"),
        ([1.0, 2.0], TypeError, "a sequence of numbers"),
        ([matrix()], ValueError, r"an embedding has one dimension.*\(30, 8\)"),
        ([matrix("complex64")[0]], TypeError, "real numbers, not .*complex64"),
        ("text", TypeError, "embeddings must be an array"),
        (b"bytes", TypeError, "embeddings must be an array"),
        (None, TypeError, "embeddings must be an array"),
    ],
    ids=str,
)
def test_what_is_no_matrix_of_floats(context, rows, error, message):
    with pytest.raises(error, match=message):
        context.vector_store.add_embeddings([f"n{i}" for i in range(COUNT)], rows)
    assert context.kvstore.count("vector_store/default/embeddings") == 0


def test_metadata_may_come_from_an_iterator(context):
    with pytest.raises(PydanticSerializationError, match="n1"):
        context.vector_store.add_embeddings(ids_of(matrix(count=2)), matrix(count=2), metadata=iter([{}, {"a": object()}]))
    with pytest.raises(TypeError, match="not a str"):
        context.vector_store.add_embeddings("ab", matrix(count=2))
    assert context.vector_store.query_all(matrix(count=1)).ids.shape == (1, 0)


def test_what_is_wrong_beside_it(context):
    rows, store, ids = matrix(), context.vector_store, ids_of(matrix())
    for arguments, error, message in (
        ({"ref_doc_ids": ["d"]}, ValueError, "30 ids and 1 ref_doc_ids"),
        ({"metadata": [{}] * 31}, ValueError, "30 ids and 31 metadata"),
        ({"ref_doc_ids": [1] * COUNT}, TypeError, "ref_doc_ids must be a list of str"),
        ({"metadata": [{"a": 1}] * 4 + [{"b": 2, "tied": object()}] + [{}] * 25}, PydanticSerializationError,
         "id 'n4', metadata key 'tied'"),
    ):
        with pytest.raises(error, match=message):
            store.add_embeddings(ids, rows, **arguments)
    with pytest.raises(TypeError, match="ids must be a list of str"):
        store.add_embeddings(range(COUNT), rows)
    assert context.kvstore.count("vector_store/default/embeddings") == 0
    texts = quipu.QuipuVectorStore(context.kvstore, "texts", stores_text=True)
    with pytest.raises(ValueError, match="keeps nodes"):
        texts.add_embeddings(ids, rows)


def test_the_array_is_free_when_the_call_returns(context):
    rows, store = matrix(), context.vector_store
    expected = rows.tolist()
    buffer = bytearray(rows.tobytes())
    store.add_embeddings(ids_of(rows), memoryview(buffer).cast("d", rows.shape))
    buffer[:] = bytes(len(buffer))
    buffer.append(1)  # a BufferError where somebody still has it
    mine = rows.copy()
    store.query_all(mine, similarity_top_k=2)
    mine[:] = 0
    del mine, buffer
    assert [store.get(each) for each in ids_of(rows)] == expected
    assert store.query_all(rows, similarity_top_k=1).ids.ravel().tolist() == ids_of(rows)


def test_results_own_their_memory(context):
    rows = matrix()
    context.vector_store.add_embeddings(ids_of(rows), rows)
    found = context.vector_store.query_all(rows, similarity_top_k=3)
    kept, values = found.similarities, found.similarities.tolist()
    context.close()
    del found, context
    kept[0, 0] += 1  # it is the caller's
    assert kept[1:].tolist() == values[1:] and kept[0, 0] == values[0][0] + 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_matrix_of_queries_gives_what_each_query_gives(context, dtype):
    rows, store = matrix(count=300), context.vector_store
    store.add_embeddings(ids_of(rows), rows, metadata=[{"even": i % 2} for i in range(300)])
    queries = matrix(dtype, 70, seed=6)[::-1]
    for others in (
        {"similarity_top_k": 10},
        {},
        {"similarity_top_k": 3, "filters": EVEN},
        {"similarity_top_k": 4, "node_ids": ["n1", "n5", "n9"]},
        {"similarity_top_k": 4, "mode": VectorStoreQueryMode.MMR},
        {"similarity_top_k": 0},
    ):
        ids, similarities = store.query_all(queries, **others)
        single = [store.query(VectorStoreQuery(query_embedding=row, **others)) for row in queries]
        assert ids.tolist() == [each.ids for each in single]
        assert similarities.tolist() == [each.similarities for each in single]
        assert similarities.dtype == numpy.float64 and ids.shape == similarities.shape
    mmr = {"similarity_top_k": 4, "mode": VectorStoreQueryMode.MMR}
    one = store.query(VectorStoreQuery(query_embedding=queries[0], **mmr), mmr_threshold=0.1)
    assert store.query_all(queries[:1], mmr_threshold=0.1, **mmr).ids[0].tolist() == one.ids


def test_a_matrix_of_no_queries_and_over_nothing(context):
    store = context.vector_store
    assert store.query_all(matrix(count=0)).ids.shape == (0, 0)
    found = store.query_all(matrix(count=3))
    assert found.ids.shape == found.similarities.shape == (3, 0)
    assert store.query_all([]) == []


def test_more_queries_than_go_at_a_time(context):
    rows, store = matrix(count=600), context.vector_store
    store.add_embeddings(ids_of(rows), rows)
    some = ids_of(rows)[:590]
    found = store.query_all(rows, similarity_top_k=1, node_ids=some)
    assert found.ids[:590, 0].tolist() == some
    assert set(found.ids[590:, 0]) <= set(some)


def test_what_is_wrong_with_a_matrix_of_queries(context):
    rows, store = matrix(), context.vector_store
    store.add_embeddings(ids_of(rows), rows)
    odd = matrix()
    odd[7, 3] = float("nan")
    for queries, others, error, message in (
        (rows[:, :3], {}, ValueError, "shapes"),
        (odd, {}, ValueError, "element 3 of the query embedding"),
        (matrix("int32"), {}, TypeError, "queries must be an array of float32 or float64.*int32"),
        (rows[0], {}, ValueError, r"queries must have two dimensions.*\(8\)"),
        ([VectorStoreQuery(query_embedding=[1.0] * SIZE), [1.0] * SIZE], {}, TypeError, "a sequence of numbers"),
        (rows, {"similarity_topk": 3}, TypeError, "similarity_topk"),
        (rows, {"similarity_top_k": "3"}, TypeError, "similarity_top_k must be an int"),
        (rows, {"mode": VectorStoreQueryMode.SVM}, NotImplementedError, "svm"),
        (rows, {"mode": VectorStoreQueryMode.HYBRID}, ValueError, "HYBRID"),
    ):
        with pytest.raises(error, match=message):
            store.query_all(queries, **others)


@pytest.mark.parametrize("form", [FORMS["strided"], FORMS["backwards"], FORMS["unaligned"]], ids=["a", "b", "c"])
def test_a_row_of_an_array_as_a_query(context, form):
    context.vector_store.add_embeddings(ids_of(form), form)
    for query in (form[4], array.array("d", form[4].tolist()), form[4].astype(">f8"), form[4].astype("float64")):
        found = context.vector_store.query(VectorStoreQuery(query_embedding=query, similarity_top_k=1))
        assert found.ids == ["n4"]
    with pytest.raises(ValueError, match=r"one dimension.*\(1, 8\)"):
        context.vector_store.query(VectorStoreQuery(query_embedding=form[4:5]))


def test_a_property_graph_takes_an_array(kvstore):
    graph = quipu.QuipuPropertyGraphStore(kvstore, supports_vector_queries=True)
    graph.upsert_nodes([EntityNode(name="east", embedding=[2.0, 0.0]), EntityNode(name="north", embedding=[0.0, 1.0])])
    for query in (numpy.array([0.9, 0.1], "float32"), numpy.arange(6.0)[4::-4]):
        found, _ = graph.vector_query(VectorStoreQuery(query_embedding=query, similarity_top_k=1))
        assert [each.name for each in found] == ["east"]


def test_a_learner_takes_an_array(context):
    pytest.importorskip("sklearn")
    rows = matrix()
    context.vector_store.add_embeddings(ids_of(rows), rows)
    query = VectorStoreQuery(query_embedding=rows[3].tolist(), similarity_top_k=3, mode=VectorStoreQueryMode.SVM)
    expected = context.vector_store.query(query).ids
    query.query_embedding = rows[3]
    assert context.vector_store.query(query).ids == expected


def test_a_matrix_in_a_transaction_and_of_a_reader(context, path):
    rows, store = matrix(), context.vector_store
    with pytest.raises(KeyError), quipu.transaction(context):
        store.add_embeddings(ids_of(rows), rows)
        assert store.query_all(rows, similarity_top_k=1).ids.ravel().tolist() == ids_of(rows)
        raise KeyError
    assert context.kvstore.count("vector_store/default/embeddings") == 0
    with quipu.transaction(context):
        store.add_embeddings(ids_of(rows), rows)
    with quipu.storage_context(path, read_only=True) as reader:
        assert reader.vector_store.query_all(rows, similarity_top_k=1).ids.ravel().tolist() == ids_of(rows)
        with pytest.raises(quipu.ReadOnlyError):
            reader.vector_store.add_embeddings(["n"], rows[:1])


def test_texts_are_searched_by_a_matrix(context):
    rows = matrix()
    texts = quipu.QuipuVectorStore(context.kvstore, "texts", stores_text=True)
    texts.add(nodes(rows))
    assert texts.query_all(rows, similarity_top_k=1, node_ids=[]).ids.ravel().tolist() == ids_of(rows)


def test_threads_add_and_ask_side_by_side(context):
    store, threads, rounds = context.vector_store, 4, 6
    parts = {(thread, turn): matrix("float32", 50, seed=100 * thread + turn)
             for thread in range(threads) for turn in range(rounds)}
    failed = []

    def work(thread):
        try:
            for turn in range(rounds):
                rows = parts[thread, turn].copy()
                ids = [f"{thread}/{turn}/{i}" for i in range(len(rows))]
                store.add_embeddings(ids, rows)
                assert store.query_all(rows, similarity_top_k=1).ids.ravel().tolist() == ids
                rows[:] = 0
        except BaseException as error:
            failed.append(error)

    running = [threading.Thread(target=work, args=(thread,)) for thread in range(threads)]
    for each in running:
        each.start()
    for each in running:
        each.join()
    assert failed == []
    assert context.kvstore.count("vector_store/default/embeddings") == 50 * threads * rounds
    for (thread, turn), rows in parts.items():
        assert [store.get(f"{thread}/{turn}/{i}") for i in range(len(rows))] == rows.tolist()
