"""QuipuDocumentStore and SimpleDocumentStore."""

from __future__ import annotations

import random
from typing import Any, Dict, List

import quipu
from llama_index.core.schema import NodeRelationship, RelatedNodeInfo
from llama_index.core.storage.docstore.simple_docstore import SimpleDocumentStore

from random_operations.kv_store import RepairedKVStore, keep_collections
from random_operations.nodes import random_node
from random_operations.operation import Operation
from random_operations.stores import Stores
from random_operations.values import one_of, some_ids, some_of

CALLS = [
    ("add_documents", 26),
    ("delete_document", 12),
    ("delete_ref_doc", 4),
    ("set_document_hash", 3),
    ("set_document_hashes", 2),
    ("get_document", 6),
    ("document_exists", 3),
    ("get_document_hash", 4),
    ("get_all_document_hashes", 2),
    ("get_ref_doc_info", 5),
    ("get_all_ref_doc_info", 1),
    ("ref_doc_exists", 3),
    ("get_nodes", 4),
    ("get_node", 3),
    ("get_node_dict", 2),
    ("docs", 0.7),
]
HASHES = ["h1", "h2", "h3", "", "h\u00e9"]


class RepairedDocumentStore(SimpleDocumentStore):
    """A failed call changes nothing, and asynchronous calls do what the others do."""

    _kvstore: RepairedKVStore

    def add_documents(self, *args: Any, **kwargs: Any) -> None:
        before = list(self._kvstore._collections_mappings)
        self._kvstore.writing = True
        try:
            super().add_documents(*args, **kwargs)
        except Exception:
            mappings = self._kvstore._collections_mappings
            self._kvstore._collections_mappings = {name: mappings[name] for name in before}
            raise
        finally:
            self._kvstore.writing = False

    async def async_add_documents(self, *args: Any, **kwargs: Any) -> None:
        self.add_documents(*args, **kwargs)

    async def adelete_document(self, doc_id: str, raise_error: bool = True) -> None:
        self.delete_document(doc_id, raise_error)

    async def adelete_ref_doc(self, ref_doc_id: str, raise_error: bool = True) -> None:
        self.delete_ref_doc(ref_doc_id, raise_error)


class DocumentStores(Stores):
    KIND = "document_store"

    def make_reference(self) -> SimpleDocumentStore:
        return RepairedDocumentStore(RepairedKVStore())

    def make_ours(self) -> quipu.QuipuDocumentStore:
        return quipu.QuipuDocumentStore(self.kvstore)

    def reload_reference(self, path: str) -> SimpleDocumentStore:
        return RepairedDocumentStore(RepairedKVStore.from_persist_path(path))

    def undo(self, before: SimpleDocumentStore) -> None:
        keep_collections(before._kvstore, self.reference._kvstore)
        super().undo(before)

    @staticmethod
    def draw(rng: random.Random, count: int) -> List[Operation]:
        ids = some_ids(rng)
        return [call(rng, ids, [f"d{i}" for i in range(4)] + ids[-4:]) for _ in range(count)]


def call(rng: random.Random, ids: List[str], sources: List[str]) -> Operation:
    name = one_of(rng, CALLS)
    arguments = ARGUMENTS[name](rng, ids, sources) if name in ARGUMENTS else {}
    if (
        name.startswith(("get_document_hash", "document_exists", "set_document_hash"))
        and "doc_id" in arguments
        and rng.random() < 0.3
    ):
        arguments["doc_id"] = rng.choice(sources)
    if (
        name in ("get_document", "delete_document", "delete_ref_doc", "get_nodes", "get_node")
        and rng.random() < 0.5
    ):
        arguments["raise_error"] = rng.random() < 0.5
    mistyped = (
        bool(arguments)
        and name not in ("add_documents", "get_node_dict", "get_nodes")
        and rng.random() < 0.01
    )
    if mistyped:
        arguments[next(iter(arguments))] = rng.choice([None, 5, b"bytes"])
    return Operation(name, arguments, name != "docs" and rng.random() < 0.1, mistyped)


def documents(rng: random.Random, ids: List[str], sources: List[str]) -> Dict[str, Any]:
    common = rng.choice(sources)
    docs = []
    for _ in range(one_of(rng, [(0, 1), (1, 6), (2, 4), (3, 3), (5, 2)])):
        source = one_of(rng, [(common, 6), (None, 1.5), (rng.choice(sources), 2)])
        embedding = rng.choice([None, None, None, [], [0.5, 1.0]])
        docs.append(random_node(rng, ids if rng.random() < 0.85 else sources, source, embedding=embedding))
        if rng.random() < 0.005:
            docs[-1].relationships[NodeRelationship.SOURCE] = [RelatedNodeInfo(node_id="d0")]
    arguments: Dict[str, Any] = {"docs": docs}
    if rng.random() < 0.4:
        arguments["allow_update"] = rng.random() < 0.4
    if rng.random() < 0.2:
        arguments["store_text"] = rng.random() < 0.5
    if rng.random() < 0.05:
        arguments["batch_size"] = rng.choice([0, 1, None])
    return arguments


ARGUMENTS: Dict[str, Any] = {
    "add_documents": documents,
    "get_document": lambda rng, ids, sources: {"doc_id": rng.choice(ids)},
    "delete_document": lambda rng, ids, sources: {"doc_id": rng.choice(ids)},
    "document_exists": lambda rng, ids, sources: {"doc_id": rng.choice(ids)},
    "get_node": lambda rng, ids, sources: {"node_id": rng.choice(ids)},
    "get_document_hash": lambda rng, ids, sources: {"doc_id": rng.choice(ids)},
    "set_document_hash": lambda rng, ids, sources: {
        "doc_id": rng.choice(ids),
        "doc_hash": rng.choice(HASHES),
    },
    "set_document_hashes": lambda rng, ids, sources: {
        "doc_hashes": {each: rng.choice(HASHES) for each in some_of(rng, ids + sources)}
    },
    "get_ref_doc_info": lambda rng, ids, sources: {"ref_doc_id": rng.choice(sources)},
    "ref_doc_exists": lambda rng, ids, sources: {"ref_doc_id": rng.choice(sources)},
    "delete_ref_doc": lambda rng, ids, sources: {"ref_doc_id": rng.choice(sources)},
    "get_nodes": lambda rng, ids, sources: {"node_ids": some_of(rng, ids)},
    "get_node_dict": lambda rng, ids, sources: {
        "node_id_dict": {i * 3: each for i, each in enumerate(some_of(rng, ids))}
    },
}
