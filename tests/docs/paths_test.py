#!/usr/bin/env python3
"""What the documentation names is there: paths, the functions it names with the file they are in, and tests.

    python3 tests/docs/paths_test.py

TreeTest checks this checkout's Markdown files and the manual; RuleTest plants one fault of each kind.
"""

import fnmatch
import re
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
HISTORY = {"CHANGELOG.md"}  # names what was there once
FOLDERS = "include|engine|backends|tools|python|tests|bench|examples|docs|cmake|\\.ci|\\.github"
SKIPPED = ("build/", ".git/", "tests/data/")

# A path of this tree: not a part of a longer one, nor of an address. <noun>, NAME and * stand for any name.
PATH = re.compile(rf"(?<![\w./:~$-])((?:{FOLDERS})/[\w./*<>@{{}},-]*)")
# A file by its name, or by its path from a folder above the document, or as it is included.
FILE = re.compile(r"`([\w./-]+\.(?:h|cc|py|pyi|cmake|toml))`")
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
# `Name` (`path`): the name is in the file.
NAMED = re.compile(r"`([\w:~]+)`\s+\(`([^`]+)`\)")
TEST = re.compile(r"`(\w+Test)(?:\.(\w+))?`")
PLACEHOLDER = re.compile(r"<[^>]*>|NAME")


def documents(root):
    for path in sorted(root.rglob("*.md")) + sorted((root / "tools").glob("*.1")):
        name = path.relative_to(root).as_posix()
        if not name.startswith(SKIPPED) and "/build/" not in name and name not in HISTORY:
            yield name, path.read_text(encoding="utf-8")


def alternatives(pattern):
    """The patterns that one with {a,b} stands for."""
    found = re.search(r"\{([^{}]*)\}", pattern)
    if not found:
        return [pattern]
    return [one for choice in found[1].split(",")
            for one in alternatives(pattern[:found.start()] + choice + pattern[found.end():])]


def exists(root, path):
    path = PLACEHOLDER.sub("*", path)
    return all(any(root.glob(one)) if "*" in one else (root / one).exists() for one in alternatives(path))


def missing_paths(root):
    known = {path.name for folder in FOLDERS.replace("\\", "").split("|") for path in (root / folder).rglob("*.*")}
    for name, text in documents(root):
        folder = (root / name).parent
        bases = [root / "include", *(root / above for above in Path(name).parents)]
        for path in PATH.findall(text):
            path = path.rstrip(".,-")
            if not exists(root, path):
                yield f"{name}: {path} is not there"
        for file in FILE.findall(text):
            pattern = PLACEHOLDER.sub("*", file)
            if not (fnmatch.filter(known, pattern) or PATH.fullmatch(file) or any(exists(base, file) for base in bases)):
                yield f"{name}: {file} is not there"
        for target in LINK.findall(text):
            if not (folder / target).exists():
                yield f"{name}: the link to {target} leads nowhere"


def missing_names(root):
    for name, text in documents(root):
        for symbol, path in NAMED.findall(text):
            file = root / path
            words = set(re.findall(r"~?\w+", file.read_text(encoding="utf-8"))) if file.is_file() else set()
            if file.is_file() and not words.issuperset(symbol.split("::")):
                yield f"{name}: {symbol} is not in {path}"


def missing_tests(root):
    cases = {}
    for path in (root / "tests").rglob("*.cc"):
        for suite, case in re.findall(r"^ *(?:TYPED_)?TEST(?:_[FP])?\((\w+),\s*(\w+)\)", path.read_text(encoding="utf-8"),
                                      re.MULTILINE):
            cases.setdefault(suite, set()).add(case)
    for name, text in documents(root):
        for suite, case in TEST.findall(text):
            if suite not in cases or (case and case not in cases[suite]):
                yield f"{name}: there is no test {suite}{'.' + case if case else ''}"


class TreeTest(unittest.TestCase):
    def check(self, faults):
        found = sorted(set(faults))
        self.assertEqual([], found, "\n" + "\n".join(found))

    def test_every_path_is_there(self):
        self.assertGreater(sum(len(PATH.findall(text)) for _, text in documents(ROOT)), 100)
        self.check(missing_paths(ROOT))

    def test_every_name_is_in_its_file(self):
        self.assertGreater(sum(len(NAMED.findall(text)) for _, text in documents(ROOT)), 20)
        self.check(missing_names(ROOT))

    def test_every_test_is_there(self):
        self.assertGreater(sum(len(TEST.findall(text)) for _, text in documents(ROOT)), 20)
        self.check(missing_tests(ROOT))


class RuleTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="paths_test.")
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.write("engine/kv/a.cc", "void KVStore::get() {}\n")
        self.write("tests/unit/a_test.cc", "TEST_P(KVTest, Gets) {}\n")

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def test_paths(self):
        self.write("README.md", "engine/kv/a.cc, `engine/<folder>/*.cc`, engine/{kv,kv}/a.cc. See engine/kv/. "
                                "https://x.org/engine/y /usr/include/z [a](engine/kv/a.cc) [b](https://x.org)\n")
        self.assertEqual([], list(missing_paths(self.root)))
        self.write("engine/README.md", "`kv/a.cc`, `a.cc`, `NAME.cc`, `kv/NAME.cc`\n")
        self.assertEqual([], list(missing_paths(self.root)))
        self.write("engine/README.md", "`json/a.cc`, `b.cc`, `NAME.py`\n")
        self.assertEqual(3, len(list(missing_paths(self.root))))
        self.write("engine/README.md", "")
        self.write("README.md", "engine/kv/b.cc, `engine/<folder>/*.h`, engine/{kv,json}/a.cc [a](b.md)\n")
        self.assertEqual(4, len(list(missing_paths(self.root))))

    def test_names(self):
        self.write("docs/a.md", "`KVStore::get`\n (`engine/kv/a.cc`)\n")
        self.assertEqual([], list(missing_names(self.root)))
        self.write("docs/a.md", "`KVStore::put` (`engine/kv/a.cc`)\n")
        self.assertEqual(["docs/a.md: KVStore::put is not in engine/kv/a.cc"], list(missing_names(self.root)))
        self.write("docs/a.md", "`Store::get` (`engine/kv/a.cc`)\n")
        self.assertEqual(1, len(list(missing_names(self.root))))

    def test_tests(self):
        self.write("docs/a.md", "`KVTest.Gets`, `KVTest`\n")
        self.assertEqual([], list(missing_tests(self.root)))
        self.write("docs/a.md", "`KVTest.Puts`, `JsonTest`\n")
        self.assertEqual(2, len(list(missing_tests(self.root))))


if __name__ == "__main__":
    unittest.main()
