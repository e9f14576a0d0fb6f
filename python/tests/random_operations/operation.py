"""A call on a store, to be made on two stores and described to a reader."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any, Dict, List

_DEFAULT_FIELDS = re.compile(
    r", (excluded_\w+=\[\]|relationships=\{\}|\w+=None|mimetype='text/plain'|metadata_separator='\\n'"
    r"|(metadata_|text_)template='(\{key\}: \{value\}|\{metadata_str\}\\n\\n\{content\})')"
)


def brief(value: Any) -> str:
    """A repr without what most nodes have, and without runs of a letter."""
    return re.sub(r"(\w)\1{20,}", r"\1...\1", _DEFAULT_FIELDS.sub("", repr(value)))


loop = asyncio.new_event_loop()


@dataclass
class Operation:
    name: str
    arguments: Dict[str, Any] = field(default_factory=dict)
    asynchronous: bool = False
    # The argument is not of its type hint: the reference does not look, so that it is not asked.
    mistyped: bool = False
    # Sums of the arguments' elements depend on their order.
    inexact: bool = False
    # Of a storage context: the store.
    target: str = ""
    # A transaction's operations, and whether it is committed.
    inner: List["Operation"] = field(default_factory=list)
    commit: bool = True

    def __str__(self) -> str:
        if self.inner:
            return f"{self.name}(commit={self.commit}): " + "; ".join(map(str, self.inner))
        arguments = ", ".join(f"{name}={brief(value)}" for name, value in self.arguments.items())
        name = f"{self.target}.{self.name}".lstrip(".")
        return f"{'await ' * self.asynchronous}{name}({arguments})"

    def call(self, store: Any) -> Any:
        if self.target:
            store = getattr(store, self.target)
        if not self.asynchronous:
            member = getattr(store, self.name)
            return member(**self.arguments) if callable(member) else member
        method = getattr(store, f"a{self.name}", None) or getattr(store, f"async_{self.name}")
        return loop.run_until_complete(method(**self.arguments))
