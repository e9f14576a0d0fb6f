"""Lets one of the calls of the package's stores fail, counted over all of them, or something else happen at it."""

from __future__ import annotations

import functools
import inspect
from typing import Any, Callable, Iterator

import pytest
import quipu
from quipu.database.open_databases import Session

STORES = (
    quipu.RocksDBKVStore,
    quipu.QuipuDocumentStore,
    quipu.QuipuIndexStore,
    quipu.QuipuVectorStore,
    quipu.QuipuGraphStore,
    quipu.QuipuPropertyGraphStore,
)


class CallFailed(Exception):
    pass


class Calls:
    """Every call of a store's method, and of what calls count(), has a number; each is an event before and one after it,
    so that the second call has the events 2 and 3."""

    def __init__(self) -> None:
        self.events = 0
        self.at_event: Callable[[int, str], None] = lambda event, name: None

    def count(self, name: str) -> None:
        event = self.events
        self.events += 1
        self.at_event(event, name)

    def fail_at(self, failing: int) -> None:
        """Counts anew, and raises CallFailed at that event."""

        def fail(event: int, name: str) -> None:
            if event == failing:
                raise CallFailed(f"event {event}: {name}")

        self.events = 0
        self.at_event = fail

    def fail_never(self) -> None:
        self.events = 0
        self.at_event = lambda event, name: None

    def counted(self, call: Callable[..., Any], name: str) -> Callable[..., Any]:
        @functools.wraps(call)
        def counting(*args: Any, **kwargs: Any) -> Any:
            self.count(f"before {name}")
            result = call(*args, **kwargs)
            self.count(f"after {name}")
            return result

        return counting


def _methods(store: type) -> Iterator[str]:
    for name, method in inspect.getmembers(store, inspect.isfunction):
        own = method.__module__.startswith(("quipu.", "llama_index.core.storage"))
        if own and not name.startswith("_") and not inspect.iscoroutinefunction(method) and name not in ("run", "bind"):
            yield name


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Counts all calls of the stores' methods, and commits."""
    return counting_calls(monkeypatch.setattr)


def counting_calls(set_attribute: Callable[[Any, str, Any], None]) -> Calls:
    counted = Calls()
    for store in STORES:
        for name in _methods(store):
            set_attribute(store, name, counted.counted(getattr(store, name), f"{store.__name__}.{name}"))
    set_attribute(Session, "commit", counted.counted(Session.commit, "commit"))
    return counted
