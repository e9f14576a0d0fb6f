"""quipu.ingest(num_workers=2): processes that transform, and one that writes."""

from __future__ import annotations

import asyncio
import os
import signal
from concurrent.futures.process import BrokenProcessPool
from typing import Any, List

import pytest
import quipu
from ingestions import Embed, Split, assert_agreed, documents, make_index, make_pipeline, stored
from llama_index.core.ingestion import DocstoreStrategy
from llama_index.core.schema import BaseNode, TransformComponent

GIVEN = documents(*(f"{letter} one two" for letter in "abcdefgh"), "a one two", "b changed")


class InAnotherProcess(TransformComponent):
    """Fails as the first word says."""

    parent: int

    def __call__(self, nodes: Any, **kwargs: Any) -> List[BaseNode]:
        assert os.getpid() != self.parent
        assert kwargs == {"said": "hello"}
        for node in nodes:
            if node.get_content().startswith("raise"):
                raise LookupError(f"in a worker: {node.node_id}")
            if node.get_content().startswith("die"):
                os.kill(os.getpid(), signal.SIGKILL)
        return list(nodes)


@pytest.fixture(autouse=True)
def two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("multiprocessing.cpu_count", lambda: 2)


def pipeline_of(context: quipu.QuipuStorageContext, **options: Any) -> Any:
    transformations = [InAnotherProcess(parent=os.getpid()), Split(), Embed(embed_dim=2)]
    return make_pipeline(context, DocstoreStrategy.UPSERTS, transformations=transformations, **options)


def test_same_as_in_one_process(context: quipu.QuipuStorageContext, tmp_path: Any) -> None:
    """Also where a later batch has what an earlier one, which is under way, has or changes; and of the cache."""
    index = make_index(context)
    report = quipu.ingest(pipeline_of(context), GIVEN, index, batch_size=3, num_workers=2, said="hello")
    assert report == quipu.IngestReport(documents=10, inserted=8, updated=1, skipped=1, nodes=26)
    assert assert_agreed(context, index) == {each.id_: each.text for each in GIVEN}
    entries = context.kvstore.count("llama_cache")
    assert entries == 3 * 4
    with quipu.storage_context(tmp_path / "other") as other:
        other_index = make_index(other)
        assert quipu.ingest(make_pipeline(other), GIVEN, other_index, batch_size=3) == report
        assert stored(other)["docstore/data"] == stored(context)["docstore/data"]
        assert other_index.index_struct.nodes_dict == index.index_struct.nodes_dict

    for document in GIVEN[:3]:
        index.delete_ref_doc(document.id_, delete_from_docstore=True)
    arguments: Any = {"num_workers": 2, "said": "hello"}
    report = asyncio.run(quipu.aingest(pipeline_of(context), GIVEN[:3], index, **arguments))
    assert report == quipu.IngestReport(documents=3, inserted=3, nodes=9)
    assert context.kvstore.count("llama_cache") == entries  # the worker has read it


def test_an_exception_is_raised_here(context: quipu.QuipuStorageContext) -> None:
    index = make_index(context)
    given = documents("a one", "raise it", "b one")
    with pytest.raises(LookupError, match="in a worker: raise"):
        quipu.ingest(pipeline_of(context), given, index, batch_size=1, num_workers=2, said="hello")
    assert list(assert_agreed(context, index)) == ["a"]
    with pytest.raises(BrokenProcessPool):
        quipu.ingest(pipeline_of(context), documents("b one", "die now"), index, num_workers=2, said="hello")
    assert list(assert_agreed(context, index)) == ["a"]


def test_what_cannot_be_sent_is_refused_first(context: quipu.QuipuStorageContext) -> None:
    class Local(Split):
        pass

    before = stored(context)
    with pytest.raises(Exception, match="Local"):
        quipu.ingest(make_pipeline(context, transformations=[Local()]), iter(GIVEN), num_workers=2)
    assert stored(context) == before
    with pytest.warns(UserWarning, match="num_workers=3 is more") as warned:
        quipu.ingest(make_pipeline(context), [], num_workers=3)
    assert warned[0].filename == __file__
