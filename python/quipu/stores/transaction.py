"""Transactions over all stores of a directory."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Iterator, List, Sequence, Union

from llama_index.core import StorageContext
from llama_index.core.indices.base import BaseIndex

from quipu.database import open_databases
from quipu.stores.kv_store import RocksDBKVStore
from quipu.stores.one_database import one_database, stores_of
from quipu.stores.struct_restoring import Struct, restore, structs_at_fault


@contextmanager
def transaction(
    target: Union[StorageContext, BaseIndex[Any], RocksDBKVStore, Any], *, sync: bool = False
) -> Iterator[None]:
    """Makes all that is written in the block visible and durable at once at its end, or not at all.

        with quipu.transaction(context):
            index.insert(document)
            index.delete_ref_doc("old")

    Reads in the block see its writes; nobody else does before its end. An exception in the block undoes all of
    it. It holds for the thread, or the task, that entered it and the tasks begun in it.

    What an index keeps in memory, its struct, is put back to what is stored: of an index that is the target, that wrote
    it in the block, or from one of whose calls the exception came. One that was made in the block is not stored, and
    raises ValueError when it is to write again. An exception of an index that is caught in the block undoes nothing.

    Args:
        target: a storage context, an index, a store of this package, or its RocksDBKVStore.
        sync: let the commit survive a power cut.

    Raises:
        ConflictError: somebody else has changed what was read or written here; nothing has been done, and the
            block can be run again.
        ValueError: the stores are not all on one database, or a transaction is running already.
    """
    owner = one_database("a transaction", stores_of(target))
    with transaction_on(owner, [target] if isinstance(target, BaseIndex) else [], sync):
        yield


@contextmanager
def transaction_on(
    owner: open_databases.Database, indices: Sequence[BaseIndex[Any]], sync: bool
) -> Iterator[None]:
    if open_databases.in_transaction(owner):
        raise ValueError(f"{owner.path}: a transaction is running already in this context")
    if not isinstance(sync, bool):  # told at the beginning of the block, not at its end
        raise TypeError(f"sync must be a bool, not {type(sync).__name__}")
    session = open_databases.Session(owner.own_session().native.begin())
    token = open_databases.enter_transaction(owner, session)
    changed: List[Struct] = []
    try:
        yield
        session.commit(sync)
    except BaseException as error:
        session.rollback()
        changed = structs_at_fault(owner, session, indices, error)
        raise
    finally:
        open_databases.leave_transaction(token)
        restore(changed)
