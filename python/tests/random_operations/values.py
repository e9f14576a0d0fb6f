"""Odd values, drawn so that they collide."""

from __future__ import annotations

import random
from typing import Any, Dict, List, Sequence, Tuple

ODD_IDS = [
    "",
    " ",
    "None",
    "../x",
    "a/b",
    "nul\0in",
    'q"uote',
    "new\nline",
    "e\u0301",
    "\u00e9",
    "\U0001f600",
    "\ud800",
    "x" * 300,
    "y" * 5000,
]
STRINGS = ODD_IDS[:12] + [
    "plain",
    "it's",
    "back\\slash",
    "\x7f\x80",
    "\u2028",
    "\U0010ffff",
    "lo\udc00w",
    "NaN",
    "1e5",
    "{",
    "%s {key}",
    "__data__",
    "\u00df",
]
FLOATS = [
    0.0,
    -0.0,
    1.0,
    -1.5,
    0.1,
    0.1 + 0.2,
    1e16,
    1e15,
    1e22,
    1e23,
    1e-5,
    1e-7,
    5e-324,
    1.7976931348623157e308,
    2.0**53,
    2.0**63,
    float("nan"),
    float("inf"),
    float("-inf"),
]
INTEGERS = [0, 1, -1, 7, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 2**64, 10**30, -(10**100)]


def one_of(rng: random.Random, table: Sequence[Tuple[Any, float]]) -> Any:
    """An entry of [(entry, weight), ...]."""
    return rng.choices([entry for entry, _ in table], [weight for _, weight in table])[0]


def some_ids(rng: random.Random, count: int = 6) -> List[str]:
    """The ids of an episode: few, so that they meet again, and some of them odd."""
    return [f"n{i}" for i in range(count)] + rng.sample(ODD_IDS, 3)


def some_of(rng: random.Random, ids: Sequence[str], most: int = 4) -> List[str]:
    return [rng.choice(ids) for _ in range(rng.randint(0, most))]


def scalar(rng: random.Random) -> Any:
    kind = rng.randrange(6)
    if kind <= 1:
        return rng.choice(STRINGS)
    if kind == 2:
        return rng.choice(FLOATS)
    if kind == 3:
        return rng.choice(INTEGERS)
    return rng.random() < 0.5 if kind == 4 else None


def json_value(rng: random.Random, depth: int = 2) -> Any:
    kind = rng.random()
    if depth == 0 or kind < 0.7:
        return scalar(rng)
    if kind < 0.85:
        return [json_value(rng, depth - 1) for _ in range(rng.randint(0, 3))]
    return json_object(rng, depth - 1)


def json_object(rng: random.Random, depth: int = 2) -> Dict[str, Any]:
    if rng.random() < 0.01:
        return nested(rng.choice([40, 400]))
    return {rng.choice(STRINGS): json_value(rng, depth) for _ in range(rng.randint(0, 3))}


def nested(levels: int) -> Dict[str, Any]:
    value: Any = 1
    for _ in range(levels // 2):
        value = {"d": [value]}
    return {"deep": value}
