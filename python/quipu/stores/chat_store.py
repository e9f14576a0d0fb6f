"""QuipuChatStore and QuipuAsyncChatStore: LlamaIndex's two interfaces of chat stores on a Quipu database."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Tuple

import fsspec
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.storage.chat_store.base import BaseChatStore
from llama_index.core.storage.chat_store.base_db import AsyncDBChatStore, MessageStatus
from llama_index.core.storage.chat_store.loading import RECOGNIZED_CHAT_STORES

from quipu import _native
from quipu.convert.chat_messages import READER, message_to_json, messages_to_json
from quipu.files.location import locate
from quipu.stores.component import ComponentOnDatabase
from quipu.stores.kv_store import RocksDBKVStore


class _OfChats(ComponentOnDatabase):
    """What both have in common: they show the same chats."""

    _persist_file = "chat_store.json"

    def __init__(self, kvstore: RocksDBKVStore) -> None:
        super().__init__()
        self._kvstore = kvstore

    def _arguments(self) -> Tuple[Any, ...]:
        return ()

    def _facts(self) -> Dict[str, Any]:
        counts = [self._kvstore.count(f"chat_store/{name}") for name in ("chats", "messages")]
        return {"chats": counts[0], "messages": counts[1]}

    def _store(self) -> _native.ChatStore:
        return self._kvstore.bind(_native.ChatStore, ())

    def _get(
        self, key: str, status: Optional[MessageStatus], limit: Optional[int], offset: Optional[int]
    ) -> List[ChatMessage]:
        return self._store().get_messages(READER, key, offset or 0, limit, _archived(status))

    def _add(self, key: str, messages: Sequence[ChatMessage], status: MessageStatus, replaces: bool) -> None:
        self._store().add_messages(key, messages_to_json(messages), bool(_archived(status)), replaces)


class QuipuChatStore(_OfChats, BaseChatStore):
    """The messages of chats on a Quipu database; methods, results and exceptions are those of SimpleChatStore, but that
    what is returned is the caller's.

    Args:
        kvstore: the database; ``from_path`` opens one.
    """

    @classmethod
    def class_name(cls) -> str:
        return "QuipuChatStore"

    def set_messages(self, key: str, messages: List[ChatMessage]) -> None:
        self._add(key, messages, MessageStatus.ACTIVE, True)

    def get_messages(
        self,
        key: str,
        *,
        status: Optional[MessageStatus] = None,
        limit: Optional[int] = None,
        offset: Optional[int] = None,
    ) -> List[ChatMessage]:
        """A chat's messages in order; those of a status, and a window of them, where these are given.

        The window is ``limit`` messages from ``offset`` on, which counts from the end where it is below 0:
        ``offset=-20`` has the last 20. It costs what is returned, whatever the chat's length.
        """
        return self._get(key, status, limit, offset)

    def add_message(self, key: str, message: ChatMessage, idx: Optional[int] = None) -> None:
        """Adds a message at the end, or, as ``list.insert`` does, at an index: then those behind it are written anew."""
        if idx is None:
            self._store().add_messages(key, [message_to_json(message)], False, False)
        else:
            self._store().insert_message(key, idx, message_to_json(message))

    def delete_messages(self, key: str) -> Optional[List[ChatMessage]]:
        return self._store().delete_messages(READER, key)

    def delete_message(self, key: str, idx: int) -> Optional[ChatMessage]:
        return self._store().delete_message(READER, key, idx)

    def delete_last_message(self, key: str) -> Optional[ChatMessage]:
        return self._store().delete_message(READER, key, -1)

    def get_keys(self) -> List[str]:
        return self._store().get_keys()

    async def aset_messages(self, key: str, messages: List[ChatMessage]) -> None:
        await self._kvstore.run(self.set_messages, key, messages)

    async def aget_messages(self, key: str, **window: Any) -> List[ChatMessage]:
        return await self._kvstore.run_small(self.get_messages, key, **window)

    async def async_add_message(self, key: str, message: ChatMessage, idx: Optional[int] = None) -> None:
        run = self._kvstore.run_small if idx is None else self._kvstore.run
        await run(self.add_message, key, message, idx)

    async def adelete_messages(self, key: str) -> Optional[List[ChatMessage]]:
        return await self._kvstore.run(self.delete_messages, key)

    async def adelete_message(self, key: str, idx: int) -> Optional[ChatMessage]:
        return await self._kvstore.run_small(self.delete_message, key, idx)

    async def adelete_last_message(self, key: str) -> Optional[ChatMessage]:
        return await self._kvstore.run_small(self.delete_last_message, key)

    async def aget_keys(self) -> List[str]:
        return await self._kvstore.run(self.get_keys)

    def persist(
        self, persist_path: str = "chat_store.json", fs: Optional[fsspec.AbstractFileSystem] = None
    ) -> None:
        """Writes chat_store.json as the reference would. Data is safe without it; it is for switching back."""
        self._store().persist(*locate(persist_path, fs))


class QuipuAsyncChatStore(_OfChats, AsyncDBChatStore):
    """The same chats for LlamaIndex's Memory: methods and results are those of SQLAlchemyChatStore.

        memory = Memory.from_defaults(session_id="ann", chat_store=QuipuAsyncChatStore.from_path("./storage.quipu"))

    Args:
        kvstore: the database; ``from_path`` opens one.
    """

    @classmethod
    def class_name(cls) -> str:
        return "QuipuAsyncChatStore"

    async def get_messages(
        self,
        key: str,
        status: Optional[MessageStatus] = MessageStatus.ACTIVE,
        limit: Optional[int] = None,
        offset: Optional[int] = None,
    ) -> List[ChatMessage]:
        """See QuipuChatStore.get_messages."""
        return await self._kvstore.run_small(self._get, key, status, limit, offset)

    async def count_messages(self, key: str, status: Optional[MessageStatus] = MessageStatus.ACTIVE) -> int:
        return await self._kvstore.run_small(lambda: self._store().count_messages(key, _archived(status)))

    async def add_message(
        self, key: str, message: ChatMessage, status: MessageStatus = MessageStatus.ACTIVE
    ) -> None:
        await self._kvstore.run_small(self._add, key, [message], status, False)

    async def add_messages(
        self, key: str, messages: List[ChatMessage], status: MessageStatus = MessageStatus.ACTIVE
    ) -> None:
        await self._kvstore.run(self._add, key, messages, status, False)

    async def set_messages(
        self, key: str, messages: List[ChatMessage], status: MessageStatus = MessageStatus.ACTIVE
    ) -> None:
        await self._kvstore.run(self._add, key, messages, status, True)

    async def delete_message(self, key: str, idx: int) -> Optional[ChatMessage]:
        """Deletes the message whose number in its chat is ``idx``, counted from 1 on with those that have been deleted,
        and returns it."""
        return await self._kvstore.run_small(lambda: self._store().delete_message_of_id(READER, key, idx))

    async def delete_messages(self, key: str, status: Optional[MessageStatus] = None) -> None:
        await self._kvstore.run(lambda: self._store().delete_messages_of(key, _archived(status)))

    async def delete_oldest_messages(self, key: str, n: int) -> List[ChatMessage]:
        return await self._kvstore.run_small(lambda: self._store().take_oldest(READER, key, n, False))

    async def archive_oldest_messages(self, key: str, n: int) -> List[ChatMessage]:
        return await self._kvstore.run_small(lambda: self._store().take_oldest(READER, key, n, True))

    async def get_keys(self) -> List[str]:
        return await self._kvstore.run(lambda: self._store().get_keys())


def _archived(status: Optional[MessageStatus]) -> Optional[bool]:
    return None if status is None else MessageStatus(status) is MessageStatus.ARCHIVED


# So that a memory that names such a store can be loaded.
RECOGNIZED_CHAT_STORES[QuipuChatStore.class_name()] = QuipuChatStore  # type: ignore[assignment]
