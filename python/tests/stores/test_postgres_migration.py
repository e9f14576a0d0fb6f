"""Tables that LlamaIndex's PGVectorStore and PostgresChatStore wrote move to a directory, and from schema to schema."""

from __future__ import annotations

import json
from array import array
from pathlib import Path
from typing import Any, List

import pytest
import quipu
from llama_index.core import VectorStoreIndex
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.llms import ChatMessage, ImageBlock, TextBlock
from llama_index.core.schema import Document, TextNode
from llama_index.core.storage.chat_store import SimpleChatStore
from llama_index.core.vector_stores.types import FilterOperator, MetadataFilter, MetadataFilters, VectorStoreQuery

from test_postgres_vectors import Peers, PostgresServer, all_kinds, contents, node, server  # noqa: F401

chat_peers = pytest.importorskip("llama_index.storage.chat_store.postgres", reason="LlamaIndex's package is missing")

LAYOUTS = [{}, {"use_jsonb": True, "hybrid_search": True}, {"use_halfvec": True, "indexed_metadata_keys": {("n", "int")}}]


def dicts(nodes: Any) -> Any:
    """Of a moved store, whose nodes have no embeddings on them."""
    return {each.node_id: {**each.to_dict(), "embedding": None} for each in nodes}


def single(node_: Any) -> List[float]:
    """Its embedding as the table has it, of which PGVectorStore reads the shortest decimals."""
    return list(array("f", map(float, node_.embedding)))


def nodes_of_all_kinds() -> List[Any]:
    made = [*all_kinds(), node(5, "e"), node(6, "e"), Document(text="whole", id_="document", embedding=[1.0, 1.0, 0.0, 0.5])]
    made.append(TextNode(text="thirds", id_="thirds", embedding=[1 / 3, 0.1, -2 / 3, 1e-3]))
    return made


def chats_of(server: PostgresServer, schema: str, **options: Any) -> Any:
    socket = f"/postgres?host={server.socket}&user=quipu"
    return chat_peers.PostgresChatStore.from_params(
        connection_string=f"postgresql+psycopg://{socket}",
        async_connection_string=f"postgresql+asyncpg://{socket}",
        schema_name=schema,
        **options,
    )


def messages() -> List[ChatMessage]:
    return [
        ChatMessage(role="user", content="é\U0001f600 'q' {} \\ \n\t"),
        ChatMessage(role="assistant", content="", additional_kwargs={"n": 1.5, "none": None, "list": [1]}),
        ChatMessage(role="tool", blocks=[TextBlock(text="t"), ImageBlock(url="http://a/b.png")]),
    ]


def expect_moved(theirs: Any, moved: quipu.QuipuVectorStore) -> None:
    """Ids, scores, texts and nodes are those that PGVectorStore has."""
    ids = [each.node_id for each in nodes_of_all_kinds()]
    there = theirs.get_nodes(ids)
    assert len(there) == len(ids)
    assert dicts(moved.get_nodes()) == dicts(there) and [each.node_id for each in moved.get_nodes()] == ids
    assert {name: moved.get(name) for name in ids} == {each.node_id: single(each) for each in there}
    for filters in (None, MetadataFilters(filters=[MetadataFilter(key="n", value=4, operator=FilterOperator.GT)])):
        query = VectorStoreQuery(query_embedding=[1.0, 0.3, 0.2, -0.1], similarity_top_k=4, filters=filters)
        one, other = moved.query(query), theirs.query(query)
        assert sorted(one.ids) == sorted(other.ids)
        # A query of halves is rounded to halves, too.
        assert one.similarities == pytest.approx(other.similarities, abs=1e-3 if theirs.use_halfvec else 1e-6)
        assert dicts(one.nodes) == dicts(other.nodes)
    found = [
        {each.node.node_id: (each.node.get_content(), round(each.score, 5)) for each in index.as_retriever(similarity_top_k=6).retrieve("q")}
        for index in (VectorStoreIndex.from_vector_store(store, embed_model=MockEmbedding(4)) for store in (moved, theirs))
    ]
    assert found[0] == found[1] and len(found[0]) == 6


@pytest.mark.parametrize("options", LAYOUTS)
def test_a_table_of_vectors_moves_to_a_directory_and_on(server: PostgresServer, tmp_path: Path, options: Any) -> None:  # noqa: F811
    schema = "_".join(["moved", *options]).lower()
    peers = Peers(server, schema, **options)
    peers.theirs.add(nodes_of_all_kinds())
    listed = quipu.migrate(server.address(schema), tmp_path / "a.quipu", dry_run=True)
    report = quipu.migrate(server.address(schema), tmp_path / "a.quipu")
    assert listed.collections == report.collections and report.left_out == []
    assert {each.name: (each.persist_file, each.count) for each in report.collections} == {
        f"vector_store/essays/{part}": ("essays__vector_store.json", len(nodes_of_all_kinds()))
        for part in ("embeddings", "ref_doc_ids", "metadata")
    }
    assert quipu.migrate(server.address(schema), tmp_path / "a.quipu").was_there
    # What was written with the vectors is what adding the same nodes to such a store writes.
    again = quipu.QuipuVectorStore.from_path(tmp_path / "added.quipu", "essays", stores_text=True)
    again.add([each.model_copy(update={"embedding": single(each)}) for each in peers.theirs.get_nodes([each.node_id for each in nodes_of_all_kinds()])])
    with quipu.RocksDBKVStore(tmp_path / "a.quipu") as kvstore:
        moved = quipu.QuipuVectorStore(kvstore, "essays", stores_text=True)
        assert moved.to_dict() == again.to_dict()
        expect_moved(peers.theirs, moved)
    quipu.migrate(tmp_path / "a.quipu", server.address(schema + "_back"))
    quipu.migrate(server.address(schema + "_back"), tmp_path / "b")
    quipu.migrate(server.address(schema), tmp_path / "c")
    files = sorted(each.name for each in (tmp_path / "c").iterdir())
    assert "essays__vector_store.json" in files and files == sorted(each.name for each in (tmp_path / "b").iterdir())
    for name in files:
        assert (tmp_path / "b" / name).read_bytes() == (tmp_path / "c" / name).read_bytes()
    quipu.import_dir(tmp_path / "c", tmp_path / "d.quipu")
    assert quipu.verify(tmp_path / "d.quipu") == []
    with quipu.RocksDBKVStore(tmp_path / "d.quipu") as kvstore:
        moved = quipu.QuipuVectorStore(kvstore, "essays", stores_text=True)
        expect_moved(peers.theirs, moved)
        moved.delete("e")
        peers.theirs.delete("e")
        assert [each.node_id for each in moved.get_nodes()] == [each.node_id for each in peers.ours.get_nodes()]


@pytest.mark.parametrize("options", LAYOUTS)
def test_a_table_moves_to_another_schema_as_it_is(server: PostgresServer, options: Any) -> None:  # noqa: F811
    schema = "_".join(["as_it_is", *options]).lower()
    peers = Peers(server, schema, hnsw_kwargs={"hnsw_m": 8, "hnsw_ef_construction": 40}, **options)
    peers.theirs.add(nodes_of_all_kinds())
    peers.theirs.add([node(5, "again")])  # beside itself
    peers.theirs.delete_nodes(["n1"])
    chats = chats_of(server, schema, table_name="Talks")
    chats.set_messages("é", messages())
    address, target = server.address(schema), server.address(schema + "_copy")
    report = quipu.migrate(address, target)
    assert report.left_out == []
    assert {each.name: each.count for each in report.collections} == {"data_essays": len(nodes_of_all_kinds()), "talks": 1}
    assert quipu.migrate(address, target).was_there and quipu.migrate(address, target, dry_run=True).was_there

    def definition(where: str) -> str:
        columns = "SELECT table_name, column_name, udt_name, is_nullable, coalesce(generation_expression, '')"
        found = [
            server.run(f"{columns} FROM information_schema.columns WHERE table_schema = '{where}' AND table_name IN "
                       "('data_essays', 'talks') ORDER BY table_name, ordinal_position"),
            server.run(f"SELECT indexdef FROM pg_indexes WHERE schemaname = '{where}' AND tablename IN ('data_essays', 'talks') "
                       "ORDER BY indexname"),
            server.run(f"SELECT id, text, metadata_::text, node_id, embedding::text FROM {where}.data_essays ORDER BY id"),
        ]
        return "\n".join(found).replace(f"{where}.", "schema.")

    assert definition(schema) == definition(schema + "_copy") and "hnsw" in definition(schema)
    copy = Peers(server, schema + "_copy", **options)
    copy.theirs.add([node(9)])
    last = f"SELECT max(id) FROM {schema}_copy.data_essays"
    assert int(server.run(last)) == int(server.run(last.replace("_copy", ""))) + 1
    ids = [each.node_id for each in nodes_of_all_kinds()]
    assert contents(copy.theirs.get_nodes(ids)) == contents(peers.theirs.get_nodes(ids))
    assert chats_of(server, schema + "_copy", table_name="Talks").get_messages("é") == messages()
    with pytest.raises(ValueError, match='it holds a table "data_essays"'):
        quipu.migrate(address, target)


@pytest.mark.parametrize("use_jsonb", [False, True])
def test_chats_move_to_a_chat_store(server: PostgresServer, tmp_path: Path, use_jsonb: bool) -> None:  # noqa: F811
    schema = f"chats_moved_{use_jsonb}".lower()
    theirs = chats_of(server, schema, use_jsonb=use_jsonb)
    keys = ["plain", "", "é", "'; DROP TABLE x; --", 'q"\\ 1', "none"]
    for key in keys[:-1]:
        theirs.set_messages(key, messages() * 70)
    theirs.set_messages("none", [])
    other = chats_of(server, schema, use_jsonb=use_jsonb, table_name="other")
    other.set_messages("elsewhere", messages())
    report = quipu.migrate(server.address(schema), tmp_path / "a.quipu")
    assert {each.name: each.count for each in report.collections} == {
        "chat_store/messages": 5 * 210 + 3, "chat_store/chats": 7}
    assert report.left_out == []
    moved = quipu.QuipuChatStore.from_path(tmp_path / "a.quipu")
    assert moved.get_keys() == [*keys, "elsewhere"]
    for key in keys:
        assert moved.get_messages(key) == theirs.get_messages(key)
    assert moved.get_messages("elsewhere") == messages()
    moved.add_message("plain", messages()[0])
    assert moved.get_messages("plain") == [*messages() * 70, messages()[0]]
    quipu.migrate(server.address(schema), tmp_path / "files")
    loaded = SimpleChatStore.from_persist_path(str(tmp_path / "files" / "chat_store.json"))
    assert {key: loaded.get_messages(key) for key in loaded.get_keys()} == {
        **{key: theirs.get_messages(key) for key in keys}, "elsewhere": messages()}
    quipu.migrate(tmp_path / "files", server.address(schema + "_back"))
    quipu.migrate(server.address(schema + "_back"), tmp_path / "again")
    assert (tmp_path / "again" / "chat_store.json").read_bytes() == (tmp_path / "files" / "chat_store.json").read_bytes()
    other.set_messages("plain", messages())
    with pytest.raises(ValueError, match='chat "plain" is in more than one of them'):
        quipu.migrate(server.address(schema), tmp_path / "b.quipu")
    other.delete_messages("plain")
    # PostgreSQL's arrays begin wherever their writer wants, and may have more dimensions.
    kind = "jsonb" if use_jsonb else "json"
    server.run(f"UPDATE {schema}.other SET value = '[5:6]={{\"{{}}\",\"{{\\\"n\\\": 2}}\"}}'::{kind}[]")
    quipu.migrate(server.address(schema), tmp_path / "bounds")
    assert json.loads((tmp_path / "bounds" / "chat_store.json").read_text())["store"]["elsewhere"] == [{}, {"n": 2}]
    server.run(f"UPDATE {schema}.other SET value = '{{{{\"{{}}\"}}}}'::{kind}[]")
    with pytest.raises(ValueError, match='chat "elsewhere" are in an array of arrays'):
        quipu.migrate(server.address(schema), tmp_path / "b.quipu")
    other.set_messages("elsewhere", messages())
    quipu.QuipuChatStore.from_path(server.address(schema)).add_message("mine", messages()[0])
    with pytest.raises(ValueError, match='"chat_store/messages", and table "chatstore" "other" would become the same'):
        quipu.migrate(server.address(schema), tmp_path / "b.quipu")
    assert not (tmp_path / "b.quipu").exists()


def test_rows_that_others_wrote(server: PostgresServer, tmp_path: Path) -> None:  # noqa: F811
    peers = Peers(server, "odd_rows")
    peers.theirs.add([node(1), node(2), node(3)])
    newer = node(1)
    newer.set_content("newer")
    peers.theirs.add([newer])
    rows = {"plain": {"page": 1}, "origin": {"ref_doc_id": "d9", "tags": [1]}, "broken": {"_node_content": "{", "_node_type": "IndexNode"}}
    for name, metadata in rows.items():
        server.run(f"INSERT INTO odd_rows.data_essays (text, metadata_, node_id, embedding) VALUES ('of {name}', "
                   f"'{json.dumps(metadata)}', '{name}', '[1,0,0,0.5]')")
    server.run("INSERT INTO odd_rows.data_essays (text, node_id, embedding) VALUES ('without', 'without', '[0,0,1,0]')")
    server.run("ALTER TABLE odd_rows.data_essays ADD COLUMN author varchar, ALTER COLUMN embedding TYPE vector")
    server.run("INSERT INTO odd_rows.data_essays (text, metadata_, node_id, embedding) VALUES ('short', '{}', 'short', '[1,0.1]')")
    report = quipu.migrate(server.address("odd_rows"), tmp_path / "a.quipu")
    assert report.left_out == ["data_essays (1 row of a node that has a newer one)", "data_essays (column author)"]
    with quipu.RocksDBKVStore(tmp_path / "a.quipu") as kvstore:
        moved = quipu.QuipuVectorStore(kvstore, "essays", stores_text=True)
        ids = ["n1", "n2", "n3", *rows, "without", "short"]
        assert sorted(each.node_id for each in moved.get_nodes()) == sorted(ids)
        there = peers.ours.get_nodes([*ids[1:-2], "short"])
        assert dicts(moved.get_nodes([*ids[1:-2], "short"])) == dicts(there)
        assert moved.get_nodes(["n1"])[0].get_content() == "newer" and moved.get_nodes(["without"])[0].metadata == {}
        assert moved.get_nodes(["broken"])[0].metadata == rows["broken"] and moved.get("short") == list(array("f", [1.0, 0.1]))
        moved.delete("d9")
        assert moved.get_nodes(["origin"]) == []


def test_what_cannot_move_is_refused_by_name(server: PostgresServer, tmp_path: Path) -> None:  # noqa: F811
    def refused(why: str) -> None:
        for target in (tmp_path / "a.quipu", tmp_path / "files"):
            with pytest.raises(ValueError, match=why):
                quipu.migrate(server.address("refused"), target)
            assert not target.exists()

    peers = Peers(server, "refused")
    peers.theirs.add([node(1), node(2)])
    server.run("UPDATE refused.data_essays SET embedding = NULL WHERE node_id = 'n1'")
    refused('table "data_essays": 1 row has no embedding')
    server.run("UPDATE refused.data_essays SET embedding = '[1,2,3,4]', node_id = NULL")
    refused('table "data_essays": 2 rows have no node_id')
    server.run("UPDATE refused.data_essays SET node_id = id")
    server.run("CREATE TABLE refused.essays (LIKE refused.data_essays INCLUDING ALL)")
    refused('table "essays" would become the same')
    server.run("DROP TABLE refused.essays")
    quipu.QuipuVectorStore.from_path(server.address("refused"), "essays").add([node(1)])
    refused('"vector_store/essays/embeddings", and table "data_essays" would become the same')
    # As tables they move all the same, where nothing is in the way.
    server.run("CREATE SCHEMA taken; CREATE TABLE taken.mine (id int); CREATE INDEX essays_idx_1 ON taken.mine (id)")
    with pytest.raises(ValueError, match='has "essays_idx_1" already, which table "data_essays" of the source needs'):
        quipu.migrate(server.address("refused"), server.address("taken"))
    server.run("DROP TABLE taken.mine")
    assert "data_essays" in [each.name for each in quipu.migrate(server.address("refused"), server.address("taken")).collections]


def test_what_is_of_the_schema_or_would_run_elsewhere_is_refused(server: PostgresServer) -> None:  # noqa: F811
    peers = Peers(server, "strange")
    peers.theirs.add([node(1)])
    server.run("CREATE TYPE strange.mood AS ENUM ('good'); CREATE FUNCTION strange.f(text) RETURNS int IMMUTABLE RETURN 1")
    table = "strange.data_odd"
    refused = {
        f"ALTER TABLE {table} ADD CONSTRAINT odd CHECK (length(text) > 0)": 'its constraint "odd"',
        f"ALTER TABLE {table} ADD COLUMN m strange.mood": "type strange.mood",
        f"ALTER TABLE {table} ADD COLUMN m int DEFAULT strange.f('')": r"function strange.f\(",
        f"ALTER TABLE {table} ADD COLUMN m text DEFAULT version()": r'its column "m": version\(\)',
        f"ALTER TABLE {table} ADD COLUMN m text GENERATED ALWAYS AS (upper(text)) STORED": 'its column "m": upper',
        f"CREATE INDEX ON {table} (strange.f(text))": r"function strange.f\(",
    }
    for change, why in refused.items():
        server.run(f"CREATE TABLE {table} (LIKE strange.data_essays INCLUDING ALL); {change}")
        for dry_run in (True, False):
            with pytest.raises(ValueError, match='table "data_odd" cannot be made in another schema with .*' + why):
                quipu.migrate(server.address("strange"), server.address("strange_copy"), dry_run=dry_run)
        assert server.run("SELECT count(*) FROM pg_namespace WHERE nspname = 'strange_copy'") == "0\n"
        server.run(f"DROP TABLE {table}")
    # Its ids come from the sequence of another table.
    server.run(f"CREATE TABLE {table} (LIKE strange.data_essays INCLUDING ALL); INSERT INTO {table} (text, node_id, embedding) VALUES "
               f"('', 'a', '[1,2,3,4]'); ALTER TABLE {table} ADD COLUMN at timestamptz DEFAULT now(), ADD COLUMN s text DEFAULT 'it''s'")
    quipu.migrate(server.address("strange"), server.address("strange_copy"))
    server.run("DROP SCHEMA strange CASCADE; INSERT INTO strange_copy.data_odd (text, node_id, embedding) VALUES ('', 'b', '[1,2,3,4]')")
    assert server.run("SELECT id, node_id, s FROM strange_copy.data_odd ORDER BY id") == "2|a|it's\n3|b|it's\n"


def test_a_copy_of_tables_that_was_interrupted_is_completed(server: PostgresServer) -> None:  # noqa: F811
    peers = Peers(server, "parts")
    peers.theirs.add([node(1), node(2)])
    address, target = server.address("parts"), server.address("parts_copy")
    (made,) = quipu.migrate(address, target).collections

    def mark_it(source: str) -> None:
        files = {name: {"bytes": 0, "sha256": made.sha256, "counts": {}} for name in ("data_essays", "data_other")}
        with quipu.RocksDBKVStore(target) as kvstore:
            kvstore.put("mark", {"version": 1, "source": source, "files": files}, collection="quipu/migration")

    mark_it("0" * 64)
    with pytest.raises(ValueError, match="interrupted"):
        quipu.migrate(target, server.address("parts_further"))
    # Of the mark's name, and none that a run has made.
    server.run("CREATE TABLE parts_copy.data_other (LIKE parts_copy.data_essays)")
    server.run("DELETE FROM parts_copy.data_essays WHERE node_id = 'n1'")
    peers.theirs.add([node(3)])
    with pytest.raises(ValueError, match='it holds a table "data_essays"'):
        quipu.migrate(address, target)
    assert server.run("SELECT node_id FROM parts_copy.data_essays") == "n2\n"
    server.run("DROP TABLE parts_copy.data_essays")
    quipu.migrate(address, target)
    assert server.run("SELECT count(*) FROM parts_copy.data_other") == "0\n"
    server.run("DROP TABLE parts_copy.data_other")
    server.run("DELETE FROM parts.data_essays WHERE node_id = 'n3'; DELETE FROM parts_copy.data_essays WHERE node_id = 'n3'")
    mark_it("0" * 64)  # of what stands there, and of another source
    peers.theirs.add([node(3)])
    report = quipu.migrate(address, target)
    assert not report.was_there and [each.count for each in report.collections] == [3]
    assert quipu.migrate(address, target).was_there
    Peers(server, "parts_further").theirs.add([node(7)])
    with pytest.raises(ValueError, match='it holds a table "data_essays"'):
        quipu.migrate(address, server.address("parts_further"))
