"""The chat stores against LlamaIndex's own: SimpleChatStore in memory, SQLAlchemyChatStore in a file."""

import asyncio
import pickle
import random

import pytest
import quipu
from llama_index.core.base.llms.types import ChatMessage, ImageBlock, MessageRole, TextBlock, ToolCallBlock
from llama_index.core.memory import ChatMemoryBuffer, Memory
from llama_index.core.storage.chat_store import SimpleChatStore
from llama_index.core.storage.chat_store.base_db import MessageStatus
from quipu.convert.chat_messages import READER, message_to_json

KEYS = ["a", "b \u20ac", "", "a\ud800"]


@pytest.fixture
def seed(record_property):
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    return seed


def outcome(call, *args, **kwargs):
    try:
        return call(*args, **kwargs)
    except Exception as error:
        return type(error), str(error)


def message(rng, number):
    kwargs = {} if rng.random() < 0.7 else {"n": number, "nested": [{"x": [1.5, None, True]}], "\u00e9": "\ud800"}
    blocks = [TextBlock(text=f"{number} \u4e2d \U0001f600") for _ in range(rng.randrange(3))]
    if rng.random() < 0.2:
        blocks.append(ToolCallBlock(tool_name="t", tool_kwargs={"a": 1}))
    return ChatMessage(role=rng.choice(list(MessageRole)), blocks=blocks, additional_kwargs=kwargs)


def test_as_simple_chat_store(kvstore, seed):
    rng = random.Random(seed)
    ours, reference = quipu.QuipuChatStore(kvstore), SimpleChatStore()
    for number in range(400):
        key = rng.choice(KEYS)
        made = [message(rng, number) for _ in range(rng.randrange(4))]
        call, *args = rng.choice(
            [
                ("set_messages", key, made),
                ("add_message", key, message(rng, number)),
                ("add_message", key, message(rng, number)),
                ("add_message", key, message(rng, number), rng.randrange(-5, 6)),
                ("get_messages", key),
                ("delete_message", key, rng.randrange(-4, 5)),
                ("delete_last_message", key),
                ("delete_messages", key),
                ("get_keys",),
            ]
        )
        copied = [list(each) if isinstance(each, list) else each for each in args]
        assert outcome(getattr(ours, call), *args) == outcome(getattr(reference, call), *copied), (number, call, args)
    assert {key: ours.get_messages(key) for key in ours.get_keys()} == reference.store


def test_as_sqlalchemy_chat_store(kvstore, tmp_path, seed):
    pytest.importorskip("aiosqlite")
    from llama_index.core.storage.chat_store.sql import SQLAlchemyChatStore

    rng = random.Random(seed)
    ours = quipu.QuipuAsyncChatStore(kvstore)
    reference = SQLAlchemyChatStore("chats", f"sqlite+aiosqlite:///{tmp_path}/chats.db")

    async def run():
        for number in range(150):
            key = rng.choice(KEYS[:3])
            status = rng.choice(list(MessageStatus))
            made = [ChatMessage(role="user", content=f"{number} {each}") for each in range(1 + rng.randrange(3))]
            window = {"limit": rng.choice([None, 0, 2]), "offset": rng.choice([None, 0, 1, 5])}
            call, args, kwargs = rng.choice(
                [
                    ("add_message", (key, made[0], status), {}),
                    ("add_messages", (key, made), {}),
                    ("add_messages", (key, made, status), {}),
                    ("set_messages", (key, made, status), {}),
                    ("get_messages", (key,), {**window, "status": rng.choice([None, *MessageStatus])}),
                    ("count_messages", (key, rng.choice([None, *MessageStatus])), {}),
                    ("delete_messages", (key, status), {}),
                    ("delete_oldest_messages", (key, rng.randrange(3)), {}),
                    ("archive_oldest_messages", (key, rng.randrange(4)), {}),
                ]
            )
            found = await getattr(ours, call)(*args, **kwargs)
            assert found == await getattr(reference, call)(*args, **kwargs), (number, call, args, kwargs)
            assert sorted(await ours.get_keys()) == sorted(await reference.get_keys())
        await reference._async_engine.dispose()

    asyncio.run(run())


def test_messages_are_made_as_pydantic_makes_them(kvstore, seed):
    rng = random.Random(seed)
    store = quipu.QuipuChatStore(kvstore)
    messages = [message(rng, number) for number in range(50)]
    messages.append(ChatMessage(role="user", blocks=[ImageBlock(image=b"\x89PNG", image_mimetype="image/png")]))
    store.set_messages("c", messages)
    for read, written in zip(store.get_messages("c"), messages):
        made = ChatMessage.model_validate(written.model_dump(mode="json"))
        assert read == made
        assert read.model_fields_set == made.model_fields_set
        assert [block.model_fields_set for block in read.blocks] == [block.model_fields_set for block in made.blocks]
        assert message_to_json(read) == message_to_json(made)
        assert type(read.role) is MessageRole
    first, second = store.get_messages("c", limit=1), store.get_messages("c", limit=1)
    first[0].blocks.append(TextBlock(text="mine"))
    first[0].additional_kwargs["mine"] = 1
    assert store.get_messages("c", limit=1) == second  # what is returned is the caller's
    assert pickle.loads(pickle.dumps(second)) == second and second[0].model_copy(deep=True) == second[0]


def test_windows(kvstore):
    store = quipu.QuipuChatStore(kvstore)
    store.set_messages("c", [ChatMessage(role="user", content=str(number)) for number in range(10)])
    texts = lambda **window: [each.content for each in store.get_messages("c", **window)]
    assert texts(offset=-3) == ["7", "8", "9"]
    assert texts(offset=-3, limit=1) == ["7"]
    assert texts(offset=8, limit=9) == ["8", "9"]
    assert texts(limit=0) == []
    with pytest.raises(ValueError, match="limit"):
        texts(limit=-1)


def test_wrong_arguments(kvstore):
    store = quipu.QuipuChatStore(kvstore)
    with pytest.raises(TypeError, match="message must be a ChatMessage, not str"):
        store.add_message("c", "hello")
    with pytest.raises(TypeError, match="key must be a str, not int: 5"):
        store.get_messages(5)
    assert store.get_keys() == []


def test_persist_and_back(tmp_path, path):
    with quipu.QuipuChatStore.from_path(path) as store:
        store.set_messages("a", [ChatMessage(role="user", content="h\u00e9")])
        store.set_messages("none", [])
        store.persist(str(tmp_path / "chat_store.json"))
    read = SimpleChatStore.from_persist_path(str(tmp_path / "chat_store.json"))
    assert read.store == {"a": [ChatMessage(role="user", content="h\u00e9")], "none": []}
    again = quipu.QuipuChatStore.from_persist_path(str(tmp_path / "chat_store.json"), path=tmp_path / "other")
    assert {key: again.get_messages(key) for key in again.get_keys()} == read.store
    assert "chats=2, messages=1" in repr(again)
    with pytest.raises(ValueError, match="holds data already"):
        quipu.QuipuChatStore.from_persist_path(str(tmp_path / "chat_store.json"), path=tmp_path / "other")
    again.close()


def test_transactions_and_backups(tmp_path, path):
    with quipu.storage_context(path) as context:
        store = quipu.QuipuChatStore(context.kvstore)
        with pytest.raises(RuntimeError):
            with quipu.transaction(store):
                store.add_message("a", ChatMessage(role="user", content="1"))
                raise RuntimeError
        assert store.get_keys() == []
        with quipu.transaction(context):
            store.add_message("a", ChatMessage(role="user", content="2"))
            assert len(store.get_messages("a")) == 1
        quipu.backup(path, tmp_path / "backups")
    quipu.restore(tmp_path / "backups", tmp_path / "restored")
    with quipu.QuipuChatStore.from_path(tmp_path / "restored", read_only=True) as restored:
        assert restored.get_messages("a")[0].content == "2"
        with pytest.raises(quipu.ReadOnlyError):
            restored.add_message("a", ChatMessage(role="user", content="3"))


def test_a_memory_names_its_store(kvstore):
    memory = ChatMemoryBuffer.from_defaults(chat_store=quipu.QuipuChatStore(kvstore), tokenizer_fn=str.split)
    memory.put(ChatMessage(role="user", content="hello"))
    saved = memory.to_dict()
    assert saved["chat_store"] == {"path": kvstore.path, "options": {}, "class_name": "QuipuChatStore"}
    loaded = ChatMemoryBuffer.from_dict({**saved, "tokenizer_fn": str.split})
    assert loaded.get() == [ChatMessage(role="user", content="hello")]


def test_memory_waterfall(kvstore):
    store = quipu.QuipuAsyncChatStore(kvstore)
    memory = Memory.from_defaults(
        session_id="ann", chat_store=store, token_limit=20, token_flush_size=5, tokenizer_fn=str.split
    )
    for number in range(8):
        memory.put(ChatMessage(role="user", content=f"question {number} of them"))
        memory.put(ChatMessage(role="assistant", content=f"answer {number}"))
    texts = [each.content for each in memory.get_all()]
    assert texts == [f"{word} {n}{end}" for n in range(8) for word, end in (("question", " of them"), ("answer", ""))]
    active = [each.content for each in memory.get_all(status=MessageStatus.ACTIVE)]
    assert active == texts[-len(active) :] and 0 < len(active) < len(texts)
    assert [each.content for each in memory.get()] == active
    memory.reset()
    assert memory.get_all() == [] and kvstore.count("chat_store/chats") == 0
