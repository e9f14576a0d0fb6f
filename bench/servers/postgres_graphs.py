#!/usr/bin/env python3
"""A property graph in PostgreSQL: upserts, and relation maps of two steps.

usage: postgres_graphs.py [--against PYTHON] [RELATIONS]

6000 relations unless given, of nodes that have ten each; a server is started for it, with fsync. LlamaIndex has no graph store for
PostgreSQL: beside ours is SimplePropertyGraphStore, in memory and unsaved, and with --against the package of another
interpreter, such as that of an older version, on the same server, by turns.

prints one JSON object: for "quipu", "simple" and "against" milliseconds to upsert 1,000 relations with their nodes, and for a
relation map of two steps from five nodes, as many triplets as LlamaIndex asks for (30), and all; their ratios to "quipu"
"""
import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from llama_index.core.graph_stores import EntityNode, Relation, SimplePropertyGraphStore

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "postgres"))
from postgres_server import PostgresServer  # noqa: E402

ROUNDS = 3
DEGREE = 10
BATCH = 1000
CALLS = 30
ALL = 1_000_000


def milliseconds(call):
    start = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - start)


def relations_of(count):
    nodes = count // DEGREE
    return [Relation(label="R", source_id=f"n{i}", target_id=f"n{(i * 7 + j * 13 + 1) % nodes}", properties={"weight": j})
            for i in range(nodes) for j in range(DEGREE)]


def figures(store, relations, calls):
    batches = [relations[at:at + BATCH] for at in range(0, len(relations), BATCH)]
    upserts = [milliseconds(lambda batch=batch: store.upsert_relations(batch)) for batch in batches if len(batch) == BATCH]
    result = {"upsert": statistics.median(upserts[1:])}  # the first makes the tables
    nodes = len(relations) // DEGREE
    for name, limit in (("rel_map", 30), ("rel_map, all", ALL)):
        seeds = [[EntityNode(name=f"n{(call * 97 + i * 31) % nodes}") for i in range(5)] for call in range(calls)]
        result[name] = statistics.median(milliseconds(lambda some=some: store.get_rel_map(some, depth=2, limit=limit))
                                         for some in seeds)
    return result, len(store.get_rel_map([EntityNode(name=f"n{i}") for i in range(5)], depth=2, limit=ALL))


def in_this_package(address, count):
    import quipu  # noqa: PLC0415  # of the interpreter that runs this

    return figures(quipu.QuipuPropertyGraphStore.from_path(address), relations_of(count), CALLS)


def in_package_of(python, address, count):
    command = [python, __file__, "--figures", address, str(count)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--against", metavar="PYTHON")
    parser.add_argument("--figures", metavar="ADDRESS", help=argparse.SUPPRESS)
    parser.add_argument("relations", nargs="?", type=int, default=6000)
    options = parser.parse_args()
    if options.figures:
        print(json.dumps(in_this_package(options.figures, options.relations)))
        return
    interpreters = {"quipu": sys.executable, **({"against": options.against} if options.against else {})}
    rounds, found = [], set()
    with PostgresServer(durable=True) as server:
        for number in range(ROUNDS):
            runs = {name: in_package_of(python, server.address(f"{name}_{number}"), options.relations)
                    for name, python in interpreters.items()}
            runs["simple"] = figures(SimplePropertyGraphStore(), relations_of(options.relations), 3)
            found.update(triplets for _, triplets in runs.values())
            rounds.append({name: of_run for name, (of_run, _) in runs.items()})
    medians = {name: {figure: statistics.median(each[name][figure] for each in rounds) for figure in of_store}
               for name, of_store in rounds[0].items()}
    if len(found) != 1:
        sys.exit(f"the stores find different numbers of triplets: {found}")
    ratios = {name: {figure: medians[name][figure] / medians["quipu"][figure] for figure in medians["quipu"]}
              for name in medians if name != "quipu"}
    print(json.dumps({"milliseconds": medians, "ratio": ratios}, indent=1))


if __name__ == "__main__":
    main()
