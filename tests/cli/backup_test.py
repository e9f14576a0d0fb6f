#!/usr/bin/env python3
"""quipu backup, backups, verify-backup, restore, checkpoint: what they print, refuse and leave alone."""

import fcntl
import json
import os
import unittest

from cli_support import DATA, IO, LOCKED, OK, USAGE, CliTest, tree


class BackupTest(CliTest):
    def setUp(self):
        super().setUp()
        self.backups = self.folder / "backups"
        self.restored = self.folder / "restored"

    def put(self, value):
        self.quipu("put", self.database, "c", "k", json.dumps({"n": value}))

    def value(self, database):
        return json.loads(self.quipu("get", database, "c", "k")[0])["n"]

    def test_round_trip(self):
        self.put(1)
        first = self.quipu_json("backup", self.database, self.backups)
        self.put(2)
        self.assertIn(b"  ok\n", self.quipu("backup", self.database, self.backups)[0])
        rows = self.quipu_json("backups", self.backups)
        self.assertEqual([1, 2], [row["backup"] for row in rows])
        self.assertEqual(first, rows[0])
        self.assertRegex(first["created"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(3, len(self.quipu("backups", self.backups)[0].splitlines()))
        self.assertEqual([{"backup": 1, "sound": True}, {"backup": 2, "sound": True}],
                         self.quipu_json("verify-backup", self.backups))
        self.assertIn("no faults", self.quipu("verify-backup", self.backups, "--backup", "1")[1])
        report = self.quipu_json("restore", self.backups, self.restored)
        self.assertEqual((rows[1], False, ""), (report["restored"], report["dry_run"], report["kept_aside"]))
        self.assertEqual(2, self.value(self.restored))
        self.quipu("restore", self.backups, self.restored, "--replace", "--backup", "1")
        self.assertEqual(1, self.value(self.restored))
        self.quipu("verify", self.restored)

    def test_times(self):
        self.put(1)
        self.quipu("backup", self.database, self.backups)
        for time in ("2001-01-01", "2001-01-01T10:30", "2001-01-01 10:30:59Z"):
            self.assertIn("before", self.quipu("restore", self.backups, self.restored, "--before", time, code=DATA)[1])
        for time in ("yesterday", "2026-02-30", "2026-02-01T25:00", "2026-2-1", "2026-02-01T10:00:00+02:00"):
            self.quipu("restore", self.backups, self.restored, "--before", time, code=USAGE)
        self.quipu("restore", self.backups, self.restored, "--before", "2030-01-01", "--backup", "1", code=USAGE)
        self.assertFalse(self.restored.exists())
        self.quipu("restore", self.backups, self.restored, "--before", "2999-12-31T23:59")
        self.assertEqual(1, self.value(self.restored))

    def test_refusals_change_nothing(self):
        self.put(1)
        self.quipu("backup", self.database, self.backups)
        self.restored.mkdir()
        (self.restored / "mine.txt").write_text("mine")
        (self.folder / "link").symlink_to(self.restored)
        before = tree(self.folder)
        for arguments, code in (([self.backups, self.restored], DATA), ([self.backups, self.database], DATA),
                                ([self.backups, self.backups, "--replace"], DATA),
                                ([self.backups, self.folder, "--replace"], DATA),
                                ([self.backups, self.folder / "link", "--replace"], DATA),
                                ([self.restored, self.database, "--replace"], DATA),
                                ([self.folder / "none", self.database, "--replace"], IO),
                                ([self.backups, self.folder / "new", "--backup", "7"], DATA),
                                ([self.backups, self.folder / "new", "--dry-run"], OK),
                                ([self.backups, self.database, "--replace", "--dry-run"], OK)):
            self.quipu("restore", *arguments, code=code)
            self.assertEqual(before, tree(self.folder), arguments)
        for arguments in (["backup", self.database, self.restored], ["backup", self.restored, self.backups],
                          ["checkpoint", self.database, self.restored], ["backups", self.restored]):
            self.quipu(*arguments, code=DATA)
            self.assertEqual(before, tree(self.folder), arguments)
        self.quipu("restore", self.backups, self.restored, "--replace")
        self.assertEqual("mine", (self.restored / "mine.txt").read_text())
        self.assertEqual(1, self.value(self.restored))

    def test_damage(self):
        self.put(1)
        self.quipu("backup", self.database, self.backups)
        table = max((self.backups / "shared_checksum").iterdir(), key=lambda path: path.stat().st_size)
        raw = bytearray(table.read_bytes())
        raw[len(raw) // 2] ^= 1
        table.write_bytes(raw)
        before = tree(self.folder)
        self.quipu("backups", self.backups)  # which reads no data
        self.assertIn(table.name, self.quipu("verify-backup", self.backups, code=DATA)[1])
        self.assertFalse(self.quipu_json("verify-backup", self.backups, code=DATA)[0]["sound"])
        for options in ([], ["--dry-run"]):
            self.quipu("restore", self.backups, self.restored, *options, code=DATA)
        self.quipu("restore", self.backups, self.database, "--replace", code=DATA)
        self.assertEqual(before, tree(self.folder))
        table.unlink()
        self.assertIn("damaged", self.quipu("backups", self.backups, code=DATA)[0].decode())

    def test_of_a_database_in_use(self):
        self.put(1)
        with self.writer() as writer:
            before = tree(self.database)
            self.quipu("backup", self.database, self.backups)
            self.quipu("checkpoint", self.database, self.copy)
            said = self.quipu("restore", self.backups, self.database, "--replace", code=LOCKED)[1]
            self.assertIn(str(writer.pid), said)
            self.assertEqual(before, tree(self.database))
            self.quipu("restore", self.backups, self.restored)
        for database in (self.restored, self.copy):
            self.assertEqual(1, self.value(database))
            self.quipu("verify", database)
        self.assertEqual(30000, len(self.quipu("scan", self.database, "later")[0].splitlines()))

    def test_prune(self):
        for value in (1, 2, 3):
            self.put(value)
            self.quipu("backup", self.database, self.backups)
        self.quipu("prune-backups", self.backups, code=USAGE)
        self.quipu("prune-backups", self.backups, "--keep", "0", code=USAGE)
        self.quipu("prune-backups", self.folder / "none", "--keep", "1", code=IO)
        removed = self.quipu_json("prune-backups", self.backups, "--keep", "2")
        self.assertEqual([1], [row["backup"] for row in removed])
        self.assertEqual([2, 3], [row["backup"] for row in self.quipu_json("backups", self.backups)])
        self.assertEqual((b"", "quipu: 0 backups removed\n"), self.quipu("prune-backups", self.backups, "--keep", "2"))
        self.quipu("restore", self.backups, self.restored, "--backup", "2")
        self.assertEqual(2, self.value(self.restored))

    def test_a_damaged_backup_leaves_the_others(self):
        for value in (1, 2):
            self.put(value)
            self.quipu("backup", self.database, self.backups)
        meta = self.backups / "meta" / "2"
        meta.write_bytes(meta.read_bytes()[:-20])
        rows = json.loads(self.quipu("backups", self.backups, "--json", code=DATA)[0])
        self.assertEqual([True, False], [row["sound"] for row in rows])
        self.assertIn(f"{meta} is damaged", rows[1]["message"])
        self.quipu("restore", self.backups, self.restored, "--backup", "1")
        self.assertEqual(1, self.value(self.restored))
        before = tree(self.backups)
        self.assertIn(f"{meta} is damaged", self.quipu("prune-backups", self.backups, "--keep", "1", code=DATA)[1])
        self.assertEqual({**before, "LOCK": ""}, {**tree(self.backups), "LOCK": ""})

    def test_two_backups_at_once(self):
        self.put(1)
        self.quipu("backup", self.database, self.backups)
        with open(self.backups / "LOCK", "r+", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.quipu("backup", self.database, self.backups, code=LOCKED)
        self.quipu("backup", self.database, self.backups)

    def test_checkpoint(self):
        self.put(1)
        self.assertEqual((b"", ""), self.quipu("checkpoint", self.database, self.copy))
        self.put(2)
        self.assertEqual(1, self.value(self.copy))
        self.assertEqual(2, self.value(self.database))
        self.assertEqual(str(self.restored),
                         self.quipu_json("checkpoint", self.database, self.restored)["checkpoint"])
        self.assertEqual([], [name for name in os.listdir(self.folder) if ".making-" in name])


if __name__ == "__main__":
    unittest.main()
