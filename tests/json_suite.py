#!/usr/bin/env python3
"""Each text of a checkout of nst/JSONTestSuite, as a whole file and as a value within one: taken or refused as
Python's json does, what is taken written as Python writes it. Prints what differs.

    python3 tests/json_suite.py PATH/JSONTestSuite/test_parsing
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
QUIPU = os.environ.get("QUIPU_BIN", str(ROOT / "build/release/tools/quipu"))
REFUSED = 1


def as_python_writes(text):
    """None where Python refuses the text."""
    try:
        return json.dumps(json.loads(text)).encode()
    except (ValueError, RecursionError):
        return None


def is_store(text):
    """Whether it is a key-value store's: an object of objects of objects."""
    try:
        collections = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(collections, dict) and all(
        isinstance(each, dict) and all(isinstance(value, dict) for value in each.values())
        for each in collections.values()
    )


def imported(text, folder):
    """The exit status of an import of this docstore.json, and what an export makes of it."""
    (folder / "in").mkdir()
    (folder / "in/docstore.json").write_bytes(text)
    command = [QUIPU, "import", "--quiet", "--file", "docstore.json", folder / "in", folder / "db"]
    status = subprocess.run(command, capture_output=True).returncode
    if status != 0:
        return status, None
    export = [QUIPU, "export", "--quiet", folder / "db", folder / "out"]
    subprocess.run(export, capture_output=True, check=True)
    written = folder / "out/docstore.json"
    return 0, written.read_bytes() if written.exists() else b"{}"


def difference(text, stored):
    """What is not as expected of this docstore.json; None: nothing. `stored`: it has the form of a store."""
    expected = as_python_writes(text) if stored else None
    with tempfile.TemporaryDirectory() as folder:
        status, written = imported(text, Path(folder))
    if status not in (0, REFUSED):
        return f"exit status {status}"
    if (status == 0) != (expected is not None):
        return "taken" if status == 0 else "refused"
    return None if written == expected else f"written as {written!r}, not {expected!r}"


def main():
    differences = {}
    files = sorted(Path(sys.argv[1]).glob("*.json"))
    for path in files:
        text = path.read_bytes()
        found = difference(text, is_store(text))
        if found:
            differences[f"{path.name}, whole"] = found
        value = b'{"docstore/data": {"k": {"v": ' + text + b"}}}"
        found = difference(value, True)
        if found:
            differences[f"{path.name}, a value"] = found
    for name, found in differences.items():
        print(f"{name}: {found}")
    print(f"{len(files)} texts, {len(differences)} differences")
    return int(bool(differences) or not files)


if __name__ == "__main__":
    sys.exit(main())
