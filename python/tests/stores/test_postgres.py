"""A schema of a PostgreSQL server that LlamaIndex's own packages and Quipu share."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Iterator

import pytest
import quipu
from llama_index.core.data_structs.data_structs import IndexDict, IndexList
from llama_index.core.schema import Document, NodeRelationship, RelatedNodeInfo, TextNode

pytest.importorskip("llama_index.storage.docstore.postgres", reason="LlamaIndex's packages for PostgreSQL are missing")
pytest.importorskip("llama_index.storage.index_store.postgres", reason="LlamaIndex's packages for PostgreSQL are missing")
from llama_index.storage.docstore.postgres import PostgresDocumentStore  # noqa: E402
from llama_index.storage.index_store.postgres import PostgresIndexStore  # noqa: E402
from llama_index.storage.kvstore.postgres import PostgresKVStore  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tests" / "postgres"))
from postgres_server import NoServer, PostgresServer  # noqa: E402

ODD = ["plain", "", "a/b", "é", "日本", "'; DROP TABLE x; --", "%s", '"q"', "new\nline", "\U0001f600", "tab\t", "\x01"]
VALUE = {"text": "é\U0001f600\x00 \ud800", "float": 1e22, "small": -0.0, "big": 2**80, "none": None, "list": [1, [2]]}


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    try:
        with PostgresServer() as started:
            yield started
    except NoServer as error:
        pytest.skip(str(error))


class Peers:
    """LlamaIndex's stores in one schema."""

    def __init__(self, server: PostgresServer, schema: str, **options: Any) -> None:
        socket = f"/postgres?host={server.socket}&user=quipu"
        self.options = {
            "connection_string": f"postgresql+psycopg2://{socket}",
            "async_connection_string": f"postgresql+asyncpg://{socket}",
            "schema_name": schema,
            **options,
        }
        self.address = server.address(schema)

    def kvstore(self, table: str) -> PostgresKVStore:
        return PostgresKVStore(table_name=table, **self.options)

    def documents(self) -> PostgresDocumentStore:
        return PostgresDocumentStore(self.kvstore("docstore"))

    def indexes(self) -> PostgresIndexStore:
        return PostgresIndexStore(self.kvstore("indexstore"))


def nodes_of(document: str, count: int) -> list[TextNode]:
    nodes = []
    for number in range(count):
        node = TextNode(text=f"{document} é {number}", id_=f"{document}-{number}", metadata={"n": number, "é": 0.5})
        node.relationships[NodeRelationship.SOURCE] = RelatedNodeInfo(node_id=document)
        nodes.append(node)
    return nodes


@pytest.mark.parametrize("use_jsonb", [False, True])
def test_keys_and_values_go_both_ways(server: PostgresServer, use_jsonb: bool) -> None:
    peers = Peers(server, f"kv_{use_jsonb}".lower(), use_jsonb=use_jsonb)
    theirs = peers.kvstore("kvstore")
    value = {**VALUE, "text": "é\U0001f600"} if use_jsonb else VALUE
    for key in ODD:
        theirs.put(key, {"of": key, **value}, collection="theirs")
    ours = quipu.RocksDBKVStore(peers.address)
    assert list(ours.get_all("theirs")) == ODD
    for key in ODD:
        assert ours.get(key, "theirs") == {"of": key, **value}
        ours.put(key, {"mine": key, **value}, collection="ours")
        ours.put(key, {"changed": key}, collection="theirs")
    ours.put_all([(key, {"again": 1}) for key in ODD], collection=ODD[5], batch_size=100)
    assert theirs.get_all("ours") == {key: {"mine": key, **value} for key in ODD}
    assert theirs.get_all("theirs") == {key: {"changed": key} for key in ODD}
    assert theirs.get("'; DROP TABLE x; --", ODD[5]) == {"again": 1}
    assert theirs.delete("plain", "ours") and ours.get("plain", "ours") is None
    assert ours.delete("é", "ours") and theirs.get("é", "ours") is None


def test_document_stores_go_both_ways(server: PostgresServer) -> None:
    peers = Peers(server, "documents")
    theirs = peers.documents()
    theirs.add_documents([*nodes_of("a", 5), Document(text="whole", id_="d")])
    theirs.set_document_hash("d", "some hash")
    ours = quipu.QuipuDocumentStore.from_path(peers.address)
    assert ours.docs == theirs.docs and list(ours.docs) == [*(f"a-{n}" for n in range(5)), "d"]
    assert ours.get_ref_doc_info("a") == theirs.get_ref_doc_info("a")
    assert ours.get_all_document_hashes() == theirs.get_all_document_hashes()

    ours.add_documents([*nodes_of("b", 4), *nodes_of("a", 7)[5:]])
    ours.delete_document("a-0")
    ours.set_document_hash("d", "another hash")
    assert theirs.docs == ours.docs
    for name in ("a", "b"):
        assert theirs.get_ref_doc_info(name) == ours.get_ref_doc_info(name)
    assert theirs.get_document_hash("d") == "another hash"

    theirs.delete_ref_doc("b")
    theirs.add_documents(nodes_of("c", 2))
    assert ours.get_ref_doc_info("b") is None and ours.get_ref_doc_info("c").node_ids == ["c-0", "c-1"]
    ours.delete_ref_doc("c")
    assert theirs.docs == ours.docs and theirs.get_all_ref_doc_info() == ours.get_all_ref_doc_info()


def test_index_stores_go_both_ways(server: PostgresServer) -> None:
    peers = Peers(server, "indexes")
    theirs = peers.indexes()
    first = IndexList(index_id="one", nodes=["a", "é"])
    theirs.add_index_struct(first)
    ours = quipu.QuipuIndexStore.from_path(peers.address)
    assert ours.get_index_struct("one") == first
    second = IndexDict(index_id="two", nodes_dict={"v": "a"}, summary="é")
    ours.add_index_struct(second)
    changed = ours.get_index_struct("one")
    changed.nodes.append("later")
    ours.add_index_struct(changed)
    assert theirs.get_index_struct("two") == second
    assert theirs.get_index_struct("one").nodes == ["a", "é", "later"]
    ours.delete_index_struct("two")
    assert [struct.index_id for struct in theirs.index_structs()] == ["one"]


def test_quipu_writes_first(server: PostgresServer) -> None:
    peers = Peers(server, "first")
    quipu.QuipuDocumentStore.from_path(peers.address).add_documents(nodes_of("a", 3))
    theirs = peers.documents()
    assert list(theirs.docs) == ["a-0", "a-1", "a-2"]
    theirs.add_documents(nodes_of("b", 2))
    assert len(quipu.QuipuDocumentStore.from_path(peers.address).docs) == 5


def test_no_text_has_a_password(server: PostgresServer) -> None:
    address = server.address("secret") + "&password=s3cret"
    store = quipu.RocksDBKVStore(address)
    store.put("k", {"a": 1})
    texts = [repr(store), repr(quipu.storage_context(address))]
    store.close()
    texts.append(repr(store))
    with pytest.raises(ValueError) as closed:
        store.get("k")
    assert "s3cret" not in " ".join([*texts, str(closed.value)])
