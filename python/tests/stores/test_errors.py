"""Failures are the reference's exceptions, and bad input changes nothing."""

import pytest
import quipu
from llama_index.core.schema import Document, NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores.types import VectorStoreQuery


def test_exceptions_of_the_stores(context):
    with pytest.raises(ValueError, match="doc_id n not found"):
        context.docstore.get_node("n")
    with pytest.raises(ValueError, match="ref_doc_id n not found"):
        context.docstore.delete_ref_doc("n")
    with pytest.raises(KeyError):
        context.vector_store.get("n")
    with pytest.raises(NotImplementedError):
        context.vector_store.get_nodes(["n"])
    with pytest.raises(NotImplementedError):
        context.property_graph_store.structured_query("q")
    with pytest.raises(NotImplementedError):
        context.graph_store.get_schema()


def test_exceptions_of_opening(tmp_path):
    with pytest.raises(FileNotFoundError, match="missing"):
        quipu.RocksDBKVStore(tmp_path / "missing", create_if_missing=False)
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    foreign.joinpath("file").write_text("x")
    with pytest.raises(ValueError, match="foreign"):
        quipu.RocksDBKVStore(foreign)
    assert [each.name for each in foreign.iterdir()] == ["file"]


def test_damaged_database(path):
    with quipu.RocksDBKVStore(path) as store:
        store.put("k", {})
    for current in path.rglob("CURRENT"):
        current.write_text("MANIFEST-999999\n")
    with pytest.raises(quipu.CorruptionError):
        quipu.RocksDBKVStore(path)


@pytest.mark.parametrize("value", [[1], "text", 3, None])
def test_values_are_objects(kvstore, value):
    with pytest.raises((ValueError, TypeError)):
        kvstore.put("k", value)
    assert kvstore.get_all() == {}


def test_lone_surrogates(context):
    kvstore = context.kvstore
    kvstore.put("lo\udc00w", {"\ud800": "mix\ud83dend"})
    assert kvstore.get_all() == {"lo\udc00w": {"\ud800": "mix\ud83dend"}}
    context.docstore.add_documents([TextNode(id_="n\ud800", text="t\udfff")])
    assert context.docstore.get_node("n\ud800").text == "t\udfff"
    context.graph_store.upsert_triplet("a\ud800", "r", "b")
    assert context.graph_store.get("a\ud800") == [["r", "b"]]


def test_wrong_dimension(context):
    context.vector_store.add([TextNode(id_="n", embedding=[1.0, 2.0])])
    with pytest.raises(ValueError):
        context.vector_store.query(VectorStoreQuery(query_embedding=[1.0], similarity_top_k=1))


def test_a_node_that_exists_is_said_before_a_source_that_is_a_list(context):
    listed = Document(id_="d", text="t")
    listed.relationships[NodeRelationship.SOURCE] = [RelatedNodeInfo(node_id="a")]
    with pytest.raises(ValueError, match="Source object must be a single"):
        context.docstore.add_documents([listed], allow_update=False)
    context.docstore.add_documents([Document(id_="d", text="t")])
    with pytest.raises(ValueError, match="node_id d already exists"):
        context.docstore.add_documents([listed], allow_update=False)


def test_text_that_cannot_be_hashed(context):
    with pytest.raises(UnicodeEncodeError):  # as in the reference
        context.docstore.add_documents([TextNode(text="fine"), Document(text="\ud800")])
    assert context.docstore.docs == {}
