"""A database, named by its directory or by what is open on it."""

from __future__ import annotations

from typing import Optional, Union

from quipu.database.open_databases import Database, find_open
from quipu.database.paths import Path, local_path
from quipu.stores.kv_store import RocksDBKVStore
from quipu.stores.storage_context import QuipuStorageContext

Source = Union[Path, QuipuStorageContext, RocksDBKVStore]


def path_of(source: Source) -> str:
    """The database's directory."""
    if isinstance(source, QuipuStorageContext):
        source = source.kvstore
    return source.path if isinstance(source, RocksDBKVStore) else local_path(source)


def open_database_of(source: Source) -> Optional[Database]:
    """The database itself, where this process has it open."""
    if isinstance(source, QuipuStorageContext):
        source = source.kvstore
    if isinstance(source, RocksDBKVStore):
        return find_open(source.path, source.options.get("read_only", False))
    return find_open(source)
