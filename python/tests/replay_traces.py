#!/usr/bin/env python3
"""Drives the package's classes through recorded traces of LlamaIndex; exit code 1 on a mismatch.

    python python/tests/replay_traces.py tests/data/traces/*.jsonl
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import List, Type

from traces.comparison import difference
from traces.replayers import REPLAYERS, VARIANTS, Replayer

BATCHING = "Batching not supported by this key-value store."


def mismatches(trace: Path, replayer: Type[Replayer]) -> List[str]:
    """The lines of a trace that the store does not do as recorded."""
    found = []
    with tempfile.TemporaryDirectory(prefix="quipu-replay-") as folder:
        driven = replayer(Path(folder))
        for number, text in enumerate(trace.read_text(encoding="ascii").splitlines()[1:], 2):
            line = json.loads(text)
            raises = line.get("raises", {}).get("message")
            if raises == BATCHING:
                continue  # this store batches
            result, error = None, None
            try:
                result = driven.apply(line["op"], line["args"])
            except Exception as raised:
                error = raised
            problem = difference(line, result, error)
            if problem is not None:
                found.append(f"{trace.name}:{number}: {line['op']}: {problem}")
        driven.close()
    return found


def main(paths: List[str]) -> int:
    failed = False
    for path in map(Path, paths):
        ways = {name: each for name, each in {**REPLAYERS, **VARIANTS}.items() if name.split()[-1] == path.stem}
        for name, replayer in ways.items():
            found = mismatches(path, replayer)
            print("\n".join(found[:10] + [f"{path}: {name}: {len(found)} mismatches"]))
            failed |= bool(found)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
