#!/usr/bin/env python3
"""Random calls on LlamaIndex's stores and on ours: every result and exception is compared, and what is stored.

    python python/tests/differential.py --seed 1 --operations 100000
    python python/tests/differential.py --seed 1 --operations 100000 --store vector_store
    python python/tests/differential.py --seed 1 --store vector_store --episode 17     # once more, cut short

The calls come in episodes, each on new stores and drawn from the seed, the kind of store and its number. Of an
episode with a difference the calls that it takes are searched for.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Tuple, Type

from random_operations.document_store import DocumentStores
from random_operations.graph_store import GraphStores
from random_operations.index_store import IndexStores
from random_operations.kv_store import KVStores
from random_operations.operation import Operation
from random_operations.property_graph_store import PropertyGraphStores
from random_operations.stores import Stores, sprinkle
from random_operations.storage_context import StorageContexts
from random_operations.vector_store import VectorStores

# Each kind's part of the calls: more of those that are quick.
SHARES: Dict[Type[Stores], float] = {
    KVStores: 0.4,
    DocumentStores: 0.14,
    IndexStores: 0.02,
    VectorStores: 0.1,
    GraphStores: 0.18,
    PropertyGraphStores: 0.14,
    StorageContexts: 0.02,
}
KINDS: Dict[str, Type[Stores]] = {each.KIND: each for each in SHARES}
EPISODE = 2000  # calls
SHRINKING_SECONDS = 20.0


@dataclass
class Difference:
    number: int
    text: str


def drawn(seed: int, kind: Type[Stores], episode: int) -> List[Operation]:
    rng = random.Random(f"{seed}/{kind.KIND}/{episode}")
    return sprinkle(rng, kind.draw(rng, EPISODE))


def run(kind: Type[Stores], operations: List[Operation]) -> Optional[Difference]:
    """The first difference."""
    folder = tempfile.mkdtemp(prefix="quipu-differential-")
    stores = kind(Path(folder))
    try:
        for number, operation in enumerate(operations):
            found = stores.difference(operation)
            if found is not None:
                return Difference(number, found)
        return None
    finally:
        stores.close()
        shutil.rmtree(folder)


def shrunk(kind: Type[Stores], operations: List[Operation]) -> List[Operation]:
    """Fewer calls that end in a difference, too."""
    deadline = time.monotonic() + SHRINKING_SECONDS
    step = max(1, len(operations) // 2)
    while True:
        at = 0
        while at < len(operations) - 1 and time.monotonic() < deadline:
            fewer = operations[:at] + operations[at + step :]
            found = run(kind, fewer)
            if found is None:
                at += step
            else:
                operations = fewer[: found.number + 1]
        if step == 1 or time.monotonic() >= deadline:
            return operations
        step = max(1, step // 2)


def report(
    seed: int, kind: Type[Stores], episode: int, operations: List[Operation], found: Difference
) -> str:
    short = shrunk(kind, operations[: found.number + 1])
    last = run(kind, short) or found
    calls = "\n".join(f"  {number}: {str(each)[:1000]}" for number, each in enumerate(short))
    return (
        f"--seed {seed} --store {kind.KIND} --episode {episode}: operation {found.number} differs: {found.text}\n"
        f"cut short:\n{calls}\n    {last.text}"
    )


def check(seed: int, kind: Type[Stores], episode: int) -> Tuple[int, Optional[str]]:
    """How many calls were made, and the difference."""
    operations = drawn(seed, kind, episode)
    found = run(kind, operations)
    made = sum(len(each.inner) or 1 for each in operations)
    return made, None if found is None else report(seed, kind, episode, operations, found)


def check_all(seed: int, operations: int, kinds: List[Type[Stores]]) -> Tuple[int, List[str]]:
    """The calls that were made, at least so many, and the differences: a kind is done after its third."""
    warnings.simplefilter("ignore")  # numpy divides by zero where a vector is zero
    differences: List[str] = []
    whole = sum(SHARES[kind] for kind in kinds)
    in_all = 0
    for kind in kinds:
        made, episode, found_before = 0, 0, len(differences)
        while made < operations * SHARES[kind] / whole and len(differences) < found_before + 3:
            done, found = check(seed, kind, episode)
            made += done
            episode += 1
            differences += [found] if found else []
        in_all += made
    return in_all, differences


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--operations", type=int, default=100_000)
    parser.add_argument("--store", choices=list(KINDS), help="only this kind")
    parser.add_argument("--episode", type=int, help="only this one of the kind")
    options = parser.parse_args()
    kinds = [KINDS[options.store]] if options.store else list(KINDS.values())
    begun = time.monotonic()
    if options.episode is not None:
        made, found = check(options.seed, kinds[0], options.episode)
        differences = [found] if found else []
    else:
        made, differences = check_all(options.seed, options.operations, kinds)
    print("\n\n".join(differences))
    print(
        f"seed {options.seed}: {made} operations, {len(differences)} differences, {time.monotonic() - begun:.0f} s"
    )
    return int(bool(differences))


if __name__ == "__main__":
    sys.exit(main())
