"""Storage contexts over a database, and over files as the reference loads them."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, Tuple

import quipu
from llama_index.core import StorageContext
from llama_index.core.storage.docstore import SimpleDocumentStore
from llama_index.core.storage.kvstore import SimpleKVStore

from old_directories.manifest import Manifest
from old_directories.pipelines import CACHE

# A context, and the key-value store that a pipeline's cache is in.
Opened = Tuple[StorageContext, Any]


@contextmanager
def of_database(path: Path, manifest: Manifest) -> Iterator[Opened]:
    with quipu.storage_context(path) as context:
        kvstore = context.kvstore
        namespace = manifest.namespace("docstore")
        if namespace:
            context.docstore = quipu.QuipuDocumentStore(kvstore, **namespace)
        yield context, kvstore


def of_files(directory: Path, manifest: Manifest) -> Opened:
    """As the reference loads them; raises what it raises."""
    if manifest.is_pipeline:
        docstore = SimpleDocumentStore.from_persist_dir(str(directory))
        return StorageContext.from_defaults(docstore=docstore), SimpleKVStore.from_persist_path(str(directory / CACHE))
    context = StorageContext.from_defaults(persist_dir=str(directory))
    namespace = manifest.namespace("docstore")
    if namespace:
        context.docstore = SimpleDocumentStore.from_persist_dir(str(directory), **namespace)
    return context, None


def named_as_today(directory: Path, copy: Path) -> Path:
    """A copy whose vector store has the name that the reference looks for: what it makes of the rest can be seen."""
    shutil.copytree(directory, copy)
    old, new = copy / "vector_store.json", copy / "default__vector_store.json"
    if old.exists() and not new.exists():
        old.rename(new)
    return copy
