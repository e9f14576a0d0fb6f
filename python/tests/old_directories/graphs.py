"""Knowledge graphs and property graphs as data."""

from __future__ import annotations

from typing import Any, Callable, Dict, List

from llama_index.core import StorageContext

from old_directories.findings import Findings
from old_directories.manifest import Manifest
from old_directories.values import value_digest


def pairs(manifest: Manifest, told: List[List[str]]) -> List[List[str]]:
    """[relation, object], as the graph store has them."""
    return [[each[1], each[0]] for each in told] if manifest.object_comes_first else told


def triplets(found: Any) -> List[List[str]]:
    return sorted([source.id, relation.id, relation.label, target.id] for source, relation, target in found)


def compare(context: StorageContext, manifest: Manifest, findings: Findings) -> None:
    for index_id, info in manifest.indexes.items():
        if info["type"] == "kg":
            compare_knowledge(context, manifest, info, findings)
        elif info["type"] == "simple_lpg":
            compare_property_graph(context, index_id, info, findings)


def compare_knowledge(context: StorageContext, manifest: Manifest, info: Any, findings: Findings) -> None:
    for subject, told in info["rel_map"].items():
        get: Callable[[], Any] = lambda subject=subject: context.graph_store.get(subject)  # noqa: E731
        findings.check("triplets", subject, pairs(manifest, told), get)


def compare_property_graph(context: StorageContext, index_id: str, info: Dict[str, Any], findings: Findings) -> None:
    store = context.property_graph_store
    assert store is not None
    everything: Callable[[], Any] = lambda: store.get()  # noqa: E731
    findings.check("entities", index_id, info["entity_ids"], lambda: sorted(node.id for node in everything()))
    findings.check("entities' labels", index_id, info["labels"], lambda: sorted({node.label for node in everything()}))
    findings.check("relations", index_id, [info["triplets"], info["relations"]], lambda: [
        len(store.get_triplets(ids=info["entity_ids"])),
        len({(each[0].id, each[1].id, each[2].id) for each in store.get_triplets(ids=info["entity_ids"])}),
    ])  # fmt: skip
    findings.check("entities' embeddings", index_id, info["embeddings"], lambda: {
        node.id: value_digest(list(node.embedding)) for node in everything() if node.embedding is not None
    })  # fmt: skip
