"""Transactions over all stores of a directory."""

from __future__ import annotations

from contextlib import ContextDecorator
from typing import Any, List, Optional, Sequence, Type, Union

from llama_index.core import StorageContext
from llama_index.core.indices.base import BaseIndex

from quipu.database import open_databases
from quipu.stores.kv_store import RocksDBKVStore
from quipu.stores.one_database import one_database, stores_of
from quipu.stores.struct_restoring import Struct, restore, structs_at_fault


class Transaction(ContextDecorator):
    """The transaction of a ``with``, on a database: see transaction()."""

    def __init__(self, owner: open_databases.Database, indices: Sequence[BaseIndex[Any]], sync: bool) -> None:
        if not isinstance(sync, bool):  # told at the beginning of the block, not at its end
            raise TypeError(f"sync must be a bool, not {type(sync).__name__}")
        self._owner = owner
        self._indices = indices
        self._sync = sync

    def _recreate_cm(self) -> "Transaction":  # of a function that is decorated, for each of its calls
        return Transaction(self._owner, self._indices, self._sync)

    def __enter__(self) -> None:
        if open_databases.in_transaction(self._owner):
            raise ValueError(f"{self._owner.path}: a transaction is running already in this context")
        self._session = open_databases.Session(self._owner.own_session().native.begin())
        self._entered = open_databases.enter_transaction(self._owner, self._session)

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], at: Any) -> None:
        if error is not None:
            self._undo(error)
            return
        try:
            self._session.commit(self._sync)
        except BaseException as failed:
            self._undo(failed)
            raise
        open_databases.leave_transaction(self._entered)

    def _undo(self, error: BaseException) -> None:
        changed: List[Struct] = []
        try:
            self._session.rollback()
            changed = structs_at_fault(self._owner, self._session, self._indices, error)
        finally:
            open_databases.leave_transaction(self._entered)
            restore(changed)


def transaction(
    target: Union[StorageContext, BaseIndex[Any], RocksDBKVStore, Any], *, sync: bool = False
) -> Transaction:
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
    return Transaction(owner, [target] if isinstance(target, BaseIndex) else [], sync)
