"""What notebooks show of stores, bars of tqdm, events of LlamaIndex's instrumentation."""

import contextlib
import io

import pytest
import quipu
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.instrumentation.event_handlers import BaseEventHandler
from llama_index.core.ingestion import DocstoreStrategy, IngestionPipeline
from llama_index.core.schema import Document, TextNode
from llama_index.core.vector_stores import VectorStoreQuery

MARKUP = "<b>&\"'"


def nodes(count=3):
    return [TextNode(id_=f"n{i}", text=f"word {i}", embedding=[1.0, float(i)]) for i in range(count)]


def test_notebooks_show_tables(tmp_path):
    with quipu.storage_context(tmp_path / MARKUP) as context:
        context.docstore.add_documents(nodes())
        context.vector_store.add(nodes())
        context.kvstore.put_all([(str(i), {}) for i in range(1234)], MARKUP)
        stores = [context.docstore, context.index_store, context.vector_store, context.graph_store]
        stores += [context.property_graph_store, quipu.QuipuChatStore(context.kvstore), context.kvstore, context]
        for store in stores:
            shown = store._repr_html_()
            assert f">{type(store).__name__}<" in shown
            assert "&lt;b&gt;&amp;&quot;&#x27;" in shown
            assert MARKUP not in shown
        assert ">vectors: default</th><td style=\"text-align: left\">3<" in context._repr_html_()
        assert ">1,234<" in context.kvstore._repr_html_()
    assert ">closed<" in context._repr_html_()


def test_long_calls_show_bars(tmp_path):
    told = []
    progress = lambda *at: told.append(at)  # noqa: E731
    path, said = tmp_path / "db", io.StringIO()
    with contextlib.redirect_stderr(said):
        with quipu.storage_context(path) as context:
            keep = DocstoreStrategy.DUPLICATES_ONLY
            pipeline = IngestionPipeline(transformations=[], docstore=context.docstore, docstore_strategy=keep)
            documents = [Document(id_=str(i), text=f"word {i}") for i in range(10)]
            quipu.ingest(pipeline, documents, batch_size=5, progress=progress, show_progress=True)
            context.vector_store.add(nodes())
            context.vector_store.use_ann(show_progress=True)
            context.docstore.index_text(show_progress=True)
            quipu.backup(context, tmp_path / "backups", show_progress=True)
            quipu.verify(context, show_progress=True)
            quipu.export_dir(path, tmp_path / "persisted", show_progress=True)
        quipu.compact(path, show_progress=True)
        quipu.repair(path, show_progress=True)
        quipu.verify_backup(tmp_path / "backups", 1, show_progress=True)
        quipu.restore(tmp_path / "backups", tmp_path / "restored", show_progress=True)
        quipu.import_dir(tmp_path / "persisted", tmp_path / "again", show_progress=True)
        quipu.diff(tmp_path / "again", path, show_progress=True)
        quipu.migrate(tmp_path / "again", tmp_path / "moved.quipu", show_progress=True)
    names = "ingest,partitions,index text,backup,verify,export,compact,repair,verify backup,restore,import,diff,migrate"
    for name in names.split(","):
        assert f"{name}: " in said.getvalue(), name
    assert "ingest: 100%" in said.getvalue()
    assert told == [("documents", 0, 10), ("documents", 5, 10), ("documents", 10, 10)]


def test_a_bar_that_is_not_asked_for_is_not_shown(tmp_path, capfd):
    with quipu.storage_context(tmp_path / "db") as context:
        quipu.backup(context, tmp_path / "backups")
    assert capfd.readouterr() == ("", "")


class Handler(BaseEventHandler):
    """Keeps Quipu's events, but for their times."""

    events: list = []

    @classmethod
    def class_name(cls):
        return "Handler"

    def handle(self, event, **kwargs):
        if event.class_name().startswith("StoreCall"):
            self.events.append((event.class_name(), event.store, event.call, getattr(event, "count", None)))


@pytest.fixture
def events():
    root, handler = get_dispatcher(), Handler(events=[])
    root.add_event_handler(handler)
    yield handler.events
    root.event_handlers.remove(handler)


def test_searches_and_writes_are_events(context, events):
    context.docstore.add_documents(nodes())
    context.vector_store.add(nodes())
    context.vector_store.query(VectorStoreQuery(query_embedding=[1.0, 0.0], similarity_top_k=2))
    context.vector_store.query_all([VectorStoreQuery(query_embedding=[1.0, 0.0])] * 4)
    context.docstore.search_text(query="word", top_k=2)
    with pytest.raises(ValueError, match="ids"):
        context.vector_store.add_embeddings(["a"], [])
    calls = [("QuipuDocumentStore", "add_documents", 3), ("QuipuVectorStore", "add", 3), ("QuipuVectorStore", "query", 2)]
    calls += [("QuipuVectorStore", "query_all", 4), ("QuipuDocumentStore", "search_text", 2)]
    expected = []
    for store, call, count in calls:
        expected += [("StoreCallStartEvent", store, call, None), ("StoreCallEndEvent", store, call, count)]
    assert events == [*expected, ("StoreCallStartEvent", "QuipuVectorStore", "add_embeddings", None)]


