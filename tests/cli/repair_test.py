#!/usr/bin/env python3
"""quipu repair: its steps, its exit codes, and that a kill in the middle loses nothing."""

import json
import subprocess
import unittest

from cli_support import DATA, QUIPU, USAGE, CliTest, node, tree

KILLS = 6


class RepairTest(CliTest):
    def damaged(self, count):
        """A database with `count` nodes that lack their metadata, and a list with as many that do not exist."""
        nodes = {f"n{i:05}": node(f"n{i:05}") for i in range(count)}
        docstore = {"docstore/data": nodes | {"x": {"a": 1}}, "docstore/metadata": {},
                    "docstore/ref_doc_info": {"D": {"node_ids": [f"gone{i}" for i in range(count)], "metadata": {}}}}
        self.quipu("import", self.persist_dir(docstore), self.database)
        return nodes

    def test_steps(self):
        self.damaged(1)
        self.quipu("verify", self.database, code=DATA)
        expected = (b"docstore/data\tn00000\tthe node has no entry in docstore/metadata\t"
                    b"hash and ref doc taken from the node\n"
                    b"docstore/data\tx\tnot a node: __type__ or __data__ is missing\tset aside\n")
        printed, said = self.quipu("repair", self.database, "--dry-run", code=DATA)
        self.assertEqual((expected, "quipu: 2 steps would be done\n"), (printed, said))
        self.assertEqual([self.database, self.folder / "storage"], sorted(self.folder.iterdir(), reverse=True))
        self.quipu("verify", self.database, code=DATA)
        printed, said = self.quipu("repair", self.database, "--yes")
        self.assertEqual(expected, printed)
        aside = self.database / "aside" / "1.jsonl"
        self.assertIn(f"1 entry set aside in {aside}", said)
        self.assertEqual([{"collection": "docstore/data", "key": "x", "value": {"a": 1}}],
                         [json.loads(line) for line in aside.read_text().splitlines()])
        self.assertEqual("quipu: no faults, 1 note\n", self.quipu("verify", self.database)[1])
        self.assertEqual({"steps": [], "count": 0, "dry_run": False, "set_aside": 0, "aside": ""},
                         self.quipu_json("repair", self.database, "--yes"))

    def test_usage(self):
        self.imported()
        before = tree(self.database)
        for options in ([], ["--dry-run", "--yes"]):
            printed, said = self.quipu("repair", *options, self.database, code=USAGE)
            self.assertEqual(b"", printed)
            self.assertIn("one of them is required", said)
        self.quipu("repair", "--dry-run", self.database)
        self.assertEqual(before, tree(self.database))

    def test_kills(self):
        """Killed over and over, a repair comes to the same end as one that was left alone."""
        nodes = self.damaged(20000)
        for i in range(KILLS):
            process = subprocess.Popen([QUIPU, "repair", self.database, "--yes"], stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL)
            process.stdout.read(200000 * (i + 1))  # so many bytes of steps; then it has begun, or is through
            process.kill()
            process.communicate()
        self.quipu("repair", self.database, "--yes")
        self.quipu("verify", self.database)
        self.quipu("export", self.database, self.copy)
        docstore = json.loads((self.copy / "docstore.json").read_text())
        self.assertEqual(nodes, docstore["docstore/data"])
        self.assertEqual(set(nodes), set(docstore["docstore/metadata"]))
        self.assertEqual(20000, len(docstore["docstore/ref_doc_info"]["D"]["node_ids"]))  # of which verify has a note
        aside = [json.loads(line) for file in sorted((self.database / "aside").iterdir())
                 for line in file.read_text().splitlines()]
        self.assertEqual({"x"}, {entry["key"] for entry in aside})


if __name__ == "__main__":
    unittest.main()
