#!/usr/bin/env python3
"""quipu migrate: between persist directories and databases, and what is left when it is killed.

QUIPU_MIGRATE_MB=1024 QUIPU_MIGRATE_KILLS=20 python3 tests/cli/migrate_test.py moves more, is killed more often, and
prints what memory the largest run took.
"""

import json
import os
import random
import resource
import signal
import subprocess
import time
import unittest

from cli_support import DATA, GOLDENS, IO, OK, QUIPU, CliTest, node, tree

MEGABYTES = int(os.environ.get("QUIPU_MIGRATE_MB", "12"))
KILLS = int(os.environ.get("QUIPU_MIGRATE_KILLS", "6"))
MARK = "quipu_migration.json"
MOVED = ("basic", "vectors", "graphs", "namespaces", "unicode", "numbers", "node_types", "index_structs", "empty")


class MigrateTest(CliTest):
    def test_there_and_back_is_the_same(self):
        for name in MOVED:
            with self.subTest(name):
                folder = self.folder / name
                folder.mkdir()
                source = GOLDENS / name
                self.quipu("export", self.imported_from(source, folder / "imported.quipu"), folder / "exported")
                expected = tree(folder / "exported")
                self.quipu("migrate", source, folder / "a.quipu")
                self.quipu("migrate", folder / "a.quipu", folder / "b.quipu")
                self.quipu("migrate", folder / "b.quipu", folder / "c")
                self.quipu("migrate", folder / "c", folder / "d")
                self.assertEqual(expected, tree(folder / "c"))
                self.assertEqual(expected, tree(folder / "d"))
                self.quipu("diff", folder / "imported.quipu", folder / "b.quipu")
                self.quipu("verify", folder / "b.quipu")

    def imported_from(self, source, database):
        self.quipu("import", source, database)
        return database

    def test_what_a_database_holds_beside_its_files(self):
        self.quipu("import", GOLDENS / "vectors", self.database)
        self.quipu("put", self.database, "mine", "k", stdin=b'{"a": [1, 2.0, "\xc3\xa9"]}')
        report = self.quipu_json("migrate", self.database, self.folder / "copy.quipu")
        self.assertFalse(report["was_there"])
        self.assertEqual(0, report["resumed"])
        before = self.quipu_json("collections", self.database)
        self.assertEqual(before, self.quipu_json("collections", self.folder / "copy.quipu"))
        self.assertEqual([(row["collection"], row["entries"]) for row in before],
                         [(row["collection"], row["entries"]) for row in report["collections"]])
        self.quipu("diff", self.database, self.folder / "copy.quipu")

    def test_what_the_target_is_made_as(self):
        source = self.persist_dir()
        self.quipu("migrate", source, self.folder / "plain")
        self.assertTrue((self.folder / "plain" / "docstore.json").is_file())
        self.quipu("migrate", source, self.folder / "named.quipu/")
        self.quipu("stat", self.folder / "named.quipu")
        self.quipu("migrate", "--to", "database", source, self.folder / "other")
        self.quipu("stat", self.folder / "other")
        self.quipu("migrate", "--to", "persist", source, self.folder / "files.quipu")
        self.assertTrue((self.folder / "files.quipu" / "docstore.json").is_file())
        self.quipu("migrate", source, f"rocksdb:{self.folder / 'addressed'}")
        self.quipu("stat", self.folder / "addressed")
        for arguments in (("--to", "persist", source, f"rocksdb:{self.folder / 'x'}"), ("--to", "odd", source, "x")):
            self.quipu("migrate", *arguments, code=DATA, cwd=self.folder)
        self.assertFalse((self.folder / "x").exists())

    def test_a_target_that_holds_something_else_is_not_touched(self):
        source = self.persist_dir()
        other = self.persist_dir({"knots": {"n9": node("n9")}}, name="other")
        self.quipu("import", other, self.database)
        for target in (other, self.database):
            before = tree(other) if target == other else self.quipu_json("collections", target)
            self.assertIn("not empty", self.quipu("migrate", source, target, code=DATA)[1])
            self.assertIn("not empty", self.quipu("migrate", "--dry-run", source, target, code=DATA)[1])
            self.assertEqual(before, tree(other) if target == other else self.quipu_json("collections", target))
        self.assertIn("is its target", self.quipu("migrate", source, f"{source}/.", code=DATA)[1])
        self.assertIn("database", self.quipu("migrate", source, self.database / "inside", code=DATA)[1])
        self.assertIn("no such", self.quipu("migrate", self.folder / "none", self.copy, code=IO)[1])
        self.assertFalse(self.copy.exists())

    def test_once_more_changes_nothing(self):
        source = self.persist_dir()
        for target in (self.copy, self.database):
            self.quipu("migrate", source, target)
            before = tree(target) if target == self.copy else self.quipu_json("collections", target)
            self.assertTrue(self.quipu_json("migrate", source, target)["was_there"])
            self.assertTrue(self.quipu_json("migrate", "--dry-run", source, target)["was_there"])
            self.assertEqual(before, tree(target) if target == self.copy else self.quipu_json("collections", target))

    def test_a_dry_run_writes_nothing(self):
        source = self.persist_dir()
        for target in (self.copy, self.database, self.folder / "b.quipu"):
            report = self.quipu_json("migrate", "--dry-run", source, target)
            self.assertEqual([("knots", 2)], [(row["collection"], row["entries"]) for row in report["collections"]])
            self.assertFalse(target.exists(), target)
        self.assertIn("line 1", self.quipu("migrate", "--dry-run", self.persist_dir(b'{"a": ', name="bad"), self.copy,
                                           code=DATA)[1])

    def test_an_interrupted_target_is_refused_and_completed(self):
        source = self.persist_dir()
        self.copy.mkdir()
        stale = {"version": 1, "source": "0" * 64, "files": {"docstore.json": {"bytes": 1, "sha256": "x", "counts": {}}}}
        (self.copy / MARK).write_text(json.dumps(stale))
        (self.copy / "docstore.json").write_text("{}")
        (self.copy / ".docstore.json.12-34.tmp").write_text("{")
        for command in (("import", self.copy, self.database), ("verify", self.copy), ("diff", self.copy, source),
                        ("migrate", self.copy, self.folder / "x")):
            self.assertIn("interrupted", self.quipu(*command, code=DATA)[1], command)
        self.quipu("migrate", source, self.copy)
        self.assertEqual(["docstore.json", "index_store.json"], sorted(os.listdir(self.copy)))
        (self.copy / MARK).write_text('{"version": 2}')
        self.assertIn(MARK, self.quipu("migrate", source, self.copy, code=DATA)[1])

    def test_a_database_that_is_not_whole_is_refused_and_completed(self):
        source = self.persist_dir()
        self.quipu("import", self.persist_dir({"knots": {"n9": node("n9")}}, name="other"), self.database)
        mark = json.dumps({"version": 1, "source": "0" * 64, "files": {}})
        self.quipu("put", self.database, "quipu/migration", "mark", stdin=mark.encode())
        self.assertIn("interrupted", self.quipu("export", self.database, self.copy, code=DATA)[1])
        self.assertIn("interrupted", self.quipu("migrate", self.database, self.copy, code=DATA)[1])
        self.quipu("migrate", source, self.database)
        self.assert_exported_as(source)
        self.quipu("diff", source, self.database)


class KillTest(CliTest):
    """Killed again and again, then let go on to its end: what comes of it is what comes of a run that is not."""

    def setUp(self):
        super().setUp()
        seed = int(os.environ.get("QUIPU_TEST_SEED", time.time_ns() % 2**32))
        print(f"seed {seed}")
        self.random = random.Random(seed)
        self.source = self.large_persist_dir(MEGABYTES)
        self.large = self.folder / "large.quipu"
        self.quipu("import", self.source, self.large)

    def start(self, source, target):
        return subprocess.Popen([QUIPU, "migrate", "--quiet", source, target], stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE)

    def run_with_kills(self, source, target, look):
        """Kills it KILLS times at random moments of a whole run's time, then lets it end; returns the times."""
        begin = time.monotonic()
        self.quipu("migrate", source, self.folder / f"once{target.suffix}")
        whole = time.monotonic() - begin
        killed = 0
        for _ in range(KILLS):
            process = self.start(source, target)
            try:
                process.wait(timeout=self.random.uniform(0, whole))
            except subprocess.TimeoutExpired:
                killed += 1
                process.send_signal(signal.SIGKILL)
            said = process.communicate()[1]
            self.assertIn(process.returncode, (OK, -signal.SIGKILL), said)
            look(target, process.returncode == OK)
        self.quipu("migrate", source, target)
        print(f"killed {killed} times within {whole:.1f} s each: {target.name}")

    def looks_whole(self, target, ended):
        """Whether LlamaIndex would load it: then it is whole."""
        names = set(os.listdir(target)) if target.exists() else set()
        if ended:
            self.assertNotIn(MARK, names)
        if "docstore.json" in names:
            expected = {name for name in os.listdir(self.source) if name != "MANIFEST.json"}
            self.assertLessEqual(expected, names | {MARK})
            for name in expected:
                if (self.source / name).is_file() and name in names:
                    self.assertEqual((self.source / name).stat().st_size, (target / name).stat().st_size, name)

    def test_into_a_persist_directory(self):
        self.run_with_kills(self.large, self.folder / "target", self.looks_whole)
        self.assertEqual(tree(self.folder / "once"), tree(self.folder / "target"))
        self.quipu("export", self.large, self.copy)
        self.assertEqual(tree(self.copy), tree(self.folder / "target"))

    def test_into_a_database(self):
        self.run_with_kills(self.large, self.folder / "target.quipu", lambda target, ended: None)
        self.quipu("diff", self.large, self.folder / "target.quipu")
        self.quipu("verify", self.folder / "target.quipu")
        self.quipu("export", self.folder / "target.quipu", self.copy)
        self.quipu("export", self.large, self.folder / "expected")
        self.assertEqual(tree(self.folder / "expected"), tree(self.copy))

    def test_from_files_in_little_memory(self):
        self.quipu("migrate", self.source, self.folder / "target.quipu")
        self.quipu("migrate", self.folder / "target.quipu", self.copy)
        for name in ("docstore.json", "default__vector_store.json"):
            self.assertEqual((self.source / name).read_bytes(), (self.copy / name).read_bytes(), name)
        used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"{MEGABYTES} MiB: at most {used:.0f} MiB of memory")
        if not os.environ.get("QUIPU_SANITIZE"):
            self.assertLess(used, 256)


if __name__ == "__main__":
    unittest.main()
