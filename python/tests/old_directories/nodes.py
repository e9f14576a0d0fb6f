"""The document store as data: nodes, their hashes, and the documents that they are of."""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, List, Optional, Tuple

from llama_index.core import StorageContext
from llama_index.core.schema import BaseNode, MetadataMode, ObjectType, RelatedNodeInfo

from old_directories.findings import Findings
from old_directories.manifest import Manifest
from old_directories.values import text_digest, value_digest

CLASSES = {"_TextNode": "TextNode", "_Document": "Document"}
TYPES = {"1": "TextNode", "2": "ImageNode", "3": "IndexNode"}  # of 0.5
# What a manifest leaves out, for it is what a node has when nothing is said.
DEFAULTS = {
    "metadata_separator": "\n",
    "metadata_seperator": "\n",
    "metadata_template": "{key}: {value}",
    "text_template": "{metadata_str}\n\n{content}",
    "mimetype": "text/plain",
}
ATTRIBUTES = (
    "start_char_idx", "end_char_idx", "excluded_embed_metadata_keys", "excluded_llm_metadata_keys",
    "metadata_template", "text_template", "mimetype", "image", "image_path", "image_url", "image_mimetype",
    "text_embedding", "index_id", "obj",
)  # fmt: skip
RESOURCES = ("text_resource", "image_resource", "audio_resource", "video_resource")
CONTENTS = {"content_none": MetadataMode.NONE, "content_embed": MetadataMode.EMBED, "content_llm": MetadataMode.LLM}


def compare(context: StorageContext, manifest: Manifest, findings: Findings) -> None:
    docstore = context.docstore
    if "node_ids" in manifest.data:  # the writer cannot read its own file, and has told the ids alone
        findings.omit("node", "the writer does not read its own file")
        findings.check("node ids", "", sorted(manifest.data["node_ids"]), lambda: sorted(docstore.docs))
        return
    findings.check("node ids", "", sorted(manifest.nodes), lambda: sorted(docstore.docs))
    for node_id, told in manifest.nodes.items():
        if manifest.single_file or manifest.typescript:
            compare_converted(docstore, manifest, node_id, told, findings)
        else:
            compare_native(docstore, manifest, node_id, told, findings)
    if "hash_only" in manifest.data:
        hash_of = lambda: docstore.get_document_hash("only a hash")  # noqa: E731
        findings.check("hash", "only a hash", manifest.data["hash_only"], hash_of)
    compare_ref_docs(docstore, manifest, findings)


def attribute(node: BaseNode, name: str) -> Any:
    value = getattr(node, name, None)
    if hasattr(value, "to_dict"):
        value = value.to_dict()
    return None if value in (None, [], "") or DEFAULTS.get(name) == value else value


def resource(node: BaseNode, name: str) -> Optional[Dict[str, Any]]:
    found = getattr(node, name, None)
    if found is None:
        return None
    path, url = (str(each) if each else None for each in (found.path, found.url))
    return {
        "text": text_digest(found.text), "mimetype": found.mimetype, "path": path, "url": url,
        "has_data": found.data is not None,
    }  # fmt: skip


def type_name(value: Any) -> Any:
    """Of a related node: the reference keeps it as it was read, a number of ObjectType in quotes."""
    return ObjectType(value).name if value in {each.value for each in ObjectType} else value


def related(value: Any) -> Any:
    """A relationship as a manifest tells it."""
    if isinstance(value, list):
        return [related(each) for each in value]
    assert isinstance(value, RelatedNodeInfo)
    metadata = value_digest(value.metadata) if value.metadata else {}
    return {
        "node_id": value.node_id, "node_type": type_name(value.node_type), "metadata": metadata,
        "hash": value.hash and value.hash[:12],
    }  # fmt: skip


def told_related(value: Any) -> Any:
    if isinstance(value, list):
        return [told_related(each) for each in value]
    return {**value, "node_type": type_name(value["node_type"])}


def related_ids(node: BaseNode) -> Dict[str, Any]:
    of = lambda value: [each.node_id for each in value] if isinstance(value, list) else value.node_id  # noqa: E731
    return {key.name: of(value) for key, value in node.relationships.items()}


def old_text(node: Any) -> Optional[str]:
    """What get_text() of a plain node gave: today's strips it."""
    header = "\n".join(f"{key}: {value}" for key, value in node.metadata.items())
    return text_digest(f"{header}\n\n{node.text}" if header else node.text)


def compare_common(
    docstore: Any, manifest: Manifest, node_id: str, told: Dict[str, Any], name: str, findings: Findings
) -> None:
    get: Callable[[], BaseNode] = lambda: docstore.get_node(node_id)  # noqa: E731
    findings.check("node class", node_id, name, lambda: type(get()).__name__)
    if "text" in told:
        text = lambda: text_digest(getattr(get(), "text", None), manifest.typescript)  # noqa: E731
        findings.check("node text", node_id, told["text"], text)
    findings.check("node metadata", node_id, told.get("metadata") or {}, lambda: get().metadata)
    vector = told.get("embedding") and [float(each) for each in told["embedding"]]
    findings.check("node embedding", node_id, vector, lambda: get().embedding)


def compare_native(docstore: Any, manifest: Manifest, node_id: str, told: Any, findings: Findings) -> None:
    """A node of a docstore.json of Python: all that the manifest tells."""
    get: Callable[[], BaseNode] = lambda: docstore.get_node(node_id)  # noqa: E731
    name = "TextNode" if manifest.plain_nodes and told["cls"] == "Node" else told["cls"]
    compare_common(docstore, manifest, node_id, told, name, findings)
    findings.check(
        "hash", node_id, told.get("stored_hash", told["hash"]), lambda: docstore.get_document_hash(node_id)[:16]
    )
    relationships = told["relationships"]
    if manifest.plain_nodes:
        findings.check("node relationships", node_id, relationships, lambda: related_ids(get()))
        findings.check("node text with metadata", node_id, told["content"], lambda: old_text(get()))
        for name in ("image", "index_id"):
            findings.check(f"node {name}", node_id, told.get(name), lambda name=name: attribute(get(), name))
        findings.omit("node_info", "today's nodes have none, and the reference drops it when it reads them")
        return
    findings.omit("node hash", "each version computes its own, of text and metadata; the stored one is compared")
    findings.check("node relationships", node_id, {key: told_related(value) for key, value in relationships.items()},
                   lambda: {key.name: related(value) for key, value in get().relationships.items()})  # fmt: skip
    contents = {"content_embed": told["content_llm"], **told}
    for key, mode in CONTENTS.items():
        findings.check(f"node {key}", node_id, contents[key], lambda mode=mode: text_digest(get().get_content(mode)))
    for key in ATTRIBUTES:
        findings.check(f"node {key}", node_id, told.get(key), lambda key=key: attribute(get(), key))
    for key in RESOURCES:
        if key in told:
            findings.check(f"node {key}", node_id, told[key], lambda key=key: resource(get(), key))


def forgotten(manifest: Manifest, node_id: str) -> Dict[str, Any]:
    """What a node's file tells and LlamaIndexTS of before 0.2 does not read back, as a manifest tells it."""
    data = manifest.read("doc_store.json")["docstore/data"][node_id]["__data__"]
    node = json.loads(data) if isinstance(data, str) else data
    ids = lambda value: [each["nodeId"] for each in value] if isinstance(value, list) else value["nodeId"]  # noqa: E731
    return {
        "embedding": node.get("embedding"), "start": node.get("startCharIdx"), "end": node.get("endCharIdx"),
        "relationships": {key: ids(value) for key, value in node["relationships"].items()},
    }  # fmt: skip


def compare_converted(docstore: Any, manifest: Manifest, node_id: str, told: Any, findings: Findings) -> None:
    """A node of a file that today's LlamaIndex cannot read."""
    get: Callable[[], BaseNode] = lambda: docstore.get_node(node_id)  # noqa: E731
    # A graph of 0.4 names its indexes as sources of nodes; 0.5 has nodes of their own for that.
    index_id = told.get("index_id") or (told["source"] if told.get("source") in manifest.indexes else None)
    kind = told.get("type", "3" if index_id else "2" if told.get("image") else "1")
    name = CLASSES.get(told.get("cls", ""), told.get("cls")) or TYPES[kind]
    if manifest.typescript:
        told = {**told, **forgotten(manifest, node_id)}
    compare_common(docstore, manifest, node_id, told, name, findings)
    if "relationships" in told:
        findings.check("node relationships", node_id, told["relationships"], lambda: related_ids(get()))
    else:
        findings.check("node source", node_id, told["source"], lambda: get().ref_doc_id)
    findings.check("node image", node_id, told.get("image"), lambda: attribute(get(), "image"))
    findings.check("node index_id", node_id, index_id, lambda: attribute(get(), "index_id"))
    if manifest.typescript:
        for key, told_key in (("start_char_idx", "start"), ("end_char_idx", "end")):
            findings.check(f"node {key}", node_id, told.get(told_key), lambda key=key: attribute(get(), key))
        stored = manifest.read("doc_store.json")["docstore/metadata"].get(node_id, {}).get("docHash")
        findings.check("hash", node_id, stored or "", lambda: docstore.get_document_hash(node_id) or "")
        text = lambda: get().get_content(MetadataMode.LLM)  # noqa: E731
        findings.check("node text with metadata", node_id, True, lambda: get().get_content(MetadataMode.NONE) in text())
    else:
        findings.check("hash", node_id, told["hash"], lambda: docstore.get_document_hash(node_id)[:16])
        if "content" in told:
            findings.check("node text with metadata", node_id, told["content"], lambda: old_text(get()))
        for key in ("start", "end") if "node_info" in told else ():
            place = (told["node_info"] or {}).get(key)
            findings.check(f"node {key}_char_idx", node_id, place, lambda key=key: attribute(get(), f"{key}_char_idx"))


def ref_doc(told: Dict[str, Any]) -> Tuple[List[str], Dict[str, Any]]:
    """Node ids and metadata, by the names that versions gave them."""
    ids = next((told[key] for key in ("node_ids", "doc_ids", "nodeIds") if key in told), [])
    metadata = next((told[key] for key in ("metadata", "extra_info", "extraInfo") if key in told), {})
    return ids, metadata


def compare_ref_docs(docstore: Any, manifest: Manifest, findings: Findings) -> None:
    told = manifest.data["docstore"].get("ref_doc_info")
    if told is None:
        findings.omit("ref doc", "this version keeps none")
        return
    if manifest.single_file:  # a hash for each document, each node, and the index struct among them
        for document_id, info in told.items():
            if document_id in manifest.indexes:
                findings.omit("hash", "of an index struct, which is no document today")
                continue
            hash_of = lambda document_id=document_id: docstore.get_document_hash(document_id)  # noqa: E731
            findings.check("hash", document_id, info["doc_hash"], hash_of)
        return
    findings.check("ref docs", "", sorted(told), lambda: sorted(docstore.get_all_ref_doc_info()))
    for document_id, info in told.items():
        get = lambda document_id=document_id: docstore.get_ref_doc_info(document_id)  # noqa: E731
        ids, metadata = ref_doc(info)
        findings.check("ref doc", document_id, [ids, metadata], lambda get=get: [get().node_ids, get().metadata])
