"""Backups of a database into a directory of backups, and back."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import List, Optional, Tuple

from quipu import _native
from quipu.database.paths import Path, database_path, directory_path
from quipu.database.progress import ProgressCallback, progress_bar
from quipu.operations.source import Source, path_of

@dataclass(frozen=True)
class BackupInfo:
    """One backup of a directory of backups."""

    id: int  # 1, 2, ...
    created: datetime  # UTC, by the clock of who made it
    files: int
    bytes: int  # of all its files; those that backups share count in each
    new_bytes: int  # what it added to the directory
    fault: Optional[str]  # why it cannot be restored, as far as that is seen without reading it; None: it is whole


@dataclass(frozen=True)
class RestoreReport:
    backup: BackupInfo
    kept_aside: Optional[str]  # where files are that were in the database's place and are of no database


def backup(
    source: Source, directory: Path, *, progress: Optional[ProgressCallback] = None, show_progress: bool = False
) -> BackupInfo:
    """Backs a database up into ``directory``, which is made when it is missing, then reads the backup and compares
    checksums.

    The database may be in use, by this process or another, and is not held up. Copied is what had been written when
    this was called; only files that the directory does not have yet are. A transaction that is open is not in it.

    Args:
        source: the database's directory, or a storage context or RocksDBKVStore on it.
        progress: called with the file's name, the bytes done and those in all, some times a second. An exception that
            it raises, and Ctrl-C, cancel the call; no backup is left then.
        show_progress: show a bar of tqdm.

    Raises:
        BusyError: another backup into the directory is under way.
        ValueError: the directory holds something else.
    """
    with progress_bar(show_progress, progress, "backup") as told:
        return _info(_native.create_backup(path_of(source), directory_path(directory), told))


def backups(directory: Path) -> List[BackupInfo]:
    """All backups of a directory, oldest first, the damaged ones among them. Reads no data."""
    return [_info(each) for each in _native.list_backups(directory_path(directory))]


def verify_backup(
    directory: Path, backup: int, *, progress: Optional[ProgressCallback] = None, show_progress: bool = False
) -> None:
    """Reads a backup and compares checksums. ``progress`` and ``show_progress`` are as in ``backup``.

    Raises:
        CorruptionError: a file, which it names, is missing or damaged.
        ValueError: there is no such backup.
    """
    with progress_bar(show_progress, progress, "verify backup") as told:
        _native.verify_backup(directory_path(directory), backup, told)


def restore(
    directory: Path,
    path: Path,
    *,
    backup: Optional[int] = None,
    before: Optional[datetime] = None,
    replace: bool = False,
    dry_run: bool = False,
    progress: Optional[ProgressCallback] = None,
    show_progress: bool = False,
) -> RestoreReport:
    """Makes the database at ``path`` what was backed up: the newest backup, or the one named.

    The backup is verified and restored beside the place, then put there in one step.

    Args:
        backup: the number of one; ``before``: the newest that was made before this time (local unless it says
            otherwise). One of both at most.
        replace: allow a directory that is not empty; a database in it is replaced, other files stay.
        dry_run: verify, and find out whether the place will do, but write nothing.
        progress, show_progress: as in ``backup``; a restore that is cancelled leaves in the place what was there.

    Raises:
        LockedError: the database there is open, in this process or another.
        CorruptionError: the backup is damaged.
        ValueError: there is no such backup, or the place will not do.
    """
    seconds = None if before is None else int(before.timestamp())
    with progress_bar(show_progress, progress, "restore") as told:
        info, kept_aside = _native.restore_backup(
            directory_path(directory), database_path(path), backup, seconds, replace, dry_run, told
        )
    return RestoreReport(_info(info), kept_aside or None)


def checkpoint(source: Source, directory: Path) -> None:
    """Makes ``directory``, which must be missing or empty, a database of the present contents of ``source``. Files
    are shared by hard links where both are on one file system."""
    _native.create_checkpoint(path_of(source), directory_path(directory))


def _info(values: Tuple[int, int, int, int, int, Optional[str]]) -> BackupInfo:
    number, created, files, size, new_size, fault = values
    return BackupInfo(number, datetime.fromtimestamp(created, timezone.utc), files, size, new_size, fault)
