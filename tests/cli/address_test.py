#!/usr/bin/env python3
"""Addresses: every command takes rocksdb:PATH for PATH, and says what a store that is no directory lacks."""

import unittest

from cli_support import DATA, GOLDENS, IO, OK, USAGE, CliTest, tree


class AddressTest(CliTest):
    def setUp(self):
        super().setUp()
        self.address = f"rocksdb:{self.database}"
        self.quipu("import", GOLDENS / "basic", self.database)

    def test_readers_print_the_same(self):
        for arguments in (["collections"], ["scan", "docstore/data"], ["scan", "docstore/data", "--json"], ["verify"],
                          ["get", "docstore/data", "none"], ["graph", "none"]):
            command, *rest = arguments
            code = DATA if "none" in rest and command == "get" else OK
            expected = self.quipu(command, self.database, *rest, code=code)
            self.assertEqual(expected, self.quipu(command, self.address, *rest, code=code), arguments)
        self.assertEqual((b"", "quipu: no differences\n"), self.quipu("diff", self.database, self.address))
        self.assertEqual(self.quipu_json("stat", self.database)["entries"],
                         self.quipu_json("stat", self.address)["entries"])

    def test_writers_write_there(self):
        other = self.folder / "other.quipu"
        self.quipu("import", GOLDENS / "basic", f"rocksdb:{other}")
        self.quipu("put", f"rocksdb:{other}", "notes", "k", '{"a": 1}')
        self.assertEqual(b'{"a": 1}\n', self.quipu("get", other, "notes", "k")[0])
        self.quipu("delete", f"rocksdb:{other}", "notes", "k")
        self.quipu("compact", f"rocksdb:{other}")
        self.assertEqual([], [path.name for path in self.folder.iterdir() if path.name.startswith("rocksdb:")])

    def test_a_dry_run_of_an_import_makes_nothing(self):
        before = tree(self.folder)
        self.quipu("import", "--dry-run", GOLDENS / "basic", f"rocksdb:{self.folder / 'none'}")
        self.assertEqual(before, tree(self.folder))

    def test_export_writes_the_same_files(self):
        self.quipu("export", self.database, self.copy)
        self.quipu("export", self.address, self.folder / "again")
        self.assertEqual(tree(self.copy), tree(self.folder / "again"))

    def test_backups_checkpoints_and_repair_are_of_the_directory(self):
        backups, restored, checkpoint = (self.folder / name for name in ("backups", "restored", "checkpoint"))
        self.quipu("backup", self.address, backups)
        self.quipu("restore", backups, f"rocksdb:{restored}")
        self.quipu("checkpoint", self.address, checkpoint)
        for copy in (restored, checkpoint):
            self.assertEqual((b"", "quipu: no differences\n"), self.quipu("diff", self.database, copy))
        self.assertEqual((b"", "quipu: no faults\n"), self.quipu("repair", self.address, "--dry-run"))

    def test_persist_directories_are_read_by_their_address_too(self):
        self.assertEqual((b"", "quipu: no differences\n"), self.quipu("diff", self.address, f"rocksdb:{GOLDENS / 'basic'}"))
        self.quipu("verify", f"rocksdb:{GOLDENS / 'basic'}")

    def test_what_is_wrong_is_told_of_the_directory(self):
        for name in ("none", "rocksdb:none"):
            said = self.quipu("stat", name, code=IO, cwd=self.folder)[1]
            self.assertEqual("quipu: no such directory: none\n", said)

    def test_a_store_in_memory_lacks_what_directories_have(self):
        for arguments, lacking in ((["backup", "memory:", "b"], "backups"), (["restore", "b", "memory:"], "backups"),
                                   (["checkpoint", "memory:", "c"], "checkpoints"),
                                   (["repair", "memory:", "--yes"], "repair")):
            printed, said = self.quipu(*arguments, code=DATA, cwd=self.folder)
            self.assertEqual(b"", printed)
            self.assertEqual(f"quipu: memory: has no {lacking}: it is no database in a directory\n", said)
        for command in ("stat", "verify", "collections"):
            said = self.quipu(command, "memory:", code=DATA)[1]
            self.assertIn("memory: a new store in memory is empty", said)

    def test_an_address_of_no_backend(self):
        said = self.quipu("stat", "nosuch://host/db", code=DATA)[1]
        self.assertIn("nosuch://host/db: there is no backend of this address", said)

    def test_a_directory_is_no_address(self):
        self.quipu("put", "db", "c", "k", '{"a": 1}', cwd=self.folder)
        before = sorted(self.folder.iterdir())
        for arguments in (["backup", "db", "s3://bucket/b"], ["checkpoint", "db", "redis://u:secret@host/"],
                          ["backups", "s3://b"], ["restore", "s3://b", "made"], ["verify-backup", "s3://b"],
                          ["prune-backups", "s3://b", "--keep", "1"]):
            said = self.quipu(*arguments, code=USAGE, cwd=self.folder)[1]
            self.assertIn("is an address, where a directory is to be", said)
            self.assertNotIn("secret", said)
        for arguments in (["export", "db", "postgresql://u:secret@host/x"], ["import", "redis://:secret@host/", "made"]):
            said = self.quipu(*arguments, code=DATA, cwd=self.folder)[1]
            self.assertIn("is no persist directory; quipu migrate moves data between addresses", said)
            self.assertNotIn("secret", said)
        self.assertEqual(before, sorted(self.folder.iterdir()))

    def test_a_path_may_have_colons(self):
        for name in ("a:b", "./rocksdb:x", "a b://c", "2x://c", "c://d"):
            self.quipu("put", name, "c", "k", '{"a": 1}', cwd=self.folder)
            self.assertEqual(b'{"a": 1}\n', self.quipu("get", name, "c", "k", cwd=self.folder)[0])
            self.assertTrue((self.folder / name).is_dir())
            self.quipu("backup", name, "backups of " + name, cwd=self.folder)
            self.quipu("export", name, name + " exported", cwd=self.folder)


if __name__ == "__main__":
    unittest.main()
