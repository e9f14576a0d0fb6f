"""The packages of integrations/: that they build, install and work beside LlamaIndex and quipu."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any, Dict, List, Tuple

import llama_index.core
import pytest
import quipu

SOURCE = Path(__file__).resolve().parents[3]
INTEGRATIONS = SOURCE / "integrations"

# Of each package: its module, and its classes with LlamaIndex's class that each must be.
PACKAGES: Dict[str, Tuple[str, Dict[str, str]]] = {
    "llama-index-storage-kvstore-quipu": ("llama_index.storage.kvstore.quipu", {"QuipuKVStore": "BaseKVStore"}),
    "llama-index-storage-docstore-quipu": (
        "llama_index.storage.docstore.quipu",
        {"QuipuDocumentStore": "KVDocumentStore"},
    ),
    "llama-index-storage-index-store-quipu": (
        "llama_index.storage.index_store.quipu",
        {"QuipuIndexStore": "KVIndexStore"},
    ),
    "llama-index-storage-chat-store-quipu": (
        "llama_index.storage.chat_store.quipu",
        {"QuipuChatStore": "BaseChatStore", "QuipuAsyncChatStore": "AsyncDBChatStore"},
    ),
    "llama-index-vector-stores-quipu": (
        "llama_index.vector_stores.quipu",
        {"QuipuVectorStore": "BasePydanticVectorStore"},
    ),
    "llama-index-graph-stores-quipu": (
        "llama_index.graph_stores.quipu",
        {"QuipuGraphStore": "GraphStore", "QuipuPropertyGraphStore": "PropertyGraphStore"},
    ),
}
# Of each package: where its module is, the names that it has, with their bases, and what its page's example prints.
EXAMINE = """
import contextlib, importlib, io, json, os, sys

found = {}
for package, (module, example) in json.loads(sys.argv[1]).items():
    os.mkdir(package)
    os.chdir(package)
    imported = importlib.import_module(module)
    names = {name: [base.__name__ for base in getattr(imported, name).__mro__] for name in imported.__all__}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(example, {})
    found[package] = {"file": imported.__file__, "names": names, "printed": printed.getvalue().splitlines()}
    os.chdir("..")
print(json.dumps(found))
"""
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PRINTED = re.compile(r"print\(.*\)  # (.+)")


def example_of(package: str) -> str:
    return "".join(BLOCK.findall((INTEGRATIONS / package / "README.md").read_text(encoding="utf-8")))


def ran(command: List[str], folder: Path) -> List[str]:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Dict[str, Path]:
    pytest.importorskip("hatchling")
    pytest.importorskip("pip")
    folder = tmp_path_factory.mktemp("wheels")
    for name in PACKAGES:
        ran([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], INTEGRATIONS / name)
    return {name: next(folder.glob(f"{name.replace('-', '_')}-*.whl")) for name in PACKAGES}


@pytest.fixture(scope="module")
def python(wheels: Dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> str:
    """An interpreter that has the wheels installed, and finds LlamaIndex and quipu where this one does."""
    venv = tmp_path_factory.mktemp("venv")
    ran([sys.executable, "-m", "venv", "--without-pip", str(venv)], venv)
    pip = [sys.executable, "-m", "pip", "--python", str(venv), "--disable-pip-version-check"]
    ran([*pip, "install", "--quiet", "--no-index", "--no-deps", *map(str, wheels.values())], venv)
    (site_packages,) = venv.glob("lib/python*/site-packages")
    found = [Path(module.__file__ or "").parents[up] for module, up in ((llama_index.core, 2), (quipu, 1))]
    site_packages.joinpath("beside.pth").write_text("\n".join(map(str, found)), encoding="utf-8")
    ran([*pip, "check"], venv)
    return str(venv / "bin" / "python")


@pytest.fixture(scope="module")
def found(python: str, tmp_path_factory: pytest.TempPathFactory) -> Dict[str, Any]:
    examples = {package: (module, example_of(package)) for package, (module, _) in PACKAGES.items()}
    (line,) = ran([python, "-c", EXAMINE, json.dumps(examples)], tmp_path_factory.mktemp("examples"))
    result: Dict[str, Any] = json.loads(line)
    return result


def test_each_is_tested() -> None:
    assert {folder.name for folder in INTEGRATIONS.iterdir() if folder.is_dir()} == PACKAGES.keys()


@pytest.mark.parametrize("package", PACKAGES)
def test_a_wheel_has_one_module(package: str, wheels: Dict[str, Path]) -> None:
    folder = PACKAGES[package][0].replace(".", "/")
    with zipfile.ZipFile(wheels[package]) as wheel:
        files = {name for name in wheel.namelist() if ".dist-info/" not in name}
        (metadata,) = [wheel.read(name).decode() for name in wheel.namelist() if name.endswith("/METADATA")]
    assert files == {f"{folder}/__init__.py", f"{folder}/py.typed"}  # what is above it is shared with other packages
    assert f"\nName: {package}\nVersion: {quipu.__version__}\n" in metadata
    major, minor = quipu.__version__.split(".")[:2]
    assert f"\nRequires-Dist: quipu<{major}.{int(minor) + 1},>={quipu.__version__}\n" in metadata


@pytest.mark.parametrize("package", PACKAGES)
def test_llamahub_finds_the_classes(package: str) -> None:
    tomllib = pytest.importorskip("tomllib")
    module, classes = PACKAGES[package]
    described = tomllib.loads((INTEGRATIONS / package / "pyproject.toml").read_text(encoding="utf-8"))
    assert described["project"]["name"] == package
    assert described["tool"]["llamahub"]["import_path"] == module
    assert described["tool"]["llamahub"]["class_authors"].keys() == classes.keys()


@pytest.mark.parametrize("package", PACKAGES)
def test_the_module_has_the_classes(package: str, python: str, found: Dict[str, Any]) -> None:
    assert Path(found[package]["file"]).is_relative_to(Path(python).parents[1])
    bases = found[package]["names"]
    assert bases.keys() == PACKAGES[package][1].keys()
    for name, base in PACKAGES[package][1].items():
        assert base in bases[name]


@pytest.mark.parametrize("package", PACKAGES)
def test_the_example_prints_what_it_says(package: str, found: Dict[str, Any]) -> None:
    expected = PRINTED.findall(example_of(package))
    assert expected and found[package]["printed"] == expected


def test_all_stores_of_one_database(python: str, tmp_path: Path) -> None:
    program = Path(__file__).with_name("round_trip.py")
    assert ran([python, str(program), str(tmp_path / "db")], tmp_path) == ["every store has what was written to it"]
