"""The wheel that tools/dev builds: what it brings along, and that it works with nothing else installed.

Skipped where the package was installed in another way.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif("QUIPU_WHEEL" not in os.environ, reason="only for the wheel of tools/dev")

GOLDEN = Path(__file__).resolve().parents[2] / "tests" / "data" / "goldens" / "basic"

# Prints the shared libraries that the package brings into a process that has LlamaIndex already.
LOADED = """
import re, sys

def loaded():
    return set(re.findall(r"/\\S+\\.so[.\\d]*$", open("/proc/self/maps").read(), re.MULTILINE))

import llama_index.core
before = loaded()
import quipu
with quipu.storage_context(sys.argv[1]) as context:
    context.docstore.set_document_hash("a", "b")
print("\\n".join(sorted(loaded() - before)))
"""

# What every Linux has that the tag of the wheel promises.
OF_THE_SYSTEM = {
    "libc.so.6", "libgcc_s.so.1", "libm.so.6", "libpthread.so.0", "libresolv.so.2", "libstdc++.so.6", "libz.so.1",
}  # fmt: skip

WORK = """
import filecmp, os, sys
import quipu
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores import VectorStoreQuery

golden, database, copy = sys.argv[1:]
report = quipu.import_dir(golden, database)
assert report["docstore.json"]["docstore/data"] == 58, report
assert quipu.export_dir(database, copy) == report
for name in report:
    assert filecmp.cmp(os.path.join(golden, name), os.path.join(copy, name), shallow=False), name

with quipu.storage_context(database) as context:
    with quipu.transaction(context):
        context.docstore.add_documents([TextNode(id_="new", text="a knot")])
        context.vector_store.add([TextNode(id_="new", embedding=[2.0] + [0.0] * 7)])
    query = VectorStoreQuery(query_embedding=[1.0] + [0.0] * 7, similarity_top_k=1)
    assert context.vector_store.query(query).ids == ["new"]
with quipu.storage_context(database, create_if_missing=False) as context:
    assert context.docstore.get_document("new").text == "a knot"
"""


def run(program: str, *arguments: Path) -> str:
    """What a new interpreter prints, which finds no sources beside it."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    done = subprocess.run(command, cwd=arguments[-1].parent, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_loads_only_what_it_brings_along(tmp_path: Path) -> None:
    libraries = [Path(line) for line in run(LOADED, tmp_path / "db").splitlines()]
    bundled = {path.name.split("-")[0] for path in libraries if path.parent.name == "quipu.libs"}
    others = {path.name for path in libraries if path.parent.name not in ("quipu.libs", "quipu")}
    assert "librocksdb" in bundled
    assert others <= OF_THE_SYSTEM


def test_works_alone(tmp_path: Path) -> None:
    run(WORK, GOLDEN, tmp_path / "db", tmp_path / "copy")


def test_brings_the_command() -> None:
    import quipu

    command = Path(sys.executable).parent / "quipu"
    said = subprocess.run([command, "--version"], capture_output=True, text=True, timeout=120, check=False)
    assert (said.returncode, said.stdout.split()[-1:]) == (0, [quipu.__version__]), said
    refused = subprocess.run([command, "nonsense"], capture_output=True, text=True, timeout=120, check=False)
    assert refused.returncode == 2 and "nonsense" in refused.stderr, refused
    started = "import sys, quipu_command; print('quipu' in sys.modules)"  # whose import takes LlamaIndex's along
    assert run(started, command) == "False\n"


def test_version_is_that_of_the_project() -> None:
    import importlib.metadata

    import quipu

    assert quipu.__version__ == importlib.metadata.version("quipu")
    cmake = (GOLDEN.parents[3] / "CMakeLists.txt").read_text(encoding="utf-8")
    assert f"project(quipu VERSION {quipu.__version__} " in cmake
