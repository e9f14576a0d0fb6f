"""The package's stores in place of the classes of LlamaIndex's other databases, which need not be installed: what
llama_index.storage.kvstore.NAME has, and so on, is a stand-in, whatever its name; and the package's retriever in place of
BM25Retriever."""

from __future__ import annotations

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Dict, Optional, Sequence, Type

import quipu
import standins

# By the beginning of the modules' names; of graph stores by the end of the class's, too.
STORES: Dict[str, Type[Any]] = {
    "llama_index.storage.kvstore": standins.KVStore,
    "llama_index.storage.docstore": standins.DocumentStore,
    "llama_index.storage.index_store": standins.IndexStore,
    "llama_index.storage.chat_store": standins.ChatStore,
    "llama_index.vector_stores": standins.TextVectorStore,
    "llama_index.graph_stores": standins.GraphStore,
}
_RETRIEVERS = "llama_index.retrievers.bm25"
_STORE_NAMES = ("Store", "VectorSearch", "VectorDB", "VS")


def _stand_in(family: str, name: str) -> Type[Any]:
    base = standins.PropertyGraphStore if name.endswith("PropertyGraphStore") else STORES[family]

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        base.__init__(self)  # where the other database is, and how to reach it, is not asked

    def make(cls: Any, *args: Any, **kwargs: Any) -> Any:
        return cls()

    members: Dict[str, Any] = dict.fromkeys(("from_uri", "from_local", "from_params"), classmethod(make))
    members.update({"__init__": __init__, "__module__": base.__module__})
    return type(name, (base,), members)


class _Peer(ModuleType):
    def __getattr__(self, name: str) -> Type[Any]:
        if name == "BM25Retriever" and self.__name__.startswith(_RETRIEVERS):
            return quipu.QuipuBM25Retriever
        family = next((each for each in STORES if self.__name__.startswith(f"{each}.")), None)
        if family is None or not name.endswith(_STORE_NAMES):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        setattr(self, name, _stand_in(family, name))
        return getattr(self, name)


class _Peers(MetaPathFinder, Loader):
    def find_spec(self, fullname: str, path: Optional[Sequence[str]], target: Any = None) -> Optional[ModuleSpec]:
        families = (*STORES, _RETRIEVERS)
        among = [each for each in families if f"{each}.".startswith(f"{fullname}.") or fullname.startswith(f"{each}.")]
        return ModuleSpec(fullname, self, is_package=True) if among and fullname != "llama_index" else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Peer(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


def stand_in() -> None:
    sys.meta_path.insert(0, _Peers())
