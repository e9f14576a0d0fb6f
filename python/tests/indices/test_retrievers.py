"""Retrievers that go from what was found to other nodes of the storage context, after it was opened again."""

import copy

import pytest
import quipu
from llama_index.core import Document, StorageContext, SummaryIndex, VectorStoreIndex, load_index_from_storage
from llama_index.core.node_parser import HierarchicalNodeParser, SentenceSplitter, get_leaf_nodes
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.retrievers import AutoMergingRetriever, RecursiveRetriever
from llama_index.core.schema import IndexNode, TextNode

import index_lifecycle

pytestmark = pytest.mark.usefixtures("settings")
TEXT = " ".join(f"Cord {i} of the quipu has {i * 7 % 13} knots of llama wool." for i in range(60))
QUESTIONS = ["How many knots has cord 7?", "llama wool", "Cord 59"]


def on_both(build, answers, path, tmp_path):
    """What `answers` gives on the reference's stores and on ours, each built by `build` and opened again."""
    theirs = StorageContext.from_defaults()
    build(theirs)
    theirs.persist(tmp_path / "persisted")
    want = answers(StorageContext.from_defaults(persist_dir=str(tmp_path / "persisted")))
    with quipu.storage_context(path) as context:
        build(context)
    with quipu.storage_context(path, create_if_missing=False) as context:
        return want, answers(context)


def ask(retriever):
    found = [
        [(each.node_id, each.text, round(each.score or 0, 9)) for each in retriever.retrieve(text)]
        for text in QUESTIONS
    ]
    engine = RetrieverQueryEngine.from_args(retriever)
    return found, [str(engine.query(text)) for text in QUESTIONS]


@pytest.fixture(autouse=True)
def models(settings):  # noqa: F811
    index_lifecycle.settle()


def test_auto_merging(path, tmp_path):
    nodes = HierarchicalNodeParser.from_defaults(chunk_sizes=[512, 128, 50], chunk_overlap=0).get_nodes_from_documents(
        [Document(id_="d", text=TEXT)]
    )
    leaves = {node.node_id for node in get_leaf_nodes(nodes)}

    def build(context):
        all_nodes = copy.deepcopy(nodes)
        context.docstore.add_documents(all_nodes)
        VectorStoreIndex([node for node in all_nodes if node.node_id in leaves], storage_context=context)

    def answers(context):
        base = load_index_from_storage(context).as_retriever(similarity_top_k=12)
        return ask(AutoMergingRetriever(base, context, simple_ratio_thresh=0.3))

    want, got = on_both(build, answers, path, tmp_path)
    assert got == want
    merged = {node_id for found in got[0] for node_id, _, _ in found} - leaves
    assert merged, "nothing was merged: the test shows nothing"


def test_recursive(path, tmp_path):
    def build(context):
        large = SentenceSplitter(chunk_size=256, chunk_overlap=0, id_func=lambda i, _: f"parent-{i}")
        small = SentenceSplitter(chunk_size=50, chunk_overlap=0, id_func=lambda i, node: f"{node.node_id}-{i}")
        parents = large.get_nodes_from_documents([Document(id_="d", text=TEXT)])
        context.docstore.add_documents(parents)
        links = [
            IndexNode.from_text_node(child, parent.node_id)
            for parent in parents
            for child in small.get_nodes_from_documents([parent])
        ]
        links.append(IndexNode(id_="to-other", text="llama wool", index_id="other"))
        VectorStoreIndex(links, storage_context=context).set_index_id("root")
        SummaryIndex([TextNode(id_="aside", text="Another quipu.")], storage_context=context).set_index_id("other")

    def answers(context):
        return ask(
            RecursiveRetriever(
                "root",
                retriever_dict={
                    "root": load_index_from_storage(context, "root").as_retriever(similarity_top_k=4),
                    "other": load_index_from_storage(context, "other").as_retriever(),
                },
                node_dict={name: node for name, node in context.docstore.docs.items() if name.startswith("parent-")},
            )
        )

    want, got = on_both(build, answers, path, tmp_path)
    assert got == want
    found = {node_id for each in got[0] for node_id, _, _ in each}
    assert "aside" in found and "parent-0" in found, "no link was followed: the test shows nothing"
