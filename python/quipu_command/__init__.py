"""The command ``quipu``, which the wheel brings along.

Not in the package ``quipu``, whose import takes LlamaIndex's with it: the command starts at once.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", "quipu")


def main() -> NoReturn:
    """Becomes the program: signals and exit code are its own."""
    if not os.path.exists(PROGRAM):
        sys.exit(f"quipu: {PROGRAM} is missing: this package was built without the command")
    os.execv(PROGRAM, [sys.argv[0], *sys.argv[1:]])
