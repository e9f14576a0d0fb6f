#!/usr/bin/env python3
"""Every command of quipu on sound data: what it prints, where, and with which exit code."""

import json
import os
import re
import shlex
import shutil
import subprocess
import time
import unittest

from cli_support import DATA, GOLDENS, IO, LOCKED, OK, QUIPU, SOURCE, USAGE, CliTest, node, tree

COMMANDS = ("import", "export", "migrate", "stat", "collections", "ui", "get", "scan", "put", "delete", "search",
            "index-text", "query", "ann", "hnsw",
            "graph", "verify", "repair", "diff", "compact", "backup", "backups", "verify-backup", "prune-backups",
            "restore", "checkpoint")


class UsageTest(CliTest):
    def test_help_of_each_command_has_an_example(self):
        for command in COMMANDS:
            printed, said = self.quipu(command, "--help")
            self.assertIn(b"Example:\n  quipu " + command.encode(), printed)
            self.assertEqual("", said)

    def test_help_lists_commands_and_exit_codes(self):
        printed, _ = self.quipu("--help")
        listed = printed.decode().partition("Commands:\n")[2].partition("\n\n")[0]
        self.assertEqual(sorted(COMMANDS), sorted(re.findall(r"(?m)^  (\S+)", listed)), printed)
        for word in ("Exit codes", "130"):
            self.assertIn(word.encode(), printed)

    def options_of(self, command):
        return set(re.findall(r"--[A-Za-z][a-z-]*", self.quipu(command, "--help")[0].decode().split("Example:")[0]))

    def test_manual_has_every_option(self):
        manual = (SOURCE / "tools" / "quipu.1").read_text().replace("\\-", "-")
        for command in COMMANDS:
            self.assertIn(f".SY quipu\\ {command}\n", manual)
            for option in self.options_of(command):
                self.assertRegex(manual, rf"(?m)^\.B.* ?{option}\b", command)
        if shutil.which("man"):
            run = subprocess.run(["man", "--warnings", "-l", SOURCE / "tools" / "quipu.1"], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE, check=False)
            self.assertEqual(b"", run.stderr)

    def test_completion_offers_every_option(self):
        script = SOURCE / "tools" / "completion" / "quipu.bash"
        (self.folder / "storage").mkdir()
        offered = lambda *words: self.complete(script, words)
        self.assertLess(set(COMMANDS), offered(""))
        for command in COMMANDS:
            self.assertEqual(self.options_of(command), offered(command, "--"), command)
            self.assertEqual({"storage"}, offered(command, "st"), command)
        self.assertEqual({"storage"}, offered("export", "--force", "db", "st"))
        self.assertEqual(set(), offered("get", "db", "st"))

    def complete(self, script, words):
        """What bash offers after `quipu` and these words."""
        quoted = " ".join(shlex.quote(word) for word in ("quipu", *words))
        lines = f"""source {shlex.quote(str(script))}
            COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; _quipu; printf '%s\\n' "${{COMPREPLY[@]}}" """
        path = f"{os.path.dirname(QUIPU)}:{os.environ['PATH']}"
        run = subprocess.run(["bash", "--norc", "-c", lines], cwd=self.folder, stdout=subprocess.PIPE, check=True,
                             env={**os.environ, "PATH": path})
        return set(run.stdout.decode().split())

    def test_version(self):
        printed, _ = self.quipu("--version")
        self.assertRegex(printed, rb"^quipu \d+\.\d+\.\d+\n$")

    def test_wrong_usage(self):
        wrong = ([], ["nonsense"], ["import"], ["import", "a"], ["stat", "a", "b"], ["scan", "a", "b", "--limit", "-1"],
                 ["scan", "a", "b", "--limit", "many"], ["stat", "--nonsense", "a"], ["get", "a", "b"],
                 ["get", "a", "b", "0", "--key-hex"], ["scan", "a", "b", "--prefix", "xy", "--key-hex"])
        for arguments in wrong:
            printed, said = self.quipu(*arguments, code=USAGE, cwd=self.folder)
            self.assertEqual(b"", printed, arguments)
            self.assertIn("quipu: ", said, arguments)
        self.assertEqual([], list(self.folder.iterdir()))

    def test_wrong_usage_is_told_in_a_person_s_words(self):
        for arguments, said in (
                ([], "quipu: which command?\nquipu: try quipu --help\n"),
                (["impotr", "a", "b"], "quipu: no such command or option: impotr\nquipu: try quipu --help\n"),
                (["--nonsense"], "quipu: no such command or option: --nonsense\nquipu: try quipu --help\n"),
                (["import", "a"], "quipu: DB is required\nquipu: try quipu import --help\n"),
                (["stat", ""], "quipu: DB: must not be empty\nquipu: try quipu stat --help\n"),
                (["scan", "a", "b", "--limit", "x"],
                 "quipu: Could not convert: --limit = x\nquipu: try quipu scan --help\n")):
            self.assertEqual(said, self.quipu(*arguments, code=USAGE, cwd=self.folder)[1])

    def test_arguments_may_be_commands_names(self):
        self.quipu("put", self.database, "get", "stat", '{"a": 1}')
        self.assertEqual(b'{"a": 1}\n', self.quipu("get", self.database, "get", "stat")[0])

    def test_nothing_is_made_by_commands_that_need_a_database(self):
        for arguments in (["export", "none", "out"], ["stat", "none"], ["collections", "none"], ["scan", "none", "c"],
                          ["get", "none", "c", "k"], ["delete", "none", "c", "k"], ["verify", "none"],
                          ["compact", "none"]):
            printed, said = self.quipu(*arguments, code=IO, cwd=self.folder)
            self.assertEqual(b"", printed, arguments)
            self.assertIn("none", said, arguments)
        self.assertEqual([], list(self.folder.iterdir()))

    def test_an_empty_directory_is_no_database(self):
        (self.folder / "empty").mkdir()
        self.assertIn("empty", self.quipu("stat", self.folder / "empty", code=IO)[1])
        self.assertEqual({}, tree(self.folder / "empty"))


class ImportExportTest(CliTest):
    def test_goldens_come_out_as_they_went_in(self):
        tried = 0
        for golden in sorted(GOLDENS.iterdir()):
            same = json.loads((golden / "MANIFEST.json").read_text())["real_library"]["repersist_byte_identical"]
            # A vector store's file that the reference itself would write anew is not compared; its property graph's
            # triplets come out in the order in which they came in.
            names = [name for name, identical in same.items() if identical or name == "property_graph_store.json"]
            if "docstore.json" not in names or golden.name == "pg_nan_embedding":
                continue
            with self.subTest(golden.name):
                self.database = self.folder / golden.name
                self.quipu("import", golden, self.database)
                self.assert_exported_as(golden)
                tried += 1
        self.assertGreater(tried, 10)

    def test_files_of_other_names(self):
        golden = GOLDENS / "individual"
        names = ("my_docs.json", "my_index.json", "my_kv.json")
        files = [argument for name in names for argument in ("--file", name)]
        report = self.quipu_json("import", *files, golden, self.database)
        self.assertEqual(list(names), [file["file"] for file in report["files"]])
        self.assert_exported_as(golden, names)

    def test_import_reports_counts(self):
        directory = self.persist_dir(other_vector_store__json={"embedding_dict": {}})
        printed, said = self.quipu("import", directory, self.database)
        rows = [line.split() for line in printed.decode().splitlines()]
        self.assertEqual(["FILE", "COLLECTION", "ENTRIES"], rows[0])
        self.assertIn(["docstore.json", "knots", "2"], rows)
        self.assertIn("not imported: other_vector_store.json", said)
        self.assertIn("imported 1 collection, 2 entries", said)
        self.assertNotIn("\r", said)  # no progress bar: not a terminal

    def test_import_json(self):
        directory = self.persist_dir(graph_store__json={"graph_dict": {"a": [["r", "b"]]}}, vector_store__json={},
                                     default__vector_store__json={}, mine__json={})
        report = self.quipu_json("import", directory, self.database)
        self.assertEqual([{"collection": "knots", "entries": 2}], report["files"][0]["collections"])
        self.assertEqual(["docstore.json", "index_store.json", "graph_store.json", "default__vector_store.json"],
                         [file["file"] for file in report["files"]])
        self.assertEqual([{"collection": "graph_store/data", "entries": 1}], report["files"][2]["collections"])
        self.assertGreater(report["files"][0]["bytes"], 100)
        self.assertEqual([{"file": "mine.json", "reason": "no file of a store"},
                          {"file": "vector_store.json", "reason": "default__vector_store.json is there already"}],
                         report["not_imported"])
        self.assertEqual([], report["notes"])
        self.assertIs(False, report["dry_run"])

    def test_older_versions(self):
        for name, notes in (("0.6.0", 4), ("0.6.32", 1), ("0.7.24", 2), ("pipeline", 0)):
            directory = SOURCE / "tests" / "data" / "former" / name
            self.assertEqual(b"", self.quipu("verify", directory)[0])
            database = self.folder / name
            report = self.quipu_json("import", directory, database)
            self.assertEqual(notes, len(report["notes"]), report["notes"])
            self.assertEqual([], report["not_imported"])
            self.assertEqual(b"", self.quipu("verify", database)[0])
            self.assertEqual(b"", self.quipu("diff", directory, database)[0])
            copy = self.folder / f"copy of {name}"
            self.quipu("export", database, copy)
            # Nothing is left to be converted.
            again = self.quipu_json("import", copy, self.folder / f"{name} again")
            self.assertEqual([], again["notes"])
            collections = {file["file"]: file["collections"] for file in again["files"]}
            for file in report["files"]:
                for collection in file["collections"]:
                    self.assertIn(collection, collections[file["file"]])

    def test_notes_are_messages(self):
        directory = SOURCE / "tests" / "data" / "former" / "0.7.24"
        said = self.quipu("import", directory, self.database)[1].splitlines()
        self.assertEqual("quipu: vector_store.json is imported as default__vector_store.json", said[0])
        self.assertEqual("quipu: docstore.json: documents without a class_name, which LlamaIndex no longer reads: 2, "
                         "imported with it", said[1])

    def test_a_named_file_is_read_whatever_stands_beside_it(self):
        directory = self.persist_dir(b"\xff", b"{", default__vector_store__json=b"\x80\x04", mine__json={"c": {"k": {}}})
        self.quipu("import", "--file", "mine.json", directory, self.database)
        self.assertEqual(b'"k"\t{}\n', self.quipu("scan", self.database, "c")[0])

    def test_quiet(self):
        directory = self.persist_dir(graph_store__json={"graph_dict": {}})
        self.assertEqual("", self.quipu("import", "--quiet", directory, self.database)[1])
        self.assertEqual("", self.quipu("export", "-q", self.database, self.copy)[1])
        self.assertEqual("", self.quipu("verify", "-q", self.database)[1])

    def test_import_dry_run_writes_nothing(self):
        directory = self.persist_dir()
        report = self.quipu_json("import", "--dry-run", directory, self.database)
        self.assertEqual(2, report["files"][0]["collections"][0]["entries"])
        self.assertFalse(self.database.exists())
        self.quipu("put", self.database, "c", "k", "{}")
        self.quipu("import", "--dry-run", directory, self.database, code=DATA)
        self.quipu("import", "--dry-run", "--merge", directory, self.database)
        self.assertEqual(["c"], [row["collection"] for row in self.quipu_json("collections", self.database)])

    def test_import_needs_merge_where_data_is(self):
        self.imported()
        more = self.persist_dir({"knots": {"n2": node("n2", "new"), "n3": node("n3")}}, name="more")
        _, said = self.quipu("import", more, self.database, code=DATA)
        self.assertIn("not empty", said)
        self.assertIn("merge", said)
        self.assertEqual(2, self.quipu_json("stat", self.database)["entries"])
        self.quipu("import", "--merge", more, self.database)
        self.assertEqual(3, self.quipu_json("stat", self.database)["entries"])
        merged = {"n1": node("n1"), "n2": node("n2", "new"), "n3": node("n3")}
        self.assertEqual(merged, {key: self.value("knots", key) for key in merged})

    def value(self, collection, key):
        return json.loads(self.quipu("get", self.database, collection, key)[0])

    def test_export_into_a_database_is_refused(self):
        database = self.imported()
        before = tree(database)
        for place in (database, database / "rocksdb", database / "tmp"):
            for options in ([], ["--dry-run"]):
                said = self.quipu("export", "--force", *options, database, place, code=DATA)[1]
                self.assertIn("is a database's directory, or in one", said)
                self.assertEqual(before, tree(database), place)

    def test_export_needs_force_where_files_are(self):
        self.imported()
        self.copy.mkdir()
        (self.copy / "docstore.json").write_text("old")
        (self.copy / "mine.txt").write_text("mine")
        before = tree(self.copy)
        _, said = self.quipu("export", self.database, self.copy, code=DATA)
        self.assertIn("not empty", said)
        self.assertIn("force", said)
        self.assertEqual(before, tree(self.copy))
        self.quipu("export", "--force", self.database, self.copy)
        self.assertEqual("mine", (self.copy / "mine.txt").read_text())
        self.assertEqual(["docstore.json", "index_store.json", "mine.txt"], sorted(tree(self.copy)))
        self.assertEqual((self.folder / "storage/docstore.json").read_bytes(),
                         (self.copy / "docstore.json").read_bytes())

    def test_export_reports_and_dry_run(self):
        self.imported()
        planned = self.quipu_json("export", "--dry-run", self.database, self.copy)
        self.assertFalse(self.copy.exists())
        done = self.quipu_json("export", self.database, self.copy)
        self.assertEqual([(file["file"], file["collections"]) for file in planned["files"]],
                         [(file["file"], file["collections"]) for file in done["files"]])
        self.assertEqual((self.copy / "docstore.json").stat().st_size, done["files"][0]["bytes"])
        self.assertIn("not empty", self.quipu("export", "--dry-run", self.database, self.copy, code=DATA)[1])

    def test_links_in_the_target_are_replaced_not_followed(self):
        self.imported()
        outside = self.folder / "outside"
        outside.write_text("outside")
        self.copy.mkdir()
        (self.copy / "docstore.json").symlink_to(outside)
        self.quipu("export", "--force", self.database, self.copy)
        self.assertEqual("outside", outside.read_text())
        self.assertFalse((self.copy / "docstore.json").is_symlink())


class InspectTest(CliTest):
    def test_stat(self):
        self.imported()
        stat = self.quipu_json("stat", self.database)
        self.assertEqual((1, 1, 2), (stat["format"], stat["collections"], stat["entries"]))
        self.assertIsInstance(stat["disk_bytes"], int)
        printed, said = self.quipu("stat", self.database)
        self.assertIn(b"entries      2\n", printed)
        self.assertEqual((0, 1 << 30), (stat["search_index_bytes"], stat["search_memory_bytes"]))
        self.assertIn(b"search       0 B in memory, at most 1.1 GB an index\n", printed)
        self.assertEqual("", said)

    def test_stat_tells_of_the_writer(self):
        """What a writer publishes (docs/FORMAT.md), of which a process that is none here has left a file."""
        self.imported()
        self.assertIsNone(self.quipu_json("stat", self.database)["writer"])
        _, said = self.quipu("stat", self.database, "--watch", "1", code=DATA)
        self.assertIn("no process has it open for writing", said)
        self.publish(0, 5, 1000)
        writer = self.quipu_json("stat", self.database)["writer"]
        self.assertEqual((7, {"count": 5, "seconds": 0.5}, 1000), (
            writer["process"], {name: writer["calls"]["get"][name] for name in ("count", "seconds")},
            writer["values"]["quipu_written_bytes_total"]))
        self.assertIn(b"writer       process 7, 5 calls in 9 s (see --watch)\n", self.quipu("stat", self.database)[0])
        with subprocess.Popen([QUIPU, "stat", self.database, "--watch", "0.1"], stdout=subprocess.PIPE, bufsize=0) as watching:
            self.publish(1, 105, 3000)
            lines = [watching.stdout.readline().split() for _ in range(2)]
            (self.database / "STATS").unlink()
            self.assertEqual((b"", 0), (watching.stdout.read(), watching.wait()))
        self.assertEqual([b"CALLS/S", b"READ", b"WRITE", b"SEARCH"], lines[0][:4])
        self.assertIn(lines[1][:4], ([b"100", b"100", b"0", b"0"], [b"0"] * 4))

    def publish(self, later, calls, written):
        """A file STATS as of `later` seconds from now."""
        bucket = 'quipu_call_seconds_bucket{call="get",le="1"} %d\n' % calls
        told = (f"quipu_stats_time_seconds {time.time() + later}\nquipu_process_id 7\nquipu_open_seconds 9.5\n"
                f"quipu_written_bytes_total {written}\n{bucket}quipu_call_seconds_sum{{call=\"get\"}} {calls / 10}\n")
        (self.database / "STATS.new").write_text(told)
        (self.database / "STATS.new").rename(self.database / "STATS")

    def test_collections(self):
        self.imported()
        self.quipu("put", self.database, "settings", "k", "{}")
        rows = self.quipu_json("collections", self.database)
        self.assertEqual([("knots", 2), ("settings", 1)],
                         [(row["collection"], row["entries"]) for row in rows])
        self.assertEqual("docstore.json", rows[0]["file"])
        self.assertEqual(3, len(self.quipu("collections", self.database)[0].splitlines()))

    def test_verify_sound(self):
        self.quipu("import", GOLDENS / "basic", self.database)
        printed, said = self.quipu("verify", self.database)
        self.assertEqual(b"", printed)
        self.assertIn("no faults", said)
        self.assertEqual({"faults": [], "count": 0, "notes": []}, self.quipu_json("verify", self.database))

    def test_verify_lists_what_does_not_agree(self):
        self.quipu("import", GOLDENS / "basic", self.database)
        victim = json.loads(self.quipu("scan", self.database, "docstore/metadata", "--limit", "1", "--json")[0])["key"]
        self.quipu("delete", self.database, "docstore/metadata", victim)
        printed, said = self.quipu("verify", self.database, code=DATA)
        self.assertIn(victim.encode(), printed)
        self.assertRegex(said, r"\d+ faults?")
        for line in printed.splitlines():
            self.assertEqual(3, len(line.split(b"\t")), line)
        report = self.quipu_json("verify", self.database, code=DATA)
        self.assertEqual(len(printed.splitlines()), report["count"])
        self.assertEqual(report["count"], len(report["faults"]))

    def test_verify_covers_vectors_and_graphs(self):
        for golden, collection, word in (("vectors", "vector_store/default/ref_doc_ids", "the vector has no entry"),
                                         ("graphs", "property_graph_store/nodes", "there is no node")):
            database = self.folder / (golden + ".quipu")
            self.quipu("import", GOLDENS / golden, database)
            self.quipu("verify", database)
            keys = self.quipu_json_lines("scan", database, collection, "--keys-only")
            for entry in keys:
                self.quipu("delete", database, collection, entry["key"])
            self.assertIn(word, self.quipu("verify", database, code=DATA)[0].decode())

    def test_verify_finds_flipped_bytes(self):
        self.quipu("import", GOLDENS / "basic", self.database)
        tables = sorted((self.database / "rocksdb").glob("*.sst"), key=lambda path: path.stat().st_size)
        raw = bytearray(tables[-1].read_bytes())
        raw[len(raw) // 3] ^= 0x55
        tables[-1].write_bytes(raw)
        self.quipu("verify", self.database, code=DATA)

    def test_compact_keeps_the_data(self):
        directory = GOLDENS / "basic"
        self.quipu("import", directory, self.database)
        report = self.quipu_json("compact", self.database)
        self.assertLess(0, report["disk_bytes_after"])
        printed, said = self.quipu("compact", self.database)
        self.assertEqual(b"", printed)
        self.assertIn("on disk", said)
        self.assert_exported_as(directory)


class SearchTest(CliTest):
    def test_query(self):
        self.quipu("import", GOLDENS / "vectors", self.database)
        store = json.loads((GOLDENS / "vectors" / "default__vector_store.json").read_text())
        wanted, vector = next((key, value) for key, value in store["embedding_dict"].items() if any(value))
        (self.folder / "vector.json").write_text(json.dumps(vector))
        found = self.quipu_json_lines("query", self.database, "--vector", self.folder / "vector.json", "--top-k", "3")
        self.assertEqual(3, len(found))
        # Zero vectors are among them, whose similarity is NaN and whose place is anywhere, as in the reference.
        self.assertAlmostEqual(1.0, {node["key"]: node["similarity"] for node in found}[wanted])
        self.assertIn("must not be negative", self.quipu("query", self.database, "--vector", self.folder / "vector.json",
                                                         "--search-memory", "-1", code=USAGE)[1])
        self.quipu("query", self.database, "--vector", self.folder / "missing", code=IO)
        (self.folder / "vector.json").write_text("[1, 2]")
        self.assertIn("shapes", self.quipu("query", self.database, "--vector", self.folder / "vector.json", code=DATA)[1])
        for text, word in (("[NaN, 0]", "element 0"), ("[]", "shapes"), ("{}", "array"), ('["a"]', "array")):
            (self.folder / "odd.json").write_text(text)
            said = self.quipu("query", self.database, "--vector", self.folder / "odd.json", code=DATA)[1]
            self.assertIn(word, said)
        self.assertIn("operator", self.quipu("query", self.database, "--vector", self.folder / "vector.json", "--filter",
                                             '{"filters": [{"key": "k", "value": 1, "operator": "~"}]}', code=DATA)[1])

    def test_ann(self):
        random = [[(i * 7919 + d * 104729) % 1000 / 500 - 1 for d in range(8)] for i in range(5000)]
        self.quipu("import", self.persist_dir(default__vector_store__json={
            "embedding_dict": {f"n{i}": vector for i, vector in enumerate(random)},
            "text_id_to_ref_doc_id": {f"n{i}": "None" for i in range(5000)}, "metadata_dict": {}}), self.database)
        (self.folder / "vector.json").write_text(json.dumps(random[7]))
        ask = ("query", self.database, "--vector", self.folder / "vector.json", "--top-k", "1")
        exact = self.quipu_json_lines(*ask)
        self.assertIn("approximate", self.quipu("ann", self.database, "--recall", "0.9")[1])
        self.assertEqual({"recall": 0.9}, json.loads(self.quipu("get", self.database, "vector_store/default/ann", "settings")[0]))
        self.assertEqual(exact, self.quipu_json_lines(*ask))
        self.quipu("verify", self.database)
        self.assertIn("exact", self.quipu("ann", self.database, "--drop")[1])
        self.assertEqual(exact, self.quipu_json_lines(*ask))
        self.assertIn("no vector store", self.quipu("ann", self.database, "--store", "x", code=DATA)[1])
        self.assertIn("recall", self.quipu("ann", self.database, "--recall", "1", code=DATA)[1])

    def test_hnsw(self):
        random = [[(i * 7919 + d * 104729) % 1000 / 500 - 1 for d in range(8)] for i in range(300)]
        self.quipu("import", self.persist_dir(default__vector_store__json={
            "embedding_dict": {f"n{i}": vector for i, vector in enumerate(random)},
            "text_id_to_ref_doc_id": {f"n{i}": "None" for i in range(300)}, "metadata_dict": {}}), self.database)
        (self.folder / "vector.json").write_text(json.dumps(random[7]))
        ask = ("query", self.database, "--vector", self.folder / "vector.json", "--top-k", "1")
        for memory in ("0", "1000", "1000000"):  # the vectors are read from the disk; from an index
            self.assertEqual(self.quipu_json_lines(*ask), self.quipu_json_lines(*ask, "--search-memory", memory))
        self.assertIn("approximate", self.quipu("hnsw", self.database, "--M", "8", "--ef", "50")[1])
        self.assertEqual(1, len(list((self.database / "indexes").iterdir())))
        self.assertEqual("n7", self.quipu_json_lines(*ask)[0]["key"])
        self.quipu("verify", self.database)
        self.assertIn("exact", self.quipu("hnsw", self.database, "--drop")[1])
        self.assertEqual([], list((self.database / "indexes").iterdir()))
        self.assertIn("no vector store", self.quipu("hnsw", self.database, "--store", "x", code=DATA)[1])
        self.assertIn("--search-memory, 1000", self.quipu("hnsw", self.database, "--search-memory", "1000", code=DATA)[1])
        self.assertIn("M must be", self.quipu("hnsw", self.database, "--M", "1", code=DATA)[1])

    def test_graph(self):
        directory = self.persist_dir(graph_store__json={"graph_dict": {"a": [["r", "b"]], "b": [["s", "c"]]}})
        self.quipu("import", directory, self.database)
        self.assertEqual(b"a\tr\tb\nb\ts\tc\n", self.quipu("graph", self.database, "a")[0])
        self.assertEqual(b"a\tr\tb\n", self.quipu("graph", self.database, "a", "--depth", "1")[0])
        self.assertEqual([["a", "r", "b"]], self.quipu_json_lines("graph", self.database, "a", "--limit", "1"))
        self.assertEqual(b"", self.quipu("graph", self.database, "nobody")[0])


class EntryTest(CliTest):
    def put(self, key, value="{}", *options):
        self.quipu("put", self.database, "c", *options, "--", key, value)

    def scan(self, *options):
        printed, said = self.quipu("scan", self.database, "c", *options)
        self.assertEqual("", said)
        return printed.decode("ascii").splitlines()

    def test_put_get_delete(self):
        printed, said = self.quipu("put", self.database, "c", "k", '{"b":1,  "a": [1.0, "è"]}')
        self.assertEqual((b"", ""), (printed, said))
        self.assertEqual(b'{"b": 1, "a": [1.0, "\\u00e8"]}\n', self.quipu("get", self.database, "c", "k")[0])
        self.quipu("put", self.database, "c", "k", "-", stdin=b'{"from": "stdin"}')
        self.assertEqual(b'{"from": "stdin"}\n', self.quipu("get", self.database, "c", "k")[0])
        self.quipu("put", self.database, "c", "k", stdin=b"{}\n")
        self.assertEqual({"collection": "c", "key": "k", "value": {}}, self.quipu_json("get", self.database, "c", "k"))
        self.assertEqual((b"", ""), self.quipu("delete", self.database, "c", "k"))
        printed, said = self.quipu("delete", self.database, "c", "k", code=DATA)
        self.assertIn("no key k in collection c", said)
        printed, said = self.quipu("get", self.database, "c", "k", code=DATA)
        self.assertEqual(b"", printed)
        self.assertIn("no key k in collection c", said)

    def test_bad_values_change_nothing(self):
        for value in ("", "{", "[]", "1", '"text"', "{} {}", '{"a": nope}', "\xa0{}"):
            printed, said = self.quipu("put", self.database, "c", "k", stdin=value.encode(), code=DATA)
            self.assertIn("value", said)
        self.assertFalse(self.database.exists())

    def test_hostile_names(self):
        names = ["", " ", "-k", "--json", "[a, b]", "{}", "a/../b", "..", "\n", "\x1b[31m", "é中😀", "x" * 5000, '"q"',
                 "tab\there", "\u202eabc", "%s%n", "'; rm -rf /"]
        for name in names:
            self.put(name, json.dumps({"name": name}))
            self.quipu("put", self.database, "--", name, "k", '{"a": 1}')
        for name in names:
            value = self.quipu("get", self.database, "c", "--", name)[0]
            self.assertEqual({"name": name}, json.loads(value))
            self.assertEqual(b'{"a": 1}\n', self.quipu("get", self.database, "--", name, "k")[0])
        keys = [json.loads(line)["key"] for line in self.scan("--json")]
        self.assertEqual(sorted(names, key=lambda name: name.encode()), keys)
        self.assertEqual(keys, [json.loads(line.split("\t")[0]) for line in self.scan()])
        listed = {row["collection"] for row in self.quipu_json("collections", self.database)}
        self.assertEqual({*names, "c"}, listed)
        printed, _ = self.quipu("collections", self.database)
        self.assertEqual(len(names) + 2, len(printed.splitlines()))
        self.assertNotIn(b"\x1b", printed)
        _, said = self.quipu("get", self.database, "c", "\x1b[31mabsent", code=DATA)
        self.assertNotIn("\x1b", said)
        self.quipu("verify", self.database)

    def test_binary_keys(self):
        self.put("00ff80", '{"a": 1}', "--key-hex")
        self.assertEqual(b'{"a": 1}\n', self.quipu("get", self.database, "c", "00FF80", "--key-hex")[0])
        self.assertEqual(["00ff80"], self.scan("--keys-only", "--key-hex", "--prefix", "00"))
        row = json.loads(self.scan("--json")[0])
        self.assertEqual(("00ff80", {"a": 1}), (row["key_hex"], row["value"]))
        self.quipu("delete", self.database, "c", "--key-hex", "00ff80")
        self.assertEqual([], self.scan())

    def test_scan(self):
        for key in ("b2", "a1", "b1", "c"):
            self.put(key, json.dumps({"k": key}))
        self.assertEqual(['"a1"\t{"k": "a1"}', '"b1"\t{"k": "b1"}', '"b2"\t{"k": "b2"}', '"c"\t{"k": "c"}'], self.scan())
        self.assertEqual(['"b1"', '"b2"'], self.scan("--prefix", "b", "--keys-only"))
        self.assertEqual(['"b2"', '"b1"'], self.scan("--prefix", "b", "--keys-only", "--reverse"))
        self.assertEqual(['"c"', '"b2"'], self.scan("--keys-only", "--reverse", "--limit", "2"))
        self.assertEqual(4, len(self.scan("--limit", "0")))
        self.assertEqual({"key": "a1"}, json.loads(self.scan("--json", "--keys-only", "--limit", "1")[0]))
        self.assertEqual([], self.scan("--prefix", "zz"))
        self.assertEqual(b"", self.quipu("scan", self.database, "no such collection")[0])

    def test_a_reader_that_goes_away_is_no_fault(self):
        with self.scan_in_progress() as process:
            process.stdout.close()
            self.assertEqual(b"", process.stderr.read())
            self.assertEqual(OK, process.wait(timeout=60))

    def test_output_that_cannot_be_written(self):
        self.imported()
        with open("/dev/full", "wb") as full:
            run = subprocess.run([QUIPU, "stat", self.database], stdout=full, stderr=subprocess.PIPE, check=False)
        self.assertEqual(IO, run.returncode)
        self.assertIn(b"standard output", run.stderr)

    def scan_in_progress(self):
        """A quipu scan that has printed its first bytes and waits for the reader, with the database open."""
        if not self.database.exists():
            docs = {f"n{i:05}": node(f"n{i}", "x" * 1000) for i in range(3000)}
            self.quipu("import", self.persist_dir({"knots": docs}), self.database)
        process = subprocess.Popen([QUIPU, "scan", self.database, "knots"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        self.assertEqual(b'"', process.stdout.read(1))
        return process

    def test_reading_beside_a_writer(self):
        directory = self.persist_dir(
            {"knots": {"n1": node("n1")}}, graph_store__json={"graph_dict": {"a": [["r", "b"]]}},
            default__vector_store__json={"embedding_dict": {"n1": [1.0, 0.0]}, "text_id_to_ref_doc_id": {"n1": "d"},
                                         "metadata_dict": {"n1": {}}})
        self.quipu("import", directory, self.database)
        (self.folder / "vector.json").write_text("[1, 0]")
        expected = {arguments: self.quipu(*arguments)[0] for arguments in (
            ("stat", self.database, "--json"), ("collections", self.database), ("get", self.database, "knots", "n1"),
            ("scan", self.database, "knots"), ("query", self.database, "--vector", self.folder / "vector.json"),
            ("graph", self.database, "a"), ("verify", self.database))}
        with self.writer() as writer:
            before = tree(self.database)
            for arguments, printed in expected.items():
                if arguments[0] == "stat":
                    self.assertEqual(json.loads(printed)["entries"], self.quipu_json(*arguments[:-1])["entries"])
                else:
                    self.assertEqual(printed, self.quipu(*arguments)[0])
            self.assert_exported_as(directory, ("docstore.json", "graph_store.json", "default__vector_store.json"))
            self.assertEqual(before, tree(self.database))
            for arguments in (["put", self.database, "c", "k", "{}"], ["import", "--merge", directory, self.database],
                              ["delete", self.database, "knots", "n1"], ["compact", self.database],
                              ["ann", self.database], ["hnsw", self.database]):
                printed, said = self.quipu(*arguments, code=LOCKED)
                self.assertEqual(b"", printed)
                self.assertIn(str(self.database), said)
                self.assertIn(str(writer.pid), said)
        self.assertEqual(30000, len(self.quipu("scan", self.database, "later")[0].splitlines()))
        self.quipu("verify", self.database)

    def test_readers_hold_nobody_up(self):
        with self.scan_in_progress() as process:
            self.put("k")
            self.quipu("compact", self.database)
            rest = process.stdout.read()
            process.stderr.close()
            process.wait(timeout=60)
        self.assertEqual(3000, len(rest.splitlines()))
        self.assertEqual(b"{}\n", self.quipu("get", self.database, "c", "k")[0])

    def test_lost_writes_are_noticed(self):
        self.put("k")
        self.put("k2")
        for log in (self.database / "rocksdb").glob("*.log"):
            os.truncate(log, 0)
        session = self.database / "SESSION"
        session.unlink()
        before = tree(self.database)
        printed, said = self.quipu("stat", self.database, code=DATA)
        self.assertEqual(b"", printed)
        self.quipu("stat", "--accept-lost-writes", self.database)
        self.quipu("stat", self.database, code=DATA)  # looking has mended nothing
        self.assertEqual(before, tree(self.database))
        self.quipu("put", self.database, "c", "k", "{}", code=DATA)
        self.quipu("put", "--accept-lost-writes", self.database, "c", "k", "{}")
        self.quipu("stat", self.database)


if __name__ == "__main__":
    unittest.main()
