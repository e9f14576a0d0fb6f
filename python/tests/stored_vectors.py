"""What is in a vector store, which its to_dict does not have."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any, Dict

from llama_index.core.vector_stores.types import BasePydanticVectorStore


def stored_vectors(store: BasePydanticVectorStore) -> Dict[str, Any]:
    """What SimpleVectorStore's to_dict would have."""
    with tempfile.TemporaryDirectory(prefix="quipu-vectors-") as folder:
        file = Path(folder, "vector_store.json")
        store.persist(str(file))
        stored: Dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return stored
