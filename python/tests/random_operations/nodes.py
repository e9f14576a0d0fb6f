"""Random nodes of LlamaIndex's classes."""

from __future__ import annotations

import random
from typing import Any, Callable, Dict, List, Optional

from llama_index.core.schema import (
    BaseNode,
    Document,
    ImageDocument,
    ImageNode,
    IndexNode,
    MediaResource,
    Node,
    NodeRelationship,
    ObjectType,
    RelatedNodeInfo,
    TextNode,
)

from random_operations.values import json_object, one_of, scalar, STRINGS


def related(rng: random.Random, node_id: str) -> RelatedNodeInfo:
    values: Dict[str, Any] = {}
    if rng.random() < 0.4:
        values["node_type"] = rng.choice(list(ObjectType))
    if rng.random() < 0.3:
        values["metadata"] = json_object(rng, 1)
    if rng.random() < 0.3:
        values["hash"] = f"h{rng.randrange(9)}"
    return RelatedNodeInfo(node_id=node_id, **values)


def relationships(rng: random.Random, ids: List[str], source: Optional[str]) -> Dict[Any, Any]:
    found: Dict[Any, Any] = {}
    if source is not None:
        found[NodeRelationship.SOURCE] = related(rng, source)
    for kind, chance in (
        (NodeRelationship.PREVIOUS, 0.2),
        (NodeRelationship.NEXT, 0.2),
        (NodeRelationship.PARENT, 0.1),
    ):
        if rng.random() < chance:
            found[kind] = related(rng, rng.choice(ids))
    if rng.random() < 0.1:
        found[NodeRelationship.CHILD] = [related(rng, rng.choice(ids)) for _ in range(rng.randint(0, 3))]
    return found


def options(rng: random.Random) -> Dict[str, Any]:
    """What decides a node's content and hash besides its text and metadata."""
    values: Dict[str, Any] = {}
    if rng.random() < 0.1:
        values["excluded_embed_metadata_keys"] = [rng.choice(STRINGS)]
    if rng.random() < 0.1:
        values["excluded_llm_metadata_keys"] = [rng.choice(STRINGS), "absent"]
    if rng.random() < 0.15:
        values["metadata_template"] = rng.choice(
            ["{key}={value}", "{value}", "{{{key}}}: {value}", "const", "{value!s}"]
        )
    if rng.random() < 0.15:
        values["metadata_separator"] = rng.choice([" | ", "", "\u00e9", "{key}"])
    if rng.random() < 0.15:
        values["text_template"] = rng.choice(["{content}", "  {metadata_str}//{content}\n ", "fixed"])
    return values


def resource(rng: random.Random) -> MediaResource:
    values: Dict[str, Any] = {"text": rng.choice([None, "", "text", "\u00e9"])}
    if rng.random() < 0.3:
        values["path"] = rng.choice(["/a/b.png", "rel/x.mp3", "c.unknown"])
    return MediaResource(**values)


def image_node(rng: random.Random, values: Dict[str, Any]) -> BaseNode:
    image, path = rng.choice([None, "", "aGVsbG8="]), rng.choice([None, "/p/a.png", "b.gif", ""])
    return ImageNode(image=image, image_path=path, image_url=rng.choice([None, "https://e.com/x"]), **values)


def index_node(rng: random.Random, values: Dict[str, Any]) -> BaseNode:
    obj = TextNode(id_="obj", text="o", metadata=json_object(rng, 1)) if rng.random() < 0.3 else None
    return IndexNode(index_id=rng.choice(["ix", ""]), obj=obj, **values)


def media_node(rng: random.Random, values: Dict[str, Any]) -> BaseNode:
    del values["text"]
    for name in ("text_resource", "image_resource", "audio_resource"):
        if rng.random() < 0.4:
            values[name] = resource(rng)
    return Node(**values)


CLASSES: List[Any] = [
    (lambda rng, values: TextNode(**values), 8),
    (lambda rng, values: Document(**values), 2),
    (lambda rng, values: ImageDocument(image_resource=resource(rng), **values), 0.5),
    (image_node, 1),
    (index_node, 1),
    (media_node, 1),
]


def random_node(rng: random.Random, ids: List[str], source: Optional[str], **more: Any) -> BaseNode:
    """A node with one of the ids; where a class refuses what is odd about it, a plain one."""
    node_id = rng.choice(ids)
    values: Dict[str, Any] = {"id_": node_id, "text": rng.choice(STRINGS), "metadata": json_object(rng)}
    values.update(relationships=relationships(rng, ids, source), **options(rng))
    values.update(more)
    make: Callable[[random.Random, Dict[str, Any]], BaseNode] = one_of(rng, CLASSES)
    try:
        return make(rng, values)
    except ValueError:
        return TextNode(id_="plain", text=str(scalar(rng)).encode("ascii", "replace").decode())
