"""What an index keeps in memory, its struct, when a transaction is rolled back: made again what the store has."""

from __future__ import annotations

from typing import Any, Iterable, Iterator, List, Optional, Tuple

from llama_index.core.data_structs.data_structs import IndexStruct
from llama_index.core.indices.base import BaseIndex
from llama_index.core.storage.index_store.types import BaseIndexStore

from quipu.database.open_databases import Database, Session, in_transaction
from quipu.stores.kv_store import RocksDBKVStore

# Set on a struct that cannot be made what it was; no store takes it any more.
_UNDONE = "_quipu_undone"

Struct = Tuple[BaseIndexStore, IndexStruct]


def note_written(database: Database, store: BaseIndexStore, struct: IndexStruct) -> None:
    """Called by an index store before it writes a struct.

    Raises ValueError for one that was made, or got its id, in a transaction that was rolled back.
    """
    if getattr(struct, _UNDONE, False):
        raise ValueError(
            f"index {struct.index_id!r} was made, or renamed, in a transaction that was rolled back: it is not in the "
            "database; load it again, or make it anew"
        )
    if in_transaction(database):
        database.session().structs_written[id(struct)] = (store, struct)


def structs_at_fault(
    database: Database, session: Session, indices: Iterable[BaseIndex[Any]], error: BaseException
) -> List[Struct]:
    """Those that the transaction may have changed: what was written, and what the indices have, those among them from
    whose calls the error came, which may have changed it and not come to write it."""
    found = dict(session.structs_written)
    for index in (*indices, *_indices_in(error)):
        store, struct = index.storage_context.index_store, index.index_struct
        kvstore = getattr(store, "_kvstore", None)
        if isinstance(kvstore, RocksDBKVStore) and kvstore.database is database:
            found.setdefault(id(struct), (store, struct))
    return list(found.values())


def restore(structs: Iterable[Struct]) -> None:
    """Makes structs what their stores have. The transaction must have been left."""
    for store, struct in structs:
        try:
            stored = store.get_index_struct(struct.index_id)
        except Exception:  # it must not hide why the transaction was rolled back
            stored = None
        if type(stored) is type(struct):
            vars(struct).update(vars(stored))
        else:
            setattr(struct, _UNDONE, True)


def _indices_in(raised: BaseException) -> Iterator[BaseIndex[Any]]:
    """The indices whose methods an exception has passed through, or one that it was raised from."""
    seen = set()
    error: Optional[BaseException] = raised
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        traceback = error.__traceback__
        while traceback is not None:
            owner = traceback.tb_frame.f_locals.get("self")
            if isinstance(owner, BaseIndex) and hasattr(owner, "_index_struct"):
                yield owner
            traceback = traceback.tb_next
        error = error.__cause__ or error.__context__
