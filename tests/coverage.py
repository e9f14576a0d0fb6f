#!/usr/bin/env python3
"""What of engine and backends the tests run, from the summary that gcovr has written.

    python3 tests/coverage.py SUMMARY.json

Prints the share of lines and branches of each folder and the files below the goal. Exits with 1 when all lines
together are below it.
"""

import json
import sys
from collections import defaultdict

GOAL = 95  # per cent of lines


def share(covered, total):
    return 100 * covered / total if total else 100.0


def row(name, counts):
    lines, branches = share(*counts[:2]), share(*counts[2:])
    return f"{name:40} {counts[0]:6}/{counts[1]:<6} lines {lines:5.1f} %   branches {branches:5.1f} %"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        files = json.load(file)["files"]
    folders = defaultdict(lambda: [0, 0, 0, 0])
    low = []
    for one in files:
        name = one["filename"]
        counts = [one[field] for field in ("line_covered", "line_total", "branch_covered", "branch_total")]
        top, folder = name.split("/")[:2]
        for place in ("all", top, f"{top}/{folder}" if name.count("/") > 1 else top + "/*"):
            folders[place] = [a + b for a, b in zip(folders[place], counts)]
        if share(*counts[:2]) < GOAL:
            low.append((share(*counts[:2]), name, counts))
    for name in sorted(folders, key=lambda name: (name != "all", name)):
        print(row(name, folders[name]))
    if low:
        print(f"\nfiles below {GOAL} % of lines:")
        for _, name, counts in sorted(low):
            print(row(name, counts))
    sys.exit(share(*folders["all"][:2]) < GOAL)


if __name__ == "__main__":
    main()
