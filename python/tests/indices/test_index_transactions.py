"""Every change of an index in a transaction, of every kind of index, with each call under it failing."""

from __future__ import annotations

import asyncio
import contextvars
import copy
import logging
import os
import threading
from typing import Any, Callable, Dict, Iterator, List

import pytest
import quipu
from failing_calls import CallFailed, Calls, calls  # noqa: F401
from llama_index.core import (
    Document,
    DocumentSummaryIndex,
    KnowledgeGraphIndex,
    MockEmbedding,
    PropertyGraphIndex,
    Settings,
    SimpleKeywordTableIndex,
    StorageContext,
    SummaryIndex,
    TreeIndex,
    VectorStoreIndex,
    load_index_from_storage,
)
from llama_index.core.graph_stores.types import EntityNode, KG_NODES_KEY, KG_RELATIONS_KEY, Relation
from llama_index.core.indices.base import BaseIndex
from llama_index.core.llms import MockLLM
from llama_index.core.schema import BaseNode, TextNode, TransformComponent


class Embedding(MockEmbedding):
    """Counts, too."""

    def _get_vector(self) -> List[float]:
        COUNTED.count("embedding")
        return super()._get_vector()


class Split(TransformComponent):
    def __call__(self, nodes: Any, **kwargs: Any) -> List[BaseNode]:
        parts = [(node, f"{word} hangs") for node in nodes for word in node.get_content().split()]
        return [
            TextNode(text=text, relationships={"1": node.as_related_node_info()}) for node, text in parts
        ]


class Extract(TransformComponent):
    def __call__(self, nodes: Any, **kwargs: Any) -> List[BaseNode]:
        for node in nodes:
            node.metadata[KG_NODES_KEY] = [EntityNode(name=word) for word in node.get_content().split()[:1]]
            node.metadata[KG_RELATIONS_KEY] = []
        return nodes


COUNTED = Calls()

KINDS: Dict[str, Callable[[Any], BaseIndex[Any]]] = {
    "vector": lambda context: VectorStoreIndex([], storage_context=context),
    "summary": lambda context: SummaryIndex([], storage_context=context),
    "keywords": lambda context: SimpleKeywordTableIndex([], storage_context=context),
    "document summaries": lambda context: DocumentSummaryIndex([], storage_context=context),
    "tree": lambda context: TreeIndex([], storage_context=context),
    "knowledge graph": lambda context: KnowledgeGraphIndex(
        [], storage_context=context, kg_triplet_extract_fn=lambda text: [(text.split()[0], "is", "hanging")]
    ),
    "property graph": lambda context: PropertyGraphIndex([], storage_context=context, kg_extractors=[Extract()]),
}
CANNOT_DELETE = ("tree", "knowledge graph")  # in LlamaIndex


def made_nodes() -> List[BaseNode]:
    return Split()([Document(id_="made", text="a b")])


SYNC: Dict[str, Callable[[BaseIndex[Any]], Any]] = {
    "insert": lambda index: index.insert(Document(id_="new", text="a b")),
    "insert_nodes": lambda index: index.insert_nodes(made_nodes()),
    "delete_ref_doc": lambda index: index.delete_ref_doc("old", delete_from_docstore=True),
    "update_ref_doc": lambda index: index.update_ref_doc(Document(id_="old", text="c d e")),
    "refresh_ref_docs": lambda index: index.refresh_ref_docs(
        [Document(id_="old", text="c d"), Document(id_="new", text="e")]
    ),
}
ASYNC: Dict[str, Callable[[BaseIndex[Any]], Any]] = {
    "ainsert": lambda index: index.ainsert(Document(id_="new", text="a b")),
    "ainsert_nodes": lambda index: index.ainsert_nodes(made_nodes()),
    "adelete_ref_doc": lambda index: index.adelete_ref_doc("old", delete_from_docstore=True),
    "aupdate_ref_doc": lambda index: index.aupdate_ref_doc(Document(id_="old", text="c d e")),
    "arefresh_ref_docs": lambda index: index.arefresh_ref_docs(
        [Document(id_="old", text="c d"), Document(id_="new", text="e")]
    ),
}
STRIDE = int(os.environ.get("QUIPU_FAULT_STRIDE", "6"))  # between the calls that fail
CHANGES = [(kind, change) for kind in KINDS for change in (*SYNC, *ASYNC)]


@pytest.fixture(autouse=True)
def models(settings: None, calls: Calls, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:  # noqa: F811
    Settings.embed_model = Embedding(embed_dim=2)
    Settings.llm = MockLLM(max_tokens=8)
    Settings.transformations = [Split()]
    monkeypatch.setitem(globals(), "COUNTED", calls)
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def stored(context: quipu.QuipuStorageContext) -> Dict[str, List[Any]]:
    """All that is in the database, in its order."""
    return {name: list(context.kvstore.scan(name, insertion_order=True)) for name in context.kvstore.collections()}


def changed(context: quipu.QuipuStorageContext, index: BaseIndex[Any], change: str) -> None:
    if change in SYNC:
        with quipu.transaction(context):
            SYNC[change](index)
        return

    async def work() -> None:
        with quipu.transaction(context):
            await ASYNC[change](index)

    asyncio.run(work())


@pytest.mark.parametrize("kind,change", CHANGES)
def test_a_failed_change_leaves_all_as_it_was(
    kind: str, change: str, context: quipu.QuipuStorageContext, calls: Calls  # noqa: F811
) -> None:
    if kind in CANNOT_DELETE and ("delete" in change or "update" in change or "refresh" in change):
        pytest.skip("LlamaIndex has not implemented it")
    if kind == "property graph" and change in ("ainsert", "ainsert_nodes", "aupdate_ref_doc", "arefresh_ref_docs"):
        pytest.skip("LlamaIndex runs an event loop in an event loop")
    index = KINDS[kind](context)
    index.insert(Document(id_="old", text="x y"))
    before, struct = stored(context), copy.deepcopy(index.index_struct)

    calls.fail_never()
    with pytest.raises(ZeroDivisionError):
        with quipu.transaction(context):
            SYNC.get(change, SYNC["insert"])(index)
            1 / 0
    assert stored(context) == before and index.index_struct == struct

    failing = CHANGES.index((kind, change)) % STRIDE  # another first one in each test
    while True:
        calls.fail_at(failing)
        try:
            changed(context, index, change)
            break
        except CallFailed as error:
            calls.fail_never()
            if str(error).endswith("after commit"):  # the last: it is there, though the caller is told otherwise
                break
            assert index.index_struct == struct, error
            assert stored(context) == before, error
        failing += STRIDE
    assert failing >= 4
    calls.fail_never()
    index.insert(Document(id_="last", text="z"))
    assert [each for each in quipu.verify(context) if each.severity == "fault"] == []
    again = load_index_from_storage(context)
    assert again.index_struct == index.index_struct
    assert "last" in context.docstore.get_all_ref_doc_info()


def test_a_change_that_is_refused_by_a_conflict_can_be_made_again(context: quipu.QuipuStorageContext) -> None:
    index = KINDS["vector"](context)
    other = load_index_from_storage(context)
    with pytest.raises(quipu.ConflictError):
        with quipu.transaction(context):
            index.insert(Document(id_="mine", text="a"))
            contextvars.Context().run(other.insert, Document(id_="other", text="b"))
    assert index.index_struct == other.index_struct
    with quipu.transaction(context):
        index.insert(Document(id_="mine", text="a"))
    assert len(load_index_from_storage(context).index_struct.nodes_dict) == 2


def test_an_index_that_is_the_target_is_put_back_though_its_error_was_caught(
    context: quipu.QuipuStorageContext, calls: Calls  # noqa: F811
) -> None:
    index = KINDS["vector"](context)
    with pytest.raises(ZeroDivisionError):
        with quipu.transaction(index):
            try:
                index.insert(Document(id_="new", text="a", metadata={"odd": object()}))
            except Exception:
                index.index_struct.nodes_dict["half"] = "done"
            1 / 0
    assert index.index_struct.nodes_dict == {}


def test_an_index_that_is_elsewhere_is_left_alone(context: quipu.QuipuStorageContext) -> None:
    index = VectorStoreIndex([])
    with pytest.raises(AttributeError):
        with quipu.transaction(context):
            index.index_struct.nodes_dict["its"] = "own"
            index.insert_nodes([None])  # type: ignore[list-item]
    assert index.index_struct.nodes_dict == {"its": "own"}


def test_an_index_that_was_made_in_the_block_writes_no_more(context: quipu.QuipuStorageContext) -> None:
    before = stored(context)
    with pytest.raises(ZeroDivisionError):
        with quipu.transaction(context):
            index = VectorStoreIndex.from_documents([Document(id_="a", text="a b")], storage_context=context)
            1 / 0
    with pytest.raises(ValueError, match=f"{index.index_id}.*rolled back.*make it anew"):
        with quipu.transaction(context):
            index.insert(Document(id_="b", text="c"))
    assert {name: pairs for name, pairs in stored(context).items() if pairs} == {n: p for n, p in before.items() if p}


def test_a_renamed_index_writes_no_more(context: quipu.QuipuStorageContext) -> None:
    index = VectorStoreIndex.from_documents([Document(id_="a", text="a b")], storage_context=context)
    struct = copy.deepcopy(index.index_struct)
    with pytest.raises(ZeroDivisionError):
        with quipu.transaction(context):
            index.set_index_id("renamed")
            1 / 0
    with pytest.raises(ValueError, match="renamed.*load it again"):
        index.summary = "A cord."
    assert [load_index_from_storage(context).index_struct] == [struct]


def test_what_an_index_does_not_use_may_be_elsewhere(kvstore: quipu.RocksDBKVStore) -> None:
    context = StorageContext.from_defaults(
        docstore=quipu.QuipuDocumentStore(kvstore),
        index_store=quipu.QuipuIndexStore(kvstore),
        vector_store=quipu.QuipuVectorStore(kvstore),
    )
    index = VectorStoreIndex([], storage_context=context)
    with pytest.raises(ZeroDivisionError):
        with quipu.transaction(index):
            index.insert(Document(id_="a", text="a b"))
            1 / 0
    assert context.docstore.docs == {} and index.index_struct.nodes_dict == {}
    with pytest.raises(ValueError, match="one Quipu database: graph_store is a SimpleGraphStore, which is not"):
        with quipu.transaction(KINDS["knowledge graph"](context)):
            pass


def test_what_is_awaited_together_is_read_before_it_is_deleted(
    context: quipu.QuipuStorageContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """adelete_ref_doc reads a ref doc for the struct and deletes it in one gather, in this order in LlamaIndex's stores."""
    deleted = threading.Event()
    read, delete = quipu.QuipuDocumentStore.get_ref_doc_info, quipu.QuipuDocumentStore.delete_ref_doc

    def read_late(store: Any, *args: Any) -> Any:
        if threading.current_thread() is not threading.main_thread():
            deleted.wait(10)
        return read(store, *args)

    def delete_and_tell(store: Any, *args: Any, **kwargs: Any) -> None:
        delete(store, *args, **kwargs)
        deleted.set()

    index = KINDS["vector"](context)
    index.insert(Document(id_="a", text="a b"))
    monkeypatch.setattr(quipu.QuipuDocumentStore, "get_ref_doc_info", read_late)
    monkeypatch.setattr(quipu.QuipuDocumentStore, "delete_ref_doc", delete_and_tell)
    asyncio.run(index.adelete_ref_doc("a", delete_from_docstore=True))
    assert index.index_struct.nodes_dict == {}
