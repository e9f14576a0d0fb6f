"""RocksDBKVStore: LlamaIndex's BaseKVStore on a database directory."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Optional, Tuple, TypeVar

import fsspec
from llama_index.core.storage.kvstore.types import DEFAULT_BATCH_SIZE, DEFAULT_COLLECTION, BaseKVStore
from llama_index.core.storage.storage_context import DEFAULT_PERSIST_DIR

from quipu import _native
from quipu.convert.json_values import NotJSONError, key_at_fault
from quipu.database.closing import Closing
from quipu.database.open_databases import Database, acquire, release, release_unused
from quipu.database.options import Options, OpenOptions, make_options
from quipu.database.paths import Path, database_path
from quipu.database.progress import ProgressCallback
from quipu.files.persist_dir import import_dir
from quipu.telemetry.repr_html import repr_html
from quipu.telemetry.stats import Stats, to_stats

if TYPE_CHECKING:
    from typing_extensions import Unpack

T = TypeVar("T")

_SCAN_PAIRS = 256  # fetched at a time


class RocksDBKVStore(Closing, BaseKVStore):
    """Keys and JSON objects in named collections, each in the order of a dict.

    Every call is one atomic write. A write that returned survives the end of the process, also by ``kill -9``;
    with ``sync`` it survives a power cut too, at the price of one fsync a write. What is no JSON in a value, such as a
    date, is stored as pydantic's mode "json" writes it; what that cannot write is a TypeError that names the key.

    Objects on one path in one process share one open database; a second process gets ``LockedError``, unless it
    reads only. Close by ``close()`` or ``with``; what is open at the end of the process is closed then. A pickled
    store is its path and options. Any number of threads may use a store.

    With ``read_only``, any number of processes read, beside one that writes or without one, from a read-only file
    system, too. Such a store shows the database as it was when it was opened, or by ``refresh()`` last: of each
    write all or nothing. Writing raises ``ReadOnlyError``.

    Args:
        path: the directory; made when it is missing or empty.
        read_only: read beside others.
        create_if_missing: False to raise for a directory that holds no database.
        sync: make every write survive a power cut.
        accept_lost_writes: open although acknowledged writes are missing, as after a damaged log.
        logger: told what is worth knowing, such as a recovery, from any thread: one of Python's ``logging``, by default
            that named "quipu", or a callable that is given the text.
        slow_call_seconds: tell the logger of each call that takes so long or longer, as a warning; 0 of none.
        memory_budget_bytes: for block cache and write buffers together.
        search_memory_bytes: for the index in memory of each vector store or property graph; one that would be larger
            is not held, and each query reads all vectors from the disk.
        max_collection_families: collections beyond so many share one of RocksDB's column families.
        background_threads: for flush and compaction.
        max_open_files: that RocksDB may keep open.
        max_key_bytes, max_value_bytes, max_batch_bytes: what is longer is refused.
        max_directory_bytes: beyond it only deletions are taken; 0 is no limit.

    Raises:
        LockedError: another process, which it names, has the directory open for writing.
        CorruptionError: stored bytes are damaged, or writes were lost.
        FileNotFoundError: with ``read_only``, or without ``create_if_missing``, no directory.
        ValueError: the directory is something else, or open in this process with other options.
        TypeError: an argument of another type, or of a name that there is not.
    """

    def __init__(self, path: Path, **options: Unpack[OpenOptions]) -> None:
        self._set_out(database_path(path), make_options("RocksDBKVStore", options))
        self._open()

    def _set_out(self, path: str, options: Options) -> None:
        self._path = path
        self._options = options
        self._opening = threading.Lock()
        self._database: Optional[Database] = None  # until it is first asked for
        self._closed = False

    def _open(self) -> Database:
        with self._opening:
            if self._closed:
                raise ValueError(f"{_native.shown_address(self._path)}: the store is closed")
            if self._database is None:
                self._database = acquire(self._path, self._options)
                self._finalizer = weakref.finalize(self, release_unused, self._database)
            return self._database

    @classmethod
    def from_path(cls, path: Path, **options: Unpack[OpenOptions]) -> "RocksDBKVStore":
        """The constructor, by the name that the stores on a database have for it."""
        return cls(path, **options)

    @classmethod
    def from_persist_dir(
        cls,
        persist_dir: Path = DEFAULT_PERSIST_DIR,
        fs: Optional[fsspec.AbstractFileSystem] = None,
        *,
        path: Path,
        **options: Unpack[OpenOptions],
    ) -> "RocksDBKVStore":
        """The database at ``path``, which ``import_dir`` has made of all that LlamaIndex persisted in a directory.

        For once; ``from_path`` opens it from then on. Raises what ``import_dir`` raises: ValueError where the database
        holds data already, and FileNotFoundError where the directory does not hold what it should.
        """
        make_options("RocksDBKVStore.from_persist_dir", options)  # what is wrong with them is said before the import
        import_dir(persist_dir, path, fs=fs)
        return cls(path, **options)

    @property
    def path(self) -> str:
        return self._path

    @property
    def options(self) -> OpenOptions:
        """Those that it was opened with, but for the defaults, and for ``logger``, which is no value."""
        return self._options.given()

    # ---- the reference's methods ----

    def put(self, key: str, val: Dict[str, Any], collection: str = DEFAULT_COLLECTION) -> None:
        try:
            _native.put(self.native, key, val, collection)
        except NotJSONError as error:
            raise TypeError(f"collection {collection!r}, key {key!r}: {error}") from error

    async def aput(self, key: str, val: Dict[str, Any], collection: str = DEFAULT_COLLECTION) -> None:
        await self.run_small(self.put, key, val, collection)

    def put_all(
        self,
        kv_pairs: List[Tuple[str, Dict[str, Any]]],
        collection: str = DEFAULT_COLLECTION,
        batch_size: int = DEFAULT_BATCH_SIZE,
    ) -> None:
        """Stores all pairs in one atomic write, whatever the batch size."""
        keys = [key for key, _ in kv_pairs]
        vals = [val for _, val in kv_pairs]
        try:
            _native.put_all(self.native, keys, vals, collection, batch_size)
        except NotJSONError as error:
            at_fault = key_at_fault(dict(zip(keys, vals)))
            key, why = at_fault or ("", error)
            raise TypeError(f"collection {collection!r}, key {key!r}: {why}") from error

    async def aput_all(
        self,
        kv_pairs: List[Tuple[str, Dict[str, Any]]],
        collection: str = DEFAULT_COLLECTION,
        batch_size: int = DEFAULT_BATCH_SIZE,
    ) -> None:
        await self.run(self.put_all, kv_pairs, collection, batch_size)

    def get(self, key: str, collection: str = DEFAULT_COLLECTION) -> Optional[Dict[str, Any]]:
        found: Optional[Dict[str, Any]] = _native.get(self.native, key, collection)
        return found

    async def aget(self, key: str, collection: str = DEFAULT_COLLECTION) -> Optional[Dict[str, Any]]:
        found: Optional[Dict[str, Any]] = await self.find(key, collection)
        return found

    def get_all(self, collection: str = DEFAULT_COLLECTION) -> Dict[str, Dict[str, Any]]:
        return _native.get_all(self.native, collection)

    async def aget_all(self, collection: str = DEFAULT_COLLECTION) -> Dict[str, Dict[str, Any]]:
        return await self.run(self.get_all, collection)

    def delete(self, key: str, collection: str = DEFAULT_COLLECTION) -> bool:
        return _native.delete(self.native, key, collection)

    async def adelete(self, key: str, collection: str = DEFAULT_COLLECTION) -> bool:
        return await self.run_small(self.delete, key, collection)

    # ---- beyond the reference ----

    def multi_get(self, keys: List[str], collection: str = DEFAULT_COLLECTION) -> List[Optional[Dict[str, Any]]]:
        """The values of many keys, in their order, in one look-up."""
        return _native.multi_get(self.native, keys, collection)

    def exists(self, key: str, collection: str = DEFAULT_COLLECTION) -> bool:
        return _native.exists(self.native, key, collection)

    def count(self, collection: str = DEFAULT_COLLECTION) -> int:
        return _native.count(self.native, collection)

    def scan(
        self,
        collection: str = DEFAULT_COLLECTION,
        *,
        prefix: str = "",
        start: Optional[str] = None,
        end: Optional[str] = None,
        limit: int = 0,
        reverse: bool = False,
        insertion_order: bool = False,
    ) -> Iterator[Tuple[str, Dict[str, Any]]]:
        """Yields pairs one by one, whatever the size of the collection, as it is when the scan begins.

        By the keys' bytes, or in insertion order. ``start`` is included, ``end`` is not; a ``limit`` of 0 is
        none. Raises ValueError when the store is closed meanwhile.
        """
        pairs = _native.scan(
            self.native, collection, prefix, start, end, limit, reverse, False, insertion_order
        )
        yield from _pairs(pairs, None)

    def objects(self, collection: str, reader: _native.ObjectReader) -> Iterator[Tuple[str, Any]]:
        """The same of all pairs in insertion order, whose values the reader makes."""
        yield from _pairs(_native.scan(self.native, collection, "", None, None, 0, False, False, True), reader)

    def collections(self) -> List[str]:
        """The names of the collections, in the order in which they were made."""
        return _native.collections(self.native)

    def drop_collection(self, collection: str) -> bool:
        """Removes a collection and all in it; False when there was none."""
        return _native.drop_collection(self.native, collection)

    def sync(self) -> None:
        """Makes all writes so far survive a power cut."""
        self.database.own_session().native.sync()

    def compact(self, progress: Optional[ProgressCallback] = None) -> None:
        """Gives deleted data's space back to the disk. Takes minutes on large stores; see ``quipu.compact``."""
        self.database.own_session().native.compact(progress)

    def stats(self) -> Stats:
        """What this process has done with the database since it was opened: how often each call and how long it took,
        what was read, written and compacted. Cheap, and always counted.

        ``quipu.published_stats`` tells of another process that writes to it. Raises NotImplementedError for an address
        of another backend.
        """
        return to_stats(self.database.own_session().native.stats())

    # ---- refreshing, closing, copying ----

    @property
    def read_only(self) -> bool:
        return self._options.read_only

    def refresh(self) -> None:
        """Shows the database as it is now; so do all stores of this process that read this path only.

        A scan that has begun goes on with what it began with. Does nothing for a store that can write, which always
        shows what is there. Costs little more than what was written since; the search index of a vector store is
        made anew by the next query, when anything was written.
        """
        if self.read_only:
            self.database.refresh()

    @property
    def closed(self) -> bool:
        return self._closed or (self._database is not None and self._database.closed)

    def close(self) -> None:
        """Lets go of the directory; the last object on it makes all durable and unlocks it. Safe twice.

        Raises BusyError while a transaction is open.
        """
        with self._opening:
            if self._database is not None and not self._closed:
                release(self._database)
                self._finalizer.detach()
            self._closed = True

    def __reduce__(self) -> Tuple[Any, ...]:
        return _unpickle, (self._path, self._options)

    def __repr__(self) -> str:
        return describe(self, self._path, lambda: {"collections": len(self.collections())})

    def _repr_html_(self) -> str:
        return repr_html(self, self._path, lambda: {name: self.count(name) for name in self.collections()})

    # ---- for the stores on this one ----

    @property
    def database(self) -> Database:
        if self._database is None or self._closed:
            return self._open()
        return self._database

    @property
    def native(self) -> _native.Database:
        database = self._database
        if database is None or self._closed:
            database = self._open()
        return database.session().native

    async def find(self, key: str, collection: str, reader: Optional[_native.ObjectReader] = None) -> Any:
        """The value, which the reader makes, or None: at once where it is in memory, else from the pool."""
        found = _native.get_at_hand(self.native, key, collection, reader)
        if found is NotImplemented:
            found = await self.run(lambda: _native.get(self.native, key, collection, reader))
        return found

    def bind(self, store: Callable[..., T], arguments: Tuple[Any, ...]) -> T:
        """The native store of this kind over the database, or over the transaction that runs."""
        database = self._database
        if database is None or self._closed:
            database = self._open()
        return database.session().bind(store, arguments)

    async def run_small(self, call: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Awaits a call that takes no longer than a moment: at once where it does not have to wait, else on the pool."""
        return await self.database.run_small(call, *args, **kwargs)

    async def run(self, call: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Awaits a call on the database's pool of threads."""
        return await self.database.run(call, *args, **kwargs)


def _pairs(pairs: _native.Scan, reader: Optional[_native.ObjectReader]) -> Iterator[Tuple[str, Any]]:
    try:
        while batch := pairs.next(_SCAN_PAIRS, reader):
            yield from batch
    finally:
        pairs.end()


def describe(store: Any, path: str, facts: Callable[[], Dict[str, Any]]) -> str:
    """What repr() says of a store: its path, and what is in it where that can be read."""
    try:
        texts = [f"{name}={value}" for name, value in facts().items()]
    except Exception:  # closed, the parent's, locked by another process, damaged
        texts = ["closed"] if getattr(store, "closed", False) else []
    return f"{type(store).__name__}({', '.join([repr(_native.shown_address(path)), *texts])})"


def _unpickle(path: str, options: Options) -> RocksDBKVStore:
    """A store that opens its directory when it is first used, so that where it cannot, its user is told."""
    store = RocksDBKVStore.__new__(RocksDBKVStore)
    store._set_out(path, options)
    return store
