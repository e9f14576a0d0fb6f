"""Moving everything from one store to another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Optional

import fsspec

from quipu import _native
from quipu.database.paths import Path
from quipu.database.progress import ProgressCallback, progress_bar
from quipu.files.finding import Finding
from quipu.files.location import locate_contents
from quipu.operations.source import Source, path_of


@dataclass(frozen=True)
class MigratedCollection:
    name: str
    persist_file: str  # empty for a table that moves as it is
    count: int  # keys, or a table's rows
    sha256: str  # of the entries, the same on both sides


@dataclass(frozen=True)
class MigrateReport:
    collections: List[MigratedCollection]
    bytes: int  # of keys and values
    was_there: bool  # the target held all of it already
    resumed: int  # collections, tables or files that a run before had written whole
    left_out: List[str]  # what is beside the source, on its server, and stays, as in "data_other (key-value data)"
    notes: List[str]  # of a source that is a persist directory, as ``ImportReport.notes``
    warnings: List[Finding]  # likewise


def migrate(
    source: Source,
    target: Path,
    *,
    to: Optional[str] = None,
    dry_run: bool = False,
    encoding: Optional[str] = None,
    progress: Optional[ProgressCallback] = None,
    show_progress: bool = False,
    fs: Optional[fsspec.AbstractFileSystem] = None,
    storage_options: Optional[Dict[str, Any]] = None,
    target_fs: Optional[fsspec.AbstractFileSystem] = None,
    target_storage_options: Optional[Dict[str, Any]] = None,
) -> MigrateReport:
    """Brings all that ``source`` holds into ``target``, whatever the two are: a database's directory, a persist
    directory on the disk or at a URL, a store on a server (``postgresql://``, ``redis://``).

    In the end all of the target is read again and compared with the source. A run that was ended, by Ctrl-C, an
    exception of ``progress`` or ``kill -9``, is completed by the same call again; until then the target has a mark and
    is no source. The source is read as it is at the start, and may be in use; nobody else may write to the target.

    Tables that PGVectorStore and PostgresChatStore, or Quipu's own, have in a schema move with it: into another schema as
    they are; else ``data_essays`` is then ``QuipuVectorStore(kvstore, "essays", stores_text=True)``, and all chats are
    those of the ``QuipuChatStore``.

    Args:
        source: also a storage context or a RocksDBKVStore.
        target: empty, or not there yet: then it becomes a database where its name ends in ``.quipu``, else a persist
            directory.
        to: ``"persist"`` or ``"database"``: what the target is made as, whatever its name.
        dry_run: read and check everything, write nothing.
        encoding: of a source that is a persist directory, as in ``import_dir``.
        progress: called with what is being read or written, the bytes done and those in all, some times a second.
        show_progress: show a bar of tqdm.
        fs, storage_options: of a source that is a persist directory, as in ``import_dir``; ``target_fs`` and
            ``target_storage_options``: the same of the target.

    Raises:
        FileNotFoundError: there is nothing at the source.
        LockedError: the target is open, in this process or another.
        NotImplementedError: the target cannot hold some of the collections, which the message names (vectors and
            graphs in Redis). Nothing has been written then.
        ValueError: the target holds something else, or is the source, or the source is not sound, or has a table that
            cannot become such a store, which the message names.
    """
    where, where_fs = locate_contents(path_of(source), fs, storage_options)
    into, into_fs = locate_contents(target, target_fs, target_storage_options)
    with progress_bar(show_progress, progress, "migrate") as told:
        collections, size, was_there, resumed, left_out, notes, found = _native.migrate(
            where, where_fs, into, into_fs, to or "", dry_run, encoding or "", told
        )
    moved = [MigratedCollection(*each) for each in collections]
    return MigrateReport(moved, size, was_there, resumed, left_out, notes, [Finding(*each) for each in found])
