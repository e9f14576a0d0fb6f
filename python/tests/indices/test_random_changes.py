"""Random changes of indices of every kind on our stores and on LlamaIndex's: the index store is written byte for byte alike,
but for the order in sets, which depends on how large a set has been.

QUIPU_TEST_CHANGES=1000 makes as many of them, QUIPU_TEST_SEED=1234 those of a seed.
"""

from __future__ import annotations

import json
import os
import random
import uuid
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

import pytest
import quipu
from llama_index.core import (
    Document,
    DocumentSummaryIndex,
    KnowledgeGraphIndex,
    MockEmbedding,
    Settings,
    SimpleKeywordTableIndex,
    StorageContext,
    SummaryIndex,
    TreeIndex,
    VectorStoreIndex,
    load_index_from_storage,
)
from llama_index.core.indices.base import BaseIndex
from llama_index.core.llms import MockLLM
from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.storage.docstore import SimpleDocumentStore
from random_operations.kv_store import RepairedKVStore

SEED = int(os.environ.get("QUIPU_TEST_SEED", "0")) or random.SystemRandom().randrange(1 << 32)
CHANGES = int(os.environ.get("QUIPU_TEST_CHANGES", "60"))
KINDS: Dict[str, Any] = {
    "vector": (VectorStoreIndex, {}),
    "list": (SummaryIndex, {}),
    "keyword": (SimpleKeywordTableIndex, {}),
    "tree": (TreeIndex, {"num_children": 3}),
    "summary": (DocumentSummaryIndex, {}),
    "graph": (KnowledgeGraphIndex, {"include_embeddings": True, "kg_triplet_extract_fn": lambda text: [text.split()[:3]]}),
}
CANNOT_DELETE = ("tree", "graph")  # in LlamaIndex
Change = Callable[[BaseIndex[Any]], None]


class Side:
    """The indices on one storage context."""

    def __init__(self, folder: Path, open_context: Callable[[Path], Any]) -> None:
        self.folder, self.open_context = folder, open_context
        self.context = open_context(folder)
        self.indices: Dict[str, Any] = {}
        for kind, (index_class, options) in KINDS.items():
            self.indices[kind] = index_class(nodes=[], storage_context=self.context, **options)
            self.indices[kind].set_index_id(kind)

    def index_store(self) -> str:
        path = self.folder / "index_store.json"
        self.context.index_store.persist(str(path))
        return path.read_text()

    def load(self) -> None:
        self.context.persist(str(self.folder))
        if isinstance(self.context, quipu.QuipuStorageContext):
            self.context.close()
        self.context = self.open_context(self.folder)
        for kind, (_, options) in KINDS.items():
            self.indices[kind] = load_index_from_storage(self.context, index_id=kind, **options)


def open_simple(folder: Path) -> StorageContext:
    """Of LlamaIndex, with a docstore whose values are copies: else it deletes half of a document's nodes."""
    if not (folder / "docstore.json").exists():
        return StorageContext.from_defaults(docstore=SimpleDocumentStore(RepairedKVStore()))
    docstore = SimpleDocumentStore(RepairedKVStore.from_persist_path(str(folder / "docstore.json")))
    return StorageContext.from_defaults(persist_dir=str(folder), docstore=docstore)


def draw(rng: random.Random, number: int, known: Dict[str, List[str]]) -> Tuple[str, Change]:
    kind, what, doc_id = rng.choice(list(KINDS)), rng.random(), f"document-{number}"
    text = " ".join(f"w{int(rng.paretovariate(0.7)) % 50}" for _ in range(rng.randrange(3, 8)))
    if what > 0.6 and known[kind] and kind not in CANNOT_DELETE:
        old = rng.choice(known[kind])
        if what > 0.85:
            return kind, lambda index: index.update_ref_doc(Document(id_=old, text=text))
        known[kind].remove(old)
        return kind, lambda index: index.delete_ref_doc(old, delete_from_docstore=True)
    known[kind].append(doc_id)
    if what > 0.3:
        return kind, lambda index: index.insert(Document(id_=doc_id, text=text))
    source = {NodeRelationship.SOURCE: RelatedNodeInfo(node_id=doc_id)}
    ids = [f"{doc_id}-{i}" for i in range(rng.randrange(1, 8))]
    return kind, lambda index: index.insert_nodes([TextNode(id_=i, text=f"{text} {i}", relationships=source) for i in ids])


def with_sorted_sets(text: str) -> Dict[str, Any]:
    stored = json.loads(text)["index_store/data"]
    structs = {key: json.loads(struct["__data__"]) for key, struct in stored.items()}
    for struct in structs.values():
        if "table" in struct:
            struct["table"] = {key: sorted(ids) for key, ids in struct["table"].items()}
    return {key: (stored[key]["__type__"], json.dumps(structs[key])) for key in stored}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_random_changes_are_written_alike(settings: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    print(f"QUIPU_TEST_SEED={SEED}")
    rng, ids = random.Random(SEED), random.Random()
    monkeypatch.setattr("uuid.uuid4", lambda: uuid.UUID(int=ids.getrandbits(128), version=4))
    Settings.llm, Settings.embed_model = MockLLM(max_tokens=6), MockEmbedding(2)
    openers = {"ours": lambda folder: quipu.storage_context(folder / "database"), "simple": open_simple}
    sides = []
    for name, opener in openers.items():
        (tmp_path / name).mkdir()
        ids.seed(SEED)
        sides.append(Side(tmp_path / name, opener))
    known: Dict[str, List[str]] = {kind: [] for kind in KINDS}
    for number in range(CHANGES):
        kind, change = draw(rng, number, known)
        for side in sides:
            ids.seed(SEED + number)
            change(side.indices[kind])
        ours, simple = (side.index_store() for side in sides)
        assert with_sorted_sets(ours) == with_sorted_sets(simple), f"change {number}, of {kind}"
        if number >= CHANGES // 2 and rng.random() < 0.1:
            for side in sides:
                ids.seed(SEED + number)
                side.load()
    assert [each for each in quipu.verify(sides[0].context) if each.severity == "fault"] == []
    sides[0].context.close()
