#!/usr/bin/env python3
"""Imports every directory of a hostile set and holds the outcome against its EXPECT.json.

"expect" is "ok" (exit 0), "error" (1 or 3, and the damaged file is named) or "either" (0, 1 or 3). Nothing
crashes, takes more than a minute or 1 GiB, or leaves a collection behind a failure; what goes in comes out.

tests/data/hostile is always run. QUIPU_HOSTILE_DIR names a larger set; without it, shared/hostile beside the
checkout is taken if it is there.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent
QUIPU = os.environ.get("QUIPU_BIN", str(SOURCE / "build" / "release" / "tools" / "quipu"))
OWN_SET = SOURCE / "tests" / "data" / "hostile"
LARGE_SET = Path(os.environ.get("QUIPU_HOSTILE_DIR", SOURCE.parent / "shared" / "hostile"))

SECONDS = 60
MEMORY_BYTES = 1 << 30
ALLOWED = {"ok": (0,), "error": (1, 3), "either": (0, 1, 3)}
SANITIZED = os.environ.get("QUIPU_SANITIZE", "") != ""  # sanitizers reserve terabytes of addresses


def limit_memory():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not SANITIZED:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def quipu(*arguments):
    return subprocess.run([QUIPU, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                          timeout=SECONDS * (5 if SANITIZED else 1), preexec_fn=limit_memory)


def json_names(directory):
    return [path.name for path in directory.iterdir() if path.suffix == ".json" and path.name != "EXPECT.json"]


class HostileTest(unittest.TestCase):
    def run_set(self, folder):
        cases = sorted(path for path in folder.iterdir() if (path / "EXPECT.json").exists())
        self.assertGreater(len(cases), 0, f"{folder} holds no case")
        for case in cases:
            with self.subTest(case.name):
                scratch = Path(tempfile.mkdtemp(prefix="quipu_hostile."))
                self.addCleanup(shutil.rmtree, scratch, ignore_errors=True)
                self.run_case(case, scratch / "db", scratch / "copy")
        print(f"{folder}: {len(cases)} directories", file=sys.stderr)

    def run_case(self, case, database, copy):
        expect = json.loads((case / "EXPECT.json").read_text())["expect"]
        run = quipu("import", case, database)
        said = run.stderr.decode("utf-8")
        self.assertIn(run.returncode, ALLOWED[expect], said)
        if run.returncode != 0:
            self.assertEqual(b"", run.stdout)
            named = [name for name in json_names(case) if str(case / name) in said]
            missing = [name for name in ("docstore.json", "index_store.json") if not (case / name).exists()]
            self.assertTrue(named or any(name in said for name in missing), f"no file is named: {said}")
            self.assertFalse(database.exists())
            return
        self.assertEqual(0, quipu("stat", database).returncode)
        exported = quipu("export", database, copy)
        self.assertEqual(0, exported.returncode, exported.stderr)
        for name in ("docstore.json", "index_store.json"):
            self.assertEqual(as_python_writes(case / name), (copy / name).read_bytes(), name)

    def test_own_set(self):
        self.run_set(OWN_SET)

    def test_large_set(self):
        if not LARGE_SET.is_dir():
            self.skipTest(f"no hostile set in {LARGE_SET}; set QUIPU_HOSTILE_DIR to one to run it")
        self.run_set(LARGE_SET)


def as_python_writes(path):
    """What json.load and json.dumps make of a file: what the reference would persist."""
    with open(path, "rb") as file:
        return json.dumps(json.load(file)).encode("ascii")


if __name__ == "__main__":
    unittest.main()
