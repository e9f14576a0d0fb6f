"""ingest() and aingest(): an IngestionPipeline over any number of documents, in batches that are there whole or not."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from typing import Any, AsyncIterable, AsyncIterator, Awaitable, Callable, Deque, Dict, Iterable, List, Optional
from typing import Tuple, TypeVar, Union

from llama_index.core.indices.base import BaseIndex
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.schema import BaseNode

from quipu.database.progress import ProgressCallback, progress_bar
from quipu.ingestion.ingestion import Ingestion, IngestReport
from quipu.ingestion.selection import Batch, Selection
from quipu.ingestion.transforming import Transformation, Transformer, make_transformer

T = TypeVar("T")


def ingest(
    pipeline: IngestionPipeline,
    documents: Optional[Iterable[BaseNode]] = None,
    index: Optional[BaseIndex[Any]] = None,
    *,
    batch_size: int = 64,
    num_workers: Optional[int] = None,
    cache_collection: Optional[str] = None,
    store_doc_text: bool = True,
    sync: bool = False,
    progress: Optional[ProgressCallback] = None,
    show_progress: bool = False,
    **arguments: Any,
) -> IngestReport:
    """Runs a pipeline over documents, some at a time, each time with all that it stores, or nothing of it.

        pipeline = IngestionPipeline(
            transformations=[SentenceSplitter(), embed_model],
            docstore=context.docstore,
            cache=quipu.QuipuIngestionCache(context.kvstore),
        )
        report = quipu.ingest(pipeline, documents, index)

    A batch of documents is read, what the pipeline's strategy leaves of it is transformed, and then one commit stores
    nodes, hashes, vectors, the nodes and the struct of the index, and what is new for the cache. An exception, Ctrl-C or
    the end of the process leave the batches before it; the same call again goes on after these, for the document store
    knows them. What is stored is what ``pipeline.run`` stores, called with each batch, followed by
    ``index.insert_nodes``. Memory is that of the batches under way, whatever the number of documents.

    Args:
        pipeline: its docstore, vector_store and cache must be on one Quipu database. Without a docstore nothing is
            skipped. A cache that nobody named, which is in memory, is not used.
        documents: documents or nodes, also of a generator; those of the pipeline follow.
        index: it gets the nodes, and another version of a document replaces the former in it. On the same database.
        batch_size: the number of documents of a commit.
        num_workers: processes that transform, one batch each. They are spawned, so that a program's own code must be
            under ``if __name__ == "__main__":``.
        cache_collection, store_doc_text: as those of ``pipeline.run``.
        sync: let each commit survive a power cut.
        progress: called before the first batch and after each, with "documents", the number of those done and of those
            in all (0 where that is not known). What it raises ends the call, between two commits.
        show_progress: show a bar of tqdm.
        arguments: for the transformations.

    With DocstoreStrategy.UPSERTS_AND_DELETE, documents that are stored and were not given are deleted at the end, as
    many at a time as ``batch_size``; a call that does not come so far deletes none. Until then their ids are in memory.

    Raises:
        ValueError: something is not on the one database, or a transaction is running; nothing has been done.
        ConflictError: somebody else has changed, again and again, what a batch used.
    """
    with progress_bar(show_progress, progress, "ingest", unit="documents") as told:
        ingestion, transformer = _prepare(
            pipeline,
            index,
            num_workers,
            arguments,
            asynchronous=False,
            batch_size=batch_size,
            cache_collection=cache_collection,
            store_doc_text=store_doc_text,
            sync=sync,
            progress=told,
        )
        _run(ingestion, documents, transformer)
        return ingestion.report


async def aingest(
    pipeline: IngestionPipeline,
    documents: Optional[Union[Iterable[BaseNode], AsyncIterable[BaseNode]]] = None,
    index: Optional[BaseIndex[Any]] = None,
    *,
    batch_size: int = 64,
    num_workers: Optional[int] = None,
    cache_collection: Optional[str] = None,
    store_doc_text: bool = True,
    sync: bool = False,
    progress: Optional[ProgressCallback] = None,
    show_progress: bool = False,
    **arguments: Any,
) -> IngestReport:
    """As ``ingest``: transformations and embeddings are awaited, and what is stored is stored on another thread.

    ``documents`` may be an asynchronous iterable. A task that is cancelled ends when the commit under way, if one is,
    has been made or has failed.
    """
    with progress_bar(show_progress, progress, "ingest", unit="documents") as told:
        ingestion, transformer = _prepare(
            pipeline,
            index,
            num_workers,
            arguments,
            asynchronous=True,
            batch_size=batch_size,
            cache_collection=cache_collection,
            store_doc_text=store_doc_text,
            sync=sync,
            progress=told,
        )
        await _arun(ingestion, documents, transformer)
        return ingestion.report


def _prepare(
    pipeline: IngestionPipeline,
    index: Optional[BaseIndex[Any]],
    num_workers: Optional[int],
    arguments: Dict[str, Any],
    *,
    asynchronous: bool,
    **options: Any,
) -> Tuple[Ingestion, Transformer]:
    """What a run needs, checked. ``options`` are those of Ingestion."""
    ingestion = Ingestion(pipeline, index, **options)
    transformation = Transformation(pipeline.transformations, ingestion.cache, arguments)
    return ingestion, make_transformer(transformation, ingestion.kvstore, num_workers, asynchronous)


# ---- in this thread ----


def _run(ingestion: Ingestion, documents: Optional[Iterable[BaseNode]], transformer: Transformer) -> None:
    pending: Deque[Tuple[Batch, Selection, Any]] = deque()
    try:
        remaining = ingestion.inputs(documents)
        ingestion.tell()
        while some := list(itertools.islice(remaining, ingestion.batch_size)):
            batch = Batch.of(some)
            selection = ingestion.select(batch)
            pending.append((batch, selection, transformer.start(batch.selected(selection))))
            if len(pending) > transformer.ahead:
                _finish(ingestion, transformer, *pending.popleft())
        while pending:
            _finish(ingestion, transformer, *pending.popleft())
    finally:
        transformer.close()
    for doc_ids in ingestion.others():
        ingestion.delete(doc_ids)
        ingestion.tell()


def _finish(ingestion: Ingestion, transformer: Transformer, batch: Batch, selection: Selection, started: Any) -> None:
    while True:
        other = ingestion.write(batch, selection, ingestion.embed(started.result()))
        if other is None:
            return ingestion.tell()
        selection, started = other, transformer.start(batch.selected(other))


# ---- in a task ----


async def _arun(
    ingestion: Ingestion,
    documents: Optional[Union[Iterable[BaseNode], AsyncIterable[BaseNode]]],
    transformer: Transformer,
) -> None:
    pending: Deque[Tuple[Batch, Selection, Any]] = deque()
    try:
        ingestion.tell()
        async for some in _batches(ingestion, documents):
            batch = Batch.of(some)
            selection = await _on_thread(ingestion.select, batch)
            pending.append((batch, selection, transformer.astart(batch.selected(selection))))
            if len(pending) > transformer.ahead:
                await _afinish(ingestion, transformer, *pending.popleft())
        while pending:
            await _afinish(ingestion, transformer, *pending.popleft())
    finally:
        await _on_thread(transformer.close)
    others = ingestion.others()
    while doc_ids := await _on_thread(next, others, None):
        await _on_thread(ingestion.delete, doc_ids)
        ingestion.tell()


async def _batches(
    ingestion: Ingestion, documents: Optional[Union[Iterable[BaseNode], AsyncIterable[BaseNode]]]
) -> AsyncIterator[List[BaseNode]]:
    batch: List[BaseNode] = []
    async for each in _inputs(ingestion, documents):
        batch.append(each)
        if len(batch) == ingestion.batch_size:
            yield batch
            batch = []
    if batch:
        yield batch


async def _inputs(
    ingestion: Ingestion, documents: Optional[Union[Iterable[BaseNode], AsyncIterable[BaseNode]]]
) -> AsyncIterator[BaseNode]:
    if isinstance(documents, AsyncIterable):
        async for each in documents:
            yield each
        documents = ()
    for each in ingestion.inputs(documents):
        yield each


async def _afinish(
    ingestion: Ingestion, transformer: Transformer, batch: Batch, selection: Selection, started: Awaitable[Any]
) -> None:
    while True:
        transformed = await ingestion.aembed(await started)
        other = await _on_thread(ingestion.write, batch, selection, transformed)
        if other is None:
            return ingestion.tell()
        selection, started = other, transformer.astart(batch.selected(other))


async def _on_thread(call: Callable[..., T], *arguments: Any) -> T:
    """Awaits a call on another thread. Cancelled, it ends when the call has ended."""
    under_way = asyncio.ensure_future(asyncio.to_thread(call, *arguments))
    try:
        return await asyncio.shield(under_way)
    except asyncio.CancelledError:
        await asyncio.wait([under_way])
        if not under_way.cancelled():
            under_way.exception()  # which nobody asks for any more
        raise
