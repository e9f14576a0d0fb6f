"""Awaited calls, on a database's pool of threads."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections import deque
from typing import Any, Callable, Deque, Optional, Tuple, TypeVar

T = TypeVar("T")

_THREADS = 4  # at most
_WATCH_SECONDS = 0.001


class AsyncCalls:
    """The awaited calls of one event loop.

    What is begun in one turn of the loop goes to the pool together, and comes back together: to wake a thread costs
    more than most calls take. One thread works through the calls; others join it when a call takes long, and what is
    done meanwhile does not wait for it.

    Args:
        loop: the running one.
        submit: runs a callable on the pool.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, submit: Callable[[Callable[[], None]], None]) -> None:
        self.loop = loop
        self._submit = submit
        self._waiting: Deque[Tuple[asyncio.Future[Any], contextvars.Context, Callable[[], Any]]] = deque()
        self._done: Deque[Tuple[asyncio.Future[Any], Any, Optional[BaseException]]] = deque()
        self._lock = threading.Lock()
        self._threads = 0  # at work; under the lock
        self._finished = 0  # calls; for _watch, which may miss some
        self._seen = 0
        self._starting = self._settling = self._watching = False

    async def run(self, call: Callable[[], T]) -> T:
        """Awaits a call. Cancelled, it is not begun, or its result is dropped; what it has begun it completes."""
        future: asyncio.Future[T] = self.loop.create_future()
        self._waiting.append((future, contextvars.copy_context(), call))  # a transaction goes along
        if not self._starting:
            self._starting = True
            self.loop.call_soon(self._start)
        return await future

    def begin_waiting(self) -> None:
        """Hands to the pool what waits for the loop's next turn, which a store that is to be closed still does."""
        if self._waiting:
            self._add_thread()

    # ---- on the loop ----

    def _start(self) -> None:
        self._starting = False
        with self._lock:
            idle = self._threads == 0
        if idle:
            self._add_thread()
        if not self._watching:
            self._watching = True
            self.loop.call_later(_WATCH_SECONDS, self._watch)

    def _add_thread(self) -> None:
        with self._lock:
            self._threads += 1
        try:
            self._submit(self._work)
        except Exception as error:  # the store is closed
            with self._lock:
                self._threads -= 1
            while self._waiting and self._threads == 0:
                self._done.append((self._waiting.popleft()[0], None, error))
            self._settle()

    def _watch(self) -> None:
        self._settle()
        if self._threads == 0 and not self._waiting:
            self._watching = False
            return
        if self._waiting and self._finished == self._seen and self._threads < _THREADS:
            self._add_thread()
        self._seen = self._finished
        self.loop.call_later(_WATCH_SECONDS, self._watch)

    def _settle(self) -> None:
        self._settling = False
        while self._done:
            future, result, error = self._done.popleft()
            if future.done():
                continue
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)

    # ---- on the pool ----

    def _work(self) -> None:
        while True:
            try:
                future, context, call = self._waiting.popleft()
            except IndexError:
                with self._lock:
                    if self._waiting:
                        continue
                    self._threads -= 1
                    return
            if not future.cancelled():
                self._done.append((future, *_outcome(context, call)))
            self._finished += 1
            if not self._waiting and not self._settling:
                self._settling = True
                try:
                    self.loop.call_soon_threadsafe(self._settle)
                except RuntimeError:
                    pass  # the loop was closed meanwhile: nobody waits


def _outcome(context: contextvars.Context, call: Callable[[], T]) -> Tuple[Optional[T], Optional[BaseException]]:
    try:
        return context.run(call), None
    except BaseException as raised:
        return None, raised
