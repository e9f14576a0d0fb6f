"""QuipuVectorStore with stores_text: nodes that are kept with their vectors, and what LlamaIndex builds on that."""

from __future__ import annotations

import asyncio
import pickle
from datetime import date
from pathlib import Path
from typing import Any, Callable, List, Optional, Sequence

import pytest
import quipu
from llama_index.core import Document, VectorStoreIndex
from llama_index.core.base.llms.types import ChatMessage, ChatResponse
from llama_index.core.llms import MockLLM
from llama_index.core.memory import FactExtractionMemoryBlock, Memory, StaticMemoryBlock, VectorMemoryBlock
from llama_index.core.schema import (
    BaseNode,
    ImageNode,
    IndexNode,
    MediaResource,
    Node,
    NodeRelationship,
    RelatedNodeInfo,
    TextNode,
)
from llama_index.core.storage.chat_store.base_db import MessageStatus
from llama_index.core.vector_stores import MetadataFilter, MetadataFilters, SimpleVectorStore, VectorStoreQuery
from llama_index.core.vector_stores.types import VectorStoreQueryMode, VectorStoreQueryResult
from llama_index.core.vector_stores.utils import metadata_dict_to_node, node_to_metadata_dict
from pydantic_core import PydanticSerializationError

from index_lifecycle import TextEmbedding

ODD = 'a "cord"\\ \u20ac \U0001f600\n\x00'


def text(id_: str, embedding: Sequence[float], source: str = "", **metadata: Any) -> TextNode:
    source_node = {NodeRelationship.SOURCE: RelatedNodeInfo(node_id=source)} if source else {}
    return TextNode(
        id_=id_, text=f"{ODD} {id_}", embedding=list(embedding), relationships=source_node, metadata=metadata
    )


NODES = [text("b", [1, 0], "D", page=1), text("a", [0, 1]), text("c", [1, 1], "D", page=1, tied=[ODD, None, 0.1])]


def expected(ids: str) -> List[BaseNode]:
    by_id = {node.node_id: node for node in NODES}
    return [by_id[id_].model_copy(update={"embedding": None}) for id_ in ids]


def page(number: int) -> MetadataFilters:
    return MetadataFilters(filters=[MetadataFilter(key="page", value=number)])


@pytest.fixture
def store(kvstore: quipu.RocksDBKVStore) -> quipu.QuipuVectorStore:
    store = quipu.QuipuVectorStore(kvstore, "kept", stores_text=True)
    store.add(NODES)
    return store


@pytest.mark.parametrize(
    ("ids", "filters", "found"),
    [
        (None, None, "bac"),
        (["c", "x", "b", "c"], None, "bc"),
        ([], None, ""),
        (None, page(1), "bc"),
        (["a", "c"], page(1), "c"),
        (None, MetadataFilters(filters=[]), "bac"),
    ],
)
def test_get_nodes(
    store: quipu.QuipuVectorStore, ids: Optional[List[str]], filters: Optional[MetadataFilters], found: str
) -> None:
    assert store.get_nodes(ids, filters) == expected(found)
    assert asyncio.run(store.aget_nodes(ids, filters)) == expected(found)


@pytest.mark.parametrize(
    "mode", [VectorStoreQueryMode.DEFAULT, VectorStoreQueryMode.MMR, VectorStoreQueryMode.LINEAR_REGRESSION]
)
def test_queries(store: quipu.QuipuVectorStore, mode: VectorStoreQueryMode) -> None:
    if mode == VectorStoreQueryMode.LINEAR_REGRESSION:
        pytest.importorskip("sklearn")
    query = VectorStoreQuery(query_embedding=[1, 0.1], similarity_top_k=2, mode=mode)
    without = quipu.QuipuVectorStore(store.kvstore, "kept").query(query)
    found = store.query(query)
    assert without.nodes is None and found.ids == without.ids and found.similarities == without.similarities
    assert found.nodes == expected("".join(found.ids or []))
    assert asyncio.run(store.aquery(query)) == found
    nothing = store.query(VectorStoreQuery(query_embedding=[1, 0], filters=page(2)))
    assert nothing == VectorStoreQueryResult(nodes=[], similarities=[], ids=[])


def test_what_is_stored_is_what_others_store(kvstore: quipu.RocksDBKVStore) -> None:
    odd = {"n": float("nan"), "tied": date(1533, 1, 1), "e": 1e-07, "_node_content": "mine", ODD: {"x": (1, 2)}}
    nodes = [
        text("text", [1], "D", **odd),
        ImageNode(id_="image", image_path="p", image_mimetype="image/png", text="i", embedding=[1]),
        IndexNode(id_="index", text="i", index_id="x", embedding=[1]),
        Node(id_="node", text_resource=MediaResource(text=ODD), embedding=[1]),
        Document(id_="document", text=ODD, metadata={"a": 1}, embedding=[1]),
    ]
    store = quipu.QuipuVectorStore(kvstore, stores_text=True)
    store.add(nodes)
    kept = store.to_dict()["metadata_dict"]
    for node, found in zip(nodes, store.get_nodes()):
        assert type(found) is type(node)
        assert found.get_content() == node.get_content()
        reference = node_to_metadata_dict(node)
        assert metadata_dict_to_node(kept[node.node_id]) == metadata_dict_to_node(reference)
        assert list(kept[node.node_id]) == list(reference)
        if "tied" not in node.metadata:  # NaN is null here
            assert kept[node.node_id] == reference
    assert store.get_nodes(["text"])[0].metadata["tied"] == "1533-01-01"


def test_changes(store: quipu.QuipuVectorStore) -> None:
    store.add([text("a", [1, 0], page=7)])  # at its place
    assert [node.metadata for node in store.get_nodes()][1] == {"page": 7}
    with pytest.raises(PydanticSerializationError, match="node 'odd', metadata key 'tied'"):
        store.add([text("fine", [1, 0]), text("odd", [1, 0], tied=object())])
    with pytest.raises(RuntimeError), quipu.transaction(store):
        store.delete("D")
        assert [node.node_id for node in store.get_nodes()] == ["a"]
        raise RuntimeError
    assert [node.node_id for node in store.get_nodes()] == ["b", "a", "c"]
    with quipu.transaction(store):
        store.delete("D")
    assert store.get_nodes(["b", "c"]) == [] and len(store.get_nodes()) == 1
    store.delete_nodes(["a"])
    assert store.get_nodes() == [] and store.to_dict()["metadata_dict"] == {}


def test_without(store: quipu.QuipuVectorStore) -> None:
    without = quipu.QuipuVectorStore(store.kvstore, "kept")
    with pytest.raises(NotImplementedError, match="stores_text"):
        without.get_nodes()
    without.add([text("a", [0, 1])])  # which takes the node away
    for call in (store.get_nodes, lambda: store.query(VectorStoreQuery(query_embedding=[0, 1]))):
        with pytest.raises(ValueError, match='no node is kept with the vector "a"'):
            call()
    assert store.get_nodes(["c", "b"]) == expected("bc")


@pytest.mark.parametrize(
    "again",
    [
        lambda store: pickle.loads(pickle.dumps(store)),
        lambda store: quipu.QuipuVectorStore.from_json(store.model_dump_json()),
        lambda store: quipu.QuipuVectorStore.from_path(store.path, "kept", stores_text=True),
    ],
)
def test_opens_again(store: quipu.QuipuVectorStore, again: Callable[[Any], quipu.QuipuVectorStore]) -> None:
    with again(store) as other:
        assert other.stores_text and other.get_nodes() == expected("bac")


def test_readers(store: quipu.QuipuVectorStore, run_python: Callable[..., Any]) -> None:
    program = """
import quipu
store = quipu.QuipuVectorStore.from_path(sys.argv[1], "kept", True, read_only=True)
print([node.node_id for node in store.get_nodes()])
"""
    done = run_python(program, store.path)
    assert (done.stdout, done.stderr) == ("['b', 'a', 'c']\n", "")


def test_files_and_copies(tmp_path: Path) -> None:
    context = quipu.storage_context(tmp_path / "database")
    quipu.QuipuVectorStore(context.kvstore, "kept", stores_text=True).add(NODES)
    assert quipu.verify(context) == []
    out = tmp_path / "out"
    quipu.export_dir(tmp_path / "database", out)
    assert quipu.verify(str(out)) == [] and list(quipu.diff(str(out), context)) == []
    file = out / "kept__vector_store.json"
    exported = file.read_bytes()
    SimpleVectorStore.from_persist_dir(str(out), "kept").persist(str(file))  # LlamaIndex's own keeps all
    assert file.read_bytes() == exported
    quipu.import_dir(out, tmp_path / "imported")
    quipu.backup(context, tmp_path / "backups")
    quipu.restore(tmp_path / "backups", tmp_path / "restored")
    from_file = quipu.QuipuVectorStore.from_persist_dir(str(out), "kept", path=tmp_path / "file", stores_text=True)
    from_file.close()
    for name in ("imported", "restored", "file"):
        with quipu.QuipuVectorStore.from_path(tmp_path / name, "kept", stores_text=True) as store:
            assert store.get_nodes() == expected("bac"), name
            store.persist(str(tmp_path / "again.json"))
            assert (tmp_path / "again.json").read_bytes() == exported
    context.close()


def test_an_index_without_a_document_store(kvstore: quipu.RocksDBKVStore) -> None:
    store = quipu.QuipuVectorStore(kvstore, stores_text=True)
    index = VectorStoreIndex.from_vector_store(store, embed_model=TextEmbedding(embed_dim=8))
    for name in "xyz":
        index.insert(Document(id_=name, text=f"The cord {name}."))
    again = VectorStoreIndex.from_vector_store(store, embed_model=TextEmbedding(embed_dim=8))
    assert again.as_retriever(similarity_top_k=1).retrieve("The cord y.")[0].get_content() == "The cord y."
    again.delete_ref_doc("y")
    found = again.as_retriever(similarity_top_k=9).retrieve("The cord y.")
    assert sorted(each.get_content() for each in found) == ["The cord x.", "The cord z."]
    assert [found[0].node.ref_doc_id] == [found[0].get_content()[-2]]


class Facts(MockLLM):
    async def achat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        return ChatResponse(message=ChatMessage(role="assistant", content="<fact>Ann ties knots</fact>"))


def test_memory_blocks(path: Path) -> None:
    """What a short-term memory gives up goes to the blocks, and comes back, also in another run."""

    def memory(session_id: str) -> Memory:
        kvstore = quipu.RocksDBKVStore(path)
        blocks = [
            StaticMemoryBlock(name="static", static_content="A quipu is made of cords."),
            FactExtractionMemoryBlock(name="facts", llm=Facts()),
            VectorMemoryBlock(
                name="vectors",
                vector_store=quipu.QuipuVectorStore(kvstore, "memory", stores_text=True),
                embed_model=TextEmbedding(embed_dim=8),
                similarity_top_k=1,
            ),
        ]
        return Memory.from_defaults(
            session_id=session_id,
            chat_store=quipu.QuipuAsyncChatStore(kvstore),
            memory_blocks=blocks,
            tokenizer_fn=str.split,
            token_limit=40,
            token_flush_size=5,
            chat_history_token_ratio=0.5,
        )

    ann = memory("ann")
    for number in range(12):
        ann.put(ChatMessage(role="user", content=f"Cord {number} has {number} knots."))
        ann.put(ChatMessage(role="assistant", content="Noted."))
    assert len(ann.get_all(status=MessageStatus.ACTIVE)) < 24
    found = str(ann.get(input="Cord?")[0].content)
    assert "A quipu is made of cords." in found
    assert "<fact>Ann ties knots</fact>" in found
    assert "<message role='user'>Cord " in found

    for session_id in ("ann", "bob"):
        block = memory(session_id).memory_blocks[2]
        assert isinstance(block, VectorMemoryBlock)
        first = block.vector_store.get_nodes()[0].get_content()
        assert "Cord 0 has 0 knots." in first
        again = asyncio.run(block.aget([ChatMessage(role="user", content=first)], session_id=session_id))
        assert again == (first if session_id == "ann" else "")  # another session's are not looked at
