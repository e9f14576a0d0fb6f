"""Tables of vectors on a PostgreSQL server that LlamaIndex's PGVectorStore and Quipu share."""

from __future__ import annotations

import json
import pickle
import sys
from pathlib import Path
from typing import Any, Iterator, List

import pytest
import quipu
from llama_index.core import StorageContext, VectorStoreIndex, load_index_from_storage
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.schema import (
    Document,
    ImageNode,
    IndexNode,
    MediaResource,
    Node,
    NodeRelationship,
    RelatedNodeInfo,
    TextNode,
)
from llama_index.core.vector_stores.types import (
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryMode,
)

pytest.importorskip("llama_index.vector_stores.postgres", reason="LlamaIndex's package for pgvector is missing")
from llama_index.vector_stores.postgres import PGVectorStore  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tests" / "postgres"))
from postgres_server import NoServer, PostgresServer  # noqa: E402

Op = FilterOperator


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    try:
        with PostgresServer(vectors=True) as started:
            yield started
    except NoServer as error:
        pytest.skip(str(error))


class Peers:
    """LlamaIndex's store and Quipu's over one table."""

    def __init__(self, server: PostgresServer, schema: str, **options: Any) -> None:
        socket = f"/postgres?host={server.socket}&user=quipu"
        self.theirs = PGVectorStore(
            connection_string=f"postgresql+psycopg2://{socket}",
            async_connection_string=f"postgresql+asyncpg://{socket}",
            table_name="Essays",
            schema_name=schema,
            embed_dim=4,
            initialization_fail_on_error=True,
            **options,
        )
        kept = {name: value for name, value in options.items() if name != "hnsw_kwargs"}
        self.ours = quipu.PostgresVectorStore.from_path(server.address(schema), table_name="Essays", **kept)


def node(number: int, document: str = "d", **fields: Any) -> TextNode:
    fields.setdefault("metadata", {"n": number, "é": 0.5, "tags": ["x", f"t{number % 3}"]})
    made = TextNode(text=f"text é {number}", id_=f"n{number}", embedding=[1.0, number / 8, 0.5, -0.25], **fields)
    made.relationships[NodeRelationship.SOURCE] = RelatedNodeInfo(node_id=document)
    return made


def all_kinds() -> List[Any]:
    embedding = [0.5, 0.25, 0.0, 1.0]
    return [
        node(1),
        TextNode(text="é \U0001f600 \\ \"q\" '", id_="odd ' \" %s", embedding=embedding, metadata={"a'b": "c'd", "none": None}),
        ImageNode(text="i", image_url="http://a/b.png", id_="image", embedding=embedding),
        IndexNode(text="x", index_id="other", id_="index", embedding=embedding),
        Node(text_resource=MediaResource(text="of a resource"), id_="node", embedding=embedding),
        TextNode(text="", id_="empty", embedding=embedding),
    ]


def rows(store: PGVectorStore) -> List[Any]:
    store._initialize()
    with store._engine.connect() as connection:
        table = store._table_class.__table__
        columns = (table.c.node_id, table.c.text, table.c.metadata_, table.c.embedding)
        return [(*row[:3], list(map(float, row[3]))) for row in connection.execute(table.select().with_only_columns(*columns).order_by(table.c.id))]


def contents(nodes: Any) -> Any:
    return {each.node_id: {**each.to_dict(), "embedding": list(map(float, each.embedding or []))} for each in nodes}


@pytest.mark.parametrize("options", [{}, {"use_jsonb": True, "hybrid_search": True}, {"use_halfvec": True}])
def test_each_reads_what_the_other_wrote(server: PostgresServer, options: Any) -> None:
    name = "_".join(["rows", *options]).lower()
    first, second = Peers(server, name, **options), Peers(server, name + "_ours", **options)
    nodes = all_kinds()
    assert first.theirs.add(nodes) == [each.node_id for each in nodes]
    assert second.ours.add(nodes) == [each.node_id for each in nodes]
    assert rows(second.theirs) == rows(first.theirs), "the same rows"
    ids = [each.node_id for each in nodes]
    assert contents(first.ours.get_nodes(ids)) == contents(first.theirs.get_nodes(ids))
    assert [each.node_id for each in second.ours.get_nodes()] == ids
    query = VectorStoreQuery(query_embedding=[1.0, 0.0, 0.0, 0.0], similarity_top_k=3)
    for one, other in ((first.ours.query(query), first.theirs.query(query)), (second.ours.query(query), second.theirs.query(query))):
        assert one.ids == other.ids and one.similarities == pytest.approx(other.similarities, abs=1e-6)
        assert [each.to_dict() for each in one.nodes or []] == [each.to_dict() for each in other.nodes or []]

    first.ours.add([node(2), node(3, "e")])
    first.theirs.add([node(4, "e")])
    first.ours.delete("e")
    first.theirs.delete_nodes(["n1"])
    assert [each.node_id for each in first.ours.get_nodes()] == [*ids[1:], "n2"]
    first.theirs.clear()
    assert first.ours.get_nodes() == []


def test_text_that_is_stored_is_the_same_to_the_byte(server: PostgresServer) -> None:
    first, second = Peers(server, "bytes"), Peers(server, "bytes_ours")
    nodes = [each for each in all_kinds() if each.node_id != "odd ' \" %s"]
    first.theirs.add(nodes)
    second.ours.add(nodes)

    def texts(peers: Peers) -> List[Any]:
        with peers.theirs._engine.connect() as connection:
            query = f"SELECT node_id, text, metadata_::text, embedding::text FROM {peers.theirs.schema_name}.data_essays ORDER BY id"
            return [tuple(row) for row in connection.exec_driver_sql(query)]

    second.theirs._initialize()
    assert texts(second) == texts(first)


FILTERS = [
    ("n", Op.EQ, 3), ("n", Op.NE, 3), ("n", Op.GT, 3), ("n", Op.GTE, 3.0), ("n", Op.LT, 3), ("n", Op.LTE, 3), ("n", Op.IN, [1, 3]),
    ("n", Op.NIN, [1, 3]), ("n", Op.EQ, "3"), ("n", Op.TEXT_MATCH, "1"), ("é", Op.EQ, 0.5), ("name", Op.EQ, "b"), ("name", Op.NE, "b"),
    ("name", Op.GT, "b"), ("name", Op.LTE, "b"), ("name", Op.IN, ["a", "c"]), ("name", Op.NIN, ["a"]), ("name", Op.TEXT_MATCH, "a"),
    ("name", Op.TEXT_MATCH_INSENSITIVE, "A"), ("tags", Op.ANY, ["t1", "t2"]), ("tags", Op.ALL, ["x", "t1"]), ("tags", Op.CONTAINS, "t0"),
    ("tags", Op.CONTAINS, 1), ("name", Op.IS_EMPTY, None), ("nokey", Op.IS_EMPTY, None), ("nokey", Op.NE, "v"), ("nokey", Op.NIN, ["v"]),
    ("_node_type", Op.EQ, "TextNode"), ("doc_id", Op.EQ, "d1"), ("flag", Op.EQ, "true"),
]  # fmt: skip


@pytest.mark.parametrize("use_jsonb", [False, True])
def test_filters_find_what_theirs_find(server: PostgresServer, use_jsonb: bool) -> None:
    peers = Peers(server, f"filters_{use_jsonb}".lower(), use_jsonb=use_jsonb)
    metadata = [{"n": n, "é": n / 6, "name": "abc"[n % 3], "tags": ["x", f"t{n % 3}"], "flag": n % 2 == 0} for n in range(9)]
    metadata[8] = {"n": 8}
    peers.ours.add([node(n, f"d{n % 2}", metadata=each) for n, each in enumerate(metadata)])

    def ids(store: Any, filters: MetadataFilters) -> List[str]:
        query = VectorStoreQuery(query_embedding=[1.0, 0.5, 0.0, 0.0], similarity_top_k=20, filters=filters)
        assert sorted(each.node_id for each in store.get_nodes(filters=filters)) == sorted(store.query(query).ids)
        return sorted(store.query(query).ids)

    filters = [MetadataFilter(key=key, operator=op, value=value) for key, op, value in FILTERS]
    for each in filters:
        wanted = MetadataFilters(filters=[each])
        assert ids(peers.ours, wanted) == ids(peers.theirs, wanted), each
    for one, other in zip(filters, filters[7:]):
        for inner, outer in ((FilterCondition.AND, FilterCondition.OR), (FilterCondition.OR, FilterCondition.AND)):
            within = MetadataFilters(filters=[other, filters[5]], condition=inner)
            nested = MetadataFilters(filters=[one, within], condition=outer)
            assert ids(peers.ours, nested) == ids(peers.theirs, nested), nested


def test_queries_by_words_and_for_difference(server: PostgresServer) -> None:
    peers = Peers(server, "words", hybrid_search=True)
    texts = ["The quick brown foxes", "a quick answer", "slow foxes sleep", "nothing"]
    nodes = [node(number) for number in range(len(texts))]
    for each, text in zip(nodes, texts):
        each.set_content(text)
    peers.ours.add(nodes)
    for mode in (VectorStoreQueryMode.SPARSE, VectorStoreQueryMode.TEXT_SEARCH, VectorStoreQueryMode.HYBRID, VectorStoreQueryMode.MMR):
        query = VectorStoreQuery(
            query_embedding=[1.0, 0.25, 0.0, 0.0], similarity_top_k=2, query_str="quick, fox!", mode=mode, sparse_top_k=3
        )
        ours, theirs = peers.ours.query(query), peers.theirs.query(query)
        assert ours.ids == theirs.ids, mode
        assert ours.similarities == pytest.approx(theirs.similarities, abs=1e-6)


def test_what_theirs_gets_wrong(server: PostgresServer) -> None:
    peers = Peers(server, "faults", hnsw_kwargs={"hnsw_m": 16, "hnsw_ef_construction": 64, "hnsw_ef_search": 40})
    ours = peers.ours
    peers.theirs.add([node(n) for n in range(3)])
    ours.add([node(n, "e", metadata={"name": "O'Brien"}) for n in range(2)])
    assert len(rows(peers.theirs)) == 3, "no node is there twice"
    assert ours.get_nodes([]) == []
    query = VectorStoreQuery(query_embedding=[1.0, 0.0, 0.0, 0.0], similarity_top_k=5)
    assert ours.query(VectorStoreQuery(**{**vars(query), "node_ids": ["n2"]})).ids == ["n2"]
    assert sorted(ours.query(VectorStoreQuery(**{**vars(query), "doc_ids": ["e"]})).ids) == ["n0", "n1"]
    assert len(ours.query(VectorStoreQuery(**{**vars(query), "node_ids": []})).ids) == 3
    for key, value, found in (("name", "O'Brien", 2), ("name' = 'zz' OR '1'='1' --", "x", 0), ("name", "x' OR true --", 0)):
        filters = MetadataFilters(filters=[MetadataFilter(key=key, value=value)])
        assert len(ours.get_nodes(filters=filters)) == found


def test_an_index_and_a_transaction_over_a_context(server: PostgresServer, tmp_path: Path) -> None:
    kvstore = quipu.RocksDBKVStore(server.address("context"))
    context = StorageContext.from_defaults(
        vector_store=quipu.PostgresVectorStore(kvstore, embed_dim=4),
        docstore=quipu.QuipuDocumentStore(kvstore),
        index_store=quipu.QuipuIndexStore(kvstore),
        graph_store=quipu.QuipuGraphStore(kvstore),
    )
    del context.vector_stores["image"]
    index = VectorStoreIndex([], storage_context=context, embed_model=MockEmbedding(4))
    index.insert(Document(text="first", id_="d1"))
    with pytest.raises(RuntimeError, match="undone"):
        with quipu.transaction(context):
            index.insert(Document(text="second", id_="d2"))
            context.docstore.add_documents([TextNode(text="t", id_="t")])
            assert len(context.vector_store.get_nodes()) == 2
            raise RuntimeError("undone")
    assert len(context.vector_store.get_nodes()) == 1 and not context.docstore.document_exists("t")
    with quipu.transaction(context):
        index.insert(Document(text="second", id_="d2"))
        context.docstore.add_documents([TextNode(text="t", id_="t")])
    assert context.docstore.document_exists("t")
    retrieved = index.as_retriever(similarity_top_k=5).retrieve("x")
    assert sorted(each.node.get_content() for each in retrieved) == ["first", "second"]
    index.delete_ref_doc("d1")
    assert [each.get_content() for each in context.vector_store.get_nodes()] == ["second"]
    moved = quipu.migrate(server.address("context"), tmp_path / "moved.quipu")
    assert moved.left_out == [] and "vector_store/llamaindex/metadata" in [each.name for each in moved.collections]
    with quipu.RocksDBKVStore(tmp_path / "moved.quipu") as database:
        again = StorageContext.from_defaults(
            vector_store=quipu.QuipuVectorStore(database, "llamaindex", stores_text=True),
            docstore=quipu.QuipuDocumentStore(database),
            index_store=quipu.QuipuIndexStore(database),
        )
        loaded = load_index_from_storage(again, embed_model=MockEmbedding(4))
        found = [each.as_retriever(similarity_top_k=5).retrieve("x") for each in (loaded, index)]
        assert [(each.node.to_dict(), each.score) for each in found[0]] == [(each.node.to_dict(), pytest.approx(each.score)) for each in found[1]]
        loaded.delete_ref_doc("d2")
        assert again.vector_store.get_nodes() == []


def test_the_object(server: PostgresServer) -> None:
    store = quipu.PostgresVectorStore.from_path(server.address("object"), similarity="euclidean", hnsw_ef_search=10)
    store.add([node(1), node(2)])
    store.use_hnsw(M=8, ef_construction=16)
    found = store.query(VectorStoreQuery(query_embedding=[1.0, 0.125, 0.5, -0.25], similarity_top_k=2))
    assert found.ids == ["n1", "n2"] and found.similarities == [0, -0.125]
    again = pickle.loads(pickle.dumps(store))
    assert again.similarity == store.similarity and len(again.get_nodes()) == 2
    assert quipu.PostgresVectorStore.from_dict(json.loads(json.dumps(store.model_dump(mode="json")))).hnsw_ef_search == 10
    assert repr(store) == f"<PostgresVectorStore {store.path!r}: table='llamaindex' vectors=2>" or "vectors=2" in repr(store)
    with pytest.raises(ValueError, match="embedding not set"):
        store.add([node(3), TextNode(text="x")])
    with pytest.raises(ValueError, match="3 numbers"):
        store.add([node(3), TextNode(text="x", embedding=[1.0, 2.0, 3.0])])
    assert len(store.get_nodes()) == 2
