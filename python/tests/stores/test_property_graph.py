"""Property graphs between LlamaIndex's own stores and ours: what vectors find, wherever embeddings of entities are."""

import json
import pickle
import shutil
from pathlib import Path

import pytest
import quipu
from llama_index.core import Settings, StorageContext
from llama_index.core.graph_stores.types import ChunkNode, EntityNode, Relation
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores import VectorStoreQuery

import property_graphs
from property_graphs import FIRST, SECOND

OLD = Path(__file__).parents[3] / "tests/data/graph_vectors"
EAST = VectorStoreQuery(query_embedding=[1.0, 0.0], similarity_top_k=2)


@pytest.fixture(autouse=True)
def models(settings):
    property_graphs.settle()


def reference(folder, *texts):
    """What LlamaIndex's own stores answer, having been persisted and loaded after each of the texts."""
    context = StorageContext.from_defaults()
    property_graphs.build(context, texts[0])
    for more in texts[1:]:
        context.persist(folder)
        context = StorageContext.from_defaults(persist_dir=str(folder))
        property_graphs.insert(context, more)
    context.persist(folder)
    return property_graphs.answers(StorageContext.from_defaults(persist_dir=str(folder)))


def exported(path, folder):
    quipu.export_dir(path, folder)
    return property_graphs.answers(StorageContext.from_defaults(persist_dir=str(folder)))


@pytest.mark.parametrize("supports", [None, False, True])
def test_the_references_answers_before_and_after_an_insert_and_an_export(supports, path, tmp_path):
    before = reference(tmp_path / "first", FIRST)
    after = reference(tmp_path / "both", FIRST, SECOND)
    assert before != after
    quipu.import_dir(tmp_path / "first", path)
    with quipu.storage_context(path, supports_vector_queries=supports) as context:
        assert context.property_graph_store.supports_vector_queries is bool(supports)
        assert property_graphs.answers(context) == before
        property_graphs.insert(context)
        assert property_graphs.answers(context) == after
        context.persist(tmp_path / "persisted")
    assert exported(path, tmp_path / "out") == after
    persisted = StorageContext.from_defaults(persist_dir=str(tmp_path / "persisted"))
    assert property_graphs.answers(persisted) == after
    with quipu.storage_context(path) as context:  # whoever opens it later need not say so again
        assert context.property_graph_store.supports_vector_queries is bool(supports)
        assert property_graphs.answers(context) == after
    quipu.import_dir(tmp_path / "out", tmp_path / "again")
    with quipu.storage_context(tmp_path / "again") as context:
        assert property_graphs.answers(context) == after


def test_without_the_option_an_export_is_what_the_reference_writes(path, tmp_path):
    reference(tmp_path / "first", FIRST)
    reference(tmp_path / "both", FIRST, SECOND)
    quipu.import_dir(tmp_path / "first", path)
    with quipu.storage_context(path) as context:
        property_graphs.insert(context)
    quipu.export_dir(path, tmp_path / "out")
    for name in ("default__vector_store.json", "property_graph_store.json"):
        want, got = [json.loads((tmp_path / folder / name).read_text()) for folder in ("both", "out")]
        for saved in (want, got):
            saved.get("triplets", []).sort()
        assert got == want


@pytest.mark.parametrize("name", ["built", "mixed"])
def test_databases_of_versions_with_embeddings_on_nodes_alone(name, path, tmp_path):
    want = json.loads((OLD / name / "answers.json").read_text())
    both = json.loads((OLD / "mixed" / "answers.json").read_text())
    shutil.copytree(OLD / name / "database", path)
    assert exported(path, tmp_path / "untouched") == want
    with quipu.storage_context(path) as context:
        assert context.property_graph_store.supports_vector_queries is True
        assert property_graphs.answers(context) == want
        if name == "built":
            property_graphs.insert(context)
        assert property_graphs.answers(context) == both
        context.persist(tmp_path / "persisted")
    persisted = StorageContext.from_defaults(persist_dir=str(tmp_path / "persisted"))
    assert property_graphs.answers(persisted) == both
    assert exported(path, tmp_path / "out") == both
    with quipu.storage_context(path) as context:
        assert context.property_graph_store.supports_vector_queries is True
        assert property_graphs.answers(context) == both


def test_an_export_has_the_vectors_that_propertygraphindex_would_have_stored(path, tmp_path):
    shutil.copytree(OLD / "mixed" / "database", path)
    quipu.export_dir(path, tmp_path / "out")
    reference(tmp_path / "both", FIRST, SECOND)
    want, got = [
        json.loads((tmp_path / folder / "default__vector_store.json").read_text()) for folder in ("both", "out")
    ]
    assert got == want and [list(each) for each in got.values()] == [list(each) for each in want.values()]


def entities(graph):
    graph.upsert_nodes([EntityNode(name="east", embedding=[2.0, 0.0]), EntityNode(name="north", embedding=[0.0, 1.0])])


def names(graph, query=EAST):
    nodes, similarities = graph.vector_query(query)
    assert len(nodes) == len(similarities)
    return [node.id for node in nodes]


def test_vector_queries_are_off_unless_asked_for(path):
    with quipu.storage_context(path) as context:
        graph = context.property_graph_store
        assert graph.supports_vector_queries is False
        entities(graph)
        assert graph.supports_vector_queries is False
        with pytest.raises(NotImplementedError, match="supports_vector_queries=True"):
            graph.vector_query(EAST)
        graph.supports_vector_queries = True
        assert names(graph) == ["east", "north"]
        assert pickle.loads(pickle.dumps(graph)).supports_vector_queries is True
    with quipu.storage_context(path) as context:  # nothing was written since it was asked for
        assert context.property_graph_store.supports_vector_queries is False
    with quipu.storage_context(path, supports_vector_queries=True) as context:
        entities(context.property_graph_store)
    with quipu.storage_context(path) as context:
        assert names(context.property_graph_store) == ["east", "north"]
    with quipu.storage_context(path, supports_vector_queries=False) as context:
        assert context.property_graph_store.supports_vector_queries is False


def test_a_transaction_records_it_too(path):
    with quipu.storage_context(path, supports_vector_queries=True) as context:
        graph = context.property_graph_store
        with pytest.raises(ZeroDivisionError), quipu.transaction(context):
            entities(graph)
            raise ZeroDivisionError
        graph.supports_vector_queries = None
        assert graph.supports_vector_queries is False
        graph.supports_vector_queries = True
        with quipu.transaction(context):
            entities(graph)
            assert names(graph) == ["east", "north"]
        graph.supports_vector_queries = None
        assert graph.supports_vector_queries is True and names(graph) == ["east", "north"]


def test_chunks_do_not_crowd_entities_out(path):
    with quipu.storage_context(path, supports_vector_queries=True) as context:
        graph = context.property_graph_store
        entities(graph)
        graph.upsert_nodes([ChunkNode(id_=f"chunk {i}", text=f"{i}", embedding=[1.0, i / 100]) for i in range(9)])
        assert names(graph) == ["east", "north"]
        graph.upsert_nodes([EntityNode(name="chunk 0", embedding=[1.0, 0.1])])  # now it is one
        assert names(graph) == ["east", "chunk 0"]


def test_embeddings_in_the_vector_store_are_found_and_a_nodes_own_counts(path):
    with quipu.storage_context(path, supports_vector_queries=True) as context:
        graph, vectors = context.property_graph_store, context.vector_store
        entities(graph)
        graph.upsert_nodes([EntityNode(name="west"), EntityNode(name="south")])
        assert names(graph) == ["east", "north"]
        vectors.add(
            [TextNode(id_=name, text=name, embedding=[1.0, 0.1]) for name in ("west", "north", "no entity of the graph")]
        )
        assert names(graph) == ["east", "west"]
        with quipu.transaction(context):
            vectors.add([TextNode(id_="south", text="south", embedding=[1.0, 0.01])])
        assert names(graph) == ["east", "south"]
        assert names(graph, VectorStoreQuery(query_embedding=[1.0, 0.0], similarity_top_k=9)) == [
            "east", "south", "west", "north",
        ]  # fmt: skip
        vectors.delete_nodes(["south"])
        assert names(graph) == ["east", "west"]
        graph.delete(ids=["west"])
        assert names(graph) == ["east", "north"]
        vectors.clear()
        assert names(graph) == ["east", "north"]
    with quipu.storage_context(path) as context:
        assert names(context.property_graph_store) == ["east", "north"]


def test_a_chunk_without_an_id_is_found_by_the_one_that_it_has(path, run_python):
    chunk = ChunkNode(text="Ann ties knots")
    before = Relation(label="in", source_id="Ann", target_id=chunk.id)
    with quipu.storage_context(path) as context:
        graph = context.property_graph_store
        graph.upsert_nodes([chunk, EntityNode(name="Ann")])
        graph.upsert_relations([before, Relation(label="has", source_id=chunk.id, target_id="knots")])
        assert [(node.id, node.text) for node in graph.get(ids=[chunk.id])] == [(chunk.id, chunk.text)]
        assert sorted(node.id for node in graph.get()) == sorted([chunk.id, "Ann", "knots"])  # no ghost
        assert {triplet[1].label for triplet in graph.get_triplets(ids=[chunk.id])} == {"in", "has"}
        assert [triplet[2].id for triplet in graph.get_rel_map([chunk])][:1] == ["knots"] or graph.get_rel_map([chunk])
    ran = run_python(
        """
import quipu
from llama_index.core.graph_stores.types import ChunkNode
with quipu.storage_context(sys.argv[1]) as context:
    graph = context.property_graph_store
    [chunk] = graph.get(ids=[sys.argv[2]])
    [listed] = [node for node in graph.get() if isinstance(node, ChunkNode)]
    print(chunk.id, listed.id, sorted(each[1].label for each in graph.get_rel_map([listed], depth=1)))
""",
        path,
        chunk.id,
    )
    assert ran.stdout == f"{chunk.id} {chunk.id} ['has', 'in']\n", ran.stderr


class LongerRelation(Relation):
    """One whose members are more than LlamaIndex's class has, which is read through its JSON."""

    more: int = 1


def assigned(made, **values):
    for name, value in values.items():
        object.__setattr__(made, name, value)  # as pydantic does, which does not look at what is assigned
    return made


def nested(depth):
    made = {}
    for _ in range(depth - 1):
        made = {"a": made}
    return made


@pytest.mark.parametrize(
    "values",
    [
        {"label": "\u00e9 \U0001f600 \"q\" \\ \n"},
        {"label": "\ud800"},
        {"label": "\ud83d\ude00", "properties": {"a": "\ud83d\ude00"}},
        {"source_id": "Ann \"A\"", "target_id": "B\ud800"},
        {"source_id": "\ud83d\ude00"},  # the node of the other relation
        {"label": 5},
        {"target_id": None},
        {"properties": {"b": [1, {"c": None}], "a": 0.1, "d": True}},
        {"properties": {1: 2, "1": 3}},
        {"properties": {"\ud83d\ude00": 1, "\U0001f600": 2}},
        {"properties": nested(300)},
        {"properties": nested(1000)},
        {"properties": []},
        {"properties": {"a": object()}},
    ],
)
def test_a_relation_is_stored_as_its_json_is_read(tmp_path, values):
    outcomes = []
    for kind in (Relation, LongerRelation):
        with quipu.storage_context(tmp_path / kind.__name__) as context:
            graph = context.property_graph_store
            relation = assigned(kind(label="l", source_id="s", target_id="t"), **values)
            try:
                graph.upsert_relations([relation, Relation(label="l", source_id="\U0001f600", target_id="t")])
                outcomes.append((graph.to_dict(), repr(graph).partition("nodes=")[2]))
            except Exception as error:
                assert graph.to_dict() == {"nodes": {}, "relations": {}, "triplets": []}
                outcomes.append((type(error), str(error)))
    assert outcomes[0] == outcomes[1]
