"""Loading an index changes nothing that is stored, whatever the order of its sets and the version that wrote it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict

import pytest
import quipu
from llama_index.core import (
    Document,
    KnowledgeGraphIndex,
    MockEmbedding,
    SimpleKeywordTableIndex,
    SummaryIndex,
    VectorStoreIndex,
    load_index_from_storage,
)
from llama_index.core.llms import MockLLM

COLLECTION = "index_store/data"


def stored(context: quipu.QuipuStorageContext) -> Dict[str, Any]:
    return context.kvstore.get_all(COLLECTION)


def rewrite(context: quipu.QuipuStorageContext, change: Any) -> None:
    """Changes the data of the only struct, as another process or version would have stored it."""
    ((index_id, struct),) = stored(context).items()
    data = json.loads(struct["__data__"])
    change(data)
    context.kvstore.put(index_id, {**struct, "__data__": json.dumps(data)}, COLLECTION)


def reverse_sets(data: Dict[str, Any]) -> None:
    data["table"] = {keyword: ids[::-1] for keyword, ids in data["table"].items()}


@pytest.mark.parametrize("made", [SimpleKeywordTableIndex, KnowledgeGraphIndex])
def test_sets_in_another_order(made: Any, path: Path) -> None:
    documents = [Document(id_=f"d{i}", text=f"cords and knots {i}") for i in range(5)]
    given = {"embed_model": MockEmbedding(embed_dim=2), "llm": MockLLM()}
    with quipu.storage_context(path) as context:
        if made is KnowledgeGraphIndex:
            index = made([], storage_context=context, **given)
            for i in range(5):
                index.add_node([f"cords {i}", "knots"], documents[i])
        else:
            index = made.from_documents(documents, storage_context=context, **given)
        context.index_store.add_index_struct(index.index_struct)
        rewrite(context, reverse_sets)
        before = stored(context)
        load_index_from_storage(context, **given)
        assert stored(context) == before
        with quipu.storage_context(path, read_only=True) as reader:
            load_index_from_storage(reader, **given)
        ((_, table),) = [(k, json.loads(v["__data__"])["table"]) for k, v in before.items()]
        assert any(len(ids) > 1 for ids in table.values())
        some = next(ids for ids in index.index_struct.table.values() if len(ids) > 1)
        some.pop()
        context.index_store.add_index_struct(index.index_struct)
        assert stored(context) != before


@pytest.mark.parametrize("made", [VectorStoreIndex, SummaryIndex])
def test_fields_that_have_come_since(made: Any, path: Path) -> None:
    with quipu.storage_context(path) as context:
        index = made([], storage_context=context, embed_model=MockEmbedding(embed_dim=2))
        index.insert(Document(id_="a", text="cord"))

        def age(data: Dict[str, Any]) -> None:
            for name in ("doc_id_dict", "embeddings_dict", "summary"):
                data.pop(name, None)

        rewrite(context, age)
        before = stored(context)
        again = load_index_from_storage(context, embed_model=MockEmbedding(embed_dim=2))
        assert stored(context) == before
        again.insert(Document(id_="b", text="knot"))
        assert stored(context) != before


def test_a_struct_that_changed_is_stored(path: Path) -> None:
    with quipu.storage_context(path) as context:
        index = VectorStoreIndex([], storage_context=context, embed_model=MockEmbedding(embed_dim=2))
        before = stored(context)
        index.index_struct.summary = "of cords"
        context.index_store.add_index_struct(index.index_struct)
        after = stored(context)
        assert after != before and json.loads(next(iter(after.values()))["__data__"])["summary"] == "of cords"
        index.index_struct.nodes_dict = {"ab": "ab"}
        context.index_store.add_index_struct(index.index_struct)
        index.index_struct.nodes_dict = {"ba": "ba"}  # as long as before
        context.index_store.add_index_struct(index.index_struct)
        assert json.loads(next(iter(stored(context).values()))["__data__"])["nodes_dict"] == {"ba": "ba"}
