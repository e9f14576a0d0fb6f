"""What two databases or persist directories differ in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Optional

from quipu import _native
from quipu.database.paths import is_store
from quipu.database.progress import ProgressCallback, progress_bar
from quipu.files.location import is_url, locate_contents
from quipu.operations.source import Source, path_of


@dataclass(frozen=True)
class Difference:
    collection: str  # "": of a persist file, which ``key`` names
    key: str  # "": of the whole collection
    what: str  # "only in A", "only in B", "another value", "another file", "another order"


def diff(
    a: Source,
    b: Source,
    *,
    encoding: Optional[str] = None,
    progress: Optional[ProgressCallback] = None,
    show_progress: bool = False,
    storage_options: Optional[Dict[str, Any]] = None,
) -> List[Difference]:
    """Compares files, collections, keys, values and the order of insertion: all that an export shows.

    Args:
        a, b: each a database or a persist directory, as in ``verify``. Databases may be in use.
        encoding: of those that are persist directories, as in ``import_dir``.
        progress: called with what is being read and the bytes done, some times a second.
        show_progress: show a bar of tqdm.
        storage_options: of those that are URLs.
    """
    (where_a, fs_a), (where_b, fs_b) = (
        locate_contents(path, None, storage_options if is_url(path) and not is_store(path) else None)
        for path in (path_of(a), path_of(b))
    )
    with progress_bar(show_progress, progress, "diff") as told:
        return [Difference(*found) for found in _native.diff(where_a, fs_a, where_b, fs_b, encoding or "", told)]
