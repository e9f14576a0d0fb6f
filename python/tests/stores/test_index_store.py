"""Structs, which do not go through dataclasses_json, are stored and read as by it."""

import uuid

import pytest
from llama_index.core.data_structs.data_structs import (
    KG,
    EmptyIndexStruct,
    IndexDict,
    IndexGraph,
    IndexList,
    IndexLPG,
    KeywordTable,
    MultiModelIndexDict,
)
from llama_index.core.data_structs.document_summary import IndexDocumentSummary
from llama_index.core.data_structs.registry import INDEX_STRUCT_TYPE_TO_INDEX_STRUCT_CLASS
from llama_index.core.data_structs.table import PandasStructTable, SQLStructTable
from llama_index.core.storage.index_store.utils import index_struct_to_json

STRUCTS = {
    "plain": IndexDict(index_id="i", nodes_dict={"a": "a", "\u00e9\ud800": "\U0001f600"}),
    "all fields": IndexDict("i", "s", {"a": "b"}, {"d": ["a", "b"]}, {"a": [1.0, float("inf"), 1e-7]}),
    "other keys and values": IndexDict("i", None, {1: ("a", None, True)}),
    "what is no JSON": IndexDict("i", None, {"a": uuid.UUID(int=7), "b": {"c"}}),
    "tree": IndexGraph("i", None, {0: "a", 1: "b"}, {1: "b"}, {"b": ["a"], "a": []}),
    "list": IndexList("i", "s", ["a", "\ud800", "a"]),
    "keyword table": KeywordTable("i", None, {"llama": set(map(str, range(40))), "": set()}),
    "graph": KG("i", None, {"a": {"n", "m"}}, {"a": [["r", "b"]]}, {"t": [1.0, float("nan")]}),
    "graph with what is no JSON": KG("i", None, {"a": {uuid.UUID(int=7)}}),
    "document summary": IndexDocumentSummary("i", None, {"s": ["a"]}, {"a": "s"}, {"d": "s"}),
    "multi-modal": MultiModelIndexDict("i", None, {"a": "a"}),
    "SQL": SQLStructTable("i", None, {"t": "c"}),
    "pandas": PandasStructTable("i"),
    "property graph": IndexLPG("i"),
    "empty": EmptyIndexStruct("i", "s"),
}


def test_every_class_is_here():
    assert {type(struct) for struct in STRUCTS.values()} == set(INDEX_STRUCT_TYPE_TO_INDEX_STRUCT_CLASS.values())


@pytest.mark.parametrize("name", STRUCTS)
def test_same_text_as_the_references(name, context):
    struct = STRUCTS[name]
    context.index_store.add_index_struct(struct)
    assert context.kvstore.get("i", "index_store/data") == {
        **index_struct_to_json(struct),
        "__type__": index_struct_to_json(struct)["__type__"].value,
    }
    if name not in ("other keys and values", "what is no JSON", "graph", "graph with what is no JSON"):
        assert context.index_store.get_index_struct("i") == struct
