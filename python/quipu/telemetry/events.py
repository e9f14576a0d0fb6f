"""Events of calls for LlamaIndex's instrumentation: what is observed there shows the stores' searches and writes, too."""

from __future__ import annotations

import functools
import time
from typing import Any, Callable, TypeVar

from llama_index_instrumentation import get_dispatcher
from llama_index_instrumentation.base import BaseEvent
from llama_index_instrumentation.event_handlers import NullEventHandler

F = TypeVar("F", bound=Callable[..., Any])

_dispatcher = get_dispatcher("quipu")
_root = _dispatcher.root


class StoreCallStartEvent(BaseEvent):
    """A store is about to search or to write.

    Args:
        store (str): The name of its class.
        call (str): The name of its method.
    """

    store: str
    call: str

    @classmethod
    def class_name(cls) -> str:
        return "StoreCallStartEvent"


class StoreCallEndEvent(BaseEvent):
    """The call has returned. One that raises has no such event.

    Args:
        store (str): The name of its class.
        call (str): The name of its method.
        seconds (float): How long it took.
        count (int): How many nodes it has found or written, or queries it has answered.
    """

    store: str
    call: str
    seconds: float
    count: int

    @classmethod
    def class_name(cls) -> str:
        return "StoreCallEndEvent"


def _somebody_listens() -> bool:
    """The root has a handler from the beginning, which does nothing: making events for it would take a third of a
    query's time."""
    for dispatcher in (_dispatcher, _root):
        for handler in dispatcher.event_handlers:
            if type(handler) is not NullEventHandler:
                return True
    return False


def dispatches(count: Callable[[Any, Any], int]) -> Callable[[F], F]:
    """Sends events around a method, where somebody listens. `count`: of its first argument and of what it returns."""

    def decorate(method: F) -> F:
        name = method.__name__

        @functools.wraps(method)
        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            if not _somebody_listens():
                return method(self, *args, **kwargs)
            store = type(self).__name__
            _dispatcher.event(StoreCallStartEvent(store=store, call=name))
            begin = time.perf_counter()
            result = method(self, *args, **kwargs)
            seconds = time.perf_counter() - begin
            first = args[0] if args else next(iter(kwargs.values()))
            _dispatcher.event(StoreCallEndEvent(store=store, call=name, seconds=seconds, count=count(first, result)))
            return result

        return call  # type: ignore[return-value]

    return decorate
