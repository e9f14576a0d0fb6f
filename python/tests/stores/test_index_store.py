"""Structs of vector indices, which do not go through dataclasses_json, are stored and read as by it."""

import uuid

import pytest
from llama_index.core.data_structs.data_structs import IndexDict
from llama_index.core.storage.index_store.utils import index_struct_to_json

STRUCTS = {
    "plain": IndexDict(index_id="i", nodes_dict={"a": "a", "\u00e9\ud800": "\U0001f600"}),
    "all fields": IndexDict("i", "s", {"a": "b"}, {"d": ["a", "b"]}, {"a": [1.0, float("inf"), 1e-7]}),
    "other keys and values": IndexDict("i", None, {1: ("a", None, True)}),
    "what is no JSON": IndexDict("i", None, {"a": uuid.UUID(int=7), "b": {"c"}}),
}


@pytest.mark.parametrize("name", STRUCTS)
def test_same_text_as_the_references(name, context):
    struct = STRUCTS[name]
    context.index_store.add_index_struct(struct)
    assert context.kvstore.get("i", "index_store/data") == {
        **index_struct_to_json(struct),
        "__type__": index_struct_to_json(struct)["__type__"].value,
    }
    if name in ("plain", "all fields"):
        assert context.index_store.get_index_struct("i") == struct
