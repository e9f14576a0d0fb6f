"""Which documents of a batch are to be ingested, as IngestionPipeline decides it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, List, Protocol, Sequence, Tuple

from llama_index.core.ingestion import DocstoreStrategy
from llama_index.core.schema import BaseNode

from quipu.stores.document_store import QuipuDocumentStore


@dataclass(frozen=True)
class Batch:
    """Documents that are ingested at once. A transformation may change them: what they are known by is kept."""

    documents: Sequence[BaseNode]
    ids: Sequence[str]  # of each, or of the document that it is a node of
    hashes: Sequence[str]

    @staticmethod
    def of(documents: Sequence[BaseNode]) -> "Batch":
        for each in documents:
            if not isinstance(each, BaseNode):
                raise TypeError(f"documents must be LlamaIndex's documents or nodes, not {type(each).__name__}")
        return Batch(documents, [each.ref_doc_id or each.node_id for each in documents], [each.hash for each in documents])

    def selected(self, selection: "Selection") -> List[BaseNode]:
        return [self.documents[position] for position in selection.positions]


@dataclass(frozen=True)
class Selection:
    positions: Tuple[int, ...] = ()  # in the batch, of those to ingest
    outdated: Tuple[str, ...] = ()  # the ids of documents of which another version is stored


class Select(Protocol):
    """Selects of a batch, given what deletes the stored version of a document, which the rest is compared after."""

    def __call__(self, batch: Batch, delete: Callable[[str], None]) -> Selection: ...


def select_all(batch: Batch, delete: Callable[[str], None]) -> Selection:
    return Selection(tuple(range(len(batch.documents))))


@dataclass(frozen=True)
class SelectChanged:
    """UPSERTS: what is not stored by its id with the same hash."""

    docstore: QuipuDocumentStore

    def __call__(self, batch: Batch, delete: Callable[[str], None]) -> Selection:
        positions: List[int] = []
        outdated: List[str] = []
        for position, (doc_id, doc_hash) in enumerate(zip(batch.ids, batch.hashes)):
            stored = self.docstore.get_document_hash(doc_id)
            if stored == doc_hash:
                continue
            if stored:
                delete(doc_id)
                outdated.append(doc_id)
            positions.append(position)
        return Selection(tuple(positions), tuple(outdated))


@dataclass(frozen=True)
class SelectUnknown:
    """DUPLICATES_ONLY: of equal hashes the first, where none is stored."""

    docstore: QuipuDocumentStore

    def __call__(self, batch: Batch, delete: Callable[[str], None]) -> Selection:
        missing = set(self.docstore.missing_hashes(batch.hashes))
        positions: List[int] = []
        for position, doc_hash in enumerate(batch.hashes):
            if doc_hash in missing:
                missing.remove(doc_hash)
                positions.append(position)
        return Selection(tuple(positions))


def select_by(strategy: DocstoreStrategy, docstore: QuipuDocumentStore) -> Select:
    return SelectUnknown(docstore) if strategy == DocstoreStrategy.DUPLICATES_ONLY else SelectChanged(docstore)
