#!/usr/bin/env python3
"""Full-text search beside other engines, from Python: the same terms of the same passages, the same queries, one engine after
the other, each in processes of its own with one thread; the 10 best.

usage: compare.py [--passages COUNT] [--queries COUNT] [--engines NAME,...] [--check [--changes COUNT]]

For each engine: MB of terms a CPU second of all threads takes to be indexed, in parts of 1,000 passages that are each durable,
and by how much the process grows at most meanwhile; queries a CPU second of 6 words each (the best of several rounds);
milliseconds to open it and to answer the first query after that, and what the process has grown by then; the size of its files;
of Quipu what adding one text and finding it costs.
Quipu keeps the nodes, too: what they take alone ("quipu, the nodes alone") is taken away from its figures. Engines that are
not installed are left out, and said:

    pip install tantivy zvec bm25s PyStemmer==2.2.0.3

--check: the 10 best of all queries over the passages as they are, by Quipu's analyser english, must be those that bm25s finds
with PyStemmer's terms, but for ties, and their scores within 1e-5; then again after so many random adds, updates and deletes.
Exit code 1 where they are not.
"""
import argparse
import itertools
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import checking  # noqa: E402
import passages  # noqa: E402
from engines import ENGINES, PART, remove  # noqa: E402

K = 10
ROUNDS = 3
WORDS = 6
SEED = 2026
ADDED, NEW = 100, 10**9  # texts that are added one by one, and their numbers
MIB = 2**20


def resident():
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise SystemExit("/proc/self/status has no VmRSS")


def build(name, folder, terms):
    """In a process of its own."""
    engine = ENGINES[name](folder)
    engine.create()
    before, begin, reading, at, characters = resident(), time.process_time(), 0.0, 0, 0
    with open(terms, encoding="utf-8", newline="\n") as file:
        while True:
            reads = time.thread_time()
            texts = [line[:-1] for line in itertools.islice(file, PART)]
            reading += time.thread_time() - reads
            if not texts:
                break
            engine.add(at, texts)
            at += len(texts)
            characters += sum(map(len, texts))
    engine.finish()
    return {"cpu_s": time.process_time() - begin - engine.elsewhere - reading, "text_mb": characters / 1e6,
            "bytes": engine.bytes(), "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before / MIB}


def query(name, folder, queries):
    """In a process of its own."""
    engine = ENGINES[name](folder)
    asked = json.loads(Path(queries).read_text(encoding="utf-8"))
    before, begin = resident(), time.perf_counter()
    engine.open()
    opened = time.perf_counter()
    engine.search(asked[0], K)
    first = time.perf_counter()
    best = float("inf")
    for _ in range(ROUNDS):
        cpu = time.process_time()
        for each in asked:
            engine.search(each, K)
        best = min(best, time.process_time() - cpu)
    grown = resident() - before
    return {"open_ms": (opened - begin) * 1e3, "first_ms": (first - opened) * 1e3, "per_cpu_s": len(asked) / best,
            "grown_mib": grown / MIB, "added_ms": added_ms(engine, asked) if name == "quipu" else None}


def added_ms(engine, queries):
    """CPU time of adding one text and finding it."""
    begin = time.process_time()
    for place, words in enumerate(queries[:ADDED]):
        engine.add(NEW + place, [f"{words[0]} new{place}"])
        if engine.search([f"new{place}"], K)[0][0] != NEW + place:
            raise SystemExit(f"the text {NEW + place} was added and is not found")
    return (time.process_time() - begin) / len(queries[:ADDED]) * 1e3


def in_process(*arguments):
    run = subprocess.run([sys.executable, __file__, "--run", *map(str, arguments)], stdout=subprocess.PIPE, text=True, check=False)
    if run.returncode != 0 or not run.stdout:
        return None
    return json.loads(run.stdout.splitlines()[-1])


def queries_of(terms, count):
    """Words that stand in one passage."""
    chosen, queries = random.Random(SEED), []
    while len(queries) < count:
        words = sorted({word for word in chosen.choice(terms) if len(word) > 2})
        if len(words) >= WORDS:
            queries.append(chosen.sample(words, WORDS))
    return queries


def compare(names, terms_file, queries_file, folder):
    nodes = None
    for name in (["nodes"] if "quipu" in names else []) + [each for each in names if each != "nodes"]:
        engine = ENGINES[name]
        if not engine.installed():
            print(f"{engine.package}: not installed", flush=True)
            continue
        place = Path(folder, name)
        place.mkdir()
        built = in_process("build", name, place, terms_file)
        if built is None:
            print(f"{engine.name()}: failed", flush=True)
        elif name == "nodes":
            nodes = built
            print(f"{engine.name()}: {built['cpu_s']:.1f} s of CPU, {built['bytes'] / MIB:,.0f} MiB, {built['peak_mib']:,.0f} MiB of "
                  "memory", flush=True)
        else:
            if name == "quipu":
                print(f"{engine.name()}, nodes and index: {built['cpu_s']:.1f} s of CPU", flush=True)
                built["cpu_s"] -= nodes["cpu_s"]
                built["bytes"] -= nodes["bytes"]
            asked = in_process("query", name, place, queries_file)
            show(engine.name(), built, asked)
        remove(place)


def show(name, built, asked):
    line = (f"{name}: {built['text_mb'] / built['cpu_s']:.1f} MB a CPU second ({built['cpu_s']:.1f} s), "
            f"{built['peak_mib']:,.0f} MiB of memory, {built['bytes'] / MIB:,.0f} MiB of files; ")
    line += "queries failed" if asked is None else (
        f"{asked['per_cpu_s']:,.0f} queries a CPU second, opened in {asked['open_ms']:.1f} ms, first query "
        f"{asked['first_ms']:.1f} ms, {asked['grown_mib']:,.0f} MiB")
    if asked is not None and asked["added_ms"] is not None:
        line += f"; a text added and found in {asked['added_ms']:.2f} ms of CPU"
    print(line, flush=True)


def main():
    if sys.argv[1:2] == ["--run"]:
        print(json.dumps({"build": build, "query": query}[sys.argv[2]](sys.argv[3], *sys.argv[4:])))
        return 0
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, help="the first so many; all by default")
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--engines", default="quipu,tantivy,bm25s,fts5,zvec", help="none: none")
    parser.add_argument("--check", action="store_true", help="compare with bm25s")
    parser.add_argument("--changes", type=int, default=10_000)
    options = parser.parse_args()
    names = [] if options.engines == "none" else options.engines.split(",")
    from quipu import _native

    texts = passages.passages(options.passages)
    terms = _native.text_terms(texts, "english")
    queries = queries_of(terms, options.queries)
    print(f"{len(texts):,} passages, {sum(map(len, texts)) / 1e6:.0f} MB; {len(queries)} queries of {WORDS} words", flush=True)
    with tempfile.TemporaryDirectory(prefix="quipu-bench-", dir=passages.FOLDER) as folder:
        if options.check and not checking.check(texts, queries, options.changes, folder):
            return 1
        terms_file, queries_file = Path(folder, "terms"), Path(folder, "queries")
        terms_file.write_text("".join(" ".join(each) + "\n" for each in terms), encoding="utf-8")
        queries_file.write_text(json.dumps(queries), encoding="utf-8")
        del texts, terms
        compare(names, terms_file, queries_file, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
