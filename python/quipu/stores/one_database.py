"""Which stores a context, an index or a store stands for, and the one database that they must all be on."""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple, Type, cast

from llama_index.core import StorageContext
from llama_index.core.indices.base import BaseIndex
from llama_index.core.indices.document_summary import DocumentSummaryIndex
from llama_index.core.indices.knowledge_graph import KnowledgeGraphIndex
from llama_index.core.indices.multi_modal import MultiModalVectorStoreIndex
from llama_index.core.indices.property_graph import PropertyGraphIndex
from llama_index.core.indices.vector_store import VectorStoreIndex

from quipu.database.open_databases import Database
from quipu.stores.kv_store import RocksDBKVStore

# What indices write to beside a document store and an index store, by the index's names. All else in their context may
# be whatever LlamaIndex puts there by default, in memory.
_FURTHER_STORES: Dict[Type[BaseIndex[Any]], Tuple[str, ...]] = {
    VectorStoreIndex: ("_vector_store",),
    MultiModalVectorStoreIndex: ("image_vector_store",),
    DocumentSummaryIndex: ("_vector_store",),
    KnowledgeGraphIndex: ("graph_store",),
    PropertyGraphIndex: ("property_graph_store", "vector_store"),
}


def stores_of(target: Any) -> Dict[str, Any]:
    """The stores of a storage context, those that an index writes to, or the store that is given, by name."""
    stores: Dict[str, Any]
    if isinstance(target, BaseIndex):
        stores = {"docstore": target.docstore, "index_store": target.storage_context.index_store}
        for kind, names in _FURTHER_STORES.items():
            if isinstance(target, kind):
                stores.update({name.lstrip("_"): getattr(target, name) for name in names})
    elif isinstance(target, StorageContext):
        stores = {"docstore": target.docstore, "index_store": target.index_store, "graph_store": target.graph_store}
        stores.update({f"vector store {name!r}": store for name, store in target.vector_stores.items()})
        stores["property_graph_store"] = target.property_graph_store
    else:
        return {"what was given": target}
    return {name: store for name, store in stores.items() if store is not None}


def one_database(call: str, stores: Dict[str, Any]) -> Database:
    """The database that all the stores are on. Raises ValueError, which names a store, where there is none."""
    databases = [_database_of(store) for store in stores.values()]
    if not databases or None in databases or len(set(databases)) != 1:
        raise ValueError(_why_not_one(call, stores))
    return cast(Database, databases[0])


def _database_of(store: Any) -> Optional[Database]:
    kvstore = store if isinstance(store, RocksDBKVStore) else getattr(store, "_kvstore", None)
    return kvstore.database if isinstance(kvstore, RocksDBKVStore) else None


def _why_not_one(call: str, stores: Dict[str, Any]) -> str:
    found: Dict[Database, str] = {}
    for name, store in stores.items():
        database = _database_of(store)
        if database is None:
            return f"{call} needs stores that are all on one Quipu database: {name} is a {type(store).__name__}, which is not"
        found.setdefault(database, name)
    places = ", ".join(f"{name} is on {database.path}" for database, name in found.items())
    return f"{call} needs stores that are all on one Quipu database: {places}"
