"""One store's JSON file into a database, as the Simple stores read it."""

from __future__ import annotations

import os
import tempfile
import warnings
from typing import Optional

import fsspec
from fsspec.implementations.local import LocalFileSystem

from quipu.database.paths import Path
from quipu.files.persist_dir import ImportWarning, import_dir


def import_file(persist_path: str, name: str, path: Path, fs: Optional[fsspec.AbstractFileSystem]) -> None:
    """Imports a file into the database at ``path``, beside what it holds, as the persist file ``name``: it may have
    another name itself. That the other stores' files are not there is no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportWarning)
        _import_file(persist_path, name, path, fs)


def _import_file(persist_path: str, name: str, path: Path, fs: Optional[fsspec.AbstractFileSystem]) -> None:
    folder, own_name = os.path.split(persist_path)
    if own_name == name:
        import_dir(folder or ".", path, files=[name], merge=True, fs=fs)
        return
    with tempfile.TemporaryDirectory(prefix="quipu-persist-") as staged:
        if fs is None or isinstance(fs, LocalFileSystem):
            os.symlink(os.path.abspath(persist_path), os.path.join(staged, name))
        else:
            fs.get_file(persist_path, os.path.join(staged, name))
        import_dir(staged, path, files=[name], merge=True)
