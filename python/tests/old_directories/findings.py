"""What was compared, what differed, and what was not compared and why."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Optional, Tuple


@dataclass(frozen=True)
class Raised:
    """In place of an answer: the exception that came instead. It equals nothing."""

    text: str

    def __str__(self) -> str:
        return self.text


def strictly(left: Any, right: Any) -> bool:
    """Equal as JSON texts: 1, 1.0 and true are three things, the order of keys is none."""
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


def closely(left: Any, right: Any) -> bool:
    """As strictly, but numbers may differ by 1e-6."""
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return len(left) == len(right) and all(map(closely, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(closely(left[key], right[key]) for key in left)
    if isinstance(left, float) or isinstance(right, float):
        numbers = isinstance(left, (int, float)) and isinstance(right, (int, float))
        return numbers and math.isclose(left, right, rel_tol=0, abs_tol=1e-6)
    return left == right and type(left) is type(right)


Same = Callable[[Any, Any], bool]


@dataclass(frozen=True)
class Check:
    kind: str
    what: str
    expected: Any
    actual: Any
    same: Same = strictly

    def equal_to(self, other: Any) -> bool:
        return not isinstance(self.actual, Raised) and self.same(other, self.actual)


class Findings:
    """The checks of one directory in one place, and what was left out."""

    def __init__(self) -> None:
        self.checks: List[Check] = []
        self.omitted: List[Tuple[str, str]] = []  # kind, why

    def check(self, kind: str, what: Any, expected: Any, ask: Callable[[], Any], same: Same = strictly) -> None:
        try:
            actual = ask()
        except Exception as error:
            actual = Raised(f"{type(error).__name__}: {str(error)[:200]}")
        self.checks.append(Check(kind, str(what), expected, actual, same))

    def omit(self, kind: str, why: str) -> None:
        self.omitted.append((kind, why))


@dataclass
class Count:
    """Of one kind: as the writer says; otherwise, but as the reference of today; wrong."""

    writer: int = 0
    reference: int = 0
    wrong: int = 0


@dataclass(frozen=True)
class Fault:
    kind: str
    what: str
    expected: str
    actual: str
    raised: bool

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}: {self.actual}, not {self.expected}"


@dataclass
class Verdict:
    """What the checks of one directory came to."""

    counts: Dict[str, Count] = field(default_factory=dict)
    faults: List[Fault] = field(default_factory=list)
    omitted: List[Tuple[str, str]] = field(default_factory=list)

    def add(self, place: str, findings: Findings, reference: Optional[Findings]) -> None:
        """Judges `findings`. What is not as the writer says may be as the reference answers on the same files."""
        known = {(each.kind, each.what): each.actual for each in reference.checks} if reference else {}
        for check in findings.checks:
            count = self.counts.setdefault(f"{place}: {check.kind}", Count())
            theirs = known.get((check.kind, check.what), Raised("not asked"))
            if check.equal_to(check.expected):
                count.writer += 1
            elif not isinstance(theirs, Raised) and check.equal_to(theirs):
                count.reference += 1
            else:
                count.wrong += 1
                expected, actual = (str(each)[:200] for each in (check.expected, check.actual))
                raised = isinstance(check.actual, Raised)
                self.faults.append(Fault(f"{place}: {check.kind}", check.what, expected, actual, raised))
        self.omitted += [(f"{place}: {kind}", why) for kind, why in findings.omitted]
