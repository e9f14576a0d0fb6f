"""How a directory is opened."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field, fields
from typing import Any, Dict, Iterable, Optional, Tuple, TypedDict

from quipu import _native
from quipu.telemetry.log_messages import Logger, log_to


@dataclass(frozen=True)
class Options:
    """How a directory is opened; each field is a keyword argument of RocksDBKVStore, which says what it is."""

    read_only: bool = False
    create_if_missing: bool = field(default=True, compare=False)  # of no consequence once it is open
    sync: bool = False
    accept_lost_writes: bool = field(default=False, compare=False)  # so is this
    logger: Optional[Logger] = field(default=None, compare=False)
    slow_call_seconds: float = 0
    memory_budget_bytes: int = 256 << 20
    search_memory_bytes: int = 1 << 30
    max_collection_families: int = 32
    background_threads: int = 2
    max_open_files: int = 512
    max_key_bytes: int = 16 << 20
    max_value_bytes: int = (4 << 30) - (1 << 20)
    max_batch_bytes: int = 4 << 30
    max_directory_bytes: int = 0

    def __post_init__(self) -> None:
        _native.check_options(self.for_native())

    def for_native(self) -> Dict[str, Any]:
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        return {**given, "logger": log_to(self.logger)}

    def given(self) -> "OpenOptions":
        """Those other than the defaults, as keyword arguments that can be written as JSON: without ``logger``."""
        given: Any = {}
        for each in fields(self):
            if each.name != "logger" and getattr(self, each.name) != each.default:
                given[each.name] = getattr(self, each.name)
        kept: OpenOptions = given
        return kept

    def differences(self, others: "Options") -> Tuple[str, str]:
        """Those in which two differ, as text."""
        differing = [
            each.name for each in fields(self) if each.compare and getattr(self, each.name) != getattr(others, each.name)
        ]
        texts = [", ".join(f"{name}={getattr(each, name)}" for name in differing) for each in (self, others)]
        return texts[0], texts[1]


class OpenOptions(TypedDict, total=False):
    """The keyword arguments of whatever opens a database; RocksDBKVStore says what each is."""

    read_only: bool
    create_if_missing: bool
    sync: bool
    accept_lost_writes: bool
    logger: Optional[Logger]
    slow_call_seconds: float
    memory_budget_bytes: int
    search_memory_bytes: int
    max_collection_families: int
    background_threads: int
    max_open_files: int
    max_key_bytes: int
    max_value_bytes: int
    max_batch_bytes: int
    max_directory_bytes: int


OPTION_NAMES = tuple(each.name for each in fields(Options))


def check_names(call: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Raises TypeError, which names what there is, for a keyword argument that is none."""
    names = list(known)
    for name in given:
        if name not in names:
            near = difflib.get_close_matches(name, names, 1)
            meant = f" (did you mean {near[0]!r}?)" if near else ""
            raise TypeError(f"{call} has no argument {name!r}{meant}; there are: {', '.join(names)}")


def make_options(call: str, given: OpenOptions) -> Options:
    check_names(call, given, OPTION_NAMES)
    return Options(**given)
