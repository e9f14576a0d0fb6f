#!/usr/bin/env python3
"""Style as a test: which layer includes what, sizes, and what must not be in the tree.

    python3 tests/tidy_test.py

TreeTest checks this checkout; RuleTest plants one violation of each rule in a temporary tree and expects it to
be reported.
"""

import re
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MAX_LINES = 600
MAX_COLUMNS = 110

# Top-level folders that are looked at. Generated files and test data are not ours to tidy.
FOLDERS = ("include", "engine", "backends", "tools", "python", "integrations", "tests", "bench", "examples", "docs",
           "cmake", ".ci")
SKIPPED = {"tests/data"}
CODE = {".h", ".cc"}
TEXT = CODE | {".py", ".sh", ".md", ".cmake", ".txt", ".in", ".bash", ".1", ""}

# What each layer may include of this project: beginnings of paths in quotes. The longest layer that fits counts.
OWN_INCLUDES = {
    "include": ("quipu/",),
    "engine": ("quipu/", "engine/"),
    "backends/memory": ("quipu/", "backends/memory/"),
    "backends/rocksdb": ("quipu/", "backends/rocksdb/"),
    "backends/redis": ("quipu/", "backends/redis/"),
    "backends/postgres": ("quipu/", "backends/postgres/"),
    "backends/open": ("quipu/", "backends/"),
    "tools": ("quipu/", "tools/"),
    "tools/terminal": ("quipu/", "tools/terminal/"),
    "tools/database": ("quipu/", "tools/terminal/", "tools/database/"),
    "tools/ui/http": ("quipu/", "tools/terminal/", "tools/ui/http/"),
    "tools/ui/live": ("quipu/", "tools/terminal/", "tools/ui/live/"),
    "tools/ui/api": ("quipu/", "tools/terminal/", "tools/ui/http/", "tools/ui/live/", "tools/ui/api/"),
    "tools/ui": ("quipu/", "tools/terminal/", "tools/ui/"),
    "python": ("quipu/", "python/src/"),
    "python/src/convert": ("quipu/", "python/src/convert/"),
    "python/src/objects": ("quipu/", "python/src/convert/", "python/src/objects/"),
    "python/src/database": ("quipu/", "python/src/convert/", "python/src/objects/", "python/src/database/"),
    "python/src/stores": ("quipu/", "python/src/convert/", "python/src/objects/", "python/src/database/",
                          "python/src/stores/"),
    "python/src/operations": ("quipu/", "python/src/convert/", "python/src/database/", "python/src/operations/"),
    "examples": ("quipu/",),
    "bench": ("quipu/", "bench/", "engine/files/", "engine/json/", "engine/json_file/",
              "backends/rocksdb/database/rocksdb_options.h",
              "backends/rocksdb/files/rocksdb_version.h"),
    "tests": ("quipu/", "engine/", "backends/", "tests/", "tools/", "bench/"),
}
# Where each library may be used: beginnings of paths in angle brackets.
LIBRARIES = {
    "rocksdb/": ("backends/rocksdb", "bench", "tests"),
    "libpq-fe.h": ("backends/postgres",),
    "tl/": ("include",),
    "boost/": ("engine", "backends", "tools/ui/http", "bench", "tests"),
    "simdjson.h": ("engine", "bench", "tests"),
    "hnswlib/": ("engine", "bench"),
    "libstemmer.h": ("engine/text/analysis",),
    "unicode/": ("engine/text/analysis",),
    "hiredis/": ("backends/redis",),
    "curl/": ("engine",),
    "openssl/": ("engine", "backends/redis", "bench", "tests"),
    "hwy/": ("engine", "bench", "tests"),
    "CLI/": ("tools",),
    "nanobind/": ("python",),
    "gtest/": ("tests",),
    "gmock/": ("tests",),
    "benchmark/": ("bench",),
}
# Headers of the operating system; the contract in include/ does without.
SYSTEM = re.compile(r"(sys|linux|net|arpa|netinet)/|\w+\.h$")

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:<([^>]+)>|"([^"]+)")')
USING_NAMESPACE = re.compile(r"^using\s+namespace\b")  # inside a function it is indented
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")
MACHINE_PATH = re.compile(r"(?<![\w.$}/-])/(wor" + r"k|ho" + r"me|roo" + r"t|Use" + r"rs)/\w")
ASSERTION = re.compile(r"\b(EXPECT|ASSERT)_[A-Z]+|\bADD_FAILURE\b|\bFAIL\(\)")


def files_of(root):
    """Paths of all text files below `root`, relative to it."""
    found = [path for path in root.iterdir() if path.is_file()]
    for folder in FOLDERS:
        found += [path for path in (root / folder).rglob("*") if path.is_file()]
    for path in sorted(found):
        name = path.relative_to(root).as_posix()
        if path.suffix not in TEXT or path.name.startswith(".") or "__pycache__" in name:
            continue
        if not any(name.startswith(skipped + "/") for skipped in SKIPPED):
            yield name


def layer_of(name):
    fitting = [layer for layer in OWN_INCLUDES if name.startswith(layer + "/")]
    return max(fitting, key=len, default=None)


def check_include(name, layer, library, own):
    """What is wrong with one #include, or None."""
    if own is not None:
        beside = "/" not in own and layer in ("tests", "examples")
        if not beside and not own.startswith(OWN_INCLUDES[layer]):
            return f'{layer} may not include "{own}"'
        return None
    for beginning, layers in LIBRARIES.items():
        if library.startswith(beginning):
            allowed = any(name.startswith(folder + "/") for folder in layers)
            return None if allowed else f"{layer} may not include <{library}>"
    if "/" not in library and "." not in library:
        return None  # the standard library
    if layer == "include":
        return f"include may not include <{library}>"
    return None if SYSTEM.match(library) else f"<{library}> is of no library that is listed in tidy_test.py"


def check_code(name, lines):
    """Faults of a C++ file as (line number, text)."""
    layer = layer_of(name)
    header_or_core = name.endswith(".h") or layer in ("include", "engine", "backends/memory", "backends/rocksdb", "backends/postgres")
    if len(lines) > MAX_LINES:
        yield len(lines), f"more than {MAX_LINES} lines"
    if name.startswith("tests/") and name.endswith("_test.cc") and not any(map(ASSERTION.search, lines)):
        yield 1, "a test that asserts nothing"
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_COLUMNS:
            yield number, f"more than {MAX_COLUMNS} columns"
        if header_or_core and USING_NAMESPACE.match(line):
            yield number, "using namespace"
        included = INCLUDE.match(line)
        if included:
            if layer is None:
                yield number, "code outside the layers"
                continue
            fault = check_include(name, layer, *included.groups())
            if fault:
                yield number, fault


def faults_of(root):
    """All faults of the tree as "path:line: text"."""
    faults = []
    for name in files_of(root):
        lines = (root / name).read_text(encoding="utf-8").splitlines()
        found = list(check_code(name, lines)) if Path(name).suffix in CODE else []
        for number, line in enumerate(lines, 1):
            if UNFINISHED.search(line):
                found.append((number, "a note that something is unfinished"))
            if MACHINE_PATH.search(line):
                found.append((number, "a path of one machine"))
        faults += [f"{name}:{number}: {text}" for number, text in found]
    return faults


class TreeTest(unittest.TestCase):
    def test_tree_is_tidy(self):
        self.assertGreater(len(list(files_of(ROOT))), 20, "the tree was not found")
        faults = faults_of(ROOT)
        self.assertEqual([], faults, "\n" + "\n".join(faults))


class RuleTest(unittest.TestCase):
    def check(self, name, text, expected):
        """A tree with only this file has exactly the fault `expected`, or none when that is None."""
        with tempfile.TemporaryDirectory(prefix="tidy_test.") as folder:
            path = Path(folder, name)
            path.parent.mkdir(parents=True)
            path.write_text(text, encoding="utf-8")
            faults = faults_of(Path(folder))
        if expected is None:
            self.assertEqual([], faults)
        else:
            self.assertEqual(1, len(faults), faults)
            self.assertIn(name + ":", faults[0])
            self.assertIn(expected, faults[0])

    def test_rocksdb_is_behind_one_wall(self):
        for layer in ("include/quipu", "engine/kv", "backends/memory", "tools", "examples/a"):
            self.check(f"{layer}/a.h", "#include <rocksdb/db.h>\n", "may not include <rocksdb/db.h>")
        for layer in ("backends/rocksdb", "bench", "tests/unit"):
            self.check(f"{layer}/a.h", "#include <rocksdb/db.h>\n", None)

    def test_the_contract_stands_alone(self):
        self.check("include/quipu/a.h", '#include <vector>\n#include <tl/expected.hpp>\n#include "quipu/b.h"\n', None)
        self.check("include/quipu/a.h", "#include <boost/filesystem.hpp>\n", "may not include <boost/")
        self.check("include/quipu/a.h", '#include "engine/b.h"\n', 'may not include "engine/b.h"')
        self.check("include/quipu/a.h", "#include <unistd.h>\n", "may not include <unistd.h>")

    def test_no_layer_includes_upwards(self):
        self.check("engine/kv/a.cc", '#include "backends/memory/b.h"\n', "engine may not include")
        self.check("engine/kv/a.cc", '#include "tools/b.h"\n', "engine may not include")
        self.check("backends/rocksdb/a.cc", '#include "engine/b.h"\n', "backends/rocksdb may not include")
        self.check("backends/memory/a.cc", '#include "backends/rocksdb/b.h"\n', "backends/memory may not include")
        self.check("tools/a.cc", '#include "engine/b.h"\n', "tools may not include")
        self.check("tools/terminal/a.cc", '#include "tools/commands/b.h"\n', "tools/terminal may not include")
        self.check("python/src/convert/a.h", '#include "python/src/stores/b.h"\n', "python/src/convert may not include")
        self.check("examples/a/main.cc", '#include "engine/b.h"\n', "examples may not include")
        self.check("bench/a.cc", '#include "backends/rocksdb/database/rocksdb_options.h"\n', None)
        self.check("bench/a.cc", '#include "backends/rocksdb/codec.h"\n', "bench may not include")

    def test_libraries_are_listed(self):
        self.check("engine/kv/a.cc", "#include <absl/strings/str_cat.h>\n", "no library that is listed")
        self.check("engine/kv/a.cc", "#include <sys/mman.h>\n#include <fcntl.h>\n", None)
        self.check("tools/a.cc", "#include <CLI/CLI.hpp>\n", None)
        self.check("engine/kv/a.cc", "#include <CLI/CLI.hpp>\n", "may not include <CLI/CLI.hpp>")

    def test_code_is_in_a_layer(self):
        self.check("docs/a.cc", "#include <vector>\n", "outside the layers")

    def test_sizes(self):
        self.check("engine/kv/a.cc", "int a;\n" * 601, "more than 600 lines")
        self.check("engine/kv/a.cc", "int a;\n" * 600, None)
        self.check("engine/kv/a.cc", "// " + "é" * 108 + "\n", "more than 110 columns")
        self.check("engine/kv/a.cc", "// " + "é" * 107 + "\n", None)

    def test_using_namespace(self):
        self.check("engine/kv/a.cc", "using namespace std;\n", "using namespace")
        self.check("tests/support/a.h", "using namespace std;\n", "using namespace")
        self.check("tests/unit/a.cc", "using namespace std;\n", None)
        self.check("engine/kv/a.cc", "void f() {\n  using namespace std::literals;\n}\n", None)

    def test_tests_assert(self):
        self.check("tests/unit/a_test.cc", "TEST(A, B) {}\n", "asserts nothing")
        self.check("tests/unit/a_test.cc", "TEST(A, B) { EXPECT_EQ(1, 1); }\n", None)

    def test_nothing_unfinished(self):
        for word in ("TO" + "DO", "FIX" + "ME", "X" + "XX"):
            self.check("docs/a.md", f"({word}: later)\n", "unfinished")
        self.check("tests/support/a.cc", '"dir.XXXXXX"  // \\uXXXX\n', None)

    def test_no_path_of_one_machine(self):
        for folder in ("wor" + "k", "ho" + "me", "roo" + "t"):
            self.check("docs/a.md", f"see /{folder}/x/y\n", "path of one machine")
        self.check("docs/a.md", "backends/home/a, $ROOT/root/b\n", None)


if __name__ == "__main__":
    unittest.main()
