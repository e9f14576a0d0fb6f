"""RocksDBKVStore and SimpleKVStore."""

from __future__ import annotations

import copy
import json
import random
from typing import Any, Dict, List, Tuple

import quipu
from llama_index.core.storage.kvstore.simple_kvstore import SimpleKVStore

from random_operations.operation import Operation
from random_operations.outcome import Outcome, outcome
from random_operations.stores import Stores
from random_operations.values import json_object, one_of, scalar, some_ids

COLLECTIONS = ["data", "c", "docstore/data", "", "\u00fcn\u00ef", "../c", "nul\0"]


class RepairedKVStore(SimpleKVStore):
    """Values are copies. Reads create no collections, unless for a write, nor do deletes that find nothing."""

    writing = False

    def put(self, key: str, val: Dict[str, Any], collection: str = "data") -> None:
        super().put(key, copy.deepcopy(val), collection)

    def get(self, key: str, collection: str = "data") -> Any:
        if self.writing:
            self._get_collection_mapping(collection)
        return copy.deepcopy(self._collections_mappings.get(collection, {}).get(key))

    def get_all(self, collection: str = "data") -> Dict[str, Any]:
        return copy.deepcopy(self._collections_mappings.get(collection, {}))

    def delete(self, key: str, collection: str = "data") -> bool:
        return collection in self._collections_mappings and super().delete(key, collection)


def keep_collections(before: SimpleKVStore, after: SimpleKVStore) -> None:
    """A collection that a transaction is the first to write to stays, empty, if it is not committed."""
    for name in after._collections_mappings:
        before._collections_mappings.setdefault(name, {})


class KVStores(Stores):
    KIND = "kv_store"

    def undo(self, before: SimpleKVStore) -> None:
        keep_collections(before, self.reference)
        super().undo(before)

    def make_reference(self) -> SimpleKVStore:
        return RepairedKVStore()

    def make_ours(self) -> quipu.RocksDBKVStore:
        return self.kvstore

    def texts(self) -> Tuple[Outcome, Outcome]:
        return self.persisted(self.reference, "reference"), outcome(
            lambda: json.dumps({name: self.kvstore.get_all(name) for name in self.kvstore.collections()})
        )

    @staticmethod
    def draw(rng: random.Random, count: int) -> List[Operation]:
        ids = some_ids(rng)
        return [call(rng, ids) for _ in range(count)]


def call(rng: random.Random, ids: List[str]) -> Operation:
    name = one_of(rng, [("put", 30), ("get", 20), ("get_all", 4), ("delete", 15), ("put_all", 8)])
    arguments: Dict[str, Any] = {}
    mistyped = False
    if name != "get_all" and name != "put_all":
        arguments["key"] = rng.choice(ids)
    if name == "put":
        arguments["val"] = json_object(rng)
    if name == "put_all":
        arguments["kv_pairs"] = [(rng.choice(ids), json_object(rng)) for _ in range(rng.randint(0, 4))]
    if rng.random() < 0.7:
        arguments["collection"] = rng.choice(COLLECTIONS)
    if arguments and rng.random() < 0.01:
        mistyped = True
        arguments[rng.choice(list(arguments))] = rng.choice([None, 5, 0.5, b"bytes", object()])
    return Operation(name, arguments, rng.random() < 0.1, mistyped)
