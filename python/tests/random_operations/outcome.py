"""What a call gave, spelled so that equal texts are equal outcomes."""

from __future__ import annotations

import json
import linecache
from dataclasses import dataclass
from typing import Any, Callable, Optional

from llama_index.core.bridge.pydantic import BaseModel
from llama_index.core.data_structs.data_structs import IndexStruct
from llama_index.core.schema import BaseNode
from llama_index.core.storage.docstore.types import RefDocInfo
from llama_index.core.storage.docstore.utils import doc_to_json
from llama_index.core.storage.index_store.utils import index_struct_to_json
from llama_index.core.vector_stores.types import VectorStoreQueryResult


@dataclass
class Outcome:
    result: Any = None
    error: Optional[Exception] = None

    def __str__(self) -> str:
        return f"raises {self.error!r}"[:300] if self.error is not None else spell(self.result)[:600]


def outcome(call: Callable[[], Any]) -> Outcome:
    try:
        return Outcome(call())
    except Exception as error:
        return Outcome(error=error)


def spell(value: Any) -> str:
    """Tells 1, 1.0 and True apart, 0.0 and -0.0, lists and tuples, orders of dicts, and classes."""
    return f"{shape(value)} {json.dumps(value, default=content)}"


def shape(value: Any) -> Any:
    """The types of the outer levels, and of the keys, which JSON does not have."""
    kind = type(value).__name__
    if isinstance(value, (list, tuple)):
        return kind, [shape(each) for each in value]
    if isinstance(value, dict):
        return kind, [(type(key).__name__, type(each).__name__) for key, each in value.items()]
    return "float" if isinstance(value, float) else kind


def content(value: Any) -> Any:
    if isinstance(value, BaseNode):
        return doc_to_json(value)
    if isinstance(value, IndexStruct):
        return index_struct_to_json(value)
    if isinstance(value, RefDocInfo):
        return [value.node_ids, value.metadata]
    if isinstance(value, VectorStoreQueryResult):
        return [value.nodes, shape(value.similarities), value.similarities, value.ids]
    if isinstance(value, BaseModel):
        return [type(value).__name__, value.model_dump()]
    return repr(value)


def same_error(reference: Exception, ours: Exception) -> bool:
    """Whoever catches the reference's exception catches ours; what the reference itself says, ours says."""
    if not isinstance(ours, type(reference)):
        return False
    return (
        type(reference) is not ValueError or not said_by_reference(reference) or str(ours) == str(reference)
    )


def said_by_reference(error: Exception) -> bool:
    """Whether a ``raise`` of LlamaIndex made it, and not numpy, pydantic or Python."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None:
        return False
    file = traceback.tb_frame.f_code.co_filename
    return "llama_index" in file and linecache.getline(file, traceback.tb_lineno).strip().startswith("raise ")
