"""Index structs as data, and that today's LlamaIndex loads an index on each."""

from __future__ import annotations

from typing import Any, Callable, Dict, List

from llama_index.core import StorageContext, load_index_from_storage
from llama_index.core.embeddings.mock_embed_model import MockMultiModalEmbedding
from llama_index.core.indices.composability.graph import ComposableGraph
from llama_index.core.indices.loading import load_graph_from_storage

from old_directories.findings import Findings
from old_directories.manifest import Manifest
from old_directories.model import DIMENSIONS
from old_directories.values import value_digest

TYPES = {"simple_dict": "vector_store"}  # today's name


def load(context: StorageContext, index_id: str) -> Any:
    """The index, as a program of today loads it."""
    struct = context.index_store.get_index_struct(index_id)
    options: Dict[str, Any] = {}
    if struct is not None and struct.get_type().value == "multimodal":
        options["image_embed_model"] = MockMultiModalEmbedding(embed_dim=DIMENSIONS)
    return load_index_from_storage(context, index_id=index_id, **options)


def compare(context: StorageContext, manifest: Manifest, findings: Findings) -> None:
    store = context.index_store
    told = sorted(manifest.data.get("index_ids") or manifest.indexes)
    ids: Callable[[], List[str]] = lambda: sorted(struct.index_id for struct in store.index_structs())  # noqa: E731
    if manifest.is_pipeline:
        told = []
    if "writer_cannot_read_it" in manifest.data or (manifest.single_file and manifest.data["case"] == "empty"):
        findings.check("index ids", "", True, lambda: set(ids()) >= set(manifest.indexes))
    else:
        findings.check("index ids", "", told, ids)
    for index_id, info in manifest.indexes.items():
        compare_struct(context, manifest, index_id, info, findings)
    root = manifest.data.get("root_id")
    if root is not None:
        graph: Callable[[], ComposableGraph] = lambda: load_graph_from_storage(context, root)  # noqa: E731
        findings.check("composable graph", root, told, lambda: sorted(graph().all_indices))


def sets(table: Dict[str, Any]) -> Dict[str, List[str]]:
    return {word: sorted(ids) for word, ids in table.items()}


def children(told: Dict[str, List[str]]) -> Dict[str, List[str]]:
    return {node_id: ids for node_id, ids in told.items() if ids}


def keys(numbered: Dict[Any, str]) -> Dict[str, str]:
    return {str(number): node_id for number, node_id in numbered.items()}


def nodes_of(struct: Any) -> int:
    for name in ("all_nodes", "nodes", "nodes_dict", "node_id_to_summary_id"):
        if hasattr(struct, name):
            return len(getattr(struct, name))
    return len(struct.node_ids)


def table_is_lost(manifest: Manifest, index_id: str) -> bool:
    """LlamaIndexTS through 0.5 writes a keyword table as {}."""
    structs = manifest.read("index_store.json").get("docstore/data", {})
    return manifest.typescript and structs.get(index_id, {}).get("table") == {}


def compare_struct(context: StorageContext, manifest: Manifest, index_id: str, info: Any, findings: Findings) -> None:
    get: Callable[[], Any] = lambda: context.index_store.get_index_struct(index_id)  # noqa: E731
    kind = TYPES.get(info["type"], info["type"])
    findings.check("index type", index_id, kind, lambda: get().get_type().value)
    findings.check("index loads", index_id, index_id, lambda: load(context, index_id).index_id)
    if "summary" in info or "text" in info:
        findings.check("index summary", index_id, info.get("summary", info.get("text")), lambda: get().summary)
    if info.get("extra_info"):
        findings.omit("index extra_info", "today's index structs have none")
    lost = table_is_lost(manifest, index_id)
    if lost:
        findings.omit("keyword table", "LlamaIndexTS through 0.5 writes it empty")
        findings.check("keyword table that is empty", index_id, {}, lambda: sets(get().table))
    if "nodes" in info and kind != "simple_lpg":
        findings.check("index nodes", index_id, info["nodes"], lambda: nodes_of(get()))
    if "entries" in info and kind in ("vector_store", "list"):
        findings.check("index nodes", index_id, info["entries"], lambda: nodes_of(get()))
    if "id_map" in info:
        findings.omit("index id_map", "vectors have their nodes' ids today")
    fields: Dict[str, Callable[[Any], Any]] = {
        "node_ids": lambda struct: struct.nodes,
        "nodes_dict": lambda struct: struct.nodes_dict,
        "doc_id_dict": lambda struct: struct.doc_id_dict,
        "all_nodes": lambda struct: keys(struct.all_nodes),
        "root_nodes": lambda struct: keys(struct.root_nodes),
        "children": lambda struct: children(struct.node_id_to_children_ids),
        "table": lambda struct: sets(struct.table),
        "summary_id_to_node_ids": lambda struct: struct.summary_id_to_node_ids,
        "node_id_to_summary_id": lambda struct: struct.node_id_to_summary_id,
        "doc_id_to_summary_id": lambda struct: struct.doc_id_to_summary_id,
    }
    for name, read in fields.items():
        if info.get(name) is None or (name == "table" and lost):
            continue
        told = {"children": children, "table": sets}.get(name, lambda value: value)(info[name])
        if isinstance(told, list) and name == "nodes_dict":  # of LlamaIndexTS, which maps an id to its node
            told = {node_id: node_id for node_id in told}
        findings.check(f"index {name}", index_id, told, lambda read=read: read(get()))
    if kind == "kg":
        findings.check("index embedding_dict", index_id, info["embeddings"], lambda: {
            text: value_digest(vector) for text, vector in get().embedding_dict.items()
        })  # fmt: skip
