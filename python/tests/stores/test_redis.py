"""Stores at the address of a Redis server, which the test starts on loopback."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Iterator

import pytest
import quipu
from llama_index.core.data_structs.data_structs import IndexDict
from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    if shutil.which("redis-server") is None:
        pytest.skip("no redis-server")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("redis")
    command = ["redis-server", "--port", str(number), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""]
    with subprocess.Popen([*command, "--requirepass", "s3cret", "--logfile", str(folder / "log")]) as server:
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", number)) == 0:
                    break
            assert server.poll() is None
        yield number
        server.terminate()


@pytest.fixture
def address(port: int, request: pytest.FixtureRequest) -> str:
    return f"redis://:s3cret@127.0.0.1:{port}/?namespace={{{request.node.name}}}"


def nodes_of(document: str, count: int) -> list[TextNode]:
    nodes = []
    for number in range(count):
        node = TextNode(text=f"{document} é {number}", id_=f"{document}-{number}", metadata={"n": number, "é": 0.5})
        node.relationships[NodeRelationship.SOURCE] = RelatedNodeInfo(node_id=document)
        nodes.append(node)
    return nodes


def test_documents_and_index_structs(address: str) -> None:
    context = quipu.storage_context(address)
    context.docstore.add_documents([*nodes_of("a", 5), *nodes_of("b", 2)])
    context.index_store.add_index_struct(IndexDict(index_id="i", nodes_dict={"a-0": "a-0"}, summary="é"))
    context.docstore.delete_document("a-0")
    context.docstore.delete_ref_doc("b")
    context.docstore.set_document_hash("a-1", "another")
    again = quipu.QuipuDocumentStore.from_path(address)
    assert list(again.docs) == ["a-1", "a-2", "a-3", "a-4"]
    assert again.docs["a-1"].metadata == {"n": 1, "é": 0.5}
    assert again.get_ref_doc_info("a").node_ids == ["a-1", "a-2", "a-3", "a-4"]
    assert again.get_ref_doc_info("b") is None and again.get_document_hash("a-1") == "another"
    struct = quipu.QuipuIndexStore.from_path(address).get_index_struct("i")
    assert struct.nodes_dict == {"a-0": "a-0"} and struct.summary == "é"


def test_values_and_awaited_calls(address: str) -> None:
    value = {"text": "é\U0001f600\x00 \ud800", "float": 1e22, "big": 2**80, "none": None, "list": [1, [2]]}
    odd = ["plain", "", "a/b", "日本", "'; --", "new\nline", "nul\x00"]
    with quipu.RocksDBKVStore(address) as store:
        store.put_all([(key, {"of": key, **value}) for key in odd], collection="c", batch_size=3)
        assert store.get_all("c") == {key: {"of": key, **value} for key in odd}
        assert store.delete("plain", "c") and store.get("plain", "c") is None

        async def use() -> dict[str, object] | None:
            await store.aput("later", {"n": 1}, collection="c")
            return await store.aget("later", collection="c")

        assert asyncio.run(use()) == {"n": 1}


def test_chats(address: str) -> None:
    from llama_index.core.llms import ChatMessage

    chats = quipu.QuipuChatStore.from_path(address)
    for text in ("one", "zwei"):
        chats.add_message("k", ChatMessage(role="user", content=text))
    assert [message.content for message in quipu.QuipuChatStore.from_path(address).get_messages("k")] == ["one", "zwei"]


def test_vectors_and_graphs_are_refused_by_name(address: str) -> None:
    context = quipu.storage_context(address)
    with pytest.raises(NotImplementedError, match="vectors are not kept in Redis"):
        context.vector_store.add([TextNode(id_="v", embedding=[0.5])])
    with pytest.raises(NotImplementedError, match="graph_store.json"):
        context.graph_store.upsert_triplet("a", "r", "b")
    with quipu.RocksDBKVStore(address) as store:
        assert store.collections() == []


def test_no_text_has_the_password(address: str, port: int) -> None:
    store = quipu.RocksDBKVStore(address)
    texts = [repr(store), repr(quipu.storage_context(address))]
    store.close()
    with pytest.raises(ValueError) as closed:
        store.get("k")
    with pytest.raises(ValueError) as refused:
        quipu.RocksDBKVStore(f"redis://:wr0ng@127.0.0.1:{port}")
    with pytest.raises(OSError) as nobody:
        quipu.RocksDBKVStore("redis://:s3cret@127.0.0.1:1")
    shown = " ".join([*texts, *(str(error.value) for error in (closed, refused, nobody))])
    assert "s3cret" not in shown and "wr0ng" not in shown


def test_what_is_done_with_a_whole_store(address: str, tmp_path: Path) -> None:
    with quipu.storage_context(address) as context:
        context.docstore.add_documents([*nodes_of("a", 5), *nodes_of("b", 2)])
        assert quipu.verify(context) == quipu.verify(address) == []
        assert quipu.stat(address).collections["docstore/data"] == 7
        there = quipu.migrate(context, tmp_path / "here.quipu")
    assert {each.name: each.count for each in there.collections}["docstore/data"] == 7
    assert quipu.diff(address, tmp_path / "here.quipu") == []
    quipu.migrate(tmp_path / "here.quipu", "memory://of-redis", target_storage_options={"skip_instance_cache": True})
    assert quipu.diff(address, "memory://of-redis", storage_options={"skip_instance_cache": True}) == []
    with quipu.storage_context(tmp_path / "here.quipu") as here:
        assert here.docstore.get_ref_doc_info("a").node_ids == [f"a-{number}" for number in range(5)]
        here.vector_store.add([TextNode(id_="v", embedding=[1.0, 2.0])])
    with pytest.raises(NotImplementedError, match="vector_store"):
        quipu.migrate(tmp_path / "here.quipu", address.replace("namespace=", "namespace=other"))
