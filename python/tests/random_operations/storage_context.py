"""A storage context on one database and LlamaIndex's, with all of their stores."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any, Dict, List, Optional

import quipu
from llama_index.core import StorageContext
from llama_index.core.storage.index_store.simple_index_store import SimpleIndexStore

from random_operations.document_store import DocumentStores, RepairedDocumentStore
from random_operations.graph_store import GraphStores, RepairedGraphStore
from random_operations.index_store import IndexStores
from random_operations.kv_store import RepairedKVStore, keep_collections
from random_operations.operation import Operation
from random_operations.outcome import Outcome, outcome
from random_operations.property_graph_store import PropertyGraphStores, RepairedPropertyGraphStore, ordered
from random_operations.stores import Stores
from random_operations.vector_store import VectorStores

MEMBERS = {
    "docstore": DocumentStores,
    "index_store": IndexStores,
    "vector_store": VectorStores,
    "graph_store": GraphStores,
    "property_graph_store": PropertyGraphStores,
}


class StorageContexts(Stores):
    KIND = "storage_context"

    def make_reference(self) -> StorageContext:
        return StorageContext.from_defaults(
            docstore=RepairedDocumentStore(RepairedKVStore()),
            index_store=SimpleIndexStore(RepairedKVStore()),
            graph_store=RepairedGraphStore(),
            property_graph_store=RepairedPropertyGraphStore(),
        )

    def open(self) -> None:
        self.ours = quipu.storage_context(self._path)
        self.kvstore = self.ours.kvstore
        # A database has no default vector store while random index structs say that their vectors are elsewhere; the
        # reference's context, which is not opened again, keeps the one that it was made with.
        self.ours.vector_stores.setdefault("default", quipu.QuipuVectorStore(self.kvstore))

    def equal(self, operation: Operation, reference: Any, ours: Any) -> bool:
        return MEMBERS[operation.target].equal(self, operation, reference, ours)

    def undo(self, before: StorageContext) -> None:
        keep_collections(before.docstore._kvstore, self.reference.docstore._kvstore)
        keep_collections(before.index_store._kvstore, self.reference.index_store._kvstore)
        super().undo(before)

    def files_difference(self) -> Optional[str]:
        reference = outcome(lambda: persisted(self.reference, self._folder / "reference"))
        ours = outcome(lambda: persisted(self.ours, self._folder / "ours"))
        if reference.error is not None or ours.error is not None:
            return None if reference.error and ours.error else f"reference: {reference}\n    ours: {ours}"
        for name in {*reference.result, *ours.result}:
            if reference.result.get(name) != ours.result.get(name):
                return f"{name} differs: {reference.result.get(name)}\n    ours: {ours.result.get(name)}"
        return None

    def reload(self) -> Optional[str]:
        """Ours from the files that the reference has written, in which infinities of the graph are null."""
        if outcome(lambda: persisted(self.reference, self._folder / "reference")).error is not None:
            return None
        graph = RepairedPropertyGraphStore.from_persist_dir(str(self._folder / "reference"))
        self.reference.property_graph_store = graph
        self.close()
        self._path = self._folder / f"imported{len(list(self._folder.iterdir()))}"
        quipu.import_dir(self._folder / "reference", self._path)
        self.open()
        return None

    @staticmethod
    def draw(rng: random.Random, count: int) -> List[Operation]:
        drawn: Dict[str, List[Operation]] = {
            name: stores.draw(rng, count) for name, stores in MEMBERS.items()
        }
        operations = []
        for i in range(count):
            target = rng.choice(list(MEMBERS))
            operation = drawn[target][i]
            operation.target = target
            operations.append(operation)
        return operations


# Files that a database may write only where there is something in them: that of a property graph, and while an index has
# its vectors elsewhere, as random structs have them, those of the default stores.
NO_VECTORS = '{"embedding_dict": {}, "text_id_to_ref_doc_id": {}, "metadata_dict": {}}'
GRAPH = "property_graph_store.json"
EMPTY = {
    "default__vector_store.json": NO_VECTORS,
    "image__vector_store.json": NO_VECTORS,
    "graph_store.json": '{"graph_dict": {}}',
    GRAPH: '{"nodes": {}, "relations": {}, "triplets": []}',
}


def persisted(context: StorageContext, folder: Path) -> Dict[str, str]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    context.persist(folder)
    files = EMPTY | {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    return files | {GRAPH: str(ordered(Outcome(files[GRAPH])).result)}
