"""What a database takes on disk, and making it less."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Optional

from quipu import _native
from quipu.database import open_databases
from quipu.database.progress import ProgressCallback, progress_bar
from quipu.operations.source import Source, open_database_of, path_of
from quipu.telemetry.stats import Stats, to_stats


@dataclass(frozen=True)
class DatabaseStat:
    path: str
    format: int
    collections: Dict[str, int]  # number of keys, by name
    disk_bytes: int
    search_memory_bytes: int  # what each search index may take in memory
    search_indexes: Dict[str, int]  # what those there are take now, about; 0 of one that may not take what it needs

    @property
    def entries(self) -> int:
        return sum(self.collections.values())


@dataclass(frozen=True)
class CompactReport:
    disk_bytes_before: int
    disk_bytes_after: int


def stat(source: Source) -> DatabaseStat:
    """Format, collections and size of a database, which may be in use, by this process or another. Reads no data.

    What search has in memory is told of what is open in this process: of the context or store that is given, of a path
    of whatever writes to it here, or reads. An index is there from the first query on, under the beginning of the names
    of its collections, such as "vector_store/default"; it is waited for where it is being made.

    Raises:
        FileNotFoundError: there is no such directory.
        ValueError: it is no database's.
    """
    path = path_of(source)
    format_, collections, disk_bytes, search_memory_bytes = _native.stat(path)
    database = open_database_of(source)
    searched = (search_memory_bytes, {}) if database is None else database.own_session().native.search_memory()
    return DatabaseStat(path, format_, collections, disk_bytes, *searched)


def published_stats(source: Source) -> Optional[Stats]:
    """What the process that writes to a database has done with it, as it was a second ago; None where there is none.

    It is read from a file of the directory, which the writer keeps (docs/FORMAT.md). Of a context or store of this
    process ``stats()`` is exact.

    Raises:
        CorruptionError: the file is none of a writer's.
    """
    directory = _native.directory_of_store(path_of(source))
    native = None if directory is None else _native.published_stats(directory)
    return None if native is None else to_stats(native)


def compact(
    source: Source, *, progress: Optional[ProgressCallback] = None, show_progress: bool = False
) -> CompactReport:
    """Gives the space of deleted data back to the disk. Takes minutes on large databases, which may be used meanwhile.

    An exception of ``progress``, and Ctrl-C, end it; the data are the same then, too. ``show_progress`` shows a bar of
    tqdm.

    Raises:
        LockedError: another process has the database open.
    """
    options = open_databases.Options(create_if_missing=False)
    with open_databases.borrow(path_of(source), options) as borrowed:
        with progress_bar(show_progress, progress, "compact") as told:
            return CompactReport(*borrowed.own_session().native.compact(told))
