"""QuipuVectorStore and SimpleVectorStore."""

from __future__ import annotations

import datetime
import decimal
import math
import random
import uuid
from typing import Any, Dict, List, Optional

import quipu
from llama_index.core.schema import BaseNode, TextNode
from llama_index.core.vector_stores.simple import LEARNER_MODES, SimpleVectorStore
from llama_index.core.vector_stores.types import (
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryMode,
)

from random_operations.nodes import random_node
from random_operations.operation import Operation
from random_operations.stores import Stores
from random_operations.values import json_object, one_of, some_ids, some_of
from stored_vectors import stored_vectors

DIMENSIONS = 4
CALLS = [
    ("add", 18),
    ("get", 5),
    ("delete", 4),
    ("delete_nodes", 5),
    ("query", 50),
    ("clear", 0.3),
    ("to_dict", 2),
    ("get_nodes", 0.3),
]
OPERATORS = list(FilterOperator)
LISTS = (FilterOperator.IN, FilterOperator.NIN, FilterOperator.ANY, FilterOperator.ALL)
# Metadata and, of the same keys, what filters ask for.
METADATA: Dict[str, List[Any]] = {
    "year": [1999, 2000, 2001, 2000.5, 2001.0, 2**53 + 1, 10**30, True, "2000"],
    "author": ["Ann", "ann", "Bob \u00c9a", "", "\u00dftra\u00dfe", "\u0130st", None, 5],
    "tags": [[], ["a"], ["a", "b"], ["b", "c", "a"], None, [1, 2.0], "abc", {"a": 1}],
    "flag": [True, False, 0, 1.0],
    "odd": [float("nan"), float("inf"), {"a": 1, "b": [1]}, [[1]], -0.0],
    "doc_id": ["mine", "d0"],
    "when": [
        datetime.date(1533, 1, 1),
        datetime.datetime(1533, 1, 1, 12),
        uuid.UUID(int=7),
        decimal.Decimal("1.50"),
        {1},
        b"knot",
        (1, ("a",)),
        {datetime.date(1533, 1, 1): FilterOperator.EQ},
    ],
}
ASKED: Dict[str, List[Any]] = {
    "year": [1999, 2000, 2000.5, 2001.0, 2**53, float(2**53), 10**30, "2000", -1],
    "author": ["Ann", "ann", "", "a", "\u00c9", "STRASSE", "i\u0307", 5],
    "tags": ["a", "b", "z", 1, 2, 1.0, ""],
    "flag": [1, 0, 1.0, "True"],
    "odd": ["a", 0, float("nan"), float("inf")],
    "doc_id": ["d0", "None", "d1"],
    "when": ["1533-01-01", "1.50", "knot", 1],
    "ref_doc_id": ["d0", "d1"],
    "document_id": ["d0"],
    "_node_type": ["TextNode", "Document"],
    "missing": [1, "x"],
}


class _Compared(quipu.QuipuVectorStore):
    def to_dict(self, **kwargs: Any) -> Dict[str, Any]:
        """What the reference's has: what is stored."""
        return stored_vectors(self)


class VectorStores(Stores):
    KIND = "vector_store"

    def make_reference(self) -> SimpleVectorStore:
        return SimpleVectorStore()

    def make_ours(self) -> quipu.QuipuVectorStore:
        return _Compared(self.kvstore)

    def equal(self, operation: Operation, reference: Any, ours: Any) -> bool:
        mode = operation.arguments["query"].mode if operation.name == "query" else None
        if mode in LEARNER_MODES:  # scikit-learn draws random numbers
            return len(reference.ids) == len(ours.ids) and type(reference.similarities) is type(
                ours.similarities
            )
        if not operation.inexact:
            return Stores.equal(self, operation, reference, ours)
        # Similarities may differ in the last bits, since sums are made in another order.
        close = all(map(nearly, reference.similarities, ours.similarities))
        return close and len(reference.similarities) == len(ours.similarities) and reference.ids == ours.ids

    @staticmethod
    def draw(rng: random.Random, count: int) -> List[Operation]:
        ids = some_ids(rng, 20)
        inexact = rng.random() < 0.25
        return [call(rng, ids, inexact) for _ in range(count)]


def nearly(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-14) or math.isnan(a) and math.isnan(b)


def vector(rng: random.Random, inexact: bool) -> List[float]:
    if inexact:
        return [rng.gauss(0, 1) for _ in range(DIMENSIONS)]
    return [rng.choice([-2.0, -1.0, -0.5, 0.0, 1.0, 1.5, 3.0]) for _ in range(DIMENSIONS)]


def stored_vector(rng: random.Random, inexact: bool) -> Optional[List[float]]:
    kind = rng.random()
    if kind < 0.003:
        return None
    if kind < 0.006:
        return [0.0] * DIMENSIONS
    if kind < 0.008 and not inexact:
        return [rng.choice([float("nan"), float("inf"), 1e200, 5e-324]), *vector(rng, inexact)[1:]]
    return vector(rng, inexact)[: DIMENSIONS - 1 if kind > 0.999 else DIMENSIONS]


def metadata(rng: random.Random) -> Dict[str, Any]:
    if rng.random() < 0.1:
        return json_object(rng)
    return {key: rng.choice(values) for key, values in METADATA.items() if rng.random() < 0.6}


def without_surrogates(node: BaseNode) -> BaseNode:
    """The node, or a plain one where pydantic refuses to serialise it."""
    try:
        node.model_dump(mode="json")
        return node
    except ValueError:
        return TextNode(id_="plain", text="t", embedding=node.embedding)


def random_filter(rng: random.Random) -> MetadataFilter:
    key, operator = rng.choice(list(ASKED)), rng.choice(OPERATORS)
    if operator in (FilterOperator.TEXT_MATCH, FilterOperator.TEXT_MATCH_INSENSITIVE) and rng.random() < 0.8:
        key = "author"
    value = rng.choice(ASKED[key])
    if operator in LISTS and rng.random() < 0.9 or rng.random() < 0.02:
        alike = [each for each in ASKED[key] if type(each) is type(value)]
        value = [rng.choice(alike) for _ in range(rng.randint(0, 3))]
    if rng.random() < 0.03:
        value = None
    return MetadataFilter(key=key, value=value, operator=operator)


def random_filters(rng: random.Random) -> MetadataFilters:
    filters: List[Any] = [random_filter(rng) for _ in range(one_of(rng, [(0, 1), (1, 12), (2, 6), (3, 2)]))]
    if rng.random() < 0.02:
        filters.append(MetadataFilters(filters=[random_filter(rng)]))
    return MetadataFilters(filters=filters, condition=rng.choice([*FilterCondition, None]))


def random_query(rng: random.Random, ids: List[str], inexact: bool) -> Dict[str, Any]:
    embedding = vector(rng, inexact)[: DIMENSIONS - (rng.random() < 0.01)]
    top_k = one_of(rng, [(1, 3), (2, 4), (3, 3), (5, 3), (10, 2), (100, 1), (0, 0.5), (-1, 0.2)])
    query = VectorStoreQuery(embedding, top_k)
    mode = one_of(
        rng, [("default", 6), ("mmr", 4), ("sparse", 0.1), ("svm", 0.1), ("linear_regression", 0.1)]
    )
    query.mode = VectorStoreQueryMode(mode)
    if rng.random() < 0.2:
        query.node_ids = some_of(rng, ids, 8)
    if rng.random() < 0.05:
        query.doc_ids = ["d0"]
    if rng.random() < 0.4:
        query.filters = random_filters(rng)
    if rng.random() < 0.1:
        query.mmr_threshold = rng.choice([0.1, 0.9])
    arguments: Dict[str, Any] = {"query": query}
    if rng.random() < 0.4:
        arguments["mmr_threshold"] = rng.choice([0, 0.0, 0.25, 0.5, 1, 1.0, None, 0.3, -1.0, 2])
    return arguments


def call(rng: random.Random, ids: List[str], inexact: bool) -> Operation:
    name = one_of(rng, CALLS)
    arguments: Dict[str, Any] = {}
    if name == "add":
        sources = ["d0", "d1", "d2", "", ids[-1], None]
        arguments["nodes"] = [
            without_surrogates(
                random_node(
                    rng,
                    ids,
                    rng.choice(sources),
                    metadata=metadata(rng),
                    embedding=stored_vector(rng, inexact),
                )
            )
            for _ in range(rng.randint(0, 5))
        ]
    elif name == "get":
        arguments["text_id"] = rng.choice([*ids, "missing"])
    elif name == "delete":
        arguments["ref_doc_id"] = rng.choice(["d0", "d1", "d2", "missing", "None", "", ids[-1]])
    elif name == "delete_nodes":
        if rng.random() < 0.9:
            arguments["node_ids"] = some_of(rng, ids)
        if rng.random() < 0.35:
            arguments["filters"] = random_filters(rng)
    elif name == "query":
        arguments = random_query(rng, ids, inexact)
    mistyped = name in ("get", "delete") and rng.random() < 0.01
    if mistyped:
        arguments = {key: rng.choice([None, 5, b"bytes"]) for key in arguments}
    asynchronous = name not in ("get", "to_dict", "get_nodes") and rng.random() < 0.1
    return Operation(name, arguments, asynchronous, mistyped, inexact=inexact and name == "query")
