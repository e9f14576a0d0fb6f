"""pytest plugin: writes every test's outcome to $QUIPU_OUTCOMES, keeps tests off the network, and puts the package's
stores in place of what $QUIPU_STANDINS names: LlamaIndex's "simple" classes, with the vector stores that test modules make
for themselves, or those of its other databases, "peers"."""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import sys
from typing import Any, Dict, Iterator, List

import llama_index.core
import pytest

TEST_SECONDS = 120  # a test that takes longer hangs, and counts as failed

_outcomes: Dict[str, str] = {}


def pytest_runtest_logreport(report: Any) -> None:
    if report.outcome != "passed" or report.when == "call":
        _outcomes.setdefault(report.nodeid, report.outcome)
    if report.when == "teardown" and report.outcome != "passed":
        _outcomes[report.nodeid] = report.outcome


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    def give_up(*ignored: Any) -> None:
        raise TimeoutError(f"the test takes longer than {TEST_SECONDS} s")

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(TEST_SECONDS)
    try:
        return (yield)
    finally:
        signal.alarm(0)


def pytest_collection_modifyitems(items: List[Any]) -> None:
    if os.environ["QUIPU_STANDINS"] != "simple":
        return
    from llama_index.core.vector_stores.types import BasePydanticVectorStore

    from standins import TextVectorStore

    for module in {item.module for item in items if hasattr(item, "module")}:
        for name, value in list(vars(module).items()):
            own = isinstance(value, type) and value.__module__ == module.__name__
            if own and issubclass(value, BasePydanticVectorStore):
                setattr(module, name, TextVectorStore)


def pytest_runtest_teardown() -> None:
    gc.collect()  # closes the databases that the test has dropped


def pytest_sessionfinish() -> None:
    with open(os.environ["QUIPU_OUTCOMES"], "w", encoding="utf-8") as file:
        json.dump(_outcomes, file)


def _refuse_network() -> None:
    look_up = socket.getaddrinfo

    def local_only(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host not in (None, "localhost", "127.0.0.1", "::1"):
            raise socket.gaierror(f"no network in tests: {host}")
        return look_up(host, *args, **kwargs)

    socket.getaddrinfo = local_only


def _import_all() -> None:
    """Imports every module of the reference that can be: each may hold a class by name."""
    for module in pkgutil.walk_packages(llama_index.core.__path__, "llama_index.core.", onerror=lambda name: None):
        if ".command_line" in module.name or ".download" in module.name:
            continue
        try:
            importlib.import_module(module.name)
        except ImportError:
            pass  # wants a package that is not installed


def _replace() -> None:
    from llama_index.core.ingestion.cache import IngestionCache
    from llama_index.core.memory import ChatMemoryBuffer, ChatSummaryMemoryBuffer

    from standins import STANDINS

    for name, module in list(sys.modules.items()):
        if not name.startswith("llama_index."):
            continue
        for attribute, value in list(vars(module).items()):
            if isinstance(value, type) and value in STANDINS:
                setattr(module, attribute, STANDINS[value])
    cache = IngestionCache.model_fields["cache"]
    cache.default_factory = STANDINS[cache.default_factory]
    IngestionCache.model_rebuild(force=True)
    for memory in (ChatMemoryBuffer, ChatSummaryMemoryBuffer):
        chat_store = memory.model_fields["chat_store"]
        chat_store.default_factory = STANDINS[chat_store.default_factory]
        memory.model_rebuild(force=True)


_refuse_network()
if os.environ["QUIPU_STANDINS"] == "peers":
    import reference_peers

    reference_peers.stand_in()
else:
    _import_all()
    if os.environ["QUIPU_STANDINS"] == "simple":
        _replace()
