"""What a trace's line expects, against what a call gave."""

from __future__ import annotations

import json
import math
from typing import Any, Dict, List, Optional

from llama_index.core.graph_stores.types import LabelledNode, Relation
from llama_index.core.schema import BaseNode
from llama_index.core.storage.docstore.types import RefDocInfo
from llama_index.core.data_structs.data_structs import IndexStruct
from llama_index.core.storage.docstore.utils import doc_to_json
from llama_index.core.storage.index_store.utils import index_struct_to_json
from llama_index.core.vector_stores.types import VectorStoreQueryResult


def to_json(value: Any) -> Any:
    """A method's result as the traces spell it."""
    if isinstance(value, BaseNode):
        return doc_to_json(value)
    if isinstance(value, IndexStruct):
        return index_struct_to_json(value)
    if isinstance(value, RefDocInfo):
        return value.to_dict()
    if isinstance(value, (LabelledNode, Relation)):
        return value.model_dump()
    if isinstance(value, VectorStoreQueryResult):
        return {"nodes": value.nodes, "similarities": list(value.similarities or []), "ids": value.ids}
    if isinstance(value, dict):
        return {str(key): to_json(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(each) for each in value]
    return value


def equal(want: Any, got: Any, tolerance: float = 0.0) -> bool:
    """Strict on types, so that 1, 1.0 and true differ; NaN equals NaN."""
    if type(want) is not type(got):
        return False
    if isinstance(want, dict):
        return want.keys() == got.keys() and all(equal(want[key], got[key], tolerance) for key in want)
    if isinstance(want, list):
        return len(want) == len(got) and all(map(lambda a, b: equal(a, b, tolerance), want, got))
    if isinstance(want, float):
        if math.isnan(want) or math.isnan(got):
            return math.isnan(want) and math.isnan(got)
        return want == got or abs(want - got) <= tolerance * max(abs(want), abs(got))
    return bool(want == got)


def text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def as_sets(value: Any) -> Any:
    """Index structs with their sets of node ids sorted."""
    if isinstance(value, dict):
        if value.get("__type__") in ("keyword_table", "kg"):
            data = json.loads(value["__data__"])
            data["table"] = {key: sorted(ids) for key, ids in data["table"].items()}
            return {"__type__": value["__type__"], "__data__": data}
        return {key: as_sets(each) for key, each in value.items()}
    return [as_sets(each) for each in value] if isinstance(value, list) else value


def sorted_triplets(value: Any) -> Any:
    if isinstance(value, list):
        return sorted(value, key=text)
    if isinstance(value, dict):
        return {key: sorted(each, key=text) if key == "triplets" else sorted_triplets(each)
                if isinstance(each, dict) else each for key, each in value.items()}
    return value


def parsed(files: Dict[str, str]) -> Dict[str, Any]:
    """By content where the bytes depend on a set's order, or on whether an empty collection is named; the other
    files by their text."""
    contents: Dict[str, Any] = dict(files)
    for name in ("property_graph_store.json", "index_store.json"):
        if name in files:
            contents[name] = without_empty(json.loads(files[name]))
    return contents


def without_empty(value: Any) -> Any:
    return {key: each for key, each in value.items() if each != {}} if isinstance(value, dict) else value


def difference(line: Dict[str, Any], result: Any, error: Optional[Exception]) -> Optional[str]:
    """None when a call did what the line says."""
    if "raises" in line:
        want = line["raises"]
        if error is None or type(error).__name__ != want["type"]:
            return f"want {want}, got {error!r} {str(result)[:200]}"
        if line.get("message_exact") and str(error) != want["message"]:
            return f"want {want['message']!r}, got {error}"
        return None
    if error is not None:
        return f"want {str(line['returns'])[:200]}, got {error!r}"
    want, got = line["returns"], json.loads(json.dumps(to_json(result), default=str))
    if line["op"] == "persist":
        want, got = parsed(want), parsed(got)
    if line["op"] == "to_dict":
        want, got = without_empty(want), without_empty(got)
    if line.get("unordered_sets"):
        want, got = as_sets(want), as_sets(got)
    if "result_size" in line:
        return cut_difference(want, got, line["result_size"])
    if line.get("unordered"):
        want, got = sorted_triplets(want), sorted_triplets(got)
    tolerance = 1e-6 if line["op"] == "query" else 0.0
    return None if equal(want, got, tolerance) else f"want {str(want)[:300]}, got {str(got)[:300]}"


def cut_difference(want: List[Any], got: List[Any], size: int) -> Optional[str]:
    """Which of the triplets a limit leaves is open; how many is not."""
    rest = [text(each) for each in want]
    for each in got:
        if text(each) not in rest:
            return f"not expected: {text(each)[:200]}"
        rest.remove(text(each))
    return None if len(got) == size else f"want {size} triplets, got {len(got)}"
