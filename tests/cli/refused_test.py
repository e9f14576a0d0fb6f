#!/usr/bin/env python3
"""What is no persist file is refused by what it is and what to do, in two lines at most; nothing is written."""

import bz2
import gzip
import io
import json
import lzma
import pickle
import sqlite3
import struct
import tarfile
import unittest
import zipfile

from cli_support import DATA, CliTest

VECTORS = {"embedding_dict": {"n1": [0.5, 1.0]}, "text_id_to_ref_doc_id": {"n1": "d"}, "metadata_dict": {}}
JSON = json.dumps(VECTORS).encode()


def archived(make):
    raw = io.BytesIO()
    make(raw)
    return raw.getvalue()


def zipped(raw):
    with zipfile.ZipFile(raw, "w") as archive:
        archive.writestr("default__vector_store.json", JSON)


def tarred(raw):
    with tarfile.open(fileobj=raw, mode="w") as archive:
        info = tarfile.TarInfo("default__vector_store.json")
        info.size = len(JSON)
        archive.addfile(info, io.BytesIO(JSON))


def sqlite_database():
    connection = sqlite3.connect(":memory:")
    connection.execute("create table a (b)")
    return connection.serialize()


# What stands in a vector store's place, what it is called, and what is to be done.
REFUSED = (
    ("a Faiss index", struct.pack("<4siq", b"IxF2", 384, 58) + bytes(100), "a Faiss index", "(--file of import)"),
    ("a Faiss IVF index", struct.pack("<4siq", b"IwFl", 1536, 58) + bytes(100), "a Faiss index", "FaissVectorStore"),
    ("a Git LFS pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 5\n",
     "a Git LFS pointer", "git lfs pull"),
    ("gzip", gzip.compress(JSON), "compressed by gzip", "unpack it"),
    ("bzip2", bz2.compress(JSON), "compressed by bzip2", "unpack it"),
    ("xz", lzma.compress(JSON), "compressed by xz", "unpack it"),
    ("zip", archived(zipped), "a zip archive", "unpack it"),
    ("tar", archived(tarred), "a tar archive", "unpack it"),
    ("pickle", pickle.dumps(VECTORS), "a Python pickle", "load it in Python"),
    ("SQLite", sqlite_database(), "a SQLite database", "persist its content as JSON"),
    ("UTF-16", json.dumps(VECTORS).encode("utf-16"), "UTF-16", "(--encoding utf-16 converts it)"),
    ("UTF-16 without a mark", json.dumps(VECTORS).encode("utf-16-le"), "UTF-16", "--encoding"),
    ("UTF-32", json.dumps(VECTORS).encode("utf-32"), "UTF-32", "(--encoding utf-32 converts it)"),
    ("a code page", b'{"embedding_dict": {"\xd6\xd0\xce\xc4": [0.5]}}', "Invalid UTF-8",
     "(--encoding such as gbk, cp932, cp1252)"),
    ("an empty file", b"", "the file is empty", "backup"),
    ("zero bytes", bytes(4096), "zero bytes", "backup"),
    ("HTML", b"<!DOCTYPE html>\n<html><body>404</body></html>", "HTML or XML", "download the file anew"),
    ("XML", b'<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>', "HTML or XML", "download the file anew"),
    ("a merge conflict", b"<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> other\n", "git merge", "resolve it"),
    ("a dict's repr", repr(VECTORS).encode(), "a Python dict", "json.dump()"),
    ("a list", json.dumps([VECTORS]).encode(), "the file's root is an array", "another program wrote this"),
    ("lists in an object", b'{"embedding_dict": [[0.5]]}', "the collection is", "another program wrote this"),
)


class RefusedTest(CliTest):
    def assert_said(self, said, path, *words):
        lines = [line for line in said.splitlines() if "imported" not in line]
        self.assertLessEqual(len(lines), 2, said)
        for word in (str(path), *words):
            self.assertIn(word, said)

    def test_import_verify_and_diff_say_what_it_is_and_what_to_do(self):
        for i, (kind, raw, what, advice) in enumerate(REFUSED):
            for name in ("default__vector_store.json", "docstore.json")[:1 if i % 4 else 2]:
                with self.subTest(kind, name=name):
                    directory = self.persist_dir(name=f"storage{i}{name}")
                    (directory / name).write_bytes(raw)
                    printed, said = self.quipu("import", directory, self.database, code=DATA)
                    self.assertEqual(b"", printed)
                    self.assert_said(said, directory / name, what, advice)
                    self.assertFalse(self.database.exists())
                    if name == "docstore.json":
                        continue
                    printed, _ = self.quipu("verify", directory, code=DATA)
                    for word in (name, what, advice):
                        self.assertIn(word, printed.decode())
                    _, said = self.quipu("diff", directory, directory, code=DATA)
                    self.assert_said(said, directory / name, what, advice)

    def test_another_programs_docstore(self):
        directory = self.persist_dir({"1": {"page_content": "text", "metadata": {}}})
        _, said = self.quipu("import", directory, self.database, code=DATA)
        self.assert_said(said, directory / "docstore.json", "the first value is a string", "another program wrote this")
        self.quipu("verify", directory, code=DATA)

    def test_another_programs_database(self):
        directory = self.folder / "chroma"
        directory.mkdir()
        (directory / "chroma.sqlite3").write_bytes(sqlite_database())
        for command in (["import", directory, self.database], ["verify", directory]):
            _, said = self.quipu(*command, code=DATA)
            self.assert_said(said, directory, "chroma.sqlite3: a Chroma database", "ChromaVectorStore")
        self.assertFalse(self.database.exists())
        for name in ("docstore.json", "index_store.json"):
            (directory / name).write_text("{}")
        _, said = self.quipu("import", directory, self.database)
        self.assertIn("not imported: chroma.sqlite3 (a Chroma database", said)

    def test_a_faiss_index_is_left_out_by_naming_the_others(self):
        directory = self.persist_dir()
        (directory / "default__vector_store.json").write_bytes(REFUSED[0][1])
        self.quipu("import", directory, self.database, "--file", "docstore.json", "--file", "index_store.json")
        self.assertEqual(2, len(self.quipu("scan", self.database, "knots")[0].splitlines()))

    def test_messages_name_the_commands_options(self):
        directory = self.persist_dir()
        self.quipu("import", directory, self.database)
        _, said = self.quipu("import", directory, self.database, code=DATA)
        self.assertIn("(--merge adds to it", said)
        self.quipu("export", self.database, self.copy)
        _, said = self.quipu("export", self.database, self.copy, code=DATA)
        self.assertIn("(--force replaces files in it", said)
        self.quipu("backup", self.database, self.folder / "backups")
        _, said = self.quipu("restore", self.folder / "backups", self.database, code=DATA)
        self.assertIn("(--replace ", said)
        deep = self.persist_dir(b'{"c": {"k": {"a": ' + b"[" * 2000 + b"]" * 2000 + b"}}}", name="deep")
        _, said = self.quipu("import", "--merge", deep, self.database, code=DATA)
        self.assertIn("nested too deeply, the limit is 1000 (in", said)
        (self.database / "SESSION").write_bytes(b"damaged")
        _, said = self.quipu("put", self.database, "knots", "n", "{}", code=DATA)
        self.assertIn("(--accept-lost-writes opens", said)


class EncodingTest(CliTest):
    GRAPH = {"nodes": {"中文": {"label": "实体", "embedding": None, "properties": {"text": "结绳"}, "name": "中文"}},
             "relations": {}, "triplets": []}

    def directory(self, encoding, name):
        """LlamaIndex on Windows: the property graph in the code page, the rest in ASCII."""
        directory = self.persist_dir(name=name)
        raw = json.dumps(self.GRAPH, ensure_ascii=False).encode(encoding)
        (directory / "property_graph_store.json").write_bytes(raw)
        return directory

    def test_files_of_a_code_page_come_in(self):
        for encoding in ("gbk", "gb18030", "cp936", "utf-8", "utf-16"):
            with self.subTest(encoding):
                directory, database = self.directory(encoding, encoding), self.folder / f"{encoding}.quipu"
                self.quipu("verify", directory, "--encoding", encoding)
                self.quipu("import", "--encoding", encoding, directory, database)
                self.quipu("diff", "--encoding", encoding, directory, database)
                node = json.loads(self.quipu("get", database, "property_graph_store/nodes", "中文")[0])
                self.assertEqual(self.GRAPH["nodes"]["中文"], node)
                self.assertEqual(2, len(self.quipu("scan", database, "knots")[0].splitlines()))

    def test_each_file_is_judged_by_itself(self):
        directory = self.directory("gbk", "storage")
        (directory / "graph_store.json").write_text(json.dumps({"graph_dict": {"café 文": [["r", "o"]]}},
                                                                ensure_ascii=False), encoding="utf-8")
        self.quipu("import", "--encoding", "gbk", directory, self.database)
        self.assertIn(json.dumps("café 文").encode(), self.quipu("scan", self.database, "graph_store/data")[0])

    def test_what_the_encoding_does_not_have_is_named(self):
        directory = self.persist_dir(property_graph_store__json=b'{"nodes": {"caf\xe9 \x81": {}}}')
        _, said = self.quipu("import", "--encoding", "cp1252", directory, self.database, code=DATA)
        self.assertIn(f"{directory}/property_graph_store.json: byte 17: no character of cp1252", said)
        self.assertFalse(self.database.exists())
        _, said = self.quipu("import", "--encoding", "klingon", directory, self.database, code=DATA)
        self.assertIn('unknown encoding "klingon": known are gbk, cp932', said)


if __name__ == "__main__":
    unittest.main()
