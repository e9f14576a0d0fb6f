"""What a database counts, what it says to Python's logging, and how notebooks show it."""

import logging
import os

import pytest
import quipu
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores import VectorStoreQuery


def test_calls_are_counted(context):
    assert context.stats().calls == {}
    context.kvstore.put("a", {"b": 1})
    for _ in range(20):
        context.kvstore.get("a")
    context.vector_store.add([TextNode(id_="n", embedding=[1.0, 2.0])])
    context.vector_store.query(VectorStoreQuery(query_embedding=[1.0, 2.0]))
    stats = context.stats()
    assert stats.process == os.getpid()
    assert stats.calls["get"].count == 20
    assert stats.calls["query"].count == 1
    for call in stats.calls.values():
        assert 0 < call.seconds <= stats.seconds
        assert call.p50 <= call.p95 <= call.p99
        assert call.mean == pytest.approx(call.seconds / call.count)
    assert stats.values["quipu_written_bytes_total"] > 0
    assert 'quipu_call_seconds_count{call="get"} 20\n' in stats.prometheus
    assert context.kvstore.stats().calls["get"].count == 20


def test_another_process_publishes(context, tmp_path):
    apart = tmp_path / "apart"  # where no writer puts a newer file
    apart.mkdir()
    assert quipu.published_stats(apart) is None
    context.kvstore.put("a", {})
    (apart / "STATS").write_text(context.stats().prometheus)
    published = quipu.published_stats(apart)
    assert published is not None
    assert published.calls["write"].count == 1
    assert published.values.keys() == context.stats().values.keys()
    (apart / "STATS").write_text("x")
    with pytest.raises(quipu.CorruptionError, match="line 1"):
        quipu.published_stats(apart)
    context.close()
    with pytest.raises(ValueError, match="closed"):
        context.stats()


@pytest.mark.parametrize("own", [False, True])
def test_slow_calls_are_warnings_of_logging(tmp_path, caplog, own):
    logger = logging.getLogger("mine") if own else None
    with caplog.at_level(logging.INFO):
        with quipu.RocksDBKVStore(tmp_path / "db", slow_call_seconds=1e-9, logger=logger) as kvstore:
            kvstore.put("a", {}, "notes")
    name = "mine" if own else "quipu"
    said = [(record.name, record.levelname) for record in caplog.records if "write of notes took" in record.getMessage()]
    assert said == [(name, "WARNING")]


def test_what_is_no_number_of_seconds_is_refused(tmp_path):
    with pytest.raises(TypeError, match="slow_call_seconds"):
        quipu.RocksDBKVStore(tmp_path / "db", slow_call_seconds="1")
