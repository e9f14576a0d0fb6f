#!/usr/bin/env python3
"""What LlamaIndex's own packages have written to PostgreSQL moves by the command, and what the command writes they read.

    PYTHON interop_test.py QUIPU [PACKAGE==VERSION]

A package that is named is one that they are to include in that version.
Skipped (exit code 77) where no PostgreSQL server is installed, or LlamaIndex's packages for it are missing, which
`tools/dev test` installs.
"""

import importlib.metadata
import inspect
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from postgres_server import NoServer, PostgresServer, programs

try:
    programs()
    from llama_index.core.data_structs import IndexDict
    from llama_index.core.schema import Document, NodeRelationship, RelatedNodeInfo, TextNode
    from llama_index.core.storage.docstore import SimpleDocumentStore
    from llama_index.core.storage.index_store import SimpleIndexStore
    from llama_index.storage.docstore.postgres import PostgresDocumentStore
    from llama_index.storage.index_store.postgres import PostgresIndexStore
    from llama_index.storage.kvstore.postgres import PostgresKVStore
except (ImportError, NoServer) as missing:
    print(f"skipped: {missing}", file=sys.stderr)
    sys.exit(77)

QUIPU = sys.argv.pop(1)
PACKAGE, _, VERSION = (sys.argv.pop(1) if len(sys.argv) > 1 else "").partition("==")
IDS = ["n1", "", "é\u2028", "a/b", "{x}", "line\nbreak", "'; --", "%s", "k" * 2000]


def nodes():
    made = []
    for number, name in enumerate(IDS):
        node = TextNode(id_=name, text=f"Größe \U0001f600 {number}", embedding=[0.1 + number, 1 / 3, -0.0, 1e-300],
                        metadata={"n": number, "f": 0.1 + number, "none": None, "deep": {"list": [1, 2.5, "é"]}})
        node.relationships[NodeRelationship.SOURCE] = RelatedNodeInfo(node_id=f"doc{number % 2}")
        made.append(node)
    return made + [Document(id_="whole", text="a document")]


class InteropTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(PostgresServer())

    def test_the_package_is_the_one_that_is_meant(self):
        if PACKAGE:
            self.assertEqual(VERSION, importlib.metadata.version(PACKAGE))
            self.assertIn(f"{PACKAGE}=={VERSION}", inspect.getsourcefile(PostgresKVStore))

    def stores(self, schema, use_jsonb=False):
        socket = f"/postgres?host={self.server.socket}&user=quipu"
        options = {"connection_string": f"postgresql+psycopg2://{socket}", "schema_name": schema, "use_jsonb": use_jsonb,
                   "async_connection_string": f"postgresql+asyncpg://{socket}"}
        return (PostgresDocumentStore(PostgresKVStore(table_name="docstore", **options)),
                PostgresIndexStore(PostgresKVStore(table_name="indexstore", **options)))

    def quipu(self, *arguments):
        done = subprocess.run([QUIPU, *map(str, arguments)], capture_output=True, text=True, check=False)
        self.assertEqual(0, done.returncode, done.stderr)

    def expect_same(self, one, other):
        self.assertEqual({name: node.to_dict() for name, node in one.docs.items()},
                         {name: node.to_dict() for name, node in other.docs.items()})
        self.assertEqual(one.get_all_document_hashes(), other.get_all_document_hashes())
        self.assertEqual({name: info.to_dict() for name, info in one.get_all_ref_doc_info().items()},
                         {name: info.to_dict() for name, info in other.get_all_ref_doc_info().items()})

    def test_what_llama_index_wrote_moves(self):
        for use_jsonb in (False, True):
            with self.subTest(use_jsonb=use_jsonb), tempfile.TemporaryDirectory() as name:
                folder, schema = Path(name), f"theirs_{use_jsonb}".lower()
                documents, indexes = self.stores(schema, use_jsonb)
                written = nodes()
                documents.add_documents(written, batch_size=3)
                indexes.add_index_struct(IndexDict(index_id="i", nodes_dict={"n1": "n1"}, summary="é"))
                self.quipu("migrate", self.server.address(schema), folder / "a.quipu")
                self.quipu("migrate", folder / "a.quipu", folder / "files")
                self.quipu("migrate", folder / "files", self.server.address(schema + "_again"))
                self.quipu("migrate", self.server.address(schema + "_again"), folder / "again")
                again, structs = self.stores(schema + "_again")
                for moved in (SimpleDocumentStore.from_persist_dir(str(folder / "files")), again):
                    self.expect_same(documents, moved)
                    self.assertEqual({each.node_id: each.embedding for each in written},
                                     {each: node.embedding for each, node in moved.docs.items()})
                for each in (SimpleIndexStore.from_persist_dir(str(folder / "files")), structs):
                    self.assertEqual(indexes.get_index_struct("i").to_dict(), each.get_index_struct("i").to_dict())
                for file in ("docstore.json", "index_store.json"):
                    self.assertEqual((folder / "files" / file).read_bytes(), (folder / "again" / file).read_bytes())
                # And they go on with what has been moved.
                again.delete_ref_doc("doc0")
                again.add_documents([TextNode(id_="later", text="later")])
                self.quipu("verify", self.server.address(schema + "_again"))


if __name__ == "__main__":
    unittest.main()
