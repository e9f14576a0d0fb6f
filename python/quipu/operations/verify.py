"""Whether a database or a persist directory is sound."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict, List, Optional

import fsspec

from quipu import _native
from quipu.database.progress import ProgressCallback, progress_bar
from quipu.files.finding import Finding
from quipu.files.location import locate_contents
from quipu.operations.source import Source, path_of


def verify(
    source: Source,
    *,
    strict: bool = False,
    encoding: Optional[str] = None,
    progress: Optional[ProgressCallback] = None,
    show_progress: bool = False,
    fs: Optional[fsspec.AbstractFileSystem] = None,
    storage_options: Optional[Dict[str, Any]] = None,
) -> List[Finding]:
    """Reads and checks everything; returns what is wrong. Where no finding is a "fault", all is well.

    Of a database: checksums, record forms, counts, indexes, and whether nodes, ref docs, vectors and graphs belong
    together. It may be in use, by this process or another; what is checked is one moment. Of a persist directory: what
    an import would refuse, and the same of what is in its files; nothing is written but in the system's directory for
    temporary files.

    Args:
        source: a database's directory, a storage context or RocksDBKVStore on it, or a persist directory, which may be
            a URL as in ``import_dir``.
        strict: count notes as faults, too.
        progress: called with what is being read, the bytes done and those in all, some times a second.
        show_progress: show a bar of tqdm.
        encoding, fs, storage_options: of a persist directory, as in ``import_dir``.

    Raises:
        FileNotFoundError: there is no such directory.
        ValueError: it is neither.
    """
    where, where_fs = locate_contents(path_of(source), fs, storage_options)
    with progress_bar(show_progress, progress, "verify") as told:
        findings = [Finding(*found) for found in _native.verify(where, encoding or "", where_fs, told)]
    return [replace(each, severity="fault") for each in findings] if strict else findings
