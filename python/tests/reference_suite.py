#!/usr/bin/env python3
"""Runs LlamaIndex's own tests with the package's stores in place of its Simple… classes.

    python python/tests/reference_suite.py DIR

DIR is a checkout's llama-index-core/tests (of the installed version, or near it), with the packages that its
conftest.py imports installed (pytest-asyncio, pytest-mock, openai). The tests run twice: as they are, and with the stores
replaced. Every test that passes the first time must pass the second, but for those in EXPECTED, which must fail.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict

import quipu

FOLDERS = "storage vector_stores graph_stores ingestion indices query_engine retrievers chat_engine".split()

# Tests that cannot pass, each with its reason; docs/COMPATIBILITY.md lists them, too.
EXPECTED: Dict[str, str] = {
    "tests/storage/kvstore/test_mutable_mapping_kvstore.py::test_simple_kvstore": "asserts that the store is a"
    " MutableMappingKVStore, a dict in memory",
    "tests/ingestion/test_pipeline.py::test_async_pipeline_parallel": "its worker processes, made by fork(), each want"
    " the pipeline's cache, which only their parent can have open: ForkedError",
}


def outcomes(tests: Path, standins: bool) -> Dict[str, str]:
    here = Path(__file__).resolve().parent
    with tempfile.TemporaryDirectory(prefix="quipu-reference-") as folder:
        found = Path(folder, "outcomes.json")
        environment = dict(
            os.environ,
            PYTHONPATH=os.pathsep.join((str(here), str(Path(quipu.__file__).resolve().parents[1]))),
            QUIPU_OUTCOMES=str(found),
            QUIPU_STANDINS="1" if standins else "",
        )
        folders = [f"tests/{name}" for name in FOLDERS if (tests / name).is_dir()]
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "reference_plugin"]
        command.append("--continue-on-collection-errors")
        subprocess.run(command + folders, cwd=tests.parent, env=environment, timeout=1200, check=False)
        return dict(json.loads(found.read_text(encoding="utf-8")))


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    tests = Path(sys.argv[1]).resolve()
    if tests.name != "tests" or not (tests / "storage").is_dir():
        print(f"{tests}: not LlamaIndex's llama-index-core/tests")
        return 2
    before = {test for test, outcome in outcomes(tests, standins=False).items() if outcome == "passed"}
    after = {test for test, outcome in outcomes(tests, standins=True).items() if outcome == "passed"}
    lost = before - after
    unexpected = sorted(lost - EXPECTED.keys())
    needless = sorted(test for test in EXPECTED if test in before & after)
    for test in unexpected:
        print(f"passes with LlamaIndex's stores, not with these: {test}")
    for test in needless:
        print(f"passes with these stores, so it is no expected difference: {test}")
    print(f"{len(before)} pass with LlamaIndex's stores; {len(before & after)} of them with these; ", end="")
    print(f"{len(lost & EXPECTED.keys())} expected differences")
    return 1 if unexpected or needless or not before else 0


if __name__ == "__main__":
    sys.exit(main())
