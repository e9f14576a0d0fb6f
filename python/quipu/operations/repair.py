"""Mending a database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Optional

from quipu import _native
from quipu.database.progress import ProgressCallback, progress_bar
from quipu.operations.source import Source, path_of


@dataclass(frozen=True)
class RepairStep:
    collection: str
    key: str
    fault: str
    step: str  # what is done about it


@dataclass(frozen=True)
class RepairReport:
    steps: List[RepairStep]  # none: there was no fault
    set_aside: int  # entries that were taken out
    aside: Optional[str]  # the file that has them, as JSON lines


def repair(
    source: Source,
    *,
    dry_run: bool = False,
    accept_lost_writes: bool = False,
    progress: Optional[ProgressCallback] = None,
    show_progress: bool = False,
) -> RepairReport:
    """Mends what ``verify`` finds in a database, from the rest of the data, or takes it out into a file.

    Afterwards ``verify`` finds no fault. A healthy database is not changed. One that is interrupted, by Ctrl-C or an
    exception of ``progress`` too, keeps what has been mended and can be run again.

    Args:
        source: the database's directory. It must be closed everywhere, but for a dry run.
        dry_run: tell what would be done; change nothing.
        accept_lost_writes: also where writes that had returned are missing.
        show_progress: show a bar of tqdm.

    Raises:
        LockedError: the database is open, in this process or another.
        CorruptionError: no repair helps; the message says what does.
    """
    with progress_bar(show_progress, progress, "repair") as told:
        steps, set_aside, aside = _native.repair(path_of(source), dry_run, accept_lost_writes, told)
    return RepairReport([RepairStep(*step) for step in steps], set_aside, aside or None)
