"""How notebooks show contexts and stores."""

from __future__ import annotations

from html import escape
from typing import Any, Callable, Dict, Iterator, Tuple

from quipu import _native


def repr_html(store: Any, path: str, facts: Callable[[], Dict[str, Any]]) -> str:
    """A table of what repr() says: the path, and what is in it where that can be read."""
    rows = [("path", _native.shown_address(path))]
    try:
        rows += _rows("", facts())
    except Exception:  # closed, the parent's, locked by another process, damaged
        rows += [("state", "closed" if getattr(store, "closed", False) else "cannot be read")]
    lines = "".join(
        f'<tr><th style="text-align: left">{escape(name)}</th><td style="text-align: left">{escape(value)}</td></tr>'
        for name, value in rows
    )
    return f"<table><thead><tr><th colspan=2>{escape(type(store).__name__)}</th></tr></thead><tbody>{lines}</tbody></table>"


def _rows(before: str, facts: Dict[str, Any]) -> Iterator[Tuple[str, str]]:
    for name, value in facts.items():
        shown = f"{before}{name}".replace("_", " ")
        if isinstance(value, dict):
            yield from _rows(f"{shown}: ", value)
        else:
            yield shown, f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
