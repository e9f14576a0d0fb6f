"""What the tests share."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest
import quipu
from llama_index.core import Settings

sys.path.insert(0, str(Path(__file__).parent))


def pytest_collection_finish() -> None:
    """What has been imported by now stays: collections need not go through it, and most tests make one."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    """Where a database may be made."""
    yield tmp_path / "database"
    gc.collect()  # closes what a test has left open, while its directory is there


@pytest.fixture
def kvstore(path: Path) -> Iterator[quipu.RocksDBKVStore]:
    with quipu.RocksDBKVStore(path) as store:
        yield store


@pytest.fixture
def context(path: Path) -> Iterator[quipu.QuipuStorageContext]:
    with quipu.storage_context(path) as opened:
        yield opened


@pytest.fixture
def settings() -> Iterator[None]:
    """Puts LlamaIndex's settings back after a test that changes them."""
    kept = {name: getattr(Settings, name) for name in ("_llm", "_embed_model", "_transformations")}
    yield
    for name, value in kept.items():
        setattr(Settings, name, value)


@pytest.fixture
def run_python(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Runs a program in another process of this Python; it may import the test's module."""

    def run(program: str, *arguments: Any) -> "subprocess.CompletedProcess[str]":
        folders = [str(request.path.parent), str(Path(__file__).parent), str(Path(quipu.__file__).parents[1])]
        program = f"import sys; sys.path[:0] = {folders!r}\n{program}"
        command = [sys.executable, "-c", program, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    return run
