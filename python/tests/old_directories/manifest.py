"""A MANIFEST.json, and what its writer's version means for the comparison."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List, Tuple


class Manifest:
    """What is in a directory, and the answers that the version that wrote it gives."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.data: Dict[str, Any] = json.loads((directory / "MANIFEST.json").read_text(encoding="utf-8"))
        self.version: Tuple[int, ...] = tuple(int(part) for part in self.data["version"].split("."))
        self.typescript = self.data["writer"] == "LlamaIndexTS"
        # One file holds document store, index struct and vectors.
        self.single_file = not self.typescript and self.version < (0, 6)
        # Nodes are data_structs.node.Node: doc_id, extra_info, and relationships that are ids.
        self.plain_nodes = not self.typescript and self.version < (0, 6, 33)
        self.queries: List[List[float]] = self.data["queries"]
        self.indexes: Dict[str, Any] = self.data["indexes"]
        self.nodes: Dict[str, Any] = self.data["docstore"].get("nodes", {})

    @property
    def name(self) -> str:
        writer = "ts-" if self.typescript else ""
        return f"{writer}{self.data['version']}/{self.data['case']}"

    @property
    def object_comes_first(self) -> bool:
        """The pairs of rel_map are [object, relation], today's [relation, object]."""
        return not self.typescript and self.version <= (0, 6, 0)

    @property
    def is_pipeline(self) -> bool:
        return "cache" in self.data

    def namespace(self, store: str) -> Dict[str, str]:
        """The constructor's arguments for a document or index store."""
        names: Dict[str, str] = self.data.get("namespaces", {}).get(store, {})
        return {"namespace": each for each in names.values()}

    def read(self, file: str) -> Any:
        """A JSON file of the directory, {} where it is not there."""
        path = self.directory / file
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
