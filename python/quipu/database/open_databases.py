"""The databases that this process has open: one a directory, whatever the number of objects on it."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import os
import threading
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple, TypeVar

from quipu import _native
from quipu.database.async_calls import AsyncCalls
from quipu.database.options import Options as Options
from quipu.database.paths import Path, check_no_persist_dir, database_path

T = TypeVar("T")


class ForkedError(RuntimeError):
    """This process is a fork() of one that had a database open, whose threads it lacks: start it by "spawn"."""


class Session:
    """A database, a transaction on it, or the database at hand, and the native stores over it, made when they are first
    asked for."""

    def __init__(self, native: _native.Database) -> None:
        self.native = native
        self._stores: Dict[Tuple[Any, ...], Any] = {}
        self.structs_written: Dict[int, Tuple[Any, Any]] = {}  # of a transaction; see stores/struct_restoring.py

    def bind(self, store: Callable[..., T], arguments: Tuple[Any, ...]) -> T:
        key = (store, arguments)
        bound: Optional[T] = self._stores.get(key)
        if bound is None:
            bound = self._stores.setdefault(key, store(self.native, *arguments))
        return bound

    @functools.cached_property
    def at_hand(self) -> Optional[Session]:
        """The same for calls that raise BusyError rather than to wait, where the database can tell."""
        native = self.native.at_hand()
        return None if native is None else Session(native)

    def commit(self, sync: bool) -> None:
        self.native.commit(sync)

    def rollback(self) -> None:
        self.native.rollback()


class Database:
    """One open directory. Thread-safe."""

    def __init__(self, path: str, options: Options) -> None:
        self.path = path
        self.options = options
        self.users = 0
        self._session: Optional[Session] = Session(_open(path, options))
        self._refreshing = threading.Lock()
        self._forked = False
        self._async_calls: Optional[AsyncCalls] = None  # of the loop that awaited last

    def session(self) -> Session:
        """That which this context has entered, of a transaction or at hand, else the database's own."""
        entered = _sessions.get()
        running = entered.get(self) if entered else None
        if running is not None:
            return running
        session = self._session
        return self.own_session() if session is None or self._forked else session

    def own_session(self) -> Session:
        if self._forked:
            shown = _native.shown_address(self.path)
            raise ForkedError(f"{shown}: the database was opened before fork(); start processes by 'spawn' instead")
        if self._session is None:
            raise ValueError(f"{_native.shown_address(self.path)}: the store is closed")
        return self._session

    @property
    def closed(self) -> bool:
        return self._session is None

    def refresh(self) -> None:
        """Of a reader: from now on, the database as it is now. Calls under way, and scans, go on with what they have."""
        with self._refreshing:
            session = self.own_session()
            newer = session.native.refresh()
            if newer is not session.native:
                self._session = Session(newer)

    def close(self, abandon: bool = False) -> None:
        """With ``abandon``, a database that was made by opening it and holds nothing is removed."""
        if self._session is not None and not self._forked:
            if self._async_calls is not None:
                self._async_calls.begin_waiting()
            with self._refreshing:
                native = self._session.native
                native.abandon() if abandon else native.close()
                self._session = None

    def leave_to_parent(self) -> None:
        """In the child of a fork(): neither use nor free what the parent's threads work on."""
        self._forked = True
        _left_to_parent.append(self._session)

    async def run_small(self, call: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Awaits a call that takes no longer than a moment: it is made here where it does not have to wait for the disk
        or for others, for to hand it over costs more than most take; else on the pool."""
        at_hand = self.session().at_hand
        if at_hand is not None:
            entered = _sessions.set({**_sessions.get(), self: at_hand})
            try:
                return call(*args, **kwargs)
            except _native.BusyError:
                pass  # and has changed nothing
            finally:
                _sessions.reset(entered)
        return await self.run(call, *args, **kwargs)

    async def run(self, call: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Awaits a call on the database's pool of threads; see AsyncCalls."""
        self.own_session()  # which raises where there is none
        loop = asyncio.get_running_loop()
        calls = self._async_calls
        if calls is None or calls.loop is not loop:
            calls = self._async_calls = AsyncCalls(loop, lambda work: self.own_session().native.submit(work))
        return await calls.run(functools.partial(call, *args, **kwargs))


_databases: Dict[Tuple[str, bool], Database] = {}  # by directory, and whether it is a reader
_lock = threading.RLock()  # a finalizer may take it on a thread that holds it
_left_to_parent: List[Optional[Session]] = []
_opened = False  # any database, ever: RocksDB's threads, which a child lacks, outlive it
_forked = False
# What a context uses in place of the databases' own sessions.
_sessions: contextvars.ContextVar[Dict[Database, Session]] = contextvars.ContextVar("quipu_sessions", default={})


def _open(path: str, options: Options) -> _native.Database:
    """Opens a directory; what is wrong is said with what to do about it."""
    try:
        return _native.open(path, options.for_native())
    except _native.LockedError as error:
        raise _native.LockedError(
            f"{error}; read_only=True reads beside it, and in a pipeline with num_workers a "
            "quipu.QuipuIngestionCache is the cache"
        ) from None
    except (ValueError, OSError) as error:
        check_no_persist_dir(path)
        if isinstance(error, OSError) and os.path.isdir(path) and not os.access(path, os.W_OK):
            raise type(error)(f"{error}; read_only=True reads what cannot be written to") from None
        raise


def _key(path: str, options: Options) -> Tuple[str, bool]:
    return _identity(path), options.read_only


def _identity(path: str) -> str:
    """What is the same for all paths of a directory; of another backend, the address."""
    return os.path.realpath(path) if os.path.isabs(path) else path


def find_open(path: Path, read_only: Optional[bool] = None) -> Optional[Database]:
    """What this process has open on a directory, in this way, or to write before to read; None where it has not."""
    key = _identity(database_path(path))
    with _lock:
        databases = [_databases.get((key, each)) for each in (False, True) if read_only in (None, each)]
    return next((each for each in databases if each is not None and not each.closed), None)


def acquire(path: str, options: Options) -> Database:
    """The database of a directory, opened when it is not; release() gives it back."""
    with _lock:
        database = _databases.get(_key(path, options))
        if database is not None and database.options != options:
            there, asked = database.options.differences(options)
            shown = _native.shown_address(path)
            raise ValueError(
                f"{shown} is open in this process with other options: it has {there}, and {asked} is asked for; "
                f"quipu.close({shown!r}) closes it for all that have it"
            )
        return _use(path, options)


def _use(path: str, options: Options) -> Database:
    global _opened
    if _forked:
        shown = _native.shown_address(path)
        raise ForkedError(f"{shown}: the parent had a database open before fork(); start processes by 'spawn' instead")
    key = _key(path, options)
    if key not in _databases:
        _opened = True
        _databases[key] = Database(path, options)
    _databases[key].users += 1
    return _databases[key]


def close(path: Path) -> None:
    """Closes the database of a directory in this process, whoever has it: for a notebook whose cells are run again.

    Every store and context on it is closed, those that read only, too; later calls on them raise ValueError. Does
    nothing when it is not open here.

    Raises:
        BusyError: a transaction is open.
    """
    key = _identity(database_path(path))
    with _lock:
        for read_only in (True, False):
            database = _databases.get((key, read_only))
            if database is not None:
                database.close()
                del _databases[key, read_only]


@contextmanager
def borrow(path: Path, options: Options) -> Iterator[Database]:
    """The database of a directory for a while: as it is open, else opened with these options. An exception leaves
    nothing of a database that was made for this."""
    with _lock:
        database = _use(database_path(path), options)
    try:
        yield database
    except BaseException:
        release(database, abandon=True)
        raise
    else:
        release(database)


@contextmanager
def reading(path: Path) -> Iterator[_native.Database]:
    """The database of a directory as it is now: what this process has open to write, else a reader beside whoever has
    it."""
    global _opened
    text = database_path(path)
    options = Options(create_if_missing=False)
    with _lock:
        writer = _use(text, options) if _forked or _key(text, options) in _databases else None
    if writer is not None:
        try:
            yield writer.own_session().native
        finally:
            release(writer)
        return
    _opened = True
    reader = _open(text, Options(read_only=True))
    try:
        yield reader
    finally:
        reader.close()


def release(database: Database, abandon: bool = False) -> None:
    """Closes the database when nobody else has it. Raises BusyError while a transaction is open."""
    with _lock:
        if database.users == 1:
            database.close(abandon)
            key = _key(database.path, database.options)
            if _databases.get(key) is database:  # close() may have taken it out, and another be there
                del _databases[key]
        database.users -= 1


def release_unused(database: Database) -> None:
    """release() for an object that the garbage collector takes, on whatever thread."""
    if _native.on_pool_thread():  # which close() would wait for
        threading.Thread(target=release, args=(database,)).start()
    else:
        release(database)


def enter_transaction(database: Database, session: Session) -> contextvars.Token[Dict[Database, Session]]:
    return _sessions.set({**_sessions.get(), database: session})


def leave_transaction(token: contextvars.Token[Dict[Database, Session]]) -> None:
    _sessions.reset(token)


def in_transaction(database: Database) -> bool:
    return database in _sessions.get()


def _after_fork() -> None:
    global _lock, _forked
    _lock = threading.RLock()  # the parent's may be held by a thread that is not here
    if not _opened:
        return
    _forked = True
    for database in _databases.values():
        database.leave_to_parent()
    _databases.clear()
    _native.leave_out_exit_handlers()


os.register_at_fork(after_in_child=_after_fork)
