"""Where files are: on the disk, or in a file system of fsspec (S3, memory, ...)."""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple

import fsspec
from fsspec.implementations.local import LocalFileSystem

from quipu.database.paths import Path, is_store, local_path


def is_url(path: str) -> bool:
    return "://" in path or "::" in path


def locate(
    path: Path,
    fs: Optional[fsspec.AbstractFileSystem] = None,
    storage_options: Optional[Dict[str, Any]] = None,
) -> Tuple[str, Optional[fsspec.AbstractFileSystem]]:
    """A path as the library takes it, and the file system that it is of; None: the disk."""
    name = local_path(path)
    if fs is None and is_url(name):
        fs, found = fsspec.core.url_to_fs(name, **(storage_options or {}))
        if "::" in name or isinstance(fs, LocalFileSystem):
            name = found
    elif storage_options:
        raise ValueError("storage_options are for a URL, such as s3://bucket/storage")
    return name, None if isinstance(fs, LocalFileSystem) else fs


def locate_contents(
    path: Path,
    fs: Optional[fsspec.AbstractFileSystem] = None,
    storage_options: Optional[Dict[str, Any]] = None,
) -> Tuple[str, Optional[fsspec.AbstractFileSystem]]:
    """The same of what may be a store's address, which has no file system."""
    if fs is None and not storage_options and is_store(local_path(path)):
        return local_path(path), None
    return locate(path, fs, storage_options)
