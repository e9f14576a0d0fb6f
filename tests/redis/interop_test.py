#!/usr/bin/env python3
"""LlamaIndex's own Redis packages and the command read what the other wrote, on a server and on a cluster's namespace.

    PYTHON interop_test.py QUIPU

Skipped (exit code 77) where redis-server or one of llama-index-storage-docstore-redis, -index-store-redis and
-chat-store-redis is missing;
`tools/dev test` installs them.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

try:
    from llama_index.core.data_structs import IndexDict
    from llama_index.core.llms import ChatMessage, TextBlock
    from llama_index.core.schema import Document, NodeRelationship, RelatedNodeInfo, TextNode
    from llama_index.core.storage.chat_store import SimpleChatStore
    from llama_index.core.storage.docstore import SimpleDocumentStore
    from llama_index.core.storage.index_store import SimpleIndexStore
    from llama_index.storage.chat_store.redis import RedisChatStore
    from llama_index.storage.docstore.redis import RedisDocumentStore
    from llama_index.storage.index_store.redis import RedisIndexStore
    from llama_index.storage.kvstore.redis import RedisKVStore
except ImportError as missing:
    print(missing)
    sys.exit(77)
if shutil.which("redis-server") is None:
    print("no redis-server")
    sys.exit(77)

QUIPU = sys.argv.pop(1)
# Empty, odd, long, and none that would be cut short.
IDS = ["n1", "", "é\u2028", "a/b", "{x}", "line\nbreak", "nul\0inside", "'; --", "k" * 3000]
TEXTS = ["plain", "Größe — ünïcode \U0001f600", "", "quotes \" ' \\ and \t tabs", "x" * 20_000]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def nodes():
    made = []
    for number, name in enumerate(IDS):
        node = TextNode(id_=name, text=TEXTS[number % len(TEXTS)],
                        metadata={"n": number, "f": 0.1 + number, "none": None, "deep": {"list": [1, 2.5, "é"]}})
        node.relationships[NodeRelationship.SOURCE] = RelatedNodeInfo(node_id=f"doc{number % 2}")
        made.append(node)
    return made + [Document(id_="whole", text="a document")]


class InteropTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="redis_interop.")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        cls.port = free_port()
        server = subprocess.Popen(["redis-server", "--port", str(cls.port), "--bind", "127.0.0.1", "--dir", folder.name,
                                   "--save", "", "--logfile", os.path.join(folder.name, "log")])
        cls.addClassCleanup(server.wait)
        cls.addClassCleanup(server.terminate)
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", cls.port)) == 0:
                    break

    def setUp(self):
        self.kvstore = RedisKVStore.from_host_and_port("127.0.0.1", self.port)
        self.kvstore._redis_client.flushall()

    def quipu(self, *arguments, text=None):
        done = subprocess.run([QUIPU, *arguments], input=text, capture_output=True, text=True)
        self.assertEqual(0, done.returncode, done.stderr)
        return done.stdout

    def stores(self, namespace):
        return (RedisDocumentStore(self.kvstore, namespace=namespace),
                RedisIndexStore(self.kvstore, namespace=namespace))

    def address(self, namespace):
        return f"redis://127.0.0.1:{self.port}/" + (f"?namespace={namespace}" if namespace else "")

    def expect_same(self, documents, simple):
        self.assertEqual({name: node.to_dict() for name, node in simple.docs.items()},
                         {name: node.to_dict() for name, node in documents.docs.items()})
        self.assertEqual(simple.get_all_document_hashes(), documents.get_all_document_hashes())
        self.assertEqual({name: info.to_dict() for name, info in simple.get_all_ref_doc_info().items()},
                         {name: info.to_dict() for name, info in documents.get_all_ref_doc_info().items()})

    def test_what_llama_index_writes_is_read_and_changed(self):
        for namespace in (None, "{docs}"):
            with self.subTest(namespace=namespace):
                documents, indexes = self.stores(namespace)
                documents.add_documents(nodes(), batch_size=3)
                indexes.add_index_struct(IndexDict(index_id="i", nodes_dict={"n1": "n1"}))
                out = os.path.join(self.folder, f"out{namespace}")
                self.quipu("export", self.address(namespace), out)
                simple = SimpleDocumentStore.from_persist_dir(out)
                self.expect_same(documents, simple)
                self.assertEqual(indexes.get_index_struct("i").to_dict(),
                                 SimpleIndexStore.from_persist_dir(out).get_index_struct("i").to_dict())
                # Every byte of what LlamaIndex wrote.
                for collection, hash_name in (("docstore/data", "doc"), ("docstore/metadata", "metadata"),
                                              ("docstore/ref_doc_info", "ref_doc_info")):
                    for name in ("n1", "é\u2028", "doc0"):
                        stored = self.kvstore._redis_client.hget(f"{namespace or 'docstore'}/{hash_name}", name)
                        if stored is not None:
                            self.assertEqual(stored.decode(),
                                             self.quipu("get", self.address(namespace), collection, name).rstrip("\n"))
                self.quipu("put", self.address(namespace), "docstore/metadata", "n1", '{"doc_hash": "changed"}')
                self.quipu("delete", self.address(namespace), "docstore/data", "a/b")
                self.assertEqual("changed", documents.get_document_hash("n1"))
                self.assertIsNone(documents.get_document("a/b", raise_error=False))
                documents.add_documents([TextNode(id_="after", text="later")])
                self.assertIn("later", self.quipu("get", self.address(namespace), "docstore/data", "after"))

    def test_what_quipu_writes_is_read_and_changed(self):
        simple = SimpleDocumentStore()
        simple.add_documents(nodes())
        structs = SimpleIndexStore()
        structs.add_index_struct(IndexDict(index_id="i", nodes_dict={"n1": "n1"}))
        source = os.path.join(self.folder, "source")
        simple.persist(os.path.join(source, "docstore.json"))
        structs.persist(os.path.join(source, "index_store.json"))
        for namespace in (None, "{docs}", "plain"):
            with self.subTest(namespace=namespace):
                self.quipu("import", source, self.address(namespace))
                documents, indexes = self.stores(namespace)
                self.expect_same(documents, simple)
                self.assertEqual(structs.get_index_struct("i").to_dict(), indexes.get_index_struct("i").to_dict())
                # Out again: the same bytes.
                out = os.path.join(self.folder, f"again{namespace}")
                self.quipu("export", self.address(namespace), out)
                for name in ("docstore.json", "index_store.json"):
                    with open(os.path.join(source, name)) as before, open(os.path.join(out, name)) as after:
                        self.assertEqual(before.read(), after.read())
                documents.delete_ref_doc("doc0")
                self.assertNotIn("doc0", self.quipu("scan", self.address(namespace), "docstore/ref_doc_info"))

    def test_what_llama_index_wrote_moves(self):
        """Into a directory on RocksDB, into files, and from there into another namespace: the embeddings with it."""
        documents, indexes = self.stores("{theirs}")
        written = nodes()
        for number, each in enumerate(written):
            each.embedding = [0.1 + number, 1 / 3, -0.0, 1e-300]
        documents.add_documents(written)
        indexes.add_index_struct(IndexDict(index_id="i", nodes_dict={"n1": "n1"}))
        database, files = os.path.join(self.folder, "moved.quipu"), os.path.join(self.folder, "moved")
        self.quipu("migrate", self.address("{theirs}"), database)
        self.quipu("migrate", database, files)
        self.quipu("migrate", files, self.address("{again}"))
        self.quipu("migrate", self.address("{again}"), os.path.join(self.folder, "moved_again"))
        again, structs = self.stores("{again}")
        for moved in (SimpleDocumentStore.from_persist_dir(files), again):
            self.expect_same(documents, moved)
            self.assertEqual({each.node_id: each.embedding for each in written},
                             {name: each.embedding for name, each in moved.docs.items()})
        self.assertEqual(indexes.get_index_struct("i").to_dict(), structs.get_index_struct("i").to_dict())
        for name in ("docstore.json", "index_store.json"):
            with open(os.path.join(files, name)) as before, open(os.path.join(files + "_again", name)) as after:
                self.assertEqual(before.read(), after.read())
        # A second time changes nothing, and what is there is not written over.
        self.assertIn('"was_there": true', self.quipu("migrate", "--json", files, self.address("{again}")))
        documents.add_documents([TextNode(id_="later", text="later")])
        self.refused("not empty", "migrate", self.address("{theirs}"), self.address("{again}"))

    def test_chats_move(self):
        """Into a chat store; lists of others stay."""
        theirs = RedisChatStore(redis_client=self.kvstore._redis_client, aredis_client=self.kvstore._redis_client)
        messages = [ChatMessage(role="user", content="é\U0001f600 'q' \\ \n"),
                    ChatMessage(role="assistant", content="", additional_kwargs={"n": 1.5, "none": None}),
                    ChatMessage(role="tool", blocks=[TextBlock(text="t")])]
        keys = ["a/b", "plain", "é"]
        for key in keys:
            theirs.set_messages(key, messages * 67)
        theirs.add_message("one", messages[0])
        for queue in ("jobs", "numbers"):
            self.kvstore._redis_client.rpush(queue, '{"job": 1}' if queue == "jobs" else "1")
        documents, _ = self.stores(None)
        documents.add_documents(nodes())
        database, files = os.path.join(self.folder, "chats.quipu"), os.path.join(self.folder, "chats")
        report = json.loads(self.quipu("migrate", "--json", self.address(""), database))
        self.assertEqual(["2 lists (no chats)"], report["left_out"])
        counts = {row["collection"]: row["entries"] for row in report["collections"]}
        self.assertEqual((3 * 201 + 1, 4), (counts["chat_store/messages"], counts["chat_store/chats"]))
        self.quipu("migrate", database, files)
        moved = SimpleChatStore.from_persist_path(os.path.join(files, "chat_store.json"))
        self.assertEqual([*keys[:1], "one", *keys[1:]], moved.get_keys())
        for key in moved.get_keys():
            self.assertEqual(theirs.get_messages(key), moved.get_messages(key))
        self.quipu("migrate", self.address(""), files + "_at_once")
        for name in ("chat_store.json", "docstore.json"):
            with open(os.path.join(files, name)) as before, open(os.path.join(files + "_at_once", name)) as after:
                self.assertEqual(before.read(), after.read())
        self.kvstore._redis_client.rpush("plain", "no message")
        self.refused('message 202 of the list "plain" is no JSON object', "migrate", self.address(""), database + "2")

    def test_lists_that_must_not_be_read_stay(self):
        client = self.kvstore._redis_client
        message = '{"role": "user"}'
        for key in ("mine", "secret", "secret too"):
            client.rpush(key, message)
        client.acl_setuser("someone", enabled=True, nopass=True, commands=["+@all"], keys=["mine", "*/*", "*quipu*"])
        self.addCleanup(client.acl_deluser, "someone")
        address = self.address("").replace("//", "//someone:any@")
        report = json.loads(self.quipu("migrate", "--json", address, os.path.join(self.folder, "mine.quipu")))
        self.assertEqual(["2 lists (no right to read)"], report["left_out"])
        self.assertEqual([1, 1], [row["entries"] for row in report["collections"]])

    def refused(self, why, *arguments):
        done = subprocess.run([QUIPU, *arguments], capture_output=True, text=True)
        self.assertNotEqual(0, done.returncode)
        self.assertIn(why, done.stderr)

    def test_vectors_and_graphs_are_refused_by_name_when_moving(self):
        goldens = os.path.join(os.path.dirname(__file__), "..", "data", "goldens")
        for source, names in (("vectors", ["vector_store.json"]), ("graphs", ["graph_store.json", "property_graph_store.json"])):
            for options in ([], ["--dry-run"]):
                done = subprocess.run([QUIPU, "migrate", *options, os.path.join(goldens, source), self.address("{none}")],
                                      capture_output=True, text=True)
                self.assertNotEqual(0, done.returncode)
                for name in names:
                    self.assertIn(name, done.stderr)
                self.assertEqual([], self.kvstore._redis_client.keys("{none}*"))

    def test_vectors_are_refused_before_anything_is_written(self):
        source = os.path.join(self.folder, "vectors")
        os.makedirs(source)
        files = {"docstore.json": {}, "index_store.json": {},
                 "default__vector_store.json": {"embedding_dict": {"a": [0.5]}, "text_id_to_ref_doc_id": {"a": "d"},
                                                "metadata_dict": {"a": {}}}}
        for name, content in files.items():
            with open(os.path.join(source, name), "w") as file:
                json.dump(content, file)
        done = subprocess.run([QUIPU, "import", source, self.address("{docs}")], capture_output=True, text=True)
        self.assertNotEqual(0, done.returncode)
        self.assertIn("default__vector_store.json: vectors are not kept in Redis", done.stderr)
        self.assertEqual([], [key for key in self.kvstore._redis_client.keys() if b"#quipu:done" not in key
                              and b"#quipu:next" not in key])


if __name__ == "__main__":
    unittest.main()
