"""Transactions over all stores of a directory."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Iterator, List, Union

from llama_index.core import StorageContext

from quipu.database import open_databases
from quipu.stores.kv_store import RocksDBKVStore


@contextmanager
def transaction(target: Union[StorageContext, RocksDBKVStore, Any], *, sync: bool = False) -> Iterator[None]:
    """Makes all that is written in the block visible and durable at once at its end, or not at all.

        with quipu.transaction(context):
            index.insert(document)
            index.delete_ref_doc("old")

    Reads in the block see its writes; nobody else does before its end. An exception in the block undoes all of
    it. It holds for the thread, or the task, that entered it and the tasks begun in it. What an index keeps in
    memory is not undone: load it again after a failure.

    Args:
        target: a storage context, a store of this package, or its RocksDBKVStore.
        sync: let the commit survive a power cut.

    Raises:
        ConflictError: somebody else has changed what was read or written here; nothing has been done, and the
            block can be run again.
        ValueError: the context's stores are not all on one database, or a transaction is running already.
    """
    owner = _database_of(target)
    if open_databases.in_transaction(owner):
        raise ValueError(f"{owner.path}: a transaction is running already in this context")
    if not isinstance(sync, bool):  # told at the beginning of the block, not at its end
        raise TypeError(f"sync must be a bool, not {type(sync).__name__}")
    native = owner.own_session().native.begin()
    token = open_databases.enter_transaction(owner, open_databases.Session(native))
    try:
        yield
    except BaseException:
        native.rollback()
        raise
    else:
        native.commit(sync)
    finally:
        open_databases.leave_transaction(token)


def _database_of(target: Any) -> open_databases.Database:
    kvstores = _kvstores_of(target)
    databases = {kvstore.database for kvstore in kvstores if isinstance(kvstore, RocksDBKVStore)}
    if len(databases) != 1 or not all(isinstance(each, RocksDBKVStore) for each in kvstores):
        raise ValueError("a transaction needs stores that are all on one Quipu database")
    return databases.pop()


def _kvstores_of(target: Any) -> List[Any]:
    if not isinstance(target, StorageContext):
        return [target if isinstance(target, RocksDBKVStore) else getattr(target, "_kvstore", None)]
    stores = [target.docstore, target.index_store, target.graph_store, *target.vector_stores.values()]
    if target.property_graph_store is not None:
        stores.append(target.property_graph_store)
    return [getattr(store, "_kvstore", None) for store in stores]
