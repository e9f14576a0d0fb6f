"""Tables of chats on a PostgreSQL server that LlamaIndex's PostgresChatStore and Quipu share."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Iterator, List

import pytest
import quipu
from llama_index.core.llms import ChatMessage, ImageBlock, MessageRole, TextBlock

peers = pytest.importorskip("llama_index.storage.chat_store.postgres", reason="LlamaIndex's package is missing")

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tests" / "postgres"))
from postgres_server import NoServer, PostgresServer  # noqa: E402

ODD = ["plain", "", "é", "'; DROP TABLE x; --", "{a,b}", 'q"\\']


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    try:
        with PostgresServer() as started:
            yield started
    except NoServer as error:
        pytest.skip(str(error))


def messages() -> List[ChatMessage]:
    return [
        ChatMessage(role=MessageRole.USER, content="é\U0001f600 'q' {} \\ \n"),
        ChatMessage(role=MessageRole.ASSISTANT, content="", additional_kwargs={"n": 1.5, "none": None, "list": [1]}),
        ChatMessage(role="tool", blocks=[TextBlock(text="t"), ImageBlock(url="http://a/b.png")]),
    ]


@pytest.mark.parametrize("use_jsonb", [False, True])
def test_each_reads_what_the_other_wrote(server: PostgresServer, use_jsonb: bool) -> None:
    schema = f"chats_{use_jsonb}".lower()
    socket = f"/postgres?host={server.socket}&user=quipu"
    theirs = peers.PostgresChatStore.from_params(
        connection_string=f"postgresql+psycopg://{socket}",
        async_connection_string=f"postgresql+asyncpg://{socket}",
        table_name="Chats",
        schema_name=schema,
        use_jsonb=use_jsonb,
    )
    ours = quipu.PostgresChatStore.from_path(server.address(schema), table_name="Chats")
    for key in ODD:
        theirs.set_messages(key, messages())
        assert ours.get_messages(key) == theirs.get_messages(key) == messages()
        ours.add_message(key, messages()[0])
        theirs.add_message(key, messages()[1])
        assert theirs.get_messages(key) == ours.get_messages(key) == [*messages(), *messages()[:2]]
        assert ours.delete_last_message(key) == messages()[1]
        assert ours.delete_message(key, 0) == messages()[0]
        assert theirs.get_messages(key) == [*messages()[1:], messages()[0]]
    assert ours.get_keys() == ODD and sorted(theirs.get_keys()) == sorted(ODD)
    assert ours.delete_messages("é") == [*messages()[1:], messages()[0]] and theirs.get_messages("é") == []
    assert ours.delete_messages("é") is None
    ours.set_messages("new", messages())
    assert theirs.get_messages("new") == messages()
    theirs.delete_messages("new")
    assert ours.get_messages("new") == [] and ours.get_messages("plain", offset=-1) == messages()[:1]
    asyncio.run(ours.async_add_message("later", messages()[2]))
    assert asyncio.run(theirs.aget_messages("later")) == messages()[2:]


def test_a_transaction_is_over_chats(server: PostgresServer) -> None:
    kvstore = quipu.RocksDBKVStore(server.address("transaction"))
    chats, documents = quipu.PostgresChatStore(kvstore), quipu.QuipuDocumentStore(kvstore)
    with pytest.raises(RuntimeError, match="undone"):
        with quipu.transaction(kvstore):
            chats.add_message("a", messages()[0])
            documents.set_document_hash("d", "1")
            assert chats.get_keys() == ["a"]
            raise RuntimeError("undone")
    assert chats.get_keys() == [] and documents.get_document_hash("d") is None
    with quipu.transaction(kvstore):
        chats.set_messages("a", messages())
        documents.set_document_hash("d", "1")
    assert chats.get_messages("a") == messages() and documents.get_document_hash("d") == "1"
    assert "chats=1" in repr(chats)
