"""Where a database is: what users give for a directory, and what to do with what is none."""

from __future__ import annotations

import os
from typing import Optional, Union

from quipu import _native

Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]

_PERSIST_FILES = (
    "docstore.json",
    "index_store.json",
    "graph_store.json",
    "property_graph_store.json",
    "chat_store.json",
)


def local_path(path: Path) -> str:
    """The path as str, which must be one of this machine's file system."""
    try:
        return os.fsdecode(path)
    except TypeError:
        raise TypeError(f"path must be a str, bytes or os.PathLike, not {type(path).__name__}") from None


def directory_path(path: Path) -> str:
    """A directory on this machine. Raises ValueError for a URL, which would become a directory of that name."""
    text = local_path(path)
    if _native.is_address(text):
        raise ValueError(f"{_native.shown_address(text)} is an address, where a directory is to be")
    return text


def database_path(path: Path) -> str:
    """The absolute path of a database's directory, given as a path or as ``rocksdb:PATH``; or the address of another
    backend's store.

    Raises ValueError for what looks like one and would become a directory of that name.
    """
    text = local_path(path)
    directory: Optional[str] = text
    try:
        directory = _native.directory_of_store(text)
    except ValueError:
        if _native.is_address(text):
            raise ValueError(
                f"{text}: a database is a directory on this machine, not a URL; quipu.import_dir({text!r}, "
                "'./storage.quipu') makes one of a directory that LlamaIndex persisted there"
            ) from None
    if text in (":memory:", "memory:"):
        raise ValueError(
            f"{text}: a database is a directory; make one in tempfile.TemporaryDirectory(), or use LlamaIndex's "
            "StorageContext.from_defaults(), which is in memory"
        )
    if directory is None:
        return text
    if not directory:
        raise ValueError("the path of a database is empty")
    return os.path.abspath(directory)


def is_store(text: str) -> bool:
    """Whether a text is the address of a server's store. ``memory://`` is fsspec's: ours would be new and empty."""
    if text.startswith("memory:"):
        return False
    try:
        return _native.is_address(text) and _native.directory_of_store(text) is None
    except ValueError:  # of no backend
        return False


def is_database(path: str) -> bool:
    return os.path.isfile(os.path.join(path, _native.DATABASE_MARKER_FNAME))


def is_persist_dir(path: str) -> bool:
    """Whether a directory looks like one that LlamaIndex persisted, and is no database."""
    if is_database(path):
        return False
    return any(os.path.isfile(os.path.join(path, name)) for name in _PERSIST_FILES)


def check_no_persist_dir(path: str) -> None:
    """Raises ValueError, which says what to do, where a database was to be opened and is none."""
    if is_persist_dir(path):
        raise ValueError(
            f"{path} is a directory that LlamaIndex persisted, not a Quipu database: "
            f"quipu.import_dir({path!r}, {path.rstrip(os.sep) + '.quipu'!r}) makes one of it"
        )
