"""LlamaIndex's stores on an embedded database that opens at once, writes what changed, and survives a crash.

    import quipu
    from llama_index.core import load_index_from_storage

    quipu.import_dir("./storage", "./storage.quipu")          # once: what LlamaIndex has persisted
    with quipu.storage_context("./storage.quipu") as context:
        index = load_index_from_storage(context)
        index.insert(document)                                # on disk when it returns

Every class is a subclass of LlamaIndex's own. See docs/python.md.
"""

from quipu._native import BusyError, ConflictError, CorruptionError, LockedError, ReadOnlyError, __version__
from quipu.database.open_databases import ForkedError, close
from quipu.database.options import OpenOptions
from quipu.files.finding import Finding
from quipu.files.persist_dir import ImportReport, ImportWarning, PersistReport, export_dir, import_dir
from quipu.ingestion.ingest import aingest, ingest
from quipu.ingestion.ingestion import IngestReport
from quipu.operations.backup import BackupInfo, RestoreReport, backup, backups, checkpoint, restore, verify_backup
from quipu.operations.diff import Difference, diff
from quipu.operations.migrate import MigratedCollection, MigrateReport, migrate
from quipu.operations.repair import RepairReport, RepairStep, repair
from quipu.operations.stat import CompactReport, DatabaseStat, compact, published_stats, stat
from quipu.operations.verify import verify
from quipu.stores.bm25_retriever import QuipuBM25Retriever
from quipu.stores.chat_store import QuipuAsyncChatStore, QuipuChatStore
from quipu.stores.document_store import QuipuDocumentStore
from quipu.stores.graph_store import QuipuGraphStore
from quipu.stores.index_store import QuipuIndexStore
from quipu.stores.ingestion_cache import QuipuIngestionCache
from quipu.stores.kv_store import RocksDBKVStore
from quipu.stores.postgres_chat_store import PostgresChatStore
from quipu.stores.postgres_vector_store import PostgresVectorStore
from quipu.stores.property_graph_store import QuipuPropertyGraphStore
from quipu.stores.storage_context import QuipuStorageContext, storage_context
from quipu.stores.transaction import transaction
from quipu.stores.vector_store import QueryArrays, QuipuVectorStore
from quipu.telemetry.stats import CallStats, Stats

__all__ = [
    "BackupInfo",
    "BusyError",
    "CallStats",
    "CompactReport",
    "ConflictError",
    "CorruptionError",
    "DatabaseStat",
    "Difference",
    "Finding",
    "ForkedError",
    "ImportReport",
    "ImportWarning",
    "IngestReport",
    "LockedError",
    "MigrateReport",
    "MigratedCollection",
    "OpenOptions",
    "PersistReport",
    "PostgresChatStore",
    "PostgresVectorStore",
    "QueryArrays",
    "QuipuAsyncChatStore",
    "QuipuBM25Retriever",
    "QuipuChatStore",
    "QuipuDocumentStore",
    "QuipuGraphStore",
    "QuipuIndexStore",
    "QuipuIngestionCache",
    "QuipuPropertyGraphStore",
    "QuipuStorageContext",
    "QuipuVectorStore",
    "ReadOnlyError",
    "RepairReport",
    "RepairStep",
    "RestoreReport",
    "RocksDBKVStore",
    "Stats",
    "__version__",
    "aingest",
    "backup",
    "backups",
    "checkpoint",
    "close",
    "compact",
    "diff",
    "export_dir",
    "import_dir",
    "ingest",
    "migrate",
    "published_stats",
    "repair",
    "restore",
    "stat",
    "storage_context",
    "transaction",
    "verify",
    "verify_backup",
]
