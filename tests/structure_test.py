#!/usr/bin/env python3
"""The architecture as a test: which folder may use which, and how large folders, functions and headers are.

    python3 tests/structure_test.py [OBJECTS]

OBJECTS: a file with the paths of the library's object files, separated by semicolons; with it, the folders' order is
held against the symbols that they link to, too. TreeTest checks this checkout; RuleTest plants one violation of
each rule and expects it to be reported.
"""

import ast
import os
import re
import subprocess
import sys
import tempfile
import unittest
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# The folders of the library, each of which may use those before it, and itself. A folder that begins with another
# one's name is a folder of its own. docs/ARCHITECTURE.md has the picture.
ORDER = (
    "engine/base",
    "engine/json",
    "engine/python",
    "engine/files",
    "engine/files/http",
    "engine/files/aws",
    "engine/files/s3",
    "engine/json_file",
    "engine/kv",
    "engine/node",
    "engine/layout",
    "engine/persist/former",
    "engine/persist/files",
    "backends/memory",
    "engine/vectors/codes",
    "engine/vectors/cascade",
    "engine/vectors/partitions",
    "engine/vectors/filters",
    "engine/vectors",
    "engine/vectors/stored",
    "engine/vectors/hnsw",
    "engine/text/analysis",
    "engine/text/postings",
    "engine/text",
    "engine/text/stored",
    "engine/stores",
    "engine/stores/text",
    "engine/stores/partitions",
    "engine/stores/documents",
    "engine/stores/indexes",
    "engine/stores/vectors",
    "engine/stores/vector_tables",
    "engine/stores/graphs",
    "engine/stores/chat",
    "engine/checks",
    "engine/persist/conversions",
    "engine/persist",
    "engine/migrate",
    "engine/context",
    "backends/rocksdb/files",
    "backends/rocksdb/format",
    "backends/rocksdb/stats",
    "backends/rocksdb/database",
    "backends/rocksdb/read",
    "backends/rocksdb/text",
    "backends/rocksdb/write",
    "backends/rocksdb/transaction",
    "backends/rocksdb/check",
    "backends/rocksdb/backup",
    "backends/rocksdb",
    "backends/postgres/connection",
    "backends/postgres/database",
    "backends/postgres/read",
    "backends/postgres/write",
    "backends/postgres/vectors",
    "backends/postgres/chats",
    "backends/postgres/transaction",
    "backends/postgres/copies",
    "backends/postgres",
    "backends/redis/client",
    "backends/redis/layout",
    "backends/redis",
    "backends/open",
)

MAX_FILES = 20  # in one folder
MAX_FUNCTION_LINES = 70
MAX_HEADERS = {"include/quipu": 27, "include/quipu/backend": 12}
CODE_FOLDERS = ("include", "engine", "backends", "tools", "python", "tests", "bench", "examples")
CODE = {".h", ".cc", ".py", ".in"}
SKIPPED = ("tests/data/",)

INCLUDE = re.compile(r'^\s*#\s*include\s*"((?:engine|backends)/[^"]+)"', re.MULTILINE)
NO_FUNCTION = re.compile(r"^(?:inline |export )*(namespace|class|struct|enum|union|extern|template <[^>]*> (?:class|struct))\b")
RAW_STRING = re.compile(r'R"([^\s()\\]*)\(.*?\)\1"', re.DOTALL)
# A member that only an implementation knows: a lock, a cache, a pointer to a class of the engine or a backend.
IMPLEMENTATION = re.compile(r"\b(engine|rocksdb|rocks)::|^  (?:mutable )?std::(?:shared_)?mutex\b")


def code_files(root):
    for folder in CODE_FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.is_file() and path.suffix in CODE and "__pycache__" not in name and not name.startswith(SKIPPED):
                yield name


def folder_of(name):
    return name.rpartition("/")[0]


def is_library(name):
    return name.startswith(("engine/", "backends/"))


def order_fault(user, used, order=ORDER):
    """Why a file of the folder `user` may not use one of the folder `used`, or None."""
    for folder in (user, used):
        if folder not in order:
            return f"{folder} is no folder of ORDER in structure_test.py"
    if order.index(used) > order.index(user):
        return f"{user} may not use {used}, which stands above it"
    return None


def include_faults(root):
    for name in filter(is_library, code_files(root)):
        for included in INCLUDE.findall((root / name).read_text(encoding="utf-8")):
            fault = order_fault(folder_of(name), folder_of(included))
            if fault:
                yield f'{name}: {fault}: "{included}"'


def symbols_of(object_file):
    """What an object file defines for others, and what it needs; inline functions are neither."""
    defined, needed = set(), set()
    listed = subprocess.run(["nm", object_file], capture_output=True, check=True, text=True).stdout
    for line in listed.splitlines():
        kind, symbol = line.split()[-2:]
        if kind in "TDBR":
            defined.add(symbol)
        elif kind == "U":
            needed.add(symbol)
    return defined, needed


def symbol_faults(objects):
    """`objects`: the path of each object file by the name of its source."""
    home, needs = {}, {}
    for name, path in objects.items():
        defined, needs[name] = symbols_of(path)
        home.update(dict.fromkeys(defined, name))
    found = defaultdict(set)
    for name, symbols in needs.items():
        for symbol in symbols & home.keys():
            fault = order_fault(folder_of(name), folder_of(home[symbol]))
            if fault:
                found[f"{name}: {fault}: {home[symbol]}"].add(symbol)
    return [f"{fault} ({', '.join(sorted(symbols)[:3])})" for fault, symbols in sorted(found.items())]


def folder_faults(root):
    folders = defaultdict(list)
    for name in code_files(root):
        folders[folder_of(name)].append(name)
    for folder, names in sorted(folders.items()):
        if folder in MAX_HEADERS:
            if len(names) > MAX_HEADERS[folder]:
                yield f"{folder}: {len(names)} headers, more than {MAX_HEADERS[folder]}"
        elif len(names) > MAX_FILES:
            yield f"{folder}: {len(names)} files, more than {MAX_FILES}"
        if not (root / folder / "README.md").is_file():
            yield f"{folder}: no README.md"


def private_faults(root):
    """Private members in public headers that name what only an implementation knows."""
    for path in sorted((root / "include").rglob("*.h")):
        if path.name == "thread_annotations.h":
            continue  # the locks themselves
        private = False
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if re.match(r" private:", line):
                private = True
            elif re.match(r"};| (?:public|protected):", line):
                private = False
            elif private and IMPLEMENTATION.search(line):
                yield f"{path.relative_to(root)}:{number}: a private member of an implementation's: {line.strip()}"


def without_text(line):
    """A line without its comment and the contents of its literals."""
    line = re.sub(r'"(?:[^"\\]|\\.)*"', '""', line)
    line = re.sub(r"'(?:[^'\\]|\\.)'", "''", line)
    return line.split("//")[0]


def without_raw_strings(text):
    """A C++ text with what its raw strings hold taken out, but for the line breaks."""
    return RAW_STRING.sub(lambda found: '""' + "\n" * found[0].count("\n"), text)


def long_functions(text):
    """(line, length) of each function of a C++ file that is too long."""
    open_blocks, head, head_line = [], "", 0  # of a block: None, or the line at which a function begins
    for number, line in enumerate(map(without_text, without_raw_strings(text).split("\n")), 1):
        if line.startswith("#"):
            continue
        for character in line:
            if character == "{":
                inside = any(begin is not None for begin in open_blocks)
                is_function = not inside and "(" in head and not NO_FUNCTION.match(head.strip())
                open_blocks.append(head_line if is_function else None)
                head = ""
            elif character == "}":
                begin = open_blocks.pop() if open_blocks else None
                if begin is not None and number - begin + 1 > MAX_FUNCTION_LINES:
                    yield begin, number - begin + 1
                head = ""
            elif character == ";" and head.count("(") == head.count(")"):
                head = ""
            else:
                if not head.strip() and not character.isspace():
                    head, head_line = "", number
                head += character


def long_python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = node.end_lineno - node.lineno + 1
            if length > MAX_FUNCTION_LINES:
                yield node.lineno, length


def function_faults(root):
    for name in code_files(root):
        text = (root / name).read_text(encoding="utf-8")
        if name.endswith((".h", ".cc")):
            found = long_functions(text)
        elif name.endswith(".py"):
            found = long_python_functions(text)
        else:
            continue
        for line, length in found:
            yield f"{name}:{line}: a function of {length} lines, more than {MAX_FUNCTION_LINES}"


class TreeTest(unittest.TestCase):
    def check(self, faults):
        found = list(faults)
        self.assertEqual([], found, "\n" + "\n".join(found))

    def test_includes_follow_the_order(self):
        self.check(include_faults(ROOT))

    def test_every_folder_of_the_order_is_there(self):
        folders = {folder_of(name) for name in code_files(ROOT) if is_library(name)}
        self.assertEqual(set(ORDER), folders)

    def test_the_architecture_lists_the_order(self):
        text = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
        table = text.partition("\n## Folders\n")[2].partition("\n## ")[0]
        self.assertEqual(list(ORDER), re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE))

    def test_folders_are_small_and_have_a_readme(self):
        self.check(folder_faults(ROOT))

    def test_public_headers_hide_implementations(self):
        self.check(private_faults(ROOT))

    def test_functions_are_short(self):
        self.check(function_faults(ROOT))


class SymbolTest(unittest.TestCase):
    objects = None

    def test_symbols_follow_the_order(self):
        if self.objects is None:
            self.skipTest("no list of object files was given")
        paths = [path for path in Path(self.objects).read_text(encoding="utf-8").strip().split(";") if path]
        # .../quipu.dir/engine/json/json.cc.o
        by_source = {os.path.normpath(path.partition("quipu.dir/")[2]).removesuffix(".o"): path for path in paths}
        self.assertGreater(len(by_source), 100, "the object files were not found")
        faults = symbol_faults(by_source)
        self.assertEqual([], faults, "\n" + "\n".join(faults))


class RuleTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="structure_test.")
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def test_an_include_of_a_folder_above_is_a_fault(self):
        self.write("engine/kv/a.cc", '#include "engine/json/b.h"\n#include "engine/stores/documents/c.h"\n')
        faults = list(include_faults(self.root))
        self.assertEqual(1, len(faults), faults)
        self.assertIn("engine/kv may not use engine/stores/documents", faults[0])

    def test_a_folder_outside_the_order_is_a_fault(self):
        self.write("engine/new/a.cc", '#include "engine/json/b.h"\n')
        self.assertIn("engine/new is no folder of ORDER", list(include_faults(self.root))[0])

    def test_a_symbol_of_a_folder_above_is_a_fault(self):
        sources = {"engine/json/a.cc": "void above(); void below() { above(); }\n",
                   "engine/kv/b.cc": "void below(); void above() { below(); }\n"}
        objects = {}
        for name, text in sources.items():
            path = self.write(name, text)
            objects[name] = str(path) + ".o"
            subprocess.run(["c++", "-c", path, "-o", objects[name]], check=True)
        faults = symbol_faults(objects)
        self.assertEqual(1, len(faults), faults)
        self.assertIn("engine/json may not use engine/kv", faults[0])

    def test_large_folders_and_missing_readmes_are_faults(self):
        for number in range(MAX_FILES + 1):
            self.write(f"engine/kv/{number}.h", "")
        self.assertEqual([f"engine/kv: {MAX_FILES + 1} files, more than {MAX_FILES}", "engine/kv: no README.md"],
                         list(folder_faults(self.root)))

    def test_implementations_in_headers_are_faults(self):
        self.write("include/quipu/a.h", "class A {\n  std::mutex fine_;\n private:\n  std::mutex mutex_;\n};\n")
        self.assertEqual(1, len(list(private_faults(self.root))))

    def test_long_functions_are_faults(self):
        body = "  a();\n" * (MAX_FUNCTION_LINES - 2)
        self.write("engine/kv/a.cc", f"namespace {{\nvoid fine() {{\n{body}}}\n}}  // namespace\n")
        self.assertEqual([], list(function_faults(self.root)))
        self.write("engine/kv/a.cc", f"class A {{\n  void b(int i = 0) {{\n{body}\n  }}\n}};\n")
        self.assertEqual(1, len(list(function_faults(self.root))))
        # Braces in a literal open and end nothing.
        braces = ["  a(\"{\");", "  a('{');", '  a(R"({"a": "{"})");', '  a(R"x(\n{")\n)x");', "  // {"]
        short = "void fine() {\n" + "\n".join(braces) + "\n}\n"
        self.write("engine/kv/a.cc", short * MAX_FUNCTION_LINES)
        self.assertEqual([], list(function_faults(self.root)))
        self.write("engine/kv/a.cc", "")
        self.write("python/a.py", "def a():\n" + "    b()\n" * MAX_FUNCTION_LINES)
        self.assertEqual(1, len(list(function_faults(self.root))))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        SymbolTest.objects = sys.argv[1]
    unittest.main(argv=sys.argv[:1])
