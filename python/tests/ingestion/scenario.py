"""An ingestion of several batches, with documents that are new, changed, unchanged, and not there any more."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Dict

import quipu
from ingestions import Embed, documents, make_index, make_pipeline
from llama_index.core import load_index_from_storage
from llama_index.core.ingestion import DocstoreStrategy, IngestionPipeline

BATCH = 4

BEFORE = documents(*(f"d{n} first version" for n in range(16)))
GIVEN = documents(
    *(f"d{n} first version" for n in range(0, 5)),  # as they are
    *(f"d{n} second version it is" for n in range(5, 12)),  # changed
    *(f"d{n} a new one" for n in range(20, 28)),  # new; four are not given
)
TEXTS_BEFORE = {each.id_: each.text for each in BEFORE}
TEXTS_AFTER = {each.id_: each.text for each in GIVEN}


def prepare(path: Path) -> None:
    with quipu.storage_context(path) as context:
        quipu.ingest(make_pipeline(context), BEFORE, make_index(context))


def pipeline_of(context: quipu.QuipuStorageContext) -> IngestionPipeline:
    return make_pipeline(context, DocstoreStrategy.UPSERTS_AND_DELETE)


def run(context: quipu.QuipuStorageContext, index: Any, asynchronous: bool = False) -> quipu.IngestReport:
    pipeline = pipeline_of(context)
    if asynchronous:
        return asyncio.run(quipu.aingest(pipeline, iter(GIVEN), index, batch_size=BATCH))
    return quipu.ingest(pipeline, iter(GIVEN), index, batch_size=BATCH)


def opened_index(context: quipu.QuipuStorageContext) -> Any:
    return load_index_from_storage(context, embed_model=Embed(embed_dim=2))


def assert_batches(texts: Dict[str, str]) -> int:
    """The first of the batches are ingested and the others are not; then those of deletions. Returns their number."""
    state = dict(TEXTS_BEFORE)
    states = [dict(state)]
    for start in range(0, len(GIVEN), BATCH):
        state.update((each.id_, each.text) for each in GIVEN[start : start + BATCH])
        if state != states[-1]:
            states.append(dict(state))
    states.append({doc_id: text for doc_id, text in state.items() if doc_id in TEXTS_AFTER})
    assert texts in states
    return states.index(texts)
