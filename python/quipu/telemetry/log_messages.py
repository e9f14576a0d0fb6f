"""What a database has to say, in Python's ``logging``: to the logger "quipu", unless another one is given."""

from __future__ import annotations

import logging
from typing import Callable, Optional, Union

# What the argument ``logger`` may be.
Logger = Union[logging.Logger, Callable[[str], object]]

_SLOW_CALL = "slow call: "  # with which the library tells of one

_own = logging.getLogger("quipu")
_own.addHandler(logging.NullHandler())  # what is said is nobody's concern until he asks for it


def log_to(logger: Optional[Logger]) -> Callable[[str], object]:
    """What the library calls: slow calls are warnings, all else is information."""
    if logger is not None and not isinstance(logger, logging.Logger):
        return logger
    to = _own if logger is None else logger

    def log(message: str) -> None:
        to.log(logging.WARNING if message.startswith(_SLOW_CALL) else logging.INFO, "%s", message)

    return log
