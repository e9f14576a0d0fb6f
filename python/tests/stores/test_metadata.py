"""Values of users' metadata that JSON does not know: stored as pydantic's mode "json" writes them, or refused whole."""

import datetime
import decimal
import enum
import json
import pathlib
import uuid

import numpy
import pytest
import quipu
from llama_index.core import Document, Settings, VectorStoreIndex
from llama_index.core.bridge.pydantic import TypeAdapter
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.graph_stores.types import ChunkNode, EntityNode, Relation
from llama_index.core.schema import ImageNode, IndexNode, NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores import VectorStoreQuery

from stored_vectors import stored_vectors

pytestmark = pytest.mark.usefixtures("settings")


class Colour(enum.Enum):
    RED = "red"


class Size(str, enum.Enum):
    LARGE = "large"


class Rank(enum.IntEnum):
    FIRST = 1


VALUES = {
    "date": datetime.date(1533, 1, 1),
    "datetime": datetime.datetime(1533, 1, 1, 12, tzinfo=datetime.timezone.utc),
    "duration": datetime.timedelta(days=1),
    "uuid": uuid.UUID(int=7),
    "decimal": decimal.Decimal("1.50"),
    "float64": numpy.float64(1.5),
    "str_": numpy.str_("s"),
    "set": {1},
    "frozenset": frozenset(["a"]),
    "tuple": (1, "two"),
    "bytes": b"knot",
    "enum": Colour.RED,
    "str enum": Size.LARGE,
    "int enum": Rank.FIRST,
    "path": pathlib.Path("/a"),
    "keys": {datetime.date(1533, 1, 1): {Colour.RED: [uuid.UUID(int=7)]}, (1, 2): None, 3: 4},
    "nested": [{"deep": [datetime.date(1533, 1, 1)]}],
}
REFUSED = {"object": object(), "bytes that are no text": b"\xff", "int64": numpy.int64(1), "in a list": [[object()]]}


def as_json(value):
    """What the reference's vector store keeps of it."""
    return TypeAdapter(dict).dump_python({"value": value}, mode="json")["value"]


def nodes_with(metadata):
    source = RelatedNodeInfo(node_id="source", metadata=dict(metadata))
    options = {"metadata": dict(metadata), "relationships": {NodeRelationship.SOURCE: source}}
    return [
        TextNode(id_="text", text="t", **options),
        Document(id_="document", text="d", metadata=dict(metadata)),
        ImageNode(id_="image", text="i", **options),
        IndexNode(id_="index", text="x", index_id="other", **options),
    ]


@pytest.mark.parametrize("name", VALUES)
def test_is_stored_as_pydantic_writes_it(name, context):
    value, metadata = as_json(VALUES[name]), {"plain": 1, "value": VALUES[name]}
    for node in nodes_with(metadata):
        node_hash = node.hash
        context.docstore.add_documents([node])
        stored = context.docstore.get_document(node.node_id)
        assert stored.metadata == {"plain": 1, "value": value}
        assert context.docstore.get_document_hash(node.node_id) == node_hash  # of the node that was given
        assert node.metadata["value"] is metadata["value"]  # which is as it was
        for related in stored.relationships.values():
            assert related.metadata == {"plain": 1, "value": value}
    assert context.docstore.get_ref_doc_info("source").metadata == {"plain": 1, "value": value}
    context.vector_store.add([TextNode(id_="v", text="v", metadata=metadata, embedding=[1.0])])
    assert stored_vectors(context.vector_store)["metadata_dict"]["v"]["value"] == value


@pytest.mark.parametrize("name", VALUES)
def test_a_graph_stores_it_in_properties(name, context):
    graph, value = context.property_graph_store, as_json(VALUES[name])
    properties = {"value": VALUES[name]}
    graph.upsert_nodes([EntityNode(name="e", properties=properties), ChunkNode(id_="c", text="c", properties=properties)])
    graph.upsert_relations([Relation(label="r", source_id="e", target_id="c", properties=properties)])
    graph.upsert_llama_nodes([TextNode(id_="t", text="t", metadata=properties)])
    assert [node.properties["value"] for node in graph.get()] == [value] * 3
    assert [each[1].properties for each in graph.get_triplets(ids=["e"])] == [{"value": value}]
    assert len(graph.get(properties=properties)) == 3  # and finds it
    assert graph.get_llama_nodes(["t"])[0].metadata == {"value": value}
    graph.delete(properties=properties)
    assert graph.get() == []


@pytest.mark.parametrize("name", VALUES)
def test_a_key_value_store_does(name, kvstore):
    kvstore.put("k", {"value": VALUES[name]})
    kvstore.put_all([("a", {}), ("b", {"value": VALUES[name]})])
    assert kvstore.get("k") == kvstore.get("b") == {"value": as_json(VALUES[name])}


@pytest.mark.parametrize("name", REFUSED)
def test_what_pydantic_cannot_write_is_refused_by_name(name, context):
    value = REFUSED[name]
    good = TextNode(id_="good", text="g", embedding=[1.0])
    for node in nodes_with({"fine": 1, "bad": value}):
        for add in (context.docstore.add_documents, context.property_graph_store.upsert_llama_nodes):
            with pytest.raises(TypeError, match=f"node '{node.node_id}', metadata key 'bad': .*not JSON serializable"):
                add([good, node])
        node.embedding = [1.0]
        with pytest.raises(ValueError, match=f"node '{node.node_id}', metadata key 'bad': .*not JSON serializable"):
            context.vector_store.add([good, node])
    graph = context.property_graph_store
    with pytest.raises(TypeError, match="node 'e', property 'bad': .*not JSON serializable"):
        graph.upsert_nodes([EntityNode(name="f"), EntityNode(name="e", properties={"bad": value})])
    with pytest.raises(TypeError, match="relation 'a' -> 'r' -> 'b', property 'bad': .*not JSON serializable"):
        graph.upsert_relations([Relation(label="r", source_id="a", target_id="b", properties={"bad": value})])
    for put in (
        lambda: context.kvstore.put("k", {"bad": value}),
        lambda: context.kvstore.put_all([("j", {}), ("k", {"bad": value})]),
    ):
        with pytest.raises(TypeError, match="collection 'data', key 'k': .*not JSON serializable"):
            put()
    assert graph.get() == [] and context.docstore.docs == {} and context.kvstore.get_all() == {}
    assert stored_vectors(context.vector_store)["embedding_dict"] == {}


def test_a_vector_store_refuses_what_the_document_store_would(context):
    bad = RelatedNodeInfo(node_id="next", metadata={"tied by": object()})
    node = TextNode(id_="n", text="n", embedding=[1.0], relationships={NodeRelationship.CHILD: [bad]})
    image = ImageNode(id_="i", text="i", embedding=[1.0], relationships={NodeRelationship.NEXT: bad})
    for each, relationship in ((node, "child"), (image, "next")):
        for add in (context.vector_store.add, context.docstore.add_documents):
            with pytest.raises(
                (TypeError, ValueError), match=f"node '{each.id_}', metadata key 'tied by' of its {relationship} 'next'"
            ):
                add([each])
    assert stored_vectors(context.vector_store)["embedding_dict"] == {} and context.docstore.docs == {}


def test_an_insert_that_is_refused_leaves_no_vector(context, settings):  # noqa: F811
    Settings.embed_model = MockEmbedding(embed_dim=2)
    index = VectorStoreIndex.from_documents([Document(id_="a", text="cord")], storage_context=context)
    index.insert(Document(id_="b", text="knot", metadata={"tied": datetime.datetime(1533, 1, 1)}))
    with pytest.raises(ValueError, match="metadata key 'tied'"):
        index.insert(Document(id_="c", text="wool", metadata={"tied": object()}))
    found = context.vector_store.query(VectorStoreQuery(query_embedding=[1.0, 1.0], similarity_top_k=9))
    assert sorted(found.ids) == sorted(context.docstore.docs) and len(found.ids) == 2
    retrieved = index.as_retriever(similarity_top_k=9).retrieve("cord")
    assert {each.metadata.get("tied") for each in retrieved} == {None, "1533-01-01T00:00:00"}


def test_the_files_have_what_was_stored(context, tmp_path):
    context.docstore.add_documents([TextNode(id_="n", text="n", metadata=VALUES)])
    context.docstore.persist(str(tmp_path / "docstore.json"))
    saved = json.loads((tmp_path / "docstore.json").read_text())
    assert saved["docstore/data"]["n"]["__data__"]["metadata"] == {key: as_json(value) for key, value in VALUES.items()}
