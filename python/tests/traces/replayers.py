"""For each kind of trace, the package's store and how its arguments are spelt."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any, Dict, Optional, Type

import quipu
from llama_index.core.data_structs.data_structs import IndexList
from llama_index.core.graph_stores.types import ChunkNode, EntityNode, Relation
from llama_index.core.schema import TextNode
from llama_index.core.storage import storage_context
from llama_index.core.storage.docstore.keyval_docstore import KVDocumentStore
from llama_index.core.storage.docstore.utils import json_to_doc
from llama_index.core.storage.index_store.utils import json_to_index_struct
from llama_index.core.vector_stores.types import MetadataFilters, VectorStoreQuery, VectorStoreQueryMode

import standins
from stored_vectors import stored_vectors


class Replayer:
    """A store on a database that reload() closes and opens again."""

    kvstore: Optional[quipu.RocksDBKVStore] = None

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0

    def close(self) -> None:
        if self.kvstore is not None:
            self.kvstore.close()

    def apply(self, op: str, args: Dict[str, Any]) -> Any:
        if op == "__init__":
            self.close()
            self._made += 1
            self.open()
        elif op == "reload":
            self.close()
            self.open()
        else:
            return self.call(op, args)
        return None

    def open(self) -> None:
        self.kvstore = quipu.RocksDBKVStore(self._folder / f"database{self._made}")
        self.store = self.make()

    def make(self) -> Any:
        raise NotImplementedError

    def call(self, op: str, args: Dict[str, Any]) -> Any:
        return getattr(self.store, op)(**self.arguments(args))

    def arguments(self, args: Dict[str, Any]) -> Dict[str, Any]:
        return args

    def collections(self) -> Dict[str, Any]:
        return {name: self.kvstore.get_all(name) for name in self.kvstore.collections()}


class KVStoreReplayer(Replayer):
    def make(self) -> Any:
        return self.kvstore

    def call(self, op: str, args: Dict[str, Any]) -> Any:
        return self.collections() if op == "to_dict" else super().call(op, args)


class DocumentStoreReplayer(Replayer):
    def make(self) -> Any:
        return quipu.QuipuDocumentStore(self.kvstore)

    def call(self, op: str, args: Dict[str, Any]) -> Any:
        if op == "to_dict":
            return self.collections()
        return self.store.docs if op == "docs" else super().call(op, args)

    def arguments(self, args: Dict[str, Any]) -> Dict[str, Any]:
        if "docs" in args:
            args["docs"] = [json_to_doc(doc) for doc in args["docs"]]
        if "node_id_dict" in args:
            args["node_id_dict"] = {int(key): node_id for key, node_id in args["node_id_dict"].items()}
        return args


class PlainDocumentStoreReplayer(DocumentStoreReplayer):
    """LlamaIndex's own document store over this key-value store."""

    def make(self) -> Any:
        return KVDocumentStore(self.kvstore)


def call_async(replayer: Any, op: str, args: Dict[str, Any]) -> Any:
    method = getattr(replayer.store, f"a{op}", None) or getattr(replayer.store, f"async_{op}")

    async def call() -> Any:
        return await method(**replayer.arguments(args))

    return asyncio.run(call())


class AsyncKVStoreReplayer(KVStoreReplayer):
    def call(self, op: str, args: Dict[str, Any]) -> Any:
        return super().call(op, args) if op == "to_dict" else call_async(self, op, args)


class AsyncDocumentStoreReplayer(DocumentStoreReplayer):
    def call(self, op: str, args: Dict[str, Any]) -> Any:
        return super().call(op, args) if op in ("to_dict", "docs") else call_async(self, op, args)


class IndexStoreReplayer(Replayer):
    def make(self) -> Any:
        return quipu.QuipuIndexStore(self.kvstore)

    def call(self, op: str, args: Dict[str, Any]) -> Any:
        return self.collections() if op == "to_dict" else super().call(op, args)

    def arguments(self, args: Dict[str, Any]) -> Dict[str, Any]:
        if "index_struct" in args:
            args["index_struct"] = json_to_index_struct(args["index_struct"])
        return args


class VectorStoreReplayer(Replayer):
    def make(self) -> Any:
        return quipu.QuipuVectorStore(self.kvstore)

    def call(self, op: str, args: Dict[str, Any]) -> Any:
        if op == "to_dict":
            return stored_vectors(self.store)
        if op != "from_dict":
            return super().call(op, args)
        self.close()
        self._made += 1
        self.import_(args["data"])
        self.open()
        return None

    def import_(self, data: Dict[str, Any]) -> None:
        persisted = self._folder / f"persisted{self._made}"
        persisted.mkdir()
        for name, content in (("docstore", {}), ("index_store", {}), ("default__vector_store", data)):
            persisted.joinpath(f"{name}.json").write_text(json.dumps(content))
        quipu.import_dir(persisted, self._folder / f"database{self._made}")

    def arguments(self, args: Dict[str, Any]) -> Dict[str, Any]:
        if "nodes" in args:
            args["nodes"] = [json_to_doc(node) for node in args["nodes"]]
        for owner in (args, args.get("query", {})):
            if owner.get("filters") is not None:
                owner["filters"] = MetadataFilters(**owner["filters"])
        if "query" in args:
            mode = VectorStoreQueryMode(args["query"].pop("mode", "default"))
            args["query"] = VectorStoreQuery(mode=mode, **args["query"])
        return args


class GraphStoreReplayer(Replayer):
    def make(self) -> Any:
        return quipu.QuipuGraphStore(self.kvstore)


class PropertyGraphStoreReplayer(Replayer):
    def make(self) -> Any:
        return quipu.QuipuPropertyGraphStore(self.kvstore)

    def arguments(self, args: Dict[str, Any]) -> Dict[str, Any]:
        for name in ("nodes", "graph_nodes"):
            if name in args:
                args[name] = [(EntityNode if "name" in each else ChunkNode)(**each) for each in args[name]]
        if "relations" in args:
            args["relations"] = [Relation(**each) for each in args["relations"]]
        return args


class StorageContextReplayer(Replayer):
    """LlamaIndex's StorageContext with the package's stores in place of its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        for original, standin in standins.STANDINS.items():
            if hasattr(storage_context, original.__name__):
                setattr(storage_context, original.__name__, standin)

    def close(self) -> None:
        for original in standins.STANDINS:
            if hasattr(storage_context, original.__name__):
                setattr(storage_context, original.__name__, original)

    def apply(self, op: str, args: Dict[str, Any]) -> Any:
        return getattr(self, f"op_{op}")(**args)

    def op_from_defaults(self, **args: Any) -> Any:
        parts: Dict[str, Any] = {}
        if "vector_stores" in args:
            parts["vector_stores"] = {name: numbered(each) for name, each in args["vector_stores"].items()}
        for name in ("vector_store", "image_store"):
            if args.get(name) is not None:
                parts[name] = numbered(args[name])
        if args.get("property_graph_store"):
            parts["property_graph_store"] = standins.PropertyGraphStore()
        return self.use(storage_context.StorageContext.from_defaults(**parts))

    def op_from_defaults_persist_dir(self, files: Dict[str, str]) -> Any:
        folder = tempfile.mkdtemp(dir=self._folder)
        for name, content in files.items():
            Path(folder, name).write_text(content, encoding="utf-8")
        return self.use(storage_context.StorageContext.from_defaults(persist_dir=folder))

    def op_from_dict(self, save_dict: Dict[str, Any]) -> Any:
        return self.use(storage_context.StorageContext.from_dict(save_dict))

    def op_add_vector_store(self, vector_store: int, namespace: str) -> None:
        self.context.add_vector_store(numbered(vector_store), namespace)

    def op_fill(self, node: Dict[str, Any]) -> None:
        filled = json_to_doc(node)
        self.context.docstore.add_documents([filled])
        self.context.index_store.add_index_struct(IndexList(index_id="fill", nodes=[filled.node_id]))
        self.context.graph_store.upsert_triplet("a", "r", filled.node_id)
        if self.context.property_graph_store is not None:
            relation = Relation(label="r", source_id="a", target_id="b" + filled.node_id)
            self.context.property_graph_store.upsert_relations([relation])

    def op_persist(self, **args: Any) -> Dict[str, str]:
        folder = tempfile.mkdtemp(dir=self._folder)
        self.context.persist(folder, **args)
        return {path.name: path.read_text(encoding="utf-8") for path in Path(folder).iterdir()}

    def op_to_dict(self) -> Any:
        return self.context.to_dict()

    def op_vector_store(self) -> Any:
        return self.context.vector_store.to_dict()

    def use(self, context: Any) -> Any:
        self.context = context
        return context.to_dict()


def numbered(number: int) -> Any:
    store = standins.VectorStore()
    store.add([TextNode(id_=f"x{number}", text="t", embedding=[number, 0.5])])
    return store


REPLAYERS: Dict[str, Type[Replayer]] = {
    "kvstore": KVStoreReplayer,
    "docstore": DocumentStoreReplayer,
    "index_store": IndexStoreReplayer,
    "vector_store": VectorStoreReplayer,
    "graph_store": GraphStoreReplayer,
    "property_graph_store": PropertyGraphStoreReplayer,
    "storage_context": StorageContextReplayer,
}
# Other ways to the same results.
VARIANTS: Dict[str, Type[Replayer]] = {
    "async kvstore": AsyncKVStoreReplayer,
    "async docstore": AsyncDocumentStoreReplayer,
    "plain docstore": PlainDocumentStoreReplayer,
}
