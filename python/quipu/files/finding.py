"""What checks of a database or a persist directory find."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What is wrong, and where."""

    file: str  # of a persist directory; "" in a database
    line: int  # from 1
    byte: int  # from 0; both are 0 where no place has it
    collection: str
    key: str
    message: str
    severity: str  # "fault", or "note": what LlamaIndex's own calls can leave; ``repair`` leaves it alone

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.collection, self.key, self.message) if part)
