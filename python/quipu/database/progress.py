"""How far a long call has come."""

from __future__ import annotations

from typing import Callable

# Called some times a second with what is worked on (a file, a collection), the bytes done and those in all (0: not
# known). What it raises cancels the call.
ProgressCallback = Callable[[str, int, int], object]
