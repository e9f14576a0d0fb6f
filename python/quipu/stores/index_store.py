"""QuipuIndexStore: LlamaIndex's KVIndexStore on a Quipu database."""

from __future__ import annotations

import json
import weakref
from dataclasses import fields
from typing import Any, Dict, List, Optional, Tuple

import fsspec
from llama_index.core.data_structs.data_structs import IndexDict, IndexStruct
from llama_index.core.data_structs.registry import INDEX_STRUCT_TYPE_TO_INDEX_STRUCT_CLASS
from llama_index.core.storage.index_store.keyval_index_store import KVIndexStore
from llama_index.core.storage.index_store.types import DEFAULT_PERSIST_PATH
from llama_index.core.storage.index_store.utils import index_struct_to_json, json_to_index_struct

from quipu import _native
from quipu.files.location import locate
from quipu.stores.kv_store import RocksDBKVStore
from quipu.stores.on_database import OnDatabase
from quipu.stores.struct_journal import Journal, journal_of, plain
from quipu.stores.struct_restoring import note_written


class QuipuIndexStore(OnDatabase, KVIndexStore):
    """Index structs on a Quipu database; methods, results and exceptions are those of KVIndexStore.

    Args:
        kvstore: the database; ``from_path`` opens one.
        namespace: before the collection's name; "index_store" when it is not given.
    """

    _kvstore: RocksDBKVStore
    _persist_file = "index_store.json"

    def __init__(
        self,
        kvstore: RocksDBKVStore,
        namespace: Optional[str] = None,
        collection_suffix: Optional[str] = None,
    ) -> None:
        super().__init__(kvstore, namespace, collection_suffix)

    def _arguments(self) -> Tuple[Any, ...]:
        return (self._namespace, self._collection_suffix)

    def _facts(self) -> Dict[str, Any]:
        return {"index_structs": self._kvstore.count(self._collection)}

    @property
    def _native(self) -> _native.IndexStore:
        return self._kvstore.bind(_native.IndexStore, self._bound_arguments)

    def add_index_struct(self, index_struct: IndexStruct) -> None:
        """Stores a struct. Of one that this store has read or written before, only what has changed since is written."""
        note_written(self._kvstore.database, self, index_struct)
        journal = journal_of(index_struct, self._place(index_struct))
        if journal is not None:
            if self._add_changes(index_struct, journal):
                return
            journal.begin(index_struct)
        revision = self._native.add_index_struct(_to_json(index_struct))
        if journal is not None:
            journal.revision = revision

    def _add_changes(self, index_struct: IndexStruct, journal: Journal) -> bool:
        """False where the struct has to be compared with what is stored."""
        base, revision = journal.revision, None
        try:
            change = journal.take(index_struct)
            if base is not None and change is not None:
                revision = self._native.update_index_struct(index_struct.index_id, base, change)
        except TypeError:  # a value that dataclasses_json may bring into JSON in its own way
            pass
        finally:
            journal.revision = revision
        return revision is not None

    def _place(self, index_struct: IndexStruct) -> Tuple[Any, ...]:
        """What a journal belongs to."""
        database = weakref.ref(self._kvstore.database)
        return database, self._collection, type(index_struct), index_struct.index_id

    async def async_add_index_struct(self, index_struct: IndexStruct) -> None:
        await self._kvstore.run(self.add_index_struct, index_struct)

    def get_index_struct(self, struct_id: Optional[str] = None) -> Optional[IndexStruct]:
        if struct_id is None:
            structs = self.index_structs()
            assert len(structs) == 1
            return structs[0]
        stored = self._native.stored_struct(struct_id)
        return None if stored is None else self._read(*stored)

    def _read(self, struct_id: str, text: str, revision: Optional[int]) -> IndexStruct:
        struct = _to_struct(json.loads(text))
        journal = None
        if revision is not None and struct.index_id == struct_id:
            journal = journal_of(struct, self._place(struct))
        if journal is not None:
            journal.begin(struct)
            journal.revision = revision
        return struct

    async def aget_index_struct(self, struct_id: Optional[str] = None) -> Optional[IndexStruct]:
        return await self._kvstore.run(self.get_index_struct, struct_id)

    def index_structs(self) -> List[IndexStruct]:
        return [self._read(*stored) for stored in self._native.stored_structs()]

    async def async_index_structs(self) -> List[IndexStruct]:
        return await self._kvstore.run(self.index_structs)

    def persist(
        self, persist_path: str = DEFAULT_PERSIST_PATH, fs: Optional[fsspec.AbstractFileSystem] = None
    ) -> None:
        """Writes index_store.json as the reference would. Data is safe without it; it is for switching back."""
        self._native.persist(*locate(persist_path, fs))


_VECTOR_STORE_TYPE = IndexDict.get_type().value
_FIELDS = {
    kind: tuple(field.name for field in fields(kind)) for kind in INDEX_STRUCT_TYPE_TO_INDEX_STRUCT_CLASS.values()
}


# A struct names every node, and dataclasses_json looks at each: ten times the time of all else. What it would leave as it
# is, is taken as it is.


def _to_json(struct: IndexStruct) -> Dict[str, Any]:
    """index_struct_to_json."""
    names = _FIELDS.get(type(struct))
    if names is not None:
        try:
            values = {name: plain(getattr(struct, name)) for name in names}
            return {"__type__": struct.get_type().value, "__data__": _native.to_plain_json(values)}
        except TypeError:  # a value that dataclasses_json may bring into JSON in its own way
            pass
    return index_struct_to_json(struct)


def _to_struct(stored: Dict[str, Any]) -> IndexStruct:
    """json_to_index_struct."""
    data = stored.get("__data__")
    if stored.get("__type__") != _VECTOR_STORE_TYPE or not isinstance(data, str):
        return json_to_index_struct(stored)
    values = json.loads(data)
    plain = isinstance(values, dict) and values.keys() == set(_FIELDS[IndexDict])
    if not plain or values["doc_id_dict"] or values["embeddings_dict"]:
        return json_to_index_struct(stored)
    return IndexDict(**values)
