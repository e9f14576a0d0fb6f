#!/usr/bin/env python3
"""quipu on damaged files, unusable places and databases that are none: a clear refusal, nothing changed."""

import json
import os
import resource
import shutil
import unittest

from cli_support import DATA, IO, CliTest, node, tree

GOOD = json.dumps({"knots": {"n1": node("n1"), "n2": node("n2")}}).encode()
NESTED = b'{"knots": {"n1": {"deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}}"

# What is wrong, the bytes of docstore.json, and what else the message says.
DAMAGED = (
    ("empty file", b"", "empty"),
    ("only white space", b" \n\n", "line 3"),
    ("truncated in a string", GOOD[:100], "knots"),
    ("truncated in half", GOOD[:len(GOOD) // 2], "knots"),
    ("last brace missing", GOOD[:-1], ""),
    ("garbage", bytes(range(256)) * 20, ""),
    ("more after the root", GOOD + b" x", f"byte {len(GOOD) + 1}"),
    ("NUL tail", GOOD[:200] + bytes(400), ""),
    ("root is a list", b"[]", ""),
    ("root is a string", b'"knots"', ""),
    ("root is a number", b"7", ""),
    ("root is null", b"null", ""),
    ("collection is a list", b'{"knots": []}', "knots"),
    ("collection is a string", b'{"knots": "x"}', "knots"),
    ("value is a string", b'{"knots": {"n1": "x"}}', "n1"),
    ("value is a list", b'{"knots": {"n1": []}}', "n1"),
    ("invalid UTF-8", GOOD.replace(b"some text", b"some \xff text", 1), "n1"),
    ("overlong UTF-8", GOOD.replace(b"some text", b"\xc0\xaf", 1), "n1"),
    ("raw control character", GOOD.replace(b"some text", b"a\tb", 1), "n1"),
    ("bad escape", GOOD.replace(b"some text", rb"\x41", 1), "n1"),
    ("trailing comma", b'{"knots": {"n1": {},}}', ""),
    ("comment", b"/* */ {}", ""),
    ("nested 100,000 deep", NESTED, ""),
    ("nested 100,000 deep, objects", b'{"a":' * 100_000 + b"{}" + b"}" * 100_000, ""),
    ("UTF-16", b"\xff\xfe" + GOOD.decode().encode("utf-16-le"), "UTF-16"),
)


class DamagedFileTest(CliTest):
    def test_a_damaged_docstore_is_refused(self):
        for i, (what, raw, words) in enumerate(DAMAGED):
            with self.subTest(what):
                directory = self.persist_dir(raw, name=f"storage{i}")
                before = tree(directory)
                for options in ([], ["--dry-run"]):
                    printed, said = self.quipu("import", *options, directory, self.database, code=DATA)
                    self.assertEqual(b"", printed)
                    self.assertIn(str(directory / "docstore.json"), said)
                    self.assertIn(words, said)
                    self.assertLess(len(said), 2000)
                    self.assertFalse(self.database.exists())
                self.assertEqual(before, tree(directory))

    def test_a_good_file_beside_a_damaged_one_is_not_imported(self):
        directory = self.persist_dir(index_store=b'{"index_store/data": {"x"')
        _, said = self.quipu("import", directory, self.database, code=DATA)
        self.assertIn(str(directory / "index_store.json"), said)
        self.assertFalse(self.database.exists())

    def test_vectors_and_graphs_that_are_malformed_or_dangle(self):
        entity = {"label": "entity", "embedding": None, "properties": {}, "name": "Ann"}
        knows = {"label": "knows", "source_id": "Ann", "target_id": "Bob", "properties": {}}
        graph = {"nodes": {"Ann": entity}, "relations": {"Ann_knows_Bob": knows}, "triplets": []}
        for i, (file, content, words) in enumerate((
                ("property_graph_store", {**graph, "triplets": [["Ann", "knows", "Bob"]]}, "a node that is not there"),
                ("property_graph_store", {**graph, "nodes": {"Ann": entity, "Bob": {**entity, "name": "Bob"}},
                                          "triplets": [["Ann", "loves", "Bob"]]}, "has no relation"),
                ("property_graph_store", {**graph, "triplets": [["Ann", "knows"]]}, "three strings"),
                ("graph_store", {"graph_dict": {"a": [["r"]]}}, "pair"),
                ("graph_store", {"graph_dict": {"a": "b"}}, "a"),
                ("default__vector_store", {"embedding_dict": {"v": [1.0, "x"]}}, "no number"),
                ("default__vector_store", {"embedding_dict": {"v": None}}, "v"),
                ("default__vector_store", {"embedding_dict": {}, "text_id_to_ref_doc_id": {"v": 7}}, "v"),
                ("default__vector_store", {"embedding_dict": {}, "metadata_dict": {"v": []}}, "v"))):
            with self.subTest(words):
                directory = self.persist_dir(name=f"storage{i}", **{file + "__json": content})
                _, said = self.quipu("import", directory, self.database, code=DATA)
                self.assertIn(str(directory / (file + ".json")), said)
                self.assertIn(words, said)
                self.assertFalse(self.database.exists())

    def test_what_was_there_stays(self):
        self.imported()
        before = self.quipu("scan", self.database, "knots")[0]
        bad = self.persist_dir({"knots": {"n1": {"text": "changed"}, "n9": 1}}, name="bad")
        self.quipu("import", "--merge", bad, self.database, code=DATA)
        self.assertEqual(before, self.quipu("scan", self.database, "knots")[0])
        self.assertEqual(2, self.quipu_json("stat", self.database)["entries"])
        self.quipu("verify", self.database)

    def test_an_empty_folder_that_was_there_stays(self):
        self.database.mkdir()
        self.quipu("import", self.persist_dir(b"{"), self.database, code=DATA)
        self.assertEqual({}, tree(self.database))

    def test_folders_made_on_the_way_go_again(self):
        self.quipu("import", self.persist_dir(b"{"), self.folder / "a" / "b" / "c", code=DATA)
        self.assertFalse((self.folder / "a").exists())

    def test_a_damaged_file_of_another_store_is_named(self):
        directory = self.persist_dir(default__vector_store__json=b'{"embedding_dict": {"a": [1.0, ')
        _, said = self.quipu("import", directory, self.database, code=DATA)
        self.assertIn("default__vector_store.json", said)
        self.assertFalse(self.database.exists())


class UnusablePlaceTest(CliTest):
    def assert_refused(self, *arguments, code=IO, name=""):
        printed, said = self.quipu(*arguments, code=code)
        self.assertEqual(b"", printed)
        self.assertIn(name, said)

    def test_sources_that_are_not_there(self):
        self.assert_refused("import", self.folder / "none", self.database, name="none")
        directory = self.persist_dir(graph_store__json={"graph_dict": {}})
        (directory / "index_store.json").unlink()
        self.assert_refused("import", directory, self.database, name="index_store.json")
        self.assert_refused("import", directory, self.database, "--file", "mine.json", name="mine.json")
        self.assertFalse(self.database.exists())

    def test_a_folder_or_a_pipe_in_a_files_place(self):
        directory = self.persist_dir()
        (directory / "docstore.json").unlink()
        (directory / "docstore.json").mkdir()
        self.assert_refused("import", directory, self.database, name="docstore.json")
        (directory / "docstore.json").rmdir()
        os.mkfifo(directory / "docstore.json")
        self.assert_refused("import", directory, self.database, name="docstore.json")
        self.assertFalse(self.database.exists())

    def test_file_names_stay_in_the_directory(self):
        directory = self.persist_dir()
        for name in ("../storage/docstore.json", "/etc/hostname", "..", "a/b"):
            self.assert_refused("import", directory, self.database, "--file", name, code=DATA, name=name)
        self.assertFalse(self.database.exists())

    def test_a_file_in_the_databases_place(self):
        target = self.folder / "file"
        target.write_text("mine")
        directory = self.persist_dir()
        for arguments in (["import", directory, target], ["put", target, "c", "k", "{}"]):
            code = self.quipu_code(arguments)
            self.assertIn(code, (DATA, IO))
        for arguments in (["stat", target], ["import", directory, target / "db"], ["stat", target / "db"]):
            self.assert_refused(*arguments, name=str(target))
        self.assertEqual("mine", target.read_text())

    def quipu_code(self, arguments):
        try:
            self.quipu(*arguments, code=IO)
        except AssertionError:
            self.quipu(*arguments, code=DATA)
            return DATA
        return IO

    def test_a_file_in_the_exports_place(self):
        target = self.folder / "file"
        target.write_text("mine")
        self.imported()
        self.assert_refused("export", self.database, target, name=str(target))
        self.assert_refused("export", self.database, target / "copy", name=str(target))
        self.assertEqual("mine", target.read_text())

    def test_places_without_permission(self):
        as_stranger = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        try:
            self.quipu("--version", **as_stranger)
        except PermissionError:
            self.skipTest("the command cannot be run by another user here")
        self.folder.chmod(0o755)
        closed = self.folder / "closed"
        closed.mkdir(mode=0o755 if as_stranger else 0o555)
        self.addCleanup(closed.chmod, 0o755)
        directory = self.persist_dir()
        self.quipu("import", "--dry-run", directory, closed / "db", **as_stranger)
        _, said = self.quipu("import", directory, closed / "db", code=IO, **as_stranger)
        self.assertIn(str(closed), said)
        secret = self.persist_dir(name="secret")
        (secret / "docstore.json").chmod(0o600 if as_stranger else 0)
        _, said = self.quipu("import", "--dry-run", secret, closed / "db", code=IO, **as_stranger)
        self.assertIn(str(secret / "docstore.json"), said)
        self.assertEqual({}, tree(closed))

    def quipu_on_a_full_disk(self, *arguments, largest_file):
        """A limit on the size of files stands for the full disk: writes beyond it fail."""
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

        printed, said = self.quipu(*arguments, code=IO, preexec_fn=limit, restore_signals=False)
        self.assertEqual(b"", printed)
        self.assertIn("File too large", said)

    def test_a_disk_that_becomes_full(self):
        docs = {f"n{i}": node(f"n{i}", os.urandom(1000).hex()) for i in range(10_000)}
        directory = self.persist_dir({"knots": docs})
        self.quipu_on_a_full_disk("import", directory, self.database, largest_file=3_000_000)
        self.assertFalse(self.database.exists())
        self.quipu("import", directory, self.database)
        self.quipu_on_a_full_disk("export", self.database, self.copy, largest_file=3_000_000)
        self.assertFalse(self.copy.exists())
        self.assert_exported_as(directory)

    def test_a_disk_that_is_full(self):
        directory = self.persist_dir()
        for arguments in (["import", directory, self.database], ["put", self.database, "c", "k", "{}"]):
            self.quipu_on_a_full_disk(*arguments, largest_file=0)
            self.assertFalse(self.database.exists())
        self.quipu("import", directory, self.database)
        value = json.dumps({"a": "x" * 50_000})
        # Room for nothing, for the lock, for the manifest, for some of the log.
        for largest_file in (0, 10, 1000, 4096, 20_000):
            self.quipu_on_a_full_disk("put", self.database, "knots", "n3", value, largest_file=largest_file)
            self.quipu("get", self.database, "knots", "n3", code=DATA)
            self.quipu("verify", self.database)
        self.assert_exported_as(directory)


class ForeignDatabaseTest(CliTest):
    def assert_untouched(self, database, code, words):
        before = tree(database)
        directory = self.persist_dir(name="source")
        for arguments in (["stat", database], ["import", directory, database], ["put", database, "c", "k", "{}"],
                          ["import", "--merge", directory, database], ["export", database, self.copy],
                          ["verify", database], ["compact", database], ["delete", database, "c", "k"]):
            printed, said = self.quipu(*arguments, code=code)
            self.assertEqual(b"", printed)
            self.assertIn(str(database), said)
            self.assertIn(words, said)
            self.assertEqual(before, tree(database), arguments)
        self.assertFalse(self.copy.exists())

    def test_another_rocksdb_database(self):
        inner = self.imported() / "rocksdb"
        foreign = shutil.copytree(inner, self.folder / "foreign")
        self.assert_untouched(foreign, DATA, "not a Quipu directory")

    def test_a_folder_of_other_files(self):
        folder = self.folder / "photos"
        folder.mkdir()
        (folder / "cat.jpg").write_bytes(b"\xff\xd8")
        self.assert_untouched(folder, DATA, "not a Quipu directory")

    def test_a_newer_format(self):
        (self.imported() / "QUIPU").write_text("quipu format 4\n")
        self.assert_untouched(self.database, DATA, "format 4")

    def test_a_damaged_marker(self):
        (self.imported() / "QUIPU").write_text("nonsense\n")
        self.assert_untouched(self.database, DATA, "QUIPU")


if __name__ == "__main__":
    unittest.main()
