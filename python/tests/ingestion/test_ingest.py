"""quipu.ingest(): results, which are IngestionPipeline's, and what it says and refuses."""

from __future__ import annotations

import asyncio
import os
import random
import warnings
from typing import Any, Dict, Iterator, List

import pytest
import quipu
from ingestions import Embed, Split, assert_agreed, documents, faults, make_index, make_pipeline, stored
from llama_index.core import Document, StorageContext, SummaryIndex, VectorStoreIndex
from llama_index.core.ingestion import DocstoreStrategy, IngestionCache, IngestionPipeline
from llama_index.core.schema import BaseNode, NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.storage.docstore import SimpleDocumentStore
from llama_index.core.storage.kvstore import SimpleKVStore
from llama_index.core.vector_stores.simple import SimpleVectorStore
from quipu import IngestReport
from stored_vectors import stored_vectors

SEEDS = int(os.environ.get("QUIPU_TEST_SEEDS", "3"))


def contents(docstore: Any, vector_store: Any) -> Dict[str, Any]:
    """What a run of a pipeline leaves, as LlamaIndex's stores show it."""
    nodes = {node_id: node.to_dict() for node_id, node in docstore.docs.items()}
    return {
        "nodes": nodes,
        "hashes": {node_id: docstore.get_document_hash(node_id) for node_id in nodes},
        "all hashes": docstore.get_all_document_hashes(),
        "ref docs": docstore.get_all_ref_doc_info(),
        "vectors": None if vector_store is None else stored_vectors(vector_store),
    }


def random_documents(chosen: random.Random, repeated: bool) -> List[BaseNode]:
    """Some of twelve documents, in some version, among them nodes of documents; no text is that of two."""
    ids = chosen.choices(range(12), k=14) if repeated else chosen.sample(range(12), k=chosen.randrange(13))
    made: List[BaseNode] = []
    for number in ids:
        text = f"d{number} version {chosen.randrange(3)}"
        if number % 5 == 4:
            source = RelatedNodeInfo(node_id=f"source {number}")
            made.append(TextNode(id_=f"n{number}", text=text, relationships={NodeRelationship.SOURCE: source}))
        else:
            made.append(Document(id_=f"d{number}", text=text))
    return made


@pytest.mark.parametrize("asynchronous", (False, True))
@pytest.mark.parametrize("with_vectors", (True, False))
@pytest.mark.parametrize("strategy", DocstoreStrategy)
@pytest.mark.parametrize("seed", range(SEEDS))
def test_same_as_the_pipelines_run(
    seed: int, strategy: DocstoreStrategy, with_vectors: bool, asynchronous: bool, context: quipu.QuipuStorageContext
) -> None:
    """Each id once: as one run over all. Ids that come again: as a run over each batch. The nodes of other documents that
    are given as such, and are not given again, are what UPSERTS_AND_DELETE alone leaves to another test."""
    chosen = random.Random(f"{seed} {strategy} {with_vectors}")
    delete = strategy == DocstoreStrategy.UPSERTS_AND_DELETE
    docstore, vector_store = SimpleDocumentStore(), SimpleVectorStore() if with_vectors else None
    transformations = [Split(), Embed(embed_dim=2)]
    reference = IngestionPipeline(
        transformations=transformations,
        docstore=docstore,
        vector_store=vector_store,
        docstore_strategy=strategy,
    )
    ours = make_pipeline(context, strategy, **({} if with_vectors else {"vector_store": None}))
    for run in range(4):
        repeated = run == 3 and not delete
        batch_size = chosen.randrange(1, 15)
        given = random_documents(chosen, repeated)
        if delete:
            given = [each for each in given if isinstance(each, Document)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for start in range(0, len(given), batch_size) if repeated else (0,):
                reference.run(documents=given[start : start + (batch_size if repeated else len(given))])
            if asynchronous:
                report = asyncio.run(quipu.aingest(ours, given, batch_size=batch_size))
            else:
                report = quipu.ingest(ours, given, batch_size=batch_size)
        assert contents(context.docstore, context.vector_store if with_vectors else None) == contents(
            docstore, vector_store
        )
        assert report.documents == len(given) == report.inserted + report.updated + report.skipped
    assert faults(context) == []


def test_report_and_index(context: quipu.QuipuStorageContext) -> None:
    index, pipeline = make_index(context), make_pipeline(context, DocstoreStrategy.UPSERTS_AND_DELETE)
    given = documents("a one two", "b one", "c one")
    assert quipu.ingest(pipeline, given, index, batch_size=2) == IngestReport(documents=3, inserted=3, nodes=7)
    assert quipu.ingest(pipeline, iter(given), index) == IngestReport(documents=3, skipped=3)
    given = documents("a one three four", "b one", "d one")
    assert quipu.ingest(pipeline, given, index, batch_size=2) == IngestReport(
        documents=3, inserted=1, updated=1, skipped=1, deleted=1, nodes=6
    )
    assert assert_agreed(context, index) == {each.id_: each.text for each in given}
    retrieved = {each.text for each in index.as_retriever(similarity_top_k=20).retrieve("one")}
    assert retrieved == {"a", "one", "three", "four", "b", "d"}


def test_with_an_index_as_run_and_insert_nodes(context: quipu.QuipuStorageContext) -> None:
    """On the reference's stores."""
    given = documents("a one two", "b one", "c one")
    simple = StorageContext.from_defaults()
    other = VectorStoreIndex([], storage_context=simple, embed_model=Embed(embed_dim=2))
    reference = IngestionPipeline(
        transformations=[Split()], docstore=simple.docstore, vector_store=simple.vector_store
    )
    other.insert_nodes(reference.run(documents=given))
    index = make_index(context)
    quipu.ingest(make_pipeline(context, transformations=[Split()]), given, index)
    assert contents(context.docstore, context.vector_store) == contents(simple.docstore, simple.vector_store)
    assert index.index_struct.nodes_dict == other.index_struct.nodes_dict
    assert_agreed(context, index)


def test_an_index_alone_knows_what_to_replace(context: quipu.QuipuStorageContext) -> None:
    """Without a vector store in the pipeline, and of another kind than that of vectors."""
    for make in (make_index, lambda context: SummaryIndex([], storage_context=context)):
        index = make(context)
        pipeline = make_pipeline(context, vector_store=None, docstore=quipu.QuipuDocumentStore(context.kvstore, str(make)))
        quipu.ingest(pipeline, documents("a one two", "b one"), index)
        assert quipu.ingest(pipeline, documents("a three", "b one"), index).updated == 1
        retrieved = index.as_retriever(**({} if make is not make_index else {"similarity_top_k": 9})).retrieve("one")
        assert sorted(each.text for each in retrieved) == ["a", "b", "one", "three"]
        assert index.refresh_ref_docs(documents("a three", "b one")) == [False, False]
        assert quipu.verify(context, strict=True) == []


def test_without_a_document_store_all_is_ingested(context: quipu.QuipuStorageContext) -> None:
    pipeline = make_pipeline(context, docstore=None)
    assert quipu.ingest(pipeline, documents("a one")).inserted == 1
    assert quipu.ingest(pipeline, documents("a one")).inserted == 1
    assert len(stored_vectors(context.vector_store)["embedding_dict"]) == 2
    assert context.docstore.docs == {}


def test_documents_of_the_pipeline_follow(context: quipu.QuipuStorageContext) -> None:
    class Reader:
        def read(self) -> List[Document]:
            return documents("c one")

    pipeline = make_pipeline(context, documents=documents("b one"))
    pipeline.readers = [Reader()]
    assert quipu.ingest(pipeline, documents("a one")).inserted == 3
    assert list(context.docstore.docs) == ["a", "b", "c"]
    assert quipu.ingest(pipeline).skipped == 2


def test_no_more_is_read_than_a_batch(context: quipu.QuipuStorageContext) -> None:
    read: List[str] = []

    def given() -> Iterator[Document]:
        for number in range(10):
            read.append(f"d{number}")
            yield Document(id_=f"d{number}", text="one")
        raise ZeroDivisionError

    done: List[int] = []

    def progress(what: str, count: int, total: int) -> None:
        assert (what, total) == ("documents", 0)
        assert len(context.docstore.docs) == count and len(read) == count
        done.append(count)

    with pytest.raises(ZeroDivisionError):
        quipu.ingest(make_pipeline(context), given(), batch_size=4, progress=progress)
    assert done == [0, 4, 8]
    assert list(context.docstore.docs) == read[:8]


def test_progress_cancels_between_batches(context: quipu.QuipuStorageContext) -> None:
    index, pipeline = make_index(context), make_pipeline(context, DocstoreStrategy.UPSERTS_AND_DELETE)
    quipu.ingest(pipeline, documents("gone one", "z one"), index)
    given = documents(*(f"{letter} one" for letter in "abcdefz"))

    def progress(what: str, count: int, total: int) -> None:
        assert total == 7
        if count == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        quipu.ingest(pipeline, given, index, batch_size=2, progress=progress)
    assert assert_agreed(context, index).keys() == {"gone", "z", *"abcd"}
    assert quipu.ingest(pipeline, given, index) == IngestReport(documents=7, inserted=2, skipped=5, nodes=4, deleted=1)
    assert assert_agreed(context, index).keys() == set("abcdefz")


def test_others_are_deleted_wholly(context: quipu.QuipuStorageContext) -> None:
    """All of several with the same hash, of which LlamaIndex deletes the last; and nodes of documents that are given
    stay, which it deletes."""
    index, pipeline = make_index(context), make_pipeline(context, DocstoreStrategy.UPSERTS_AND_DELETE)
    same = [Document(id_=doc_id, text="the same") for doc_id in "abc"]
    quipu.ingest(pipeline, same, index)
    assert quipu.ingest(pipeline, same[2:], index).deleted == 2
    assert assert_agreed(context, index) == {"c": "the same"}
    counts: List[int] = []
    quipu.ingest(pipeline, documents("a 1", "b 1", "c 1", "d 1", "e 1"), index)
    report = quipu.ingest(pipeline, [], index, batch_size=2, progress=lambda *_: counts.append(len(context.docstore.docs)))
    assert report == IngestReport(deleted=5)
    assert counts == [15, 9, 3, 0]
    assert stored(context).keys() <= {"index_store/data", "llama_cache"}


def test_ids_that_come_again_replace(context: quipu.QuipuStorageContext) -> None:
    """In another batch, as in another run. In one batch LlamaIndex keeps the vectors of both, and so does this."""
    pipeline = make_pipeline(context)
    report = quipu.ingest(pipeline, documents("a one two", "a three"), batch_size=1)
    assert (report.inserted, report.updated) == (1, 1)
    assert assert_agreed(context, None) == {"a": "a three"}
    assert len(stored_vectors(context.vector_store)["embedding_dict"]) == 2


def test_a_selection_that_turns_out_another(context: quipu.QuipuStorageContext) -> None:
    """A version that is outdated by the one before it in its batch is not skipped, though it is what is stored."""
    index, pipeline = make_index(context), make_pipeline(context, vector_store=None)
    quipu.ingest(pipeline, documents("a one two"), index)
    report = quipu.ingest(pipeline, documents("a three", "a one two"), index)
    assert (report.skipped, report.nodes) == (0, 5)
    assert context.docstore.get_document("a").text == "a one two"
    assert quipu.verify(context, strict=True) == []


def test_conflicts_are_got_over(context: quipu.QuipuStorageContext) -> None:
    """Somebody else ingests the same documents, and inserts into the same index, while a batch is being written."""
    import contextvars

    index, pipeline = make_index(context), make_pipeline(context)
    other = make_index(context)
    other._index_struct = context.index_store.get_index_struct(index.index_id)
    insert_nodes = index.insert_nodes
    begun: List[int] = []

    def insert_after_another(nodes: Any) -> None:
        insert_nodes(nodes)
        if not begun:
            begun.append(1)
            contextvars.Context().run(quipu.ingest, make_pipeline(context), documents("b one", "c one"), other)

    index.insert_nodes = insert_after_another  # type: ignore[method-assign]
    report = quipu.ingest(pipeline, documents("a one", "b one"), index)
    assert report == IngestReport(documents=2, inserted=1, skipped=1, nodes=2)
    assert assert_agreed(context, index).keys() == {"a", "b", "c"}


def test_the_cache_spares_transformations(context: quipu.QuipuStorageContext, monkeypatch: pytest.MonkeyPatch) -> None:
    called: List[str] = []
    monkeypatch.setattr("ingestions.ON_TRANSFORM", called.append)
    for cache in (quipu.QuipuIngestionCache(context.kvstore), IngestionCache(cache=context.kvstore, collection="mine")):
        pipeline = make_pipeline(context, docstore=None, cache=cache)
        quipu.ingest(pipeline, documents("a one"))
        assert called and context.kvstore.count(cache.collection) == 2
        called.clear()
        quipu.ingest(pipeline, documents("a one"), cache_collection=None)
        assert called == []
        quipu.ingest(pipeline, documents("a one"), cache_collection="another " + cache.collection)
        assert called and context.kvstore.count("another " + cache.collection) == 2
        pipeline.disable_cache = True
        called.clear()
        quipu.ingest(pipeline, documents("a one"))
        assert called
        called.clear()
    in_memory = make_pipeline(context, cache=None)
    quipu.ingest(in_memory, documents("b one"))
    assert in_memory.cache.cache.to_dict() == {}


def test_what_is_elsewhere_is_refused_first(context: quipu.QuipuStorageContext, tmp_path: Any) -> None:
    def given() -> Iterator[Document]:
        pytest.fail("nothing may be read")
        yield

    index = make_index(context)
    simple = VectorStoreIndex([], embed_model=Embed(embed_dim=2))
    filled = SimpleKVStore()
    filled.put("k", {"nodes": []}, "llama_cache")
    before = stored(context)
    with quipu.storage_context(tmp_path / "other") as other:
        for message, pipeline, of in (
            ("docstore, not a SimpleDocumentStore", make_pipeline(context, docstore=SimpleDocumentStore()), index),
            ("vector_store, not a SimpleVectorStore", make_pipeline(context, vector_store=SimpleVectorStore()), index),
            ("cache is a SimpleKVStore", make_pipeline(context, cache=IngestionCache(cache=filled)), index),
            ("the index's docstore is a SimpleDocumentStore", make_pipeline(context), simple),
            ("the index's docstore is on .*database, .* is on .*other", make_pipeline(other), index),
            ("vector_store is on .*other", make_pipeline(context, vector_store=other.vector_store), index),
            ("needs a pipeline with", IngestionPipeline(transformations=[Split()]), None),
        ):
            with pytest.raises(ValueError, match=message):
                quipu.ingest(pipeline, given(), of)
    pipeline = make_pipeline(context)
    with pytest.raises(ValueError, match="a transaction is running already"):
        with quipu.transaction(context):
            quipu.ingest(pipeline, given())
    for size in (0, -1, True, 1.5):
        with pytest.raises(ValueError, match="batch_size must be a number of documents"):
            quipu.ingest(pipeline, given(), batch_size=size)
    for odd in (documents("a")[0], "texts", b"texts"):
        with pytest.raises(TypeError, match="documents must be"):
            quipu.ingest(pipeline, odd)
    with pytest.raises(TypeError, match="documents or nodes, not str"):
        quipu.ingest(pipeline, [*documents("a one"), "b"], batch_size=2)
    assert stored(context) == before


def test_a_reader_is_refused(path: Any) -> None:
    quipu.storage_context(path).close()
    with quipu.storage_context(path, read_only=True) as reader:
        with pytest.raises(quipu.ReadOnlyError, match="read_only=True"):
            quipu.ingest(make_pipeline(reader), documents("a one"))


def test_without_vectors_or_an_index_only_duplicates_are_known(context: quipu.QuipuStorageContext) -> None:
    pipeline = make_pipeline(context, vector_store=None)
    with pytest.warns(UserWarning, match="falling back to 'duplicates_only'") as warned:
        quipu.ingest(pipeline, documents("a one", "a one"))
    assert warned[0].filename == __file__
    assert list(context.docstore.docs) == ["a"]
