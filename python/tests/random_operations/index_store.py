"""QuipuIndexStore and SimpleIndexStore."""

from __future__ import annotations

import random
from typing import Any, Dict, List

import quipu
from llama_index.core.data_structs.data_structs import (
    KG,
    EmptyIndexStruct,
    IndexDict,
    IndexGraph,
    IndexList,
    IndexLPG,
    IndexStruct,
    KeywordTable,
    MultiModelIndexDict,
)
from llama_index.core.data_structs.document_summary import IndexDocumentSummary
from llama_index.core.data_structs.table import PandasStructTable, SQLStructTable
from llama_index.core.storage.index_store.simple_index_store import SimpleIndexStore

from random_operations.kv_store import RepairedKVStore, keep_collections
from random_operations.operation import Operation
from random_operations.stores import Stores
from random_operations.values import one_of, some_ids, some_of


class IndexStores(Stores):
    KIND = "index_store"

    def make_reference(self) -> SimpleIndexStore:
        return SimpleIndexStore(RepairedKVStore())

    def make_ours(self) -> quipu.QuipuIndexStore:
        return quipu.QuipuIndexStore(self.kvstore)

    def reload_reference(self, path: str) -> SimpleIndexStore:
        return SimpleIndexStore(RepairedKVStore.from_persist_path(path))

    def undo(self, before: SimpleIndexStore) -> None:
        keep_collections(before._kvstore, self.reference._kvstore)
        super().undo(before)

    @staticmethod
    def draw(rng: random.Random, count: int) -> List[Operation]:
        ids = some_ids(rng, 3)
        return [call(rng, ids) for _ in range(count)]


def call(rng: random.Random, ids: List[str]) -> Operation:
    calls = [
        ("add_index_struct", 30),
        ("get_index_struct", 20),
        ("delete_index_struct", 24),
        ("index_structs", 8),
    ]
    name = one_of(rng, calls)
    arguments: Dict[str, Any] = {}
    if name == "add_index_struct":
        arguments["index_struct"] = random_struct(rng, ids)
    elif name == "get_index_struct" and rng.random() < 0.8:
        arguments["struct_id"] = rng.choice([*ids, None])
    elif name == "delete_index_struct":
        arguments["key"] = rng.choice(ids)
    mistyped = name in ("get_index_struct", "delete_index_struct") and rng.random() < 0.01
    if mistyped:
        arguments = {"struct_id" if name == "get_index_struct" else "key": rng.choice([5, b"bytes"])}
    return Operation(name, arguments, rng.random() < 0.1, mistyped)


def random_struct(rng: random.Random, ids: List[str]) -> IndexStruct:
    nodes = some_of(rng, ids)
    table = {word: set(some_of(rng, ids)) for word in some_of(rng, ["llama", "wool", "\u00e9", ""])}
    kind, values = rng.choice(
        [
            (IndexDict, {"nodes_dict": {each: each for each in nodes}}),
            (IndexDict, {"doc_id_dict": {"d": nodes}, "embeddings_dict": {"e": [0.5, 1e-7, float("nan")]}}),
            (IndexList, {"nodes": nodes}),
            (
                IndexGraph,
                {
                    "all_nodes": dict(enumerate(nodes)),
                    "node_id_to_children_ids": {each: nodes for each in nodes},
                },
            ),
            (KeywordTable, {"table": table}),
            (KG, {"table": table, "rel_map": {"a": [["r", "b"]]}, "embedding_dict": {"t": [1.0]}}),
            (
                IndexDocumentSummary,
                {"summary_id_to_node_ids": {"s": nodes}, "doc_id_to_summary_id": {"d": "s"}},
            ),
            (MultiModelIndexDict, {"nodes_dict": {each: each for each in nodes}}),
            (EmptyIndexStruct, {}),
            (IndexLPG, {}),
            (SQLStructTable, {"context_dict": {"t": "c"}}),
            (PandasStructTable, {}),
        ]
    )
    struct: IndexStruct = kind(
        index_id=rng.choice(ids), summary=rng.choice([None, "", "sum\u0301mary", "\ud800"]), **values
    )
    return struct
