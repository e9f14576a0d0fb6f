"""QuipuGraphStore and SimpleGraphStore."""

from __future__ import annotations

import random
from typing import Any, Dict, List

import quipu
from llama_index.core.graph_stores.simple import SimpleGraphStore

from random_operations.operation import Operation
from random_operations.stores import Stores
from random_operations.values import one_of, some_ids, some_of

CALLS = [
    ("upsert_triplet", 25),
    ("delete", 14),
    ("get", 12),
    ("get_rel_map", 16),
    ("to_dict", 2),
    ("get_schema", 0.2),
    ("query", 0.2),
]
RELATIONS = ["r", "s", "", "\U0001f600"]


class RepairedGraphStore(SimpleGraphStore):
    """Deletes what it is told to; values are copies."""

    def delete(self, subj: str, rel: str, obj: str) -> None:
        edges = self._data.graph_dict.get(subj, [])
        if [rel, obj] in edges:
            edges.remove([rel, obj])
            if not edges:
                del self._data.graph_dict[subj]


class GraphStores(Stores):
    KIND = "graph_store"

    def make_reference(self) -> SimpleGraphStore:
        return RepairedGraphStore()

    def make_ours(self) -> quipu.QuipuGraphStore:
        return quipu.QuipuGraphStore(self.kvstore)

    @staticmethod
    def draw(rng: random.Random, count: int) -> List[Operation]:
        ids = some_ids(rng, 4)
        return [call(rng, ids) for _ in range(count)]


def call(rng: random.Random, ids: List[str]) -> Operation:
    name = one_of(rng, CALLS)
    arguments: Dict[str, Any] = {}
    if name in ("upsert_triplet", "delete"):
        arguments = {"subj": rng.choice(ids), "rel": rng.choice(RELATIONS), "obj": rng.choice([*ids, "leaf"])}
    elif name == "get":
        arguments = {"subj": rng.choice([*ids, "leaf"])}
    elif name == "query":
        arguments = {"query": "?"}
    elif name == "get_rel_map":
        if rng.random() < 0.75:
            arguments["subjs"] = rng.choice([None, [], some_of(rng, [*ids, "leaf"])])
        if rng.random() < 0.6:
            arguments["depth"] = rng.choice([0, 1, 2, 3])
        if rng.random() < 0.6:
            arguments["limit"] = rng.choice([0, 1, 2, 5, 10, 30, 1000, -1, -5])
    mistyped = name in ("upsert_triplet", "delete", "get") and rng.random() < 0.01
    if mistyped:
        arguments[rng.choice(list(arguments))] = rng.choice([None, 5, b"bytes"])
    return Operation(name, arguments, mistyped=mistyped)
