#!/usr/bin/env python3
"""Seeds faults in the code, one by one, and sees that the tests catch each.

    python3 tests/faults/run.py             all faults of *.toml in this folder
    python3 tests/faults/run.py NAME...     these
    python3 tests/faults/run.py --check     only that each still fits the code: what it replaces is there, once

A fault is put into a copy of the tree (build/faults/tree), which is built and tested as the release preset is: first
the tests that the fault's entry names, then, if these pass, all. They must pass without a fault, or their failure
would mean nothing; that is seen to first. Exits with 1 when a fault is not caught, or cannot be seeded.
"""

import argparse
import filecmp
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
WORK = ROOT / "build/faults"
TREE = WORK / "tree"
BUILD = TREE / "build/release"
FOLDERS = ("cmake", "include", "engine", "backends", "tools", "python", "tests", "bench", "examples", "docs")
TEST_SECONDS = 300  # of one test; a fault may make it wait for ever


@dataclass
class Fault:
    name: str
    what: str
    file: str  # relative to the tree
    old: str
    new: str
    program: str  # target of the tests likely to catch it
    tests: str  # their names, a regular expression of ctest's

    def seeded(self, text):
        """The file's text with the fault. Fails where the old text is not there exactly once."""
        found = text.count(self.old)
        if found != 1:
            raise ValueError(f"{self.name}: its old text is in {self.file} {found} times, not once")
        return text.replace(self.old, self.new)


def load():
    faults = {}
    for path in sorted(Path(__file__).parent.glob("*.toml")):
        for name, fields in tomllib.loads(path.read_text(encoding="utf-8")).items():
            if name in faults:
                raise ValueError(f"{name} is the name of two faults")
            faults[name] = Fault(name, **fields)
    return faults


def check(faults):
    """What is wrong with the entries, as texts."""
    wrong = []
    known = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*_test.cc"))
    known += "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("CMakeLists.txt"))
    for fault in faults:
        try:
            if fault.old == fault.new:
                wrong.append(f"{fault.name}: it changes nothing")
            fault.seeded((ROOT / fault.file).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            wrong.append(str(error))
        for name in re.findall(r"\w+", fault.tests):
            if name not in known:
                wrong.append(f"{fault.name}: no test has {name} in its name")
    return wrong


def files_of(root):
    found = [path for path in root.iterdir() if path.is_file()]
    for folder in FOLDERS:
        found += [path for path in (root / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {path.relative_to(root) for path in found}


def copy_tree():
    """Makes the copy what the tree is; files that are so already keep their time, so that little is built."""
    TREE.mkdir(parents=True, exist_ok=True)
    wanted = files_of(ROOT)
    for gone in files_of(TREE) - wanted:
        (TREE / gone).unlink()
    for name in wanted:
        copy = TREE / name
        if copy.exists() and filecmp.cmp(ROOT / name, copy, shallow=False):
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy)


def run(command, log):
    """Whether a command succeeds; what it prints goes to the log."""
    # The tests' own folder: those that are killed or crash leave something.
    with tempfile.TemporaryDirectory(dir=WORK, ignore_cleanup_errors=True) as scratch:
        with open(log, "w", encoding="utf-8") as out:
            environment = dict(os.environ, TMPDIR=scratch)
            done = subprocess.run(command, cwd=TREE, env=environment, stdout=out, stderr=out, check=False)
    return done.returncode == 0


def configure():
    launcher = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    return run(["cmake", "--preset", "release", *launcher], WORK / "configure.log")


def build(*targets):
    return run(["cmake", "--build", str(BUILD), "--parallel", "--target", *targets], WORK / "build.log")


def failing_test(tests=None):
    """The first test that fails, of those named or of all; None if none does."""
    log = WORK / "test.log"
    command = ["ctest", "--test-dir", str(BUILD), "--parallel", str(os.cpu_count()), "--stop-on-failure",
               "--timeout", str(TEST_SECONDS), "--output-on-failure", "--no-tests=error"]
    # Without what looks at the sources, which would notice each fault as such.
    command += ["--tests-regex", tests] if tests else ["--label-exclude", "^(tidy|faults|python)$"]
    if run(command, log):
        return None
    failed = re.search(r"The following tests FAILED:\s+\d+ - (\S+)", log.read_text(encoding="utf-8", errors="replace"))
    return failed[1] if failed else f"ctest itself fails (see {log})"


def prepare(faults):
    copy_tree()
    print("building what is sound", flush=True)
    if not configure() or not all(build(program) for program in sorted({fault.program for fault in faults})):
        sys.exit(f"it cannot be built: see {WORK}")
    failed = failing_test("|".join(sorted({fault.tests for fault in faults})))
    if failed:
        sys.exit(f"{failed} fails without any fault: see {WORK}/test.log")


def outcome(fault):
    """Whether a fault is caught, and what is to be said of it."""
    place = TREE / fault.file
    sound = place.read_text(encoding="utf-8")
    place.write_text(fault.seeded(sound), encoding="utf-8")
    everything_has_it = False
    try:
        if not build(fault.program):
            return False, f"cannot be built: see {WORK}/build.log"
        if failed := failing_test(fault.tests):
            return True, f"caught by {failed}"
        everything_has_it = True
        if not build("tests/all", "quipu_cli"):
            return False, f"cannot be built: see {WORK}/build.log"
        failed = failing_test()
        # Twice, so that a test that fails now and then is not taken for one that sees the fault.
        if failed and failing_test("^" + re.escape(failed)):
            return True, f"caught by {failed}, which its entry does not name"
        return False, "NOT CAUGHT" + (f" ({failed} failed once, and then passed)" if failed else "")
    finally:
        place.write_text(sound, encoding="utf-8")
        if everything_has_it and not build("tests/all", "quipu_cli"):  # or it would be found in place of those after it
            sys.exit(f"it cannot be built any more: see {WORK}")


def main():
    parser = argparse.ArgumentParser(description="Seeds faults and sees that the tests catch them.")
    parser.add_argument("--check", action="store_true", help="only see that each fault fits the code")
    parser.add_argument("names", nargs="*", metavar="NAME", help="of faults; all without any")
    arguments = parser.parse_args()
    known = load()
    for name in arguments.names:
        if name not in known:
            parser.error(f"no fault {name}")
    faults = [known[name] for name in arguments.names] or list(known.values())
    if wrong := check(faults):
        sys.exit("\n".join(wrong))
    if arguments.check:
        print(f"{len(faults)} faults fit the code")
        return
    prepare(faults)
    caught = 0
    for fault in faults:
        begin = time.monotonic()
        is_caught, text = outcome(fault)
        caught += is_caught
        print(f"{fault.name}: {text} ({time.monotonic() - begin:.0f} s)", flush=True)
    print(f"{caught} of {len(faults)} caught")
    sys.exit(caught != len(faults))


if __name__ == "__main__":
    main()
