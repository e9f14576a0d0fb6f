#!/usr/bin/env python3
"""quipu import of large files: memory stays below 64 MiB and twice the largest value, or the file is refused.

QUIPU_LARGE_INPUT_MB says how large the files are (200 is a good figure); the default is that of an ordinary run.
"""

import filecmp
import itertools
import json
import os
import shutil
import subprocess
import time
import unittest

from cli_support import DATA, OK, QUIPU, CliTest, node

SIZE = int(os.environ.get("QUIPU_LARGE_INPUT_MB", "12")) << 20
# Whose memory is not the command's own.
INSTRUMENTED = any(os.environ.get(name) for name in ("QUIPU_SANITIZE", "QUIPU_COVERAGE"))
BASE_MIB = 64
SECONDS = 60
EMPTY_INDEX = b'{"index_store/data": {}}'


def repeated(part):
    """As many of `part` as fit into the size, in large pieces."""
    piece = part * max(1, (1 << 16) // len(part))
    return itertools.repeat(piece, SIZE // len(piece))


def entries(make):
    """Members of an object, as make(number) gives key and value, until they have the size."""
    written = 0
    for i in itertools.count():
        key, value = make(i)
        member = f'{"" if i == 0 else ", "}{json.dumps(key)}: {json.dumps(value)}'.encode()
        yield member
        written += len(member)
        if written >= SIZE:
            return


def scattered_key(i):
    """A key; they come neither ascending nor descending, and RocksDB wants them sorted."""
    return f"{i * 2654435761 % (1 << 32):08x}"


def small_node(i):
    key = scattered_key(i)
    return key, node(key)


def metadata(i):
    return scattered_key(i), {"doc_hash": f"{i:064x}", "ref_doc_id": f"doc{i % 100}"}


def one_value(parts):
    """A node that is all of the file."""
    return itertools.chain([b'{"docstore/data": {"n0": {"__type__": "1", "__data__": {"id_": "n0", "text": '],
                           parts, [b"}}}}"])


def quoted(parts):
    return itertools.chain([b'"'], parts, [b'"'])


def collection(name, members):
    return itertools.chain([f'{{"{name}": {{'.encode()], members, [b"}}"])


# What fills the file, its bytes in pieces, and whether the largest value is all of it.
ACCEPTED = (
    ("one string", lambda: one_value(quoted(repeated(b"a"))), True),
    ("one string of escapes", lambda: one_value(quoted(repeated(rb"\u00e9"))), True),
    ("one value's metadata", lambda: one_value(itertools.chain([b"{"], entries(metadata), [b"}"])), True),
    ("white space", lambda: itertools.chain([b'{"docstore/data": '], repeated(b" "), [b"{}}"]), False),
    ("metadata", lambda: collection("docstore/metadata", entries(metadata)), False),
    ("small nodes", lambda: collection("docstore/data", entries(small_node)), False),
    ("empty values", lambda: collection("docstore/data", entries(lambda i: (scattered_key(i), {}))), False),
)
REFUSED = (
    ("one number", lambda: one_value(repeated(b"7")), "n0"),
    ("opening brackets", lambda: one_value(repeated(b"[")), "n0"),
    ("no end", lambda: one_value(itertools.chain([b'"'], repeated(b"a"))), "n0"),
)


class LargeInputTest(CliTest):
    def import_measured(self, directory, code):
        """What the command said, after a check of its time and memory."""
        start = time.monotonic()
        with subprocess.Popen([QUIPU, "import", directory, self.database], stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE) as process:
            said = process.stderr.read().decode()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(code, process.returncode, said[:2000])
        return said, usage.ru_maxrss / 1024, time.monotonic() - start

    def assert_bounded(self, what, measured, largest_value_mib):
        said, mib, seconds = measured
        print(f"{what}: {mib:.0f} MiB, {seconds:.1f} s", flush=True)
        if INSTRUMENTED:
            return
        self.assertLess(mib, BASE_MIB + 2 * largest_value_mib, said[:2000])
        self.assertLess(seconds, SECONDS)

    def large_dir(self, number, parts):
        directory = self.persist_dir(b"{}", EMPTY_INDEX, name=f"storage{number}")
        with open(directory / "docstore.json", "wb") as file:
            file.writelines(parts)
        return directory

    def test_large_files_are_imported_in_little_memory(self):
        for i, (what, parts, one) in enumerate(ACCEPTED):
            with self.subTest(what):
                for folder in (self.database, self.copy):
                    shutil.rmtree(folder, ignore_errors=True)
                directory = self.large_dir(i, parts())
                self.assert_bounded(what, self.import_measured(directory, OK), SIZE >> 20 if one else 0)
                self.quipu("export", self.database, self.copy)
                if what != "white space":
                    self.assertTrue(filecmp.cmp(directory / "docstore.json", self.copy / "docstore.json", False))
                shutil.rmtree(directory)

    def test_large_files_are_refused_in_little_memory(self):
        for i, (what, parts, words) in enumerate(REFUSED):
            with self.subTest(what):
                directory = self.large_dir(i, parts())
                measured = self.import_measured(directory, DATA)
                self.assertIn(str(directory / "docstore.json"), measured[0])
                self.assertIn(words, measured[0])
                self.assertLess(len(measured[0]), 2000)
                self.assert_bounded(what, measured, SIZE >> 20)
                self.assertFalse(self.database.exists())

    def test_a_sparse_file_is_refused_at_its_first_byte(self):
        directory = self.large_dir(0, [])
        os.truncate(directory / "docstore.json", 1000 * SIZE)
        measured = self.import_measured(directory, DATA)
        self.assertIn(str(directory / "docstore.json"), measured[0])
        self.assert_bounded("sparse file", measured, 0)


if __name__ == "__main__":
    unittest.main()
