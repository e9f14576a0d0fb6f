"""The package's stores behind the constructors of LlamaIndex's Simple… classes: each opens a fresh database."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, Dict, Optional, Type

import fsspec
import quipu
from llama_index.core.graph_stores.simple import SimpleGraphStore, SimpleGraphStoreData
from llama_index.core.graph_stores.simple_labelled import SimplePropertyGraphStore
from llama_index.core.graph_stores.types import ChunkNode, EntityNode, LabelledPropertyGraph
from llama_index.core.llms import ChatMessage
from llama_index.core.schema import BaseNode
from llama_index.core.storage.chat_store.simple_chat_store import SimpleChatStore
from llama_index.core.storage.chat_store.sql import SQLAlchemyChatStore
from llama_index.core.storage.docstore.simple_docstore import SimpleDocumentStore
from llama_index.core.storage.index_store.simple_index_store import SimpleIndexStore
from llama_index.core.storage.kvstore.simple_kvstore import SimpleKVStore
from llama_index.core.vector_stores.simple import SimpleVectorStore, SimpleVectorStoreData

from stored_vectors import stored_vectors

_root = tempfile.mkdtemp(prefix="quipu-standins-")
atexit.register(shutil.rmtree, _root, ignore_errors=True)


def fresh_path() -> str:
    return os.path.join(tempfile.mkdtemp(dir=_root), "database")


def imported(file_name: str, content: str) -> quipu.RocksDBKVStore:
    """A database with what one persist file holds."""
    path = fresh_path()
    persist_dir = Path(path).with_name("persisted")
    persist_dir.mkdir()
    for name in ("docstore.json", "index_store.json"):
        persist_dir.joinpath(name).write_text("{}")
    persist_dir.joinpath(file_name).write_text(content, encoding="utf-8")
    quipu.import_dir(persist_dir, path)
    return quipu.RocksDBKVStore(path)


def reopened(kind: Type[Any], base: Type[Any], kvstore: quipu.RocksDBKVStore, *others: Any) -> Any:
    """What unpickling a stand-in gives: another object of its class on the same database."""
    store = kind.__new__(kind)
    base.__init__(store, kvstore, *others)
    return store


def read(persist_path: str, fs: Optional[fsspec.AbstractFileSystem]) -> str:
    with (fs or fsspec.filesystem("file")).open(persist_path, "r", encoding="utf-8") as file:
        return file.read()


class KVStore(quipu.RocksDBKVStore):
    def __init__(self, data: Optional[Dict[str, Dict[str, Any]]] = None) -> None:
        super().__init__(fresh_path())
        for collection, pairs in (data or {}).items():
            self.put_all(list(pairs.items()), collection)

    def to_dict(self) -> Dict[str, Any]:
        return {collection: self.get_all(collection) for collection in self.collections()}

    def persist(self, persist_path: str, fs: Optional[fsspec.AbstractFileSystem] = None) -> None:
        fs = fs or fsspec.filesystem("file")
        fs.makedirs(os.path.dirname(persist_path), exist_ok=True)
        with fs.open(persist_path, "w", encoding="utf-8") as file:
            file.write(json.dumps(self.to_dict()))

    @classmethod
    def from_persist_path(cls, persist_path: str, fs: Optional[fsspec.AbstractFileSystem] = None) -> "KVStore":
        return cls(json.loads(read(persist_path, fs)))

    @classmethod
    def from_dict(cls, save_dict: Dict[str, Any]) -> "KVStore":
        return cls(save_dict)


class DocumentStore(quipu.QuipuDocumentStore):
    def __init__(
        self, simple_kvstore: Optional[KVStore] = None, namespace: Optional[str] = None, batch_size: int = 1
    ) -> None:
        super().__init__(simple_kvstore or KVStore(), namespace, batch_size)

    @classmethod
    def from_persist_dir(
        cls, persist_dir: str = "./storage", namespace: Optional[str] = None, fs: Any = None
    ) -> "DocumentStore":
        return cls.from_persist_path(os.path.join(persist_dir, "docstore.json"), namespace, fs)

    @classmethod
    def from_persist_path(
        cls, persist_path: str, namespace: Optional[str] = None, fs: Any = None
    ) -> "DocumentStore":
        return cls(KVStore.from_persist_path(persist_path, fs), namespace)

    @classmethod
    def from_dict(cls, save_dict: Dict[str, Any], namespace: Optional[str] = None) -> "DocumentStore":
        return cls(KVStore(save_dict), namespace)

    def to_dict(self) -> Dict[str, Any]:
        return KVStore.to_dict(self.kvstore)

    def __reduce__(self) -> Any:
        return reopened, (type(self), quipu.QuipuDocumentStore, self.kvstore, self._namespace)


class IndexStore(quipu.QuipuIndexStore):
    def __init__(self, simple_kvstore: Optional[KVStore] = None, namespace: Optional[str] = None) -> None:
        super().__init__(simple_kvstore or KVStore(), namespace)

    @classmethod
    def from_persist_dir(
        cls, persist_dir: str = "./storage", namespace: Optional[str] = None, fs: Any = None
    ) -> "IndexStore":
        return cls.from_persist_path(os.path.join(persist_dir, "index_store.json"), fs)

    @classmethod
    def from_persist_path(cls, persist_path: str, fs: Any = None) -> "IndexStore":
        return cls(KVStore.from_persist_path(persist_path, fs))

    @classmethod
    def from_dict(cls, save_dict: Dict[str, Any]) -> "IndexStore":
        return cls(KVStore(save_dict))

    def to_dict(self) -> Dict[str, Any]:
        return KVStore.to_dict(self.kvstore)

    def __reduce__(self) -> Any:
        return reopened, (type(self), quipu.QuipuIndexStore, self.kvstore, self._namespace)


class VectorStore(quipu.QuipuVectorStore):
    def __init__(self, data: Any = None, fs: Any = None, **kwargs: Any) -> None:
        if data is None:
            store = quipu.RocksDBKVStore(fresh_path())
        else:
            store = imported("default__vector_store.json", json.dumps(data.to_dict()))
        super().__init__(store)

    def to_dict(self, **kwargs: Any) -> Dict[str, Any]:
        return stored_vectors(self)

    @property
    def data(self) -> SimpleVectorStoreData:
        """What is stored, to look at."""
        return SimpleVectorStoreData.from_dict(self.to_dict())

    _data = data

    @classmethod
    def from_persist_dir(
        cls, persist_dir: str = "./storage", namespace: str = "default", fs: Any = None
    ) -> "VectorStore":
        return cls.from_persist_path(os.path.join(persist_dir, f"{namespace}__vector_store.json"), fs)

    @classmethod
    def from_namespaced_persist_dir(cls, persist_dir: str = "./storage", fs: Any = None) -> Dict[str, Any]:
        """As the reference finds them: of a name that cannot be read back it falls back to "default"."""
        files = [os.path.basename(path) for path in (fs or fsspec.filesystem("file")).ls(persist_dir, detail=False)]
        files = [name for name in files if name.endswith("vector_store.json")]
        namespaces = {name.split("__")[0] for name in files}
        readable = {each for each in namespaces if f"{each}__vector_store.json" in files}
        if len(readable) != len(files):
            readable.add("default")
        return {namespace: cls.from_persist_dir(persist_dir, namespace, fs) for namespace in readable}

    @classmethod
    def from_persist_path(cls, persist_path: str, fs: Any = None) -> "VectorStore":
        if not (fs or fsspec.filesystem("file")).exists(persist_path):
            raise ValueError(f"No existing vector store found at {persist_path}")
        return cls.from_dict(json.loads(read(persist_path, fs)))

    @classmethod
    def from_dict(cls, data: Dict[str, Any], **kwargs: Any) -> "VectorStore":
        return cls(SimpleVectorStoreData.from_dict(data))

    def __reduce__(self) -> Any:
        return reopened, (type(self), quipu.QuipuVectorStore, self.kvstore, self.namespace)


class TextVectorStore(quipu.QuipuVectorStore):
    """In place of one that a test of LlamaIndex's has made for itself, for what needs a store that keeps text."""

    def __init__(self) -> None:
        super().__init__(quipu.RocksDBKVStore(fresh_path()), stores_text=True)

    @property
    def nodes(self) -> Dict[str, BaseNode]:
        """What is stored, to look at."""
        return {node.node_id: node for node in self.get_nodes()}


class GraphStore(quipu.QuipuGraphStore):
    def __init__(self, data: Any = None, fs: Any = None, **kwargs: Any) -> None:
        content = json.dumps({} if data is None else data.to_dict())
        super().__init__(imported("graph_store.json", content))

    @property
    def _data(self) -> SimpleGraphStoreData:
        """What is stored, to look at."""
        return SimpleGraphStoreData.from_dict(self.to_dict())

    @classmethod
    def from_persist_dir(cls, persist_dir: str = "./storage", fs: Any = None) -> "GraphStore":
        return cls.from_persist_path(os.path.join(persist_dir, "graph_store.json"), fs)

    @classmethod
    def from_persist_path(cls, persist_path: str, fs: Any = None) -> "GraphStore":
        if not (fs or fsspec.filesystem("file")).exists(persist_path):
            return cls()
        return cls.from_dict(json.loads(read(persist_path, fs)))

    @classmethod
    def from_dict(cls, save_dict: Dict[str, Any]) -> "GraphStore":
        return cls(SimpleGraphStoreData.from_dict(save_dict))

    def __reduce__(self) -> Any:
        return reopened, (type(self), quipu.QuipuGraphStore, self.kvstore, self._namespace)


class PropertyGraphStore(quipu.QuipuPropertyGraphStore):
    def __init__(self, graph: Optional[LabelledPropertyGraph] = None) -> None:
        content = "{}" if graph is None else graph.model_dump_json()
        if graph is None:
            super().__init__(quipu.RocksDBKVStore(fresh_path()))
        else:
            super().__init__(imported("property_graph_store.json", content))

    @property
    def graph(self) -> LabelledPropertyGraph:
        """What is stored, to look at."""
        saved = self.to_dict()
        nodes = {
            key: (EntityNode if "name" in node else ChunkNode)(**node) for key, node in saved.pop("nodes").items()
        }
        graph = LabelledPropertyGraph(**saved)
        graph.nodes = nodes
        return graph

    @classmethod
    def from_persist_dir(cls, persist_dir: str = "./storage", fs: Any = None) -> "PropertyGraphStore":
        return cls.from_persist_path(os.path.join(persist_dir, "property_graph_store.json"), fs)

    @classmethod
    def from_persist_path(cls, persist_path: str, fs: Any = None) -> "PropertyGraphStore":
        return cls._from_text(read(persist_path, fs))

    @classmethod
    def from_dict(cls, data: Dict[str, Any]) -> "PropertyGraphStore":
        return cls._from_text(json.dumps({**data, "triplets": [list(each) for each in data["triplets"]]}))

    @classmethod
    def _from_text(cls, text: str) -> "PropertyGraphStore":
        store = cls.__new__(cls)
        quipu.QuipuPropertyGraphStore.__init__(store, imported("property_graph_store.json", text))
        return store

    def __reduce__(self) -> Any:
        return reopened, (type(self), quipu.QuipuPropertyGraphStore, self.kvstore, self._namespace)


class ChatStore(quipu.QuipuChatStore):
    """SimpleChatStore's form: its chats are given, and shown, as a dict."""

    def __init__(self, store: Optional[Dict[str, Any]] = None, **ignored: Any) -> None:
        super().__init__(quipu.RocksDBKVStore(fresh_path()))
        for key, messages in (store or {}).items():
            self.set_messages(key, [ChatMessage.model_validate(each) for each in messages])

    @property
    def store(self) -> Dict[str, Any]:
        """What is stored, to look at."""
        return {key: self.get_messages(key) for key in self.get_keys()}

    @classmethod
    def from_persist_path(cls, persist_path: str = "chat_store.json", fs: Any = None) -> "ChatStore":
        if not (fs or fsspec.filesystem("file")).exists(persist_path):
            return cls()
        loaded = json.loads(read(persist_path, fs))
        return cls(**(json.loads(loaded) if isinstance(loaded, str) else loaded))

    def __reduce__(self) -> Any:
        return reopened, (type(self), quipu.QuipuChatStore, self.kvstore)


class AsyncChatStore(quipu.QuipuAsyncChatStore):
    """SQLAlchemyChatStore's constructor: which table of which database is not asked."""

    def __init__(self, **ignored: Any) -> None:
        super().__init__(quipu.RocksDBKVStore(fresh_path()))


STANDINS: Dict[Type[Any], Type[Any]] = {
    SimpleKVStore: KVStore,
    SimpleDocumentStore: DocumentStore,
    SimpleIndexStore: IndexStore,
    SimpleVectorStore: VectorStore,
    SimpleGraphStore: GraphStore,
    SimplePropertyGraphStore: PropertyGraphStore,
    SimpleChatStore: ChatStore,
    SQLAlchemyChatStore: AsyncChatStore,
}
