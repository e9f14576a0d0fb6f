#!/usr/bin/env python3
"""Pictures of what compare.py has measured: recall against queries for each set of vectors, and cost against size.

usage: curves.py [RESULTS [FOLDER]]    build/bench-vectors/results.json and bench/vectors/curves by default
Writes recall-DATA.svg for each set, and size-KIND.svg for sets of one kind in two sizes or more. Needs matplotlib.
"""
import json
import sys
from pathlib import Path

import matplotlib

import vector_sets

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "quipu"  # the same picture of the same figures
from matplotlib import pyplot  # noqa: E402

MARKS = "osD^v<>Pp*Xhd8"
COLOURS = pyplot.get_cmap("tab20").colors


def style(engine, engines):
    at = engines.index(engine)
    return {"color": "black" if engine.startswith("Quipu") else COLOURS[at % len(COLOURS)], "marker": MARKS[at % len(MARKS)],
            "markersize": 5, "linewidth": 2 if engine.startswith("Quipu") else 1}


def finish(axes, title, file):
    """Saves the figure of these axes, the first of which have the legend."""
    for each in axes:
        each.grid(True, which="both", alpha=0.3)
    axes[0].legend(fontsize=7, loc="best")
    figure = axes[0].figure
    figure.suptitle(title)
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
    pyplot.close(figure)
    print(file)


def recall_curve(data, results, engines, file):
    _, axes = pyplot.subplots(figsize=(8, 5))
    for each in results:
        runs = sorted(each["runs"], key=lambda run: run["recall"])
        axes.plot([run["recall"] for run in runs], [run["one_by_one_per_cpu_s"] for run in runs], label=each["name"],
                  **style(each["engine"], engines))
    axes.set_yscale("log")
    axes.set_xlabel("recall@10")
    axes.set_ylabel("queries a CPU second, one by one")
    shape = results[0]
    finish([axes], f"{Path(data.split(':')[0]).stem}, {shape['vectors']:,} × {shape['dimensions']}", file)


def size_curves(kind, results, engines, file):
    """Of each engine the cheapest run with a recall of 0.95, or its last."""
    _, (cost, memory) = pyplot.subplots(1, 2, figsize=(12, 5))
    for engine in engines:
        own = sorted((each for each in results if each["engine"] == engine), key=lambda each: each["vectors"])
        if not own:
            continue
        best = [max((run for run in each["runs"] if run["recall"] >= 0.95), default=each["runs"][-1],
                    key=lambda run: run["one_by_one_per_cpu_s"]) for each in own]
        sizes = [each["vectors"] for each in own]
        cost.plot(sizes, [1e3 / run["one_by_one_per_cpu_s"] for run in best], label=own[-1]["name"], **style(engine, engines))
        memory.plot(sizes, [max(each["most_mib"], 1) for each in own], label=own[-1]["name"], **style(engine, engines))
    for axes, what in ((cost, "ms of CPU a query, recall@10 ≥ 0.95"), (memory, "MiB of memory at most")):
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("vectors")
        axes.set_ylabel(what)
    finish([cost, memory], kind, file)


def main():
    given = [Path(each) for each in sys.argv[1:]]
    source, folder = (given + [vector_sets.FOLDER / "results.json", Path(__file__).resolve().parent / "curves"][len(given):])[:2]
    results = json.loads(source.read_text(encoding="utf-8"))
    engines = list(dict.fromkeys(each["engine"] for each in results))
    folder.mkdir(parents=True, exist_ok=True)
    for data in dict.fromkeys(each["data"] for each in results):
        of_data = [each for each in results if each["data"] == data]
        name = "-".join([Path(data.split(":")[0]).stem, str(of_data[0]["vectors"]), str(of_data[0]["dimensions"])])
        recall_curve(data, of_data, engines, folder / f"recall-{name}.svg")
    kinds = {}
    for each in results:
        kinds.setdefault((Path(each["data"].split(":")[0]).stem, each["dimensions"]), []).append(each)
    for (kind, dimensions), of_kind in kinds.items():
        if len({each["vectors"] for each in of_kind}) > 1:
            size_curves(f"{kind}, {dimensions} numbers", of_kind, engines, folder / f"size-{kind}-{dimensions}.svg")


if __name__ == "__main__":
    main()
