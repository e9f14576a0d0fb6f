"""The transformations of a pipeline, in this process or in others. Nothing is written here."""

from __future__ import annotations

import asyncio
import multiprocessing
import pickle
import warnings
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Awaitable, Callable, Dict, List, Optional, Protocol, Sequence, Tuple

from llama_index.core.ingestion import IngestionCache, arun_transformations, run_transformations
from llama_index.core.schema import BaseNode, TransformComponent

from quipu.stores.ingestion_cache import StagedKVStore
from quipu.stores.kv_store import RocksDBKVStore

OpenDatabase = Callable[[], RocksDBKVStore]


@dataclass(frozen=True)
class Transformed:
    nodes: Sequence[BaseNode] = ()
    for_index: Sequence[BaseNode] = ()  # the same, embedded if the index does that
    cached: Dict[str, Dict[str, Any]] = field(default_factory=dict)  # what is new for the cache


@dataclass(frozen=True)
class CachePlace:
    """Where the cache of a pipeline is on the database, which a worker opens by its path."""

    nodes_key: str
    collection: str

    def staged(self, database: StagedKVStore) -> IngestionCache:
        return IngestionCache(nodes_key=self.nodes_key, collection=self.collection, cache=database)


@dataclass(frozen=True)
class Transformation:
    """All transformations of a pipeline. Can be pickled when they can."""

    transformations: Sequence[TransformComponent]
    cache: Optional[CachePlace]
    arguments: Dict[str, Any]

    def run(self, nodes: List[BaseNode], open_database: OpenDatabase) -> Transformed:
        if not nodes:
            return Transformed()
        staged = StagedKVStore(open_database)
        made = run_transformations(nodes, self.transformations, cache=self._cache(staged), **self.arguments)
        return self._result(made, staged)

    async def arun(self, nodes: List[BaseNode], open_database: OpenDatabase) -> Transformed:
        if not nodes:
            return Transformed()
        staged = StagedKVStore(open_database)
        made = await arun_transformations(nodes, self.transformations, cache=self._cache(staged), **self.arguments)
        return self._result(made, staged)

    def _cache(self, staged: StagedKVStore) -> Optional[IngestionCache]:
        return None if self.cache is None else self.cache.staged(staged)

    def _result(self, made: Optional[Sequence[BaseNode]], staged: StagedKVStore) -> Transformed:
        nodes = list(made or [])
        return Transformed(nodes, nodes, {} if self.cache is None else staged.get_all(self.cache.collection))


class Transformer(Protocol):
    ahead: int  # how many batches may be begun before the first is asked for

    def start(self, nodes: List[BaseNode]) -> "Future[Transformed]": ...

    def astart(self, nodes: List[BaseNode]) -> Awaitable[Transformed]: ...

    def close(self) -> None: ...


def _done(transformed: Transformed) -> "Future[Transformed]":
    future: Future[Transformed] = Future()
    future.set_result(transformed)
    return future


class InProcess:
    """Transforms when it is asked to."""

    ahead = 0

    def __init__(self, transformation: Transformation, database: RocksDBKVStore) -> None:
        self._transformation = transformation
        self._open_database: OpenDatabase = lambda: database

    def start(self, nodes: List[BaseNode]) -> "Future[Transformed]":
        return _done(self._transformation.run(nodes, self._open_database))

    def astart(self, nodes: List[BaseNode]) -> Awaitable[Transformed]:
        return self._transformation.arun(nodes, self._open_database)

    def close(self) -> None:
        pass


class InWorkers:
    """Transforms in processes that are spawned, so that none has a part of the database that is open here. A worker
    transforms one batch at a time."""

    def __init__(self, transformation: Transformation, path: str, num_workers: int, asynchronous: bool) -> None:
        work = pickle.dumps((transformation, path, asynchronous))  # what cannot be pickled is told here
        self.ahead = num_workers
        self._pool = ProcessPoolExecutor(num_workers, multiprocessing.get_context("spawn"), _begin_worker, (work,))

    def start(self, nodes: List[BaseNode]) -> "Future[Transformed]":
        return self._pool.submit(_work, nodes) if nodes else _done(Transformed())

    def astart(self, nodes: List[BaseNode]) -> Awaitable[Transformed]:
        return asyncio.wrap_future(self.start(nodes))

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)


def make_transformer(
    transformation: Transformation, database: RocksDBKVStore, num_workers: Optional[int], asynchronous: bool
) -> Transformer:
    workers = num_workers or 1
    processors = multiprocessing.cpu_count()
    if workers > processors:
        warnings.warn(f"num_workers={workers} is more than there are processors: {processors} are used", stacklevel=4)
        workers = processors
    if workers > 1:
        return InWorkers(transformation, database.path, workers, asynchronous)
    return InProcess(transformation, database)


# ---- in a worker ----

_pickled = b""


def _begin_worker(pickled: bytes) -> None:
    global _pickled
    _pickled = pickled


@lru_cache(maxsize=None)
def _transformation() -> Tuple[Transformation, OpenDatabase, bool]:
    """Made by a call, whose exceptions reach the parent."""
    transformation, path, asynchronous = pickle.loads(_pickled)
    return transformation, lru_cache(maxsize=None)(lambda: RocksDBKVStore(path, read_only=True)), asynchronous


def _work(nodes: List[BaseNode]) -> Transformed:
    transformation, open_database, asynchronous = _transformation()
    if asynchronous:
        return asyncio.run(transformation.arun(nodes, open_database))
    return transformation.run(nodes, open_database)
