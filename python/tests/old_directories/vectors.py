"""Vector stores as data."""

from __future__ import annotations

from typing import Any, Callable, Dict, List

from llama_index.core import StorageContext
from llama_index.core.vector_stores import SimpleVectorStore
from llama_index.core.vector_stores.types import VectorStoreQuery

from old_directories.findings import Findings
from old_directories.manifest import Manifest
from old_directories.values import javascript_digest, value_digest

NAMES = {"TEXT": "default", "IMAGE": "image"}  # of LlamaIndexTS


def ids_of(context: StorageContext, name: str, query: List[float]) -> List[str]:
    """All ids of a store: what a query for more than there are finds."""
    if name not in context.vector_stores:
        return []
    found = context.vector_stores[name].query(VectorStoreQuery(query_embedding=query, similarity_top_k=10**6))
    return sorted(found.ids or [])


def compare(context: StorageContext, manifest: Manifest, findings: Findings) -> None:
    if manifest.single_file:
        compare_single_file(context, manifest, findings)
        return
    digest = javascript_digest if manifest.typescript else value_digest
    for told_name, told in manifest.data.get("vector_stores", {}).items():
        name = NAMES.get(told_name, told_name)
        ids: Callable[[], List[str]] = lambda name=name: ids_of(context, name, manifest.queries[0])  # noqa: E731
        findings.check("vector ids", name, sorted(told["embeddings"]), ids)
        for node_id, expected in told["embeddings"].items():
            get: Callable[[], Any] = lambda name=name, node_id=node_id: (  # noqa: E731
                context.vector_stores[name].get(node_id)
            )
            findings.check("vector", f"{name} {node_id}", expected, lambda get=get: digest(list(get())))
        store = context.vector_stores.get(name)
        if isinstance(store, SimpleVectorStore):  # another store's are seen in what is exported of it
            compare_data(store, name, told, findings)


def compare_data(store: SimpleVectorStore, name: str, told: Dict[str, Any], findings: Findings) -> None:
    findings.check("vector ref_doc_ids", name, told["ref_doc_ids"], lambda: store.data.text_id_to_ref_doc_id)
    if "metadata_keys" in told:
        findings.check("vector metadata", name, sorted(told["metadata_keys"] or []),
                       lambda: sorted(store.data.metadata_dict))  # fmt: skip
    else:
        findings.check("vector metadata", name, told.get("metadata") or {}, lambda: {
            node_id: value_digest(metadata) for node_id, metadata in store.data.metadata_dict.items()
        })  # fmt: skip


def compare_single_file(context: StorageContext, manifest: Manifest, findings: Findings) -> None:
    """The manifest has vectors by the ids that they had in the file; here they have their nodes' ids."""
    indexes = [info for info in manifest.indexes.values() if info["type"] == "simple_dict"]
    told = [digest for info in indexes for digest in info.get("embeddings", {}).values()]
    ids: Callable[[], List[str]] = lambda: ids_of(context, "default", manifest.queries[0])  # noqa: E731
    digests: Callable[[], List[str]] = lambda: sorted(  # noqa: E731
        value_digest(list(context.vector_stores["default"].get(node_id))) for node_id in ids()
    )
    if any("embeddings" not in info and ("nodes" not in info or info["nodes"] > 0) for info in indexes):
        findings.omit("vector", "the manifest of a graph of 0.4 tells none")
    else:
        findings.check("vector", "default", sorted(told), digests)
    stray: Callable[[], List[str]] = lambda: [each for each in ids() if each not in manifest.nodes]  # noqa: E731
    findings.check("vectors without nodes", "default", [], stray)
