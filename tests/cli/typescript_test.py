#!/usr/bin/env python3
"""Directories of LlamaIndexTS come in, answer as the version itself does (MANIFEST.json), and go out in Python's form."""

import hashlib
import json
import shutil
import unittest

from cli_support import DATA, SOURCE, CliTest

OLD = SOURCE / "tests" / "data" / "old"
CASES = sorted(str(path.relative_to(OLD)) for path in OLD.glob("ts-*/*"))
TYPES = {"Document": "4", "TextNode": "1", "IndexNode": "3", "ImageNode": "2"}
RELATIONSHIPS = {"SOURCE": "1", "PREVIOUS": "2", "NEXT": "3", "PARENT": "4", "CHILD": "5"}


def shortened(text):
    """As MANIFEST.json has texts."""
    return text if len(text) <= 40 else "sha256:" + hashlib.sha256(text.encode()).hexdigest()[:16]


class TypescriptTest(CliTest):
    def import_case(self, case):
        """Imports a directory; its manifest, and what was said."""
        directory = self.folder / "storage"
        shutil.rmtree(directory, ignore_errors=True)
        shutil.rmtree(self.database, ignore_errors=True)
        shutil.copytree(OLD / case, directory)
        (directory / "MANIFEST.json").unlink()
        _, said = self.quipu("import", directory, self.database)
        return json.loads((OLD / case / "MANIFEST.json").read_text(encoding="utf-8")), said

    def collection(self, name):
        lines = self.quipu("scan", self.database, name)[0].decode().splitlines()
        return {json.loads(key): json.loads(value) for key, value in (line.split("\t", 1) for line in lines)}

    def test_answers_are_those_of_the_version(self):
        self.assertGreaterEqual(len(CASES), 5)
        asked = 0
        for case in CASES:
            manifest, _ = self.import_case(case)
            self.quipu("verify", self.folder / "storage")
            self.quipu("verify", self.database)
            for answer in manifest["answers"]:
                if answer["kind"] != "vector_store_query":
                    continue
                with self.subTest(case, **answer):
                    store = {"IMAGE": "image"}.get(answer.get("store"), "default")
                    vector = self.folder / "vector.json"
                    vector.write_text(json.dumps(manifest["queries"][answer["query"]]))
                    found = self.quipu_json_lines("query", self.database, "--store", store, "--vector", vector,
                                            "--top-k", str(answer["top_k"]))
                    self.assertEqual(answer["ids"], [node["key"] for node in found])
                    for expected, node in zip(answer["scores"], found):
                        self.assertAlmostEqual(expected, node["similarity"], delta=1e-6)
                    asked += 1
        self.assertGreaterEqual(asked, 9)

    def test_nodes_and_what_is_known_of_them(self):
        for case in CASES:
            manifest, _ = self.import_case(case)
            stored = json.loads((OLD / case / "doc_store.json").read_text(encoding="utf-8"))
            nodes = self.collection("docstore/data")
            self.assertEqual(set(stored["docstore/data"]), set(nodes))
            for identifier, wanted in manifest["docstore"].get("nodes", {}).items():
                with self.subTest(case, node=identifier):
                    node = nodes[identifier]["__data__"]
                    self.assertEqual(TYPES[wanted["cls"].lstrip("_")], nodes[identifier]["__type__"])
                    self.assertEqual(wanted["cls"].lstrip("_"), node["class_name"])
                    self.assertEqual(identifier, node["id_"])
                    self.assertEqual(wanted["text"], shortened(node["text"]))
                    self.assertEqual(wanted["metadata"], node["metadata"])
                    # As the file has them: versions of before 0.5 forget them when they read it.
                    data = json.loads(stored["docstore/data"][identifier]["__data__"])
                    ids = lambda value, key: [each[key] for each in value] if isinstance(value, list) else value[key]
                    self.assertEqual({RELATIONSHIPS[key]: ids(value, "nodeId")
                                      for key, value in data["relationships"].items()},
                                     {key: ids(value, "node_id") for key, value in node["relationships"].items()})
            hashes = {key: value["docHash"] for key, value in stored["docstore/metadata"].items()}
            self.assertEqual(hashes, {key: value["doc_hash"] for key, value
                                      in self.collection("docstore/metadata").items()})
            ref_docs = {key: value["nodeIds"] for key, value in stored.get("docstore/ref_doc_info", {}).items()}
            self.assertEqual(ref_docs, {key: value["node_ids"] for key, value
                                        in self.collection("docstore/ref_doc_info").items()})

    def test_index_structs(self):
        manifest, _ = self.import_case("ts-0.12.1/multi_keyword")
        structs = self.collection("index_store/data")
        self.assertEqual(set(manifest["indexes"]), set(structs))
        for identifier, wanted in manifest["indexes"].items():
            data = json.loads(structs[identifier]["__data__"])
            self.assertEqual(identifier, data["index_id"])
            kind = structs[identifier]["__type__"]
            self.assertEqual({"simple_dict": "vector_store"}.get(wanted["type"], wanted["type"]), kind)
            if kind == "vector_store":
                self.assertEqual(wanted["nodes_dict"], list(data["nodes_dict"]))
                self.assertEqual(wanted["nodes_dict"], list(data["nodes_dict"].values()))
            elif kind == "keyword_table":
                self.assertEqual(wanted["table"], data["table"])

    def test_what_was_converted_and_what_is_lost_is_said(self):
        _, said = self.import_case("ts-0.3.17/keyword")
        self.assertIn("doc_store.json of LlamaIndexTS is converted: ", said)
        self.assertIn("1 keyword table without keywords", said)

    def test_the_export_is_pythons(self):
        for case in CASES:
            shutil.rmtree(self.copy, ignore_errors=True)
            self.import_case(case)
            self.quipu("export", self.database, self.copy)
            names = {path.name for path in self.copy.iterdir()}
            images = {"image__vector_store.json"} if "images" in case else set()
            self.assertEqual({"docstore.json", "index_store.json", "default__vector_store.json"} | images, names)
            vectors = json.loads((self.copy / "default__vector_store.json").read_text())
            self.assertEqual({"embedding_dict", "text_id_to_ref_doc_id", "metadata_dict"}, set(vectors))
            for vector in vectors["embedding_dict"].values():
                self.assertTrue(all(isinstance(element, float) for element in vector))
            other = self.folder / "again.quipu"
            shutil.rmtree(other, ignore_errors=True)
            self.quipu("import", self.copy, other)
            self.quipu("diff", self.database, other)

    def test_vectors_of_nodes_without_a_source(self):
        directory = self.folder / "storage"
        directory.mkdir()
        (directory / "vector_store.json").write_text(json.dumps(
            {"embeddingDict": {"a": [1], "b": [0.5]}, "textIdToRefDocId": {"b": "doc"},
             "metadataDict": {"b": {"_node_type": "TextNode", "document_id": "doc", "doc_id": "doc",
                                    "ref_doc_id": "doc"}}}))
        _, said = self.quipu("import", directory, "--file", "vector_store.json", self.database)
        self.assertIn("1 vector of nodes without a source", said)
        self.quipu("verify", self.database)
        self.assertEqual({"b": {"ref_doc_id": "doc"}, "a": {"ref_doc_id": "None"}},
                         self.collection("vector_store/default/ref_doc_ids"))

    def test_what_is_damaged_is_refused(self):
        for i, (name, old, new, words) in enumerate((
                ("doc_store.json", '"__type__":"TEXT"', '"__type__":"AUDIO"', 'unknown type of node: "AUDIO"'),
                ("doc_store.json", '"__data__":"{', '"__data__":"', "docstore/data"),
                ("index_store.json", '"type":"simple_dict"', '"type":"tree"', 'unknown type of index: "tree"'),
                ("vector_store.json", '":[', '":["x",', "no number"))):
            with self.subTest(words):
                directory = self.folder / f"storage{i}"
                shutil.copytree(OLD / "ts-0.12.1/multi_keyword", directory)
                text = (directory / name).read_text(encoding="utf-8")
                self.assertIn(old, text)
                (directory / name).write_text(text.replace(old, new, 1), encoding="utf-8")
                _, said = self.quipu("import", directory, self.database, code=DATA)
                self.assertIn(f"{directory}/{name}: line 1, byte ", said)
                self.assertIn(words, said)
                self.assertFalse(self.database.exists())


if __name__ == "__main__":
    unittest.main()
