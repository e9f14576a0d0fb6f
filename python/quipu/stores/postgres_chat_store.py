"""PostgresChatStore: chats in a table of LlamaIndex's PostgresChatStore."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.storage.chat_store.base import BaseChatStore

from quipu import _native
from quipu.convert.chat_messages import READER, message_to_json, messages_to_json
from quipu.stores.component import ComponentOnDatabase
from quipu.stores.kv_store import RocksDBKVStore


class PostgresChatStore(ComponentOnDatabase, BaseChatStore):
    """The messages of chats in a table of a PostgreSQL server, which LlamaIndex's PostgresChatStore reads and writes, too.

    What differs from that: a chat changes under a lock, so that writers lose nothing of each other's; deleting messages of
    a chat works in any schema, and returns them; a call is part of ``quipu.transaction`` with the other stores.

    Args:
        kvstore: the schema, a RocksDBKVStore of a ``postgresql://`` address; ``from_path`` takes the address.
        table_name: the table, in lower case, at most 50 bytes; or "data_" and this, where there is such a one.
    """

    table_name: str = "chatstore"

    def __init__(self, kvstore: RocksDBKVStore, table_name: str = "chatstore") -> None:
        super().__init__(table_name=table_name)  # type: ignore[call-arg]
        self._kvstore = kvstore

    @classmethod
    def class_name(cls) -> str:
        return "QuipuPostgresChatStore"

    def _arguments(self) -> Tuple[Any, ...]:
        return (self.table_name,)

    def _facts(self) -> Dict[str, Any]:
        return {"table": repr(self.table_name), "chats": len(self.get_keys())}

    def _store(self) -> _native.PostgresChatStore:
        return self._kvstore.bind(_native.PostgresChatStore, (self.table_name,))

    def set_messages(self, key: str, messages: List[ChatMessage]) -> None:
        self._store().add_messages(key, messages_to_json(messages), False, True)

    def get_messages(self, key: str, *, limit: Optional[int] = None, offset: Optional[int] = None) -> List[ChatMessage]:
        """A chat's messages in order, or ``limit`` of them from ``offset`` on, which counts from the end below 0."""
        return self._store().get_messages(READER, key, offset or 0, limit, None)

    def add_message(self, key: str, message: ChatMessage) -> None:
        self._store().add_messages(key, [message_to_json(message)], False, False)

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
        return await self._kvstore.run(self.get_messages, key, **window)

    async def async_add_message(self, key: str, message: ChatMessage) -> None:
        await self._kvstore.run(self.add_message, key, message)

    async def adelete_messages(self, key: str) -> Optional[List[ChatMessage]]:
        return await self._kvstore.run(self.delete_messages, key)

    async def adelete_message(self, key: str, idx: int) -> Optional[ChatMessage]:
        return await self._kvstore.run(self.delete_message, key, idx)

    async def adelete_last_message(self, key: str) -> Optional[ChatMessage]:
        return await self._kvstore.run(self.delete_last_message, key)

    async def aget_keys(self) -> List[str]:
        return await self._kvstore.run(self.get_keys)
