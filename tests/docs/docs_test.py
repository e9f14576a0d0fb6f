#!/usr/bin/env python3
"""Runs the examples of the headers and the README, and the README's console session.

usage: docs_test.py QUIPU HEADER_EXAMPLES README_EXAMPLE CPP_EXAMPLE (built programs)
"""

import fnmatch
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from extract import header_examples  # noqa: E402

SOURCE = Path(__file__).resolve().parent.parent.parent
CONTEXTS = SOURCE / "tests" / "docs" / "context"
QUIPU, HEADER_EXAMPLES, README_EXAMPLE, CPP_EXAMPLE = (os.path.abspath(path) for path in sys.argv[1:5])


class DocsTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="quipu_docs_test."))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.storage = shutil.copytree(SOURCE / "tests" / "data" / "goldens" / "basic", self.folder / "storage")
        (self.storage / "MANIFEST.json").unlink()

    def run_program(self, *command):
        run = subprocess.run(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
                             check=False, text=True)
        self.assertEqual(0, run.returncode, run.stdout)
        return run.stdout

    def test_every_example_is_compiled(self):
        with_example = {path.stem for path in (SOURCE / "include" / "quipu").rglob("*.h") if header_examples(path)}
        with_context = {path.name.removesuffix(".cc.in") for path in CONTEXTS.rglob("*.cc.in")}
        self.assertEqual(with_example, with_context, "each example needs a file in tests/docs/context")

    def test_header_examples_run(self):
        for context in sorted(CONTEXTS.rglob("*.cc.in")):
            with self.subTest(context.name):
                self.remove_databases()
                self.run_program(HEADER_EXAMPLES, context.name.removesuffix(".cc.in"))

    def remove_databases(self):
        for path in self.folder.iterdir():
            if path != self.storage:
                shutil.rmtree(path)

    def test_readme_example_runs(self):
        self.run_program(README_EXAMPLE)

    def test_example_of_the_cpp_page_runs(self):
        printed = self.run_program(CPP_EXAMPLE).splitlines()
        self.assertEqual("cords", printed[0])
        self.assertIn("commit 2", printed)
        self.assertIn("query 1", printed)

    def test_readme_console_session(self):
        """Each `$ command` of a console block prints what stands below it; ... stands for anything."""
        blocks = re.findall(r"^```console\n(.*?)^```$", (SOURCE / "README.md").read_text(encoding="utf-8"),
                            re.MULTILINE | re.DOTALL)
        self.assertGreater(len(blocks), 0)
        for block in blocks:
            for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                command, _, expected = step.partition("\n")
                quoted = f"quipu() {{ {shlex.quote(QUIPU)} \"$@\"; }}\nset -eo pipefail\n{command}"
                run = subprocess.run(["bash", "-c", quoted], cwd=self.folder, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, timeout=120, check=False, text=True)
                self.assertEqual(0, run.returncode, f"{command}\n{run.stderr}")
                self.assert_lines(command, expected.splitlines(), run.stdout.splitlines())

    def assert_lines(self, command, expected, printed):
        self.assertEqual(len(expected), len(printed), f"$ {command}\n" + "\n".join(printed))
        for pattern, line in zip(expected, printed):
            escaped = re.sub(r"([*?\[])", r"[\1]", pattern).replace("...", "*")
            self.assertTrue(fnmatch.fnmatchcase(line, escaped), f"$ {command}\nREADME: {pattern}\nprinted: {line}")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
