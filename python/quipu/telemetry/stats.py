"""What a database has done since it was opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Dict

if TYPE_CHECKING:
    from quipu import _native


@dataclass(frozen=True)
class CallStats:
    """Calls of one kind. ``p50`` and so on: how many seconds such a part of them took at most, about."""

    count: int
    seconds: float  # that all took together
    p50: float
    p95: float
    p99: float

    @property
    def mean(self) -> float:
        return self.seconds / self.count


@dataclass(frozen=True)
class Stats:
    """Counters and times of a database, since it was opened.

    ``calls`` has those that were made: of the key-value store, which all stores over it make (``get``, ``multi_get``,
    ``get_all``, ``scan``, ``write``, ``commit``, ``sync``), and searches (``query``, ``query_all``, ``search_text``,
    ``get_rel_map``). ``values`` are by their names in Prometheus; those that end in ``_total`` only grow.
    """

    time: float  # seconds since 1970
    process: int  # the id of the process that counted
    seconds: float  # for how long the database has been open
    calls: Dict[str, CallStats]
    values: Dict[str, float]
    prometheus: str  # all of it, as Prometheus reads it


def to_stats(native: _native.StatsTuple) -> Stats:
    time, process, seconds, calls, values, text = native
    return Stats(time, process, seconds, {name: CallStats(*call) for name, call in calls.items()}, values, text)
