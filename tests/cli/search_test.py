#!/usr/bin/env python3
"""Search by words: quipu search and index-text, and what other commands do with text indexes."""

import json
import os
import pty
import subprocess
import unittest

from cli_support import DATA, QUIPU, USAGE, CliTest

BOLD, PLAIN = b"\x1b[1m", b"\x1b[0m"
TEXTS = {"a": "a black cat", "b": "a big dog\tand a cat", "c": "a bird" + " x" * 100,
         "d": "Far from the beginning, " * 20 + "a llama\nwith knots \x1b[31m and Größe", "e": "我喜欢北京。"}
VECTORS = {"a": [1.0, 0.0], "b": [0.6, 0.8], "d": [0.0, 1.0], "apart": [0.8, 0.6]}


def stored(key, text, page):
    return {"__data__": {"id_": key, "text": text, "metadata": {"page": page}, "excluded_embed_metadata_keys": ["page"],
                         "class_name": "TextNode"}, "__type__": "1"}


class SearchTest(CliTest):
    def setUp(self):
        super().setUp()
        nodes = {key: stored(key, text, page) for page, (key, text) in enumerate(TEXTS.items())}
        pages = {key: {"page": page, "_node_type": "TextNode"} for page, key in enumerate(VECTORS)}
        docstore = {"docstore/data": nodes, "docstore/metadata": {key: {"doc_hash": key} for key in nodes}}
        vectors = {"embedding_dict": VECTORS, "text_id_to_ref_doc_id": dict.fromkeys(VECTORS, "None"), "metadata_dict": pages}
        self.quipu("import", self.persist_dir(docstore, default__vector_store__json=vectors), self.database)
        self.vector = self.folder / "vector.json"
        self.vector.write_text("[0.0, 1.0]")

    def search(self, *arguments, **options):
        return self.quipu_json_lines("search", self.database, *arguments, **options)

    def keys(self, *arguments):
        return [each["key"] for each in self.search(*arguments)]

    def test_words(self):
        said = self.quipu("search", self.database, "cat", code=DATA)[1]
        self.assertIn(f"run: quipu index-text {self.database}\n", said)
        self.assertIn("5 nodes", self.quipu("index-text", self.database)[1])
        found = self.search("cats")
        self.assertEqual(["a", "b"], [each["key"] for each in found])
        self.assertEqual({"key", "score", "text"}, set(found[0]))
        self.assertEqual("a black cat", found[0]["text"])
        self.assertLess(found[1]["score"], found[0]["score"])
        self.assertEqual(["a"], self.keys("cat -dog"))
        self.assertEqual([], self.keys("cat", "--top-k", "0"))
        self.assertEqual(["a"], self.keys("cat", "--top-k", "1"))
        self.assertIn("byte 0", self.quipu("search", self.database, '"cat', code=DATA)[1])
        self.assertEqual(["a", "b"], self.keys('"cat', "--mode", "sparse"))
        self.quipu("verify", self.database)

    def test_making_and_removing_the_index(self):
        index = lambda *arguments, **options: self.quipu("index-text", self.database, *arguments, **options)[1]
        self.assertIn("no analyser is named", index("--analyser", "x", code=DATA))
        self.assertIn("no document store", index("--store", "x", code=DATA))
        self.assertIn("5 nodes", index())
        self.assertIn("5 nodes", index())
        self.assertIn('not by "german"', index("--analyser", "german", code=DATA))
        self.assertIn("removed", index("--drop"))
        self.assertIn("was no", index("--drop"))
        index("--analyser", "icu")
        self.assertEqual(["e"], self.keys("北京"))

    def test_filters(self):
        self.quipu("index-text", self.database)
        page = lambda number: ("--filter", json.dumps({"filters": [{"key": "page", "value": number}]}))
        self.assertEqual(["b"], self.keys("cat", *page(1)))
        self.assertEqual([], self.keys("cat", *page(3)))
        self.assertEqual(["b"], self.keys("cat", "--mode", "sparse", *page(1)))
        self.assertEqual(["b"], self.keys("cat", "--mode", "hybrid", "--vector", self.vector, *page(1)))
        self.assertIn("--filter", self.quipu("search", self.database, "cat", "--filter", "{", code=DATA)[1])

    def test_modes_with_vectors(self):
        self.quipu("index-text", self.database)
        hybrid = lambda *arguments: self.keys("black cats", "--mode", "hybrid", "--vector", self.vector, *arguments)
        self.assertEqual(["d", "b", "apart", "a"], hybrid("--alpha", "1"))
        self.assertEqual("a", hybrid("--alpha", "0")[0])
        self.assertEqual(["d"], hybrid("--alpha", "1", "--top-k", "1"))
        ranks = ("search", self.database, "black cats", "--mode", "semantic_hybrid", "--vector", "-")
        self.assertEqual({"a", "b", "d", "apart"}, {each["key"] for each in self.quipu_json_lines(*ranks, stdin=b"[0, 1]")})
        printed = self.quipu(*ranks, stdin=b"[0, 1]")[0].decode()
        self.assertIn("apart\t0.0161", printed)  # of which there is no text: 1 / 62

    def test_wrong_arguments(self):
        self.quipu("index-text", self.database)
        refused = lambda *arguments: self.quipu("search", self.database, "cat", *arguments, code=DATA)[1]
        self.assertIn("--mode must be", refused("--mode", "svm"))
        self.assertIn("needs --vector", refused("--mode", "hybrid"))
        self.assertIn("needs --mode", refused("--vector", self.vector))
        self.assertIn("negative", refused("--top-k", "-1"))
        self.assertIn("alpha", refused("--mode", "hybrid", "--vector", self.vector, "--alpha", "2"))
        self.assertIn("no vector store x", refused("--mode", "hybrid", "--vector", self.vector, "--vector-store", "x"))
        self.assertIn("cannot read", self.quipu("search", self.database, "cat", "--mode", "hybrid", "--vector",
                                                self.folder / "none", code=None)[1])
        self.assertIn("index-text", refused("--store", "x"))
        self.quipu("search", self.database, code=USAGE)

    def test_explains(self):
        self.quipu("index-text", self.database)
        found = self.search('"big dog" cat', "--explain")
        self.assertEqual(["b", "a"], [each["key"] for each in found])
        self.assertEqual(['"big dog"', "cat"], [part["what"] for part in found[0]["parts"]])
        for each in found:
            self.assertAlmostEqual(each["score"], sum(part["score"] for part in each["parts"]), places=5)
        lines = self.quipu("search", self.database, "black cat", "--explain", "--top-k", "1")[0].decode().splitlines()
        self.assertEqual(["a", "", ""], [line.split("\t")[0] for line in lines])
        self.assertEqual(["black", "cat"], [line.split("\t")[1] for line in lines[1:]])

    def test_explains_hybrids(self):
        self.quipu("index-text", self.database)
        hybrid = ("cat", "--mode", "hybrid", "--vector", self.vector, "--explain")
        found = {each["key"]: each for each in self.search(*hybrid)}
        self.assertEqual({"score": 0.8, "rank": 2}, found["b"]["vector"])
        self.assertEqual(2, found["b"]["text_search"]["rank"])
        self.assertIsNone(found["d"]["text_search"])
        self.assertEqual([], found["d"]["parts"])
        lines = self.quipu("search", self.database, *hybrid)[0].decode().splitlines()
        at = next(place for place, line in enumerate(lines) if line.startswith("b\t"))
        self.assertEqual("\tvector\t0.8\trank 2", lines[at + 1])
        self.assertRegex(lines[at + 2], r"^\ttext\t[0-9.]+\trank 2$")
        self.assertRegex(lines[at + 3], r"^\tcat\t[0-9.]+$")

    def snippets(self, query, **environment):
        """What is printed on a terminal: the last column of each line."""
        terminal, slave = pty.openpty()
        run = subprocess.Popen([QUIPU, "search", self.database, query], stdout=slave, stderr=subprocess.PIPE,
                               env={**os.environ, "TERM": "xterm", "NO_COLOR": "", **environment})
        os.close(slave)
        text = b""
        try:
            while part := os.read(terminal, 65536):
                text += part
        except OSError:  # EIO: nobody has the other side any more
            pass
        os.close(terminal)
        self.assertEqual(b"", run.communicate(timeout=60)[1])
        self.assertEqual(0, run.returncode)
        return [line.rsplit(b"\t", 1)[1] for line in text.replace(b"\r\n", b"\n").splitlines()]

    def test_snippets_on_a_terminal(self):
        self.quipu("index-text", self.database)
        self.assertEqual([b"a black " + BOLD + b"cat" + PLAIN, b"a big dog and a " + BOLD + b"cat" + PLAIN], self.snippets("cats"))
        far = self.snippets('"llama with knots" größe')[0]
        self.assertTrue(far.startswith(b"... "), far)
        for word in ("llama", "with", "knots", "Größe"):
            self.assertEqual(word != "with", BOLD + word.encode() + PLAIN in far, (word, far))
        self.assertNotIn(b"\x1b[31m", far)
        self.assertIn(b"\\x1b[31m", far)
        self.assertTrue(self.snippets("bird")[0].endswith(b" ..."))

    def test_odd_terminals(self):
        self.quipu("index-text", self.database)
        for environment in ({"TERM": "dumb"}, {"TERM": ""}, {"NO_COLOR": "1"}, {"TERM": "xterm", "LC_ALL": "C", "COLUMNS": "0"},
                            {"TERM": "no-such-terminal", "COLUMNS": "-5"}):
            for query in ("cat", "bird", "größe", "北京", "llama"):
                for snippet in self.snippets(query, **environment):
                    bold = environment.get("TERM") not in ("dumb", "") and not environment.get("NO_COLOR")
                    self.assertEqual(bold, BOLD in snippet, (environment, snippet))
        printed = self.quipu("search", self.database, "cats")[0]
        self.assertNotIn(b"\x1b", printed)
        self.assertEqual([b"a black cat", b"a big dog and a cat"], [line.split(b"\t")[2] for line in printed.splitlines()])
        self.assertNotIn(b"\x1b", self.quipu("search", self.database, "llama")[0])

    def test_other_commands_know_text_indexes(self):
        plain = self.folder / "plain"
        self.quipu("import", self.folder / "storage", plain)
        self.assertEqual([], self.quipu_json("stat", self.database)["text_indexes"])
        self.quipu("index-text", self.database, "--analyser", "german")
        index = {"collection": "docstore/data", "analyser": "german", "whole": True, "documents": 5}
        stat = self.quipu_json("stat", self.database)["text_indexes"]
        self.assertEqual([index], [{key: each[key] for key in index} for each in stat])
        self.assertIn(b"text         docstore/data: 5 nodes by german\n", self.quipu("stat", self.database)[0])
        self.quipu("diff", plain, self.database)  # what an index says follows from what is compared
        backups, restored = self.folder / "backups", self.folder / "restored"
        self.quipu("backup", self.database, backups)
        self.quipu("restore", backups, restored)
        self.assertEqual(self.quipu_json("stat", self.database)["text_indexes"], self.quipu_json("stat", restored)["text_indexes"])
        ask = ("cat", "--json")
        self.assertEqual(self.quipu("search", self.database, *ask)[0], self.quipu("search", restored, *ask)[0])
        self.quipu("verify", restored)


if __name__ == "__main__":
    unittest.main()
