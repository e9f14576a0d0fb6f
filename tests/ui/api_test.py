#!/usr/bin/env python3
"""What `quipu ui` answers: the same as the command's, page by page; and what it changes with --write."""

import json
import subprocess
import time
import unittest

from ui_support import DOCUMENTS, MARKUP, NODES, QUIPU, UiTest, vector_of


class ApiTest(UiTest):
    def quipu(self, *arguments, code=0, stdin=None):
        run = subprocess.run([QUIPU, *map(str, arguments)], capture_output=True, check=False, input=stdin)
        self.assertEqual(code, run.returncode, run.stderr)
        return run.stdout.decode()

    def all_rows(self, page, name, **params):
        """All pages of a list, one after the other."""
        rows, after = [], {}
        while True:
            answer = self.ok(page.get(name, **params, **after))
            rows += answer["rows"]
            if "next_hex" not in answer:
                return rows
            after = {"after_hex": answer["next_hex"]}

    def test_overview(self):
        with self.page() as page:
            told = self.ok(page.get("overview"))
        self.assertFalse(told["writable"])
        stat = json.loads(self.quipu("stat", self.database, "--json"))
        self.assertEqual(stat["format"], told["format"])
        self.assertEqual(stat["disk_bytes"], told["disk_bytes"])
        self.assertEqual(stat["entries"], sum(each["count"] for each in told["collections"]))
        nodes = DOCUMENTS * NODES + 1
        self.assertEqual([("docstore", nodes, DOCUMENTS + 1)], [(each["key"], each["nodes"], each["documents"]) for each in told["document_stores"]])
        self.assertEqual({"analyser": "english", "whole": True, "documents": nodes}, {
            name: told["document_stores"][0]["text_index"][name] for name in ("analyser", "whole", "documents")})
        self.assertEqual([("default", nodes - 1, None, False)], [(each["key"], each["count"], each["ann"], each["hnsw"]) for each in told["vector_stores"]])
        self.assertEqual((1, 2, 2, 5, 5), tuple(told[name] for name in (
            "index_structs", "chats", "graph_subjects", "property_graph_nodes", "property_graph_relations")))

    def test_what_the_writer_does_is_told(self):
        with self.page() as page:
            self.assertIsNone(self.ok(page.get("overview"))["writer"])
            self.assertEqual((200, b""), self.metrics(page))
        told = "".join(f'quipu_call_seconds_bucket{{call="{name}",le="1"}} {number}\n' for name, number in (("get", 7), ("write", 5), ("query", 3)))
        (self.database / "STATS").write_text(
            f"quipu_stats_time_seconds {time.time()}\nquipu_process_id 7\nquipu_open_seconds 9\n"
            f'quipu_level_bytes{{level="6"}} 4096\nquipu_written_bytes_total 99\n{told}')
        with self.page() as page:
            self.assertEqual(7, self.ok(page.get("overview"))["writer"]["calls"]["get"]["count"])
            self.assertIn(b'quipu_call_seconds_count{call="get"} 7\n', self.metrics(page)[1])
            while not (samples := self.ok(page.get("history"))["samples"]):
                pass
            self.assertEqual((7, 7, 5, 3, 99, [0] * 6 + [4096]), tuple(samples[0]["writer"][name] for name in (
                "process", "reads", "writes", "searches", "written_bytes", "level_bytes")))
        with self.page("--write") as page:
            self.assertEqual(page.process.pid, self.ok(page.get("overview"))["writer"]["process"])
            self.assertIn(b"quipu_process_id %d\n" % page.process.pid, self.metrics(page)[1])

    def metrics(self, page):
        answer = page.request("GET", "/metrics", {"Authorization": f"Bearer {page.token}"}, token=False)
        return answer.status, answer.body

    def test_pages_have_each_entry_once(self):
        scanned = [json.loads(line)["key"] for line in self.quipu("scan", self.database, "docstore/data", "--json", "--keys-only").splitlines()]
        with self.page() as page:
            for limit in (1, 7, 200):
                rows = self.all_rows(page, "entries", collection="docstore/data", limit=limit)
                self.assertEqual(sorted(scanned, key=str.encode), [row["key"] for row in rows], limit)
            found = self.all_rows(page, "nodes", prefix="doc-3/", limit=6)
            self.assertEqual([f"doc-3/node-{place:02}" for place in range(NODES)], [row["key"] for row in found])
            self.assertEqual([{"page": place, "file": "doc-3.txt"} for place in range(NODES)], [json.loads(row["metadata"]) for row in found])
            documents = self.all_rows(page, "documents", limit=2)
            self.assertEqual({MARKUP: 1, **{f"doc-{d}": NODES for d in range(DOCUMENTS)}}, {row["key"]: row["nodes"] for row in documents})

    def test_one_of_each(self):
        with self.page() as page:
            entry = self.ok(page.get("entry", collection="docstore/ref_doc_info", key="doc-1"))
            self.assertEqual([f"doc-1/node-{place:02}" for place in range(NODES)], json.loads(entry["value"])["node_ids"])
            self.assertEqual(entry, self.ok(page.get("entry", collection="docstore/ref_doc_info", key_hex=b"doc-1".hex())))
            node = self.ok(page.get("node", id="doc-2/node-04"))
            self.assertEqual([{"kind": "source", "key": "doc-2"}], node["relations"])
            self.assertEqual(vector_of(2, 4), [float(number) for number in node["vectors"][0]["elements"]])
            index = self.ok(page.get("index", id="index-1", field="nodes_dict", offset=118))
            dictionary = next(field for field in index["fields"] if field["name"] == "nodes_dict")
            self.assertEqual((DOCUMENTS * NODES, 118), (dictionary["size"], dictionary["offset"]))
            self.assertEqual(["doc-5/node-18", "doc-5/node-19"], [row["key"] for row in dictionary["members"]])
            chat = self.ok(page.get("chat", key=MARKUP, offset=1))
            self.assertEqual((2, [("assistant", "Hello, Ann")]), (chat["messages"], [(row["role"], row["text"]) for row in chat["rows"]]))
            around = self.ok(page.get("neighbours", graph="property", id="Ann", steps=2))
            names = [row["key"] for row in around["nodes"]]
            self.assertEqual("Ann", names[0])
            self.assertLess({"Ann", "Bob", "Cy", "Dee"}, set(names))
            self.assertIn(("Ann", "KNOWS", "Bob"), [(names[edge["source"]], edge["label"], names[edge["target"]]) for edge in around["edges"]])
            around = self.ok(page.get("neighbours", graph="simple", id="Ann", steps=2))
            self.assertEqual({"Ann", "Bob", "Cy", MARKUP}, {row["key"] for row in around["nodes"]})
            for name, params in (("node", {"id": "x"}), ("document", {"id": "x"}), ("index", {"id": "x"}), ("chat", {"key": "x"}),
                                 ("neighbours", {"graph": "property", "id": "x"}), ("entry", {"collection": "docstore/data", "key": "x"})):
                self.assertEqual(404, page.get(name, **params).status, name)

    def test_search_is_that_of_the_command(self):
        words = [json.loads(line) for line in self.quipu("search", self.database, "mountain OR thread", "--json").splitlines()]
        vector = json.dumps(vector_of(1, 1)).encode()
        near = [json.loads(line) for line in self.quipu("query", self.database, "--vector", "-", "--json", stdin=vector).splitlines()]
        pages = {"filters": [{"key": "page", "operator": "<", "value": 2}]}
        with self.page() as page:
            found = self.ok(page.post("search", mode="words", query="mountain OR thread"))["rows"]
            self.assertEqual([(row["key"], row["score"]) for row in words], [(row["key"], float(row["score"])) for row in found])
            self.assertIn("mountain", [piece.lower() for row in found for piece in row["pieces"][1::2]])
            for asked in ({"vector": vector.decode()}, {"like": "doc-1/node-01"}):
                found = self.ok(page.post("search", mode="vector", **asked))["rows"]
                self.assertEqual([(row["key"], row["similarity"]) for row in near], [(row["key"], float(row["score"])) for row in found])
            for mode in ("words", "vector", "hybrid", "ranks"):
                found = self.ok(page.post("search", mode=mode, query="cord", like="doc-1/node-01", filter=pages, top_k=50))["rows"]
                self.assertEqual({"00", "01"}, {row["key"][-2:] for row in found}, mode)
                self.assertEqual(12, len(found), mode)

    def test_what_others_write_is_seen(self):
        with self.page() as page:
            self.assertEqual(404, page.get("entry", collection="docstore/data", key="new").status)
            stored = json.loads(self.ok(page.get("entry", collection="docstore/data", key="doc-0/node-00"))["value"])
            stored["__data__"]["id_"] = "new"
            self.quipu("put", self.database, "docstore/data", "new", "-", stdin=json.dumps(stored).encode())
            while page.get("entry", collection="docstore/data", key="new").status == 404:
                pass
            self.assertEqual(["new"], [row["key"] for row in self.all_rows(page, "nodes", prefix="ne")])

    def test_metadata_are_edited_in_all_stores(self):
        with self.page("--write") as page:
            identifier, was = "doc-4/node-05", self.ok(page.get("node", id="doc-4/node-05"))
            changed = json.dumps({"page": 77, "note": MARKUP})
            self.ok(page.post("edit_metadata", id=identifier, metadata=changed, was=was["metadata"]))
            node = self.ok(page.get("node", id=identifier))
            self.assertEqual(json.loads(changed), json.loads(node["metadata"]))
            self.assertEqual((was["text"], was["vectors"], was["relations"]), (node["text"], node["vectors"], node["relations"]))
            self.assertNotEqual(was["hash"], node["hash"])
            only = {"filters": [{"key": "page", "value": 77}]}
            found = self.ok(page.post("search", mode="vector", like="doc-0/node-00", filter=only))["rows"]
            self.assertEqual([identifier], [row["key"] for row in found])
            for metadata in ("[]", "{", "", "7"):
                self.assertEqual(400, page.post("edit_metadata", id=identifier, metadata=metadata).status)
            self.assertEqual(409, page.post("edit_metadata", id=identifier, metadata="{}", was=was["metadata"]).status)
            self.assertEqual(404, page.post("edit_metadata", id="nothing", metadata="{}").status)
        self.quipu("verify", self.database)

    def test_a_document_is_deleted_from_all_stores(self):
        with self.page("--write") as page:
            self.assertEqual(NODES, self.ok(page.post("delete_document", id="doc-2"))["nodes"])
            self.assertEqual(404, page.post("delete_document", id="doc-2").status)
            self.assertEqual([], self.all_rows(page, "nodes", prefix="doc-2/"))
            for name in ("docstore/data", "docstore/metadata", "vector_store/default/embeddings", "vector_store/default/metadata"):
                self.assertEqual([], self.all_rows(page, "entries", collection=name, prefix="doc-2"), name)
            index = self.ok(page.get("index", id="index-1"))
            self.assertIn({"name": "nodes_dict", "size": (DOCUMENTS - 1) * NODES}, index["fields"])
            found = self.ok(page.post("search", mode="words", query='"cords of gamma"'))["rows"]
            self.assertEqual([], found)
        self.quipu("verify", self.database)

    def test_a_document_that_another_index_has_stays(self):
        struct = {"index_id": "list-1", "summary": None, "nodes": ["doc-1/node-00"]}
        value = json.dumps({"__type__": "list", "__data__": json.dumps(struct)}).encode()
        self.quipu("put", self.database, "index_store/data", "list-1", "-", stdin=value)
        with self.page("--write") as page:
            answer = page.post("delete_document", id="doc-1")
            self.assertEqual(400, answer.status)
            self.assertIn("list-1", answer.json()["error"])
            self.assertEqual(NODES, self.ok(page.get("document", id="doc-1"))["nodes"])

    def test_jobs(self):
        backups = self.folder / "backups"
        with self.page("--write", "--backups", backups) as page:
            self.assertEqual(0, self.ok(page.get("job"))["id"])
            for name, body, outcome in (("verify", {}, "0 faults"), ("backup", {}, "backup 1 of"), ("compact", {}, "on disk before"),
                                        ("repair", {}, "0 steps done"), ("ann", {"vector_store": "default"}, "approximate"),
                                        ("index_text", {"document_store": "docstore"}, "indexed")):
                identifier = self.ok(page.post(name, **body))["id"]
                state = self.finished_job(page)
                self.assertEqual((identifier, ""), (state["id"], state["error"]), name)
                self.assertIn(outcome, state["outcome"])
            self.assertEqual(404, page.post("ann", vector_store="none").status)
            self.assertEqual(404, page.post("index_text", document_store="none").status)
            self.assertEqual(0.95, self.ok(page.get("overview"))["vector_stores"][0]["ann"])
        self.assertEqual(1, len(json.loads(self.quipu("backups", backups, "--json"))))

    def test_the_lock(self):
        with self.page("--write"):
            self.quipu("ui", self.database, "--write", code=4)
            self.quipu("delete", self.database, "docstore/data", "doc-0/node-00", code=4)
        self.quipu("ui", self.folder / "nothing", code=3)
        self.quipu("ui", self.database, "--port", "70000", code=1)


if __name__ == "__main__":
    unittest.main()
