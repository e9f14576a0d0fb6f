#!/usr/bin/env python3
"""quipu verify of a persist directory, and quipu diff of any two directories."""

import json
import os
import shutil
import subprocess
import unittest

from cli_support import DATA, GOLDENS, IO, OK, QUIPU, SOURCE, CliTest, node, tree

OLD = SOURCE / "tests/data/old"

NOT_LLAMA_INDEX = ("the collection is not of the right kind; another program wrote this: LlamaIndex writes "
                   "{collection: {key: {...}}}")


def index_store(struct_type, **data):
    """The file of one index."""
    return {"index_store/data": {"i": {"__type__": struct_type,
                                       "__data__": json.dumps({"index_id": "i", "summary": None, **data})}}}


class VerifyFilesTest(CliTest):
    def setUp(self):
        super().setUp()
        self.temporary = self.folder / "tmp"
        self.temporary.mkdir()
        self.environment = {**os.environ, "TMPDIR": str(self.temporary)}

    def faults(self, directory, code=DATA):
        """Every fault as a tuple; nothing in the directory has changed, and nothing is left elsewhere."""
        before = tree(directory)
        report = self.quipu_json("verify", directory, code=code, env=self.environment)
        self.assertEqual(before, tree(directory))
        self.assertEqual([], list(self.temporary.iterdir()))
        self.assertEqual(len(report["faults"]), report["count"])
        return [(fault["file"], fault["line"], fault["byte"], fault["collection"], fault["key"], fault["message"])
                for fault in report["faults"]]

    def test_what_the_reference_wrote(self):
        sound = 0
        for golden in sorted(GOLDENS.iterdir()):
            if not (golden / "docstore.json").exists() or not (golden / "index_store.json").exists():
                continue
            database = self.folder / "db"
            imported = subprocess.run([QUIPU, "import", golden, database], capture_output=True, check=False).returncode
            if imported == OK and golden.name != "legacy_unreadable":
                self.assertEqual([], self.faults(golden, code=OK), golden)
                sound += 1
            else:
                self.assertNotEqual([], self.faults(golden), golden)
            shutil.rmtree(database, ignore_errors=True)
        self.assertGreater(sound, 10)

    def test_stores_that_do_not_agree(self):
        metadata = lambda ref_doc: {"doc_hash": "h", "ref_doc_id": ref_doc}
        docstore = {"docstore/data": {"a": node("a"), "b": node("b"), "c": node("other")},
                    "docstore/metadata": {"a": metadata("D"), "b": metadata("E"), "c": metadata("D")},
                    "docstore/ref_doc_info": {"D": {"node_ids": ["a", "c", "gone", "a"], "metadata": {}}}}
        raw = json.dumps(docstore, indent=1).encode()
        vectors = {"embedding_dict": {"a": [1.0]}, "text_id_to_ref_doc_id": {}, "metadata_dict": {"a": {}, "x": {}}}
        directory = self.persist_dir(raw, default__vector_store__json=vectors)
        node_c = raw.index(b'"c": {') + 5
        metadata_b = raw.index(b'"b": {', raw.index(b"docstore/metadata")) + 5
        ref_doc = raw.index(b'"D": {') + 5
        at = lambda byte: ("docstore.json", raw[:byte].count(b"\n") + 1, byte)
        vector_raw = json.dumps(vectors).encode()
        self.assertEqual([
            (*at(node_c), "docstore/data", "c", 'stored under this key, but the node\'s id is "other"'),
            (*at(metadata_b), "docstore/metadata", "b", "belongs to ref doc E, which does not list it"),
            ("default__vector_store.json", 1, vector_raw.index(b"[1.0]"), "vector_store/default/embeddings", "a",
             "the vector has no entry in vector_store/default/ref_doc_ids"),
            ("default__vector_store.json", 1, vector_raw.index(b'"x": {') + 5, "vector_store/default/metadata", "x",
             "there is no vector in vector_store/default/embeddings"),
        ], self.faults(directory))
        notes = self.quipu_json("verify", directory, code=DATA, env=self.environment)["notes"]
        self.assertEqual([
            (*at(ref_doc), "docstore/ref_doc_info", "D", 'ref docs list 1 node that does not exist, such as "gone"'),
            (*at(ref_doc), "docstore/ref_doc_info", "D", 'ref docs list 1 node twice, such as "a"'),
        ], [tuple(note.values()) for note in notes])

    def test_notes_change_the_exit_code_only_when_strict(self):
        directory = self.persist_dir({"docstore/data": {}}, index_store=index_store(
            "vector_store", nodes_dict={"a": "a", "b": "b"}))
        printed, said = self.quipu("verify", directory)
        start = b'index_store.json\t1\t27\tindex_store/data\ti\tnote: index "i" names 2 nodes; no '
        self.assertEqual([start + b'document store has them, such as "a"', start + b'vector store has them, such as "a"'],
                         printed.splitlines())
        self.assertEqual("quipu: no faults, 2 notes\n", said)
        self.assertEqual("quipu: no faults, 2 notes\n", self.quipu("verify", "--strict", directory, code=DATA)[1])
        database = self.folder / "db"
        self.quipu("import", directory, database)
        self.assertEqual("quipu: no faults, 2 notes\n", self.quipu("verify", database)[1])
        self.quipu("verify", "--strict", database, code=DATA)
        self.assertEqual("quipu: no faults\n", self.quipu("repair", "--yes", database)[1])

    def test_an_import_warns_and_a_strict_one_writes_nothing(self):
        directory = self.persist_dir({"docstore/data": {"a": node("a")}, "docstore/metadata": {"a": {"doc_hash": "h"}}},
                                     index_store=index_store("list", nodes=["a", "b"]),
                                     default__vector_store__json={"embedding_dict": {"c": [1.0]},
                                                                  "text_id_to_ref_doc_id": {"c": "None"},
                                                                  "metadata_dict": {"c": {}}})
        warnings = ['index "i" names 2 nodes; no document store has 1 of them, such as "b"',
                    '1 vector is of nodes that no document store or property graph has, such as "c"']
        database, other = self.folder / "db", self.folder / "other"
        for options in (["--dry-run"], []):
            said = self.quipu("import", *options, directory, database)[1].splitlines()
            self.assertEqual(["quipu: warning: " + warning for warning in warnings], said[:-1])
        self.quipu("verify", database)
        for options in (["--dry-run"], []):
            said = self.quipu("import", "--strict", *options, directory, other, code=DATA)[1]
            for warning in warnings:
                self.assertIn(warning, said)
            self.assertFalse(other.exists())
        report = self.quipu_json("import", directory, other)
        self.assertEqual([("index_store/data", "i", warnings[0]),
                          ("vector_store/default/embeddings", "c", warnings[1])],
                         [tuple(warning.values()) for warning in report["warnings"]])

    def test_what_an_import_refuses(self):
        docstore = b'{"c": {"a": 1,\n "b": {"x": 1}, "d": [2]},\n "e": "text", "f": [{}]}'
        index_store = b'{"index_store/data": {"i": {"a": 1}, "j" {}}}'
        vectors = b'{"embedding_dict": {"a": [1.0, "b"], "c": [2.0]}, "text_id_to_ref_doc_id": {}, "metadata_dict": {}}'
        directory = self.persist_dir(docstore, index_store, default__vector_store__json=vectors,
                                     image_store__json=b"[1")
        faults = self.faults(directory)
        self.assertEqual([
            ("docstore.json", 1, docstore.index(b"1"), "c", "a", "the value is not an object"),
            ("docstore.json", 2, docstore.index(b"[2]"), "c", "d", "the value is not an object"),
            ("docstore.json", 0, 0, "e", "", NOT_LLAMA_INDEX),
            ("docstore.json", 0, 0, "f", "", NOT_LLAMA_INDEX),
            ("index_store.json", 1, index_store.index(b"{}}}"), "index_store/data", "", "Expecting ':' delimiter"),
            ("default__vector_store.json", 1, vectors.index(b"[1.0"), "embedding_dict", "a",
             "an embedding holds something that is no number"),
        ], faults[:-1])
        self.assertEqual("image_store.json", faults[-1][0])

    def test_one_bad_entry_hides_no_other(self):
        entity = lambda name: {"label": "entity", "embedding": None, "properties": {}, "name": name}
        graph = {"nodes": {"A": entity("A"), "": entity("")}, "relations": {"A_r_A": {
            "label": "r", "source_id": "A", "target_id": "A", "properties": {}}},
                 "triplets": [["A", "r", "gone"], ["A", "r", "A"], ["A"]]}
        directory = self.persist_dir({"docstore/data": {"": 1, "x": 2}}, property_graph_store__json=graph)
        self.assertEqual([("docstore/data", "", "the value is not an object"),
                          ("docstore/data", "x", "the value is not an object"),
                          ("triplets", "", 'the triplet ["A", "r", "gone"] names a node that is not there'),
                          ("triplets", "", "a triplet is not three strings")],
                         [fault[3:] for fault in self.faults(directory)])

    def test_a_missing_file(self):
        directory = self.persist_dir(graph_store__json={"graph_dict": {}})
        (directory / "index_store.json").unlink()
        (fault,) = self.faults(directory)
        self.assertEqual(("index_store.json", 0, 0, "", ""), fault[:-1])
        self.assertIn("index_store.json", fault[-1])

    def test_lines(self):
        directory = self.persist_dir({"docstore/data": {"a\tb": {}}})
        printed, said = self.quipu("verify", directory, code=DATA)
        self.assertEqual(b'docstore.json\t1\t27\tdocstore/data\t"a\\tb"\tnot a node: __type__ or __data__ is missing\n',
                         printed)
        self.assertEqual("quipu: 1 fault\n", said)
        self.quipu("verify", self.folder / "none", code=IO)


class OneFileTest(CliTest):
    """Indexes of LlamaIndex before 0.6, which are one file."""

    def copied(self, case, name):
        directory = self.folder / "old"
        directory.mkdir(exist_ok=True)
        return shutil.copy(OLD / case, directory / name)

    def test_a_file_and_a_directory_with_it_are_the_same(self):
        index = self.copied("0.5.27/vector_simple/index.json", "my index.json")
        by_path, by_directory = self.folder / "by-path", self.folder / "by-directory"
        report = self.quipu_json("import", index, by_path)
        self.assertEqual(["docstore.json", "index_store.json", "default__vector_store.json"],
                         [file["file"] for file in report["files"]])
        self.assertIn("my index.json is an index of LlamaIndex before 0.6", report["notes"][0])
        self.quipu("import", index.parent, by_directory)
        for other in (by_directory, index):
            self.assertEqual(b"", self.quipu("diff", by_path, other)[0])
        for place in (index, index.parent, by_path):
            self.quipu("verify", place)

    def test_several_in_one_directory(self):
        self.copied("0.4.40/vector_simple/index.json", "a.json")
        self.copied("0.4.40/keyword_table/index.json", "b.json")
        directory, database = self.folder / "old", self.folder / "db"
        self.quipu("import", directory, database)
        self.assertEqual(2, len(self.quipu_json_lines("scan", database, "index_store/data", "--keys-only")))
        again = self.copied("0.4.40/vector_simple/index.json", "c.json")
        self.assertIn("import the files one by one, by their paths",
                      self.quipu("import", directory, self.folder / "other", code=DATA)[1])
        self.quipu("import", again, self.folder / "other")

    def test_what_is_wrong_is_said(self):
        index = self.copied("0.4.40/vector_simple/index.json", "index.json")
        text = index.read_text(encoding="ascii")
        index.write_text(text.replace('"nodes_dict": {', '"nodes_dict": [], "x": {', 1), encoding="ascii")
        for command in (("import", index, self.folder / "db"), ("verify", index)):
            printed, said = self.quipu(*command, code=DATA)
            self.assertIn("index.json: index struct", printed.decode() + said)
            self.assertIn('"nodes_dict" is not an object', printed.decode() + said)


class DiffTest(CliTest):
    def differences(self, a, b):
        report = self.quipu_json("diff", a, b, code=None)
        self.assertEqual(len(report["differences"]), report["count"])
        return {(row["collection"], row["key"], row["difference"]) for row in report["differences"]}

    def quipu(self, *arguments, code=OK, **options):
        if code is None:
            run = subprocess.run([QUIPU, *map(os.fspath, arguments)], capture_output=True, check=False)
            self.assertEqual(DATA if json.loads(run.stdout)["count"] else OK, run.returncode)
            return run.stdout, run.stderr.decode()
        return super().quipu(*arguments, code=code, **options)

    def test_an_import_is_the_same(self):
        golden = GOLDENS / "basic"
        self.quipu("import", golden, self.database)
        self.quipu("export", self.database, self.copy)
        for a, b in ((golden, self.database), (self.database, golden), (self.copy, golden),
                     (self.database, self.database)):
            self.assertEqual((b"", "quipu: no differences\n"), self.quipu("diff", a, b))

    def test_each_difference(self):
        c = {"same": {"n": 1.0}, "only a": {}, "other": {"n": 1}, "spelled": {"n": 1.5}}
        d = {"other": {"n": 1.0}, "same": {"n": 1.0}, "only b": {}}
        a = self.persist_dir({"c": c, "x": {}, "p": {}, "q": {}}, {"moved": {}}, name="a",
                             graph_store__json={"graph_dict": {}})
        b = self.persist_dir(json.dumps({"q": {}, "p": {}, "moved": {}, "c": {**d, "spelled": "@"}, "y": {"k": {}}})
                             .replace('"@"', '{ "n":15e-1}').encode(), name="b")
        expected = {("", "graph_store.json", "only in A"), ("graph_store/data", "", "only in A"),
                    ("x", "", "only in A"), ("y", "", "only in B"), ("moved", "", "another file"),
                    ("c", "only a", "only in A"), ("c", "only b", "only in B"), ("c", "other", "another value"),
                    ("c", "same", "another order"), ("c", "", "another order")}
        self.assertEqual(expected, self.differences(a, b))
        self.quipu("import", b, self.database)
        self.assertEqual(expected, self.differences(a, self.database))
        swapped = {"only in A": "only in B", "only in B": "only in A"}
        turned = {(*rest, swapped.get(what, what)) for *rest, what in expected} - {("c", "same", "another order"),
                                                                                 ("c", "", "another order")}
        self.assertEqual(turned | {("c", "other", "another order"), ("q", "", "another order")},
                         self.differences(self.database, a))

    def test_lines(self):
        a = self.persist_dir({"c": {"k": {"n": 1}}}, name="a")
        b = self.persist_dir({"c": {"k": {"n": 2}}}, name="b")
        self.assertEqual((b"c\tk\tanother value\n", "quipu: 1 difference\n"), self.quipu("diff", a, b, code=DATA))
        self.assertEqual(b"", self.quipu("diff", a, self.folder / "none", code=IO)[0])


if __name__ == "__main__":
    unittest.main()
