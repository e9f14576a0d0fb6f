"""LlamaIndex's persist directories into a database and back, byte for byte."""

from __future__ import annotations

import os
import tempfile
from typing import Callable, Dict, Optional

import fsspec
from fsspec.implementations.local import LocalFileSystem

from quipu import _native, database
from quipu.paths import Path, local_path

# Called some times a second with the file's name, the bytes done and those in all (0: not known).
ProgressCallback = Callable[[str, int, int], object]
# {file name: {collection: number of keys}}
Report = Dict[str, Dict[str, int]]


def import_dir(
    persist_dir: Path,
    path: Path,
    *,
    merge: bool = False,
    progress: Optional[ProgressCallback] = None,
) -> Report:
    """Imports the JSON files that LlamaIndex persisted in a directory into the database at ``path``.

    All or nothing, whatever interrupts it; what is imported is durable. With ``merge`` the database may hold
    data already, and what is imported wins. An exception of ``progress`` cancels the import.

    Raises:
        FileNotFoundError: docstore.json or index_store.json is missing.
        ValueError: a file is not what LlamaIndex writes (the message names file, line and byte), or the
            database is not empty.
    """
    with database.borrow(path, database.Options()) as into:
        return _native.import_dir(into.own_session().native, local_path(persist_dir), merge, progress)


def export_dir(
    path: Path,
    persist_dir: Path,
    *,
    force: bool = False,
    progress: Optional[ProgressCallback] = None,
) -> Report:
    """Writes the database at ``path`` as the JSON files that LlamaIndex loads.

    The files are of one state of the database, also while others write to it in this process. With ``force``
    the directory need not be empty; files of the same names are replaced.
    """
    with database.borrow(path, database.Options(create_if_missing=False)) as source:
        return _native.export_dir(source.own_session().native, local_path(persist_dir), force, progress)


def export_files(
    native: _native.Database, persist_dir: str, names: Dict[str, str], fs: Optional[fsspec.AbstractFileSystem]
) -> None:
    """Writes what export_dir writes, over files of the same names; some of them under other names."""
    renamed = {name: other for name, other in names.items() if name != other}
    if not renamed and (fs is None or isinstance(fs, LocalFileSystem)):
        _native.export_dir(native, persist_dir, True, None)
        return
    with tempfile.TemporaryDirectory(prefix="quipu-persist-") as folder:
        for name in _native.export_dir(native, folder, True, None):
            target = os.path.join(persist_dir, renamed.get(name, name))
            to_file_system(os.path.join(folder, name), target, fs or LocalFileSystem())


def persist(
    write: Callable[[str], None], persist_path: str, fs: Optional[fsspec.AbstractFileSystem]
) -> None:
    """Writes one store's file: ``write`` makes it on the disk, from where it goes to ``fs``."""
    if fs is None or isinstance(fs, LocalFileSystem):
        write(persist_path)
        return
    with tempfile.TemporaryDirectory(prefix="quipu-persist-") as folder:
        local = os.path.join(folder, "store.json")
        write(local)
        to_file_system(local, persist_path, fs)


def to_file_system(local: str, path: str, fs: fsspec.AbstractFileSystem) -> None:
    parent = fs._parent(path)
    if parent:
        fs.makedirs(parent, exist_ok=True)
    fs.put_file(local, path)
