"""QuipuPropertyGraphStore and SimplePropertyGraphStore."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace
from typing import Any, Dict, List, Optional, Tuple

import quipu
from llama_index.core.graph_stores.simple_labelled import SimplePropertyGraphStore
from llama_index.core.graph_stores.types import ChunkNode, EntityNode, LabelledNode, Relation

from random_operations.operation import Operation
from random_operations.outcome import Outcome, spell
from random_operations.stores import Stores
from random_operations.values import one_of, scalar, some_ids, some_of

CALLS = [
    ("upsert_nodes", 18),
    ("upsert_relations", 24),
    ("get", 14),
    ("get_triplets", 16),
    ("get_rel_map", 12),
    ("delete", 7),
    ("delete_llama_nodes", 1),
]
LABELS = ["R", "S", "", "\u00e9"]
PROPERTIES = [1, 1.0, True, 2, 0, "x", None, ["x"], [], {"a": 1}, {"a": True}, 2**64, float("inf")]


class RepairedPropertyGraphStore(SimplePropertyGraphStore):
    """Updates the relations that are there, and deletes what is selected, nodes with all their relations."""

    def upsert_relations(self, relations: List[Relation]) -> None:
        super().upsert_relations(relations)
        for relation in relations:
            self.graph.relations[self.graph._get_relation_key(relation=relation)] = relation

    def delete(
        self,
        entity_names: Optional[List[str]] = None,
        relation_names: Optional[List[str]] = None,
        properties: Optional[Dict[str, Any]] = None,
        ids: Optional[List[str]] = None,
    ) -> None:
        def selected(element: Any) -> bool:
            return any(element.properties.get(key) == value for key, value in (properties or {}).items())

        names = {*(entity_names or []), *(ids or [])}
        nodes = {name for name, node in self.graph.nodes.items() if name in names or selected(node)}
        for triplet in list(self.graph.triplets):
            source, label, target = triplet
            key = self.graph._get_relation_key(subj_id=source, rel_id=label, obj_id=target)
            goes = source in nodes or target in nodes or label in (relation_names or [])
            if goes or selected(self.graph.relations[key]):
                self.graph.triplets.remove(triplet)
                del self.graph.relations[key]
        for name in nodes:
            del self.graph.nodes[name]


class PropertyGraphStores(Stores):
    KIND = "property_graph_store"

    def make_reference(self) -> SimplePropertyGraphStore:
        return RepairedPropertyGraphStore()

    def make_ours(self) -> quipu.QuipuPropertyGraphStore:
        return quipu.QuipuPropertyGraphStore(self.kvstore)

    def reload(self) -> None:
        """The file has null for infinities and NaN, which the database keeps: only ours is opened again."""
        self.reopen()

    def texts(self) -> Tuple[Outcome, Outcome]:
        """The reference's triplets are a set."""
        reference, ours = super().texts()
        return ordered(reference), ordered(ours)

    def equal(self, operation: Operation, reference: Any, ours: Any) -> bool:
        if operation.name == "get_rel_map" and operation.arguments.get("limit", 30) < 1000:
            # Which triplets a limit leaves depends on the order of a set.
            arguments = {**operation.arguments, "limit": 1000}
            unlimited = replace(operation, arguments=arguments).call(self.reference)
            possible = not Counter(map(spell, ours)) - Counter(map(spell, unlimited))
            return type(ours) is list and len(ours) == len(reference) and possible
        if operation.name in ("get_rel_map", "get_triplets"):
            return sorted(map(spell, reference)) == sorted(map(spell, ours))
        return Stores.equal(self, operation, reference, ours)

    @staticmethod
    def draw(rng: random.Random, count: int) -> List[Operation]:
        ids = [each.replace('"', " ") for each in some_ids(rng, 4)]
        return [call(rng, ids) for _ in range(count)]


def ordered(file: Outcome) -> Outcome:
    if file.error is not None:
        return file
    stored = json.loads(file.result)
    stored["triplets"].sort()
    return Outcome(json.dumps(stored))


def properties(rng: random.Random) -> Dict[str, Any]:
    found = {key: rng.choice(PROPERTIES) for key in ("p", "q") if rng.random() < 0.5}
    if rng.random() < 0.1:
        found["odd"] = scalar(rng)
    return found


def node(rng: random.Random, ids: List[str]) -> LabelledNode:
    embedding = rng.choice([None, None, [], [0.5, 1.0]])
    if rng.random() < 0.8:
        return EntityNode(
            name=rng.choice(ids),
            label=rng.choice(["person", "entity"]),
            properties=properties(rng),
            embedding=embedding,
        )
    return ChunkNode(
        text="chunk \u00e9",
        id_=rng.choice(["c0", "c1", *ids]),
        properties=properties(rng),
        embedding=embedding,
    )


def relation(rng: random.Random, ids: List[str]) -> Relation:
    return Relation(
        label=rng.choice(LABELS),
        source_id=rng.choice(ids),
        target_id=rng.choice([*ids, "c0", "extra"]),
        properties=properties(rng),
    )


def selection(rng: random.Random, ids: List[str], chance: float) -> Dict[str, Any]:
    chosen = {
        "entity_names": some_of(rng, [*ids, "missing"], 3),
        "relation_names": some_of(rng, [*LABELS, "missing"], 2),
        "properties": properties(rng),
        "ids": some_of(rng, [*ids, "c0", "missing"], 3),
    }
    return {name: rng.choice([value, value, None]) for name, value in chosen.items() if rng.random() < chance}


def call(rng: random.Random, ids: List[str]) -> Operation:
    name = one_of(rng, CALLS)
    arguments: Dict[str, Any] = {}
    if name == "upsert_nodes":
        arguments["nodes"] = [node(rng, ids) for _ in range(rng.randint(0, 3))]
    elif name == "upsert_relations":
        arguments["relations"] = [relation(rng, ids) for _ in range(rng.randint(0, 3))]
    elif name == "get":
        arguments = {
            key: value for key, value in selection(rng, ids, 0.5).items() if key in ("properties", "ids")
        }
    elif name in ("get_triplets", "delete"):
        arguments = selection(rng, ids, 0.35)
    elif name == "delete_llama_nodes":
        arguments = {"node_ids": some_of(rng, ids, 2), "ref_doc_ids": some_of(rng, ids, 1)}
    else:
        arguments["graph_nodes"] = [node(rng, [*ids, "missing"]) for _ in range(rng.randint(0, 2))]
        if rng.random() < 0.6:
            arguments["depth"] = rng.choice([-1, 0, 1, 2, 3])
        if rng.random() < 0.9:
            arguments["limit"] = rng.choice([0, 1, 3, -1, 1000, 1000, 1000])
        if rng.random() < 0.4:
            arguments["ignore_rels"] = rng.choice([None, [], ["R"], ["R", "S"]])
    return Operation(name, arguments, rng.random() < 0.1)
