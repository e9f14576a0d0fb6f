"""LlamaIndex's persist directories into a database and back, byte for byte."""

from __future__ import annotations

import os
import tempfile
import warnings
from typing import Any, Dict, List, Optional, Sequence

import fsspec
from fsspec.implementations.local import LocalFileSystem

from quipu import _native
from quipu.database import open_databases
from quipu.database.paths import Path, database_path
from quipu.database.progress import ProgressCallback, progress_bar
from quipu.files.finding import Finding
from quipu.files.location import locate


class PersistReport(Dict[str, Dict[str, int]]):
    """What an import or export found: {file name: {collection: number of keys}}."""


class ImportReport(PersistReport):
    """What an import found: {file name: {collection: number of keys}}, and

    Attributes:
        not_imported: {file name: reason} of the JSON files of the directory that were left alone.
        notes: what was not in the form that today's LlamaIndex reads and was converted, or could not be.
        warnings: what does not fit together in what was imported, such as an index whose nodes have no vectors.
    """

    not_imported: Dict[str, str]
    notes: List[str]
    warnings: List[Finding]


class ImportWarning(UserWarning):
    """What does not fit together in what was imported. Python shows it once; ``ImportReport.warnings`` has all."""


def import_dir(
    persist_dir: Path,
    path: Path,
    *,
    files: Optional[Sequence[str]] = None,
    merge: bool = False,
    dry_run: bool = False,
    strict: bool = False,
    encoding: Optional[str] = None,
    progress: Optional[ProgressCallback] = None,
    show_progress: bool = False,
    fs: Optional[fsspec.AbstractFileSystem] = None,
    storage_options: Optional[Dict[str, Any]] = None,
) -> ImportReport:
    """Imports the JSON files that LlamaIndex persisted in a directory into the database at ``path``.

    All or nothing, whatever interrupts it; what is imported is durable. An exception of ``progress``, and Ctrl-C,
    cancel the import.

    Args:
        persist_dir: a directory, or a URL that fsspec knows: ``s3://bucket/storage``, ``memory://storage``.
        path: the database's directory, which is made when it is missing.
        files: names of files in the directory; default: those of all stores.
        merge: allow a database that holds data already; what is imported wins.
        dry_run: read and check everything, write nothing.
        strict: raise ValueError, and write nothing, where there would be warnings.
        encoding: of files that are neither ASCII nor UTF-8, such as those that LlamaIndex wrote on Windows in the
            system's code page: ``"gbk"``, ``"cp932"``, ``"cp1252"``.
        progress: called with the file's name, the bytes done and those in all, some times a second.
        show_progress: show a bar of tqdm.
        fs: the file system of ``persist_dir``; default: the disk, or the URL's.
        storage_options: of the URL's file system, such as ``{"endpoint_url": ...}``.

    Raises:
        FileNotFoundError: nothing of LlamaIndex is in the directory; or docstore.json or index_store.json is
            missing, while a vector store's or a graph's file is there.
        ValueError: a file is not what LlamaIndex writes (the message names file, line and byte), or the
            database is not empty.
        OSError: a file could not be read; the message names it and what the file system raised.

    Warns:
        ImportWarning: for each of the report's warnings.
    """
    if isinstance(files, str):
        raise TypeError(f"files: a list of names is wanted, not the str {files!r}")
    source, source_fs = locate(persist_dir, fs, storage_options)

    def run(into: Optional[_native.Database]) -> ImportReport:
        with progress_bar(show_progress, progress, "import") as told:
            collections, not_imported, notes, found = _native.import_dir(
                into, source, list(files or []), merge, dry_run, strict, encoding or "", source_fs, told
            )
        report = ImportReport(collections)
        report.not_imported = not_imported
        report.notes = notes
        report.warnings = [Finding(*each) for each in found]
        return report

    target = database_path(path)
    if dry_run and _native.is_new_database(target):
        report = run(None)
    else:
        with open_databases.borrow(target, open_databases.Options(create_if_missing=not dry_run)) as into:
            report = run(into.own_session().native)
    for each in report.warnings:  # when all is done: a filter may make an exception of it
        warnings.warn(str(each), ImportWarning, stacklevel=2)
    return report


def export_dir(
    path: Path,
    persist_dir: Path,
    *,
    force: bool = False,
    dry_run: bool = False,
    progress: Optional[ProgressCallback] = None,
    show_progress: bool = False,
    fs: Optional[fsspec.AbstractFileSystem] = None,
    storage_options: Optional[Dict[str, Any]] = None,
) -> PersistReport:
    """Writes the database at ``path`` as the JSON files that LlamaIndex loads.

    The files are of one state of the database, also while others write to it. Each is written under
    another name and moved into its place when all are written. Cancelled, the directory is as it was.

    Args:
        path: the database's directory.
        persist_dir: the directory to write, made when it is missing, or a URL as in ``import_dir``.
        force: allow a directory that is not empty; files of the same names are replaced.
        dry_run: find out what would be written and whether the directory will do; write nothing.
        progress, show_progress, fs, storage_options: as in ``import_dir``.

    Raises:
        FileNotFoundError: there is no database.
        ValueError: the directory is not empty, or is a database's.
        OSError: a file could not be written; the message names it and what the file system raised.
    """
    target, target_fs = locate(persist_dir, fs, storage_options)
    with open_databases.reading(path) as source:
        with progress_bar(show_progress, progress, "export") as told:
            return PersistReport(_native.export_dir(source, target, force, dry_run, target_fs, told))


def export_files(
    native: _native.Database, persist_dir: str, names: Dict[str, str], fs: Optional[fsspec.AbstractFileSystem]
) -> None:
    """Writes what export_dir writes, over files of the same names; some of them under other names."""
    renamed = {name: other for name, other in names.items() if name != other}
    if not renamed:
        target, target_fs = locate(persist_dir, fs)
        _native.export_dir(native, target, True, False, target_fs, None)
        return
    with tempfile.TemporaryDirectory(prefix="quipu-persist-") as folder:
        for name in _native.export_dir(native, folder, True, False, None, None):
            target = os.path.join(persist_dir, renamed.get(name, name))
            _to_file_system(os.path.join(folder, name), target, fs or LocalFileSystem())


def _to_file_system(local: str, path: str, fs: fsspec.AbstractFileSystem) -> None:
    parent = fs._parent(path)
    if parent:
        fs.makedirs(parent, exist_ok=True)
    fs.put_file(local, path)
