"""What pydantic makes of the vector store: its place and options, which open it again."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any, Callable, Dict

import pytest
import quipu
from llama_index.core.bridge.pydantic import BaseModel
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores.types import BasePydanticVectorStore

OPTIONS: quipu.OpenOptions = {"search_memory_bytes": 1 << 20, "sync": True}


class Holder(BaseModel):
    store: quipu.QuipuVectorStore


def opened(path: Path) -> quipu.QuipuVectorStore:
    store = quipu.QuipuVectorStore.from_path(path, "image", logger=print, **OPTIONS)
    store.add([TextNode(id_="a", embedding=[1.0, 2.0])])
    return store


def test_what_it_is(path: Path) -> None:
    with opened(path) as store:
        expected = {
            "stores_text": False,
            "is_embedding_query": True,
            "namespace": "image",
            "docstore_namespace": "docstore",
            "path": str(path),
            "options": OPTIONS,
            "class_name": "QuipuVectorStore",
        }
        assert store.class_name() == "QuipuVectorStore"
        assert store.model_dump() == expected
        assert json.loads(store.model_dump_json()) == expected
        assert store.to_dict()["embedding_dict"] == {"a": [1.0, 2.0]}  # the data, as LlamaIndex's own store
        assert json.loads(store.to_json()) == store.to_dict()
        schema = quipu.QuipuVectorStore.model_json_schema()
        assert schema["properties"]["class_name"]["default"] == "QuipuVectorStore"


@pytest.mark.parametrize(
    "again",
    [
        lambda store: quipu.QuipuVectorStore.from_dict(store.model_dump()),
        lambda store: quipu.QuipuVectorStore.from_json(store.model_dump_json()),
        lambda store: quipu.QuipuVectorStore.model_validate(store.model_dump()),
        lambda store: quipu.QuipuVectorStore.model_validate_json(store.model_dump_json()),
        lambda store: Holder.model_validate_json(Holder(store=store).model_dump_json()).store,
        lambda store: store.model_copy(),
        copy.copy,
        copy.deepcopy,
    ],
)
def test_opens_again(path: Path, again: Callable[[quipu.QuipuVectorStore], quipu.QuipuVectorStore]) -> None:
    with opened(path) as store:
        other = again(store)
        assert isinstance(other, BasePydanticVectorStore)
        assert (other.model_dump(), other.get("a")) == (store.model_dump(), [1.0, 2.0])
        other.add([TextNode(id_="b", embedding=[3.0, 4.0])])
        assert store.get("b") == [3.0, 4.0]
        other.close()


def test_opens_in_another_process(path: Path, run_python: Callable[..., Any]) -> None:
    with opened(path) as store:
        saved = json.dumps({**store.model_dump(), "options": {**OPTIONS, "read_only": True}})
    program = "import quipu; print(quipu.QuipuVectorStore.from_json(sys.argv[1]).get('a'))"
    done = run_python(program, saved)
    assert (done.stdout, done.stderr) == ("[1.0, 2.0]\n", "")


def test_a_keyword_goes_before_what_was_saved(path: Path) -> None:
    with opened(path) as store:
        saved = store.model_dump()
    with quipu.QuipuVectorStore.from_dict(saved, namespace="other", options={"read_only": True}) as other:
        assert (other.namespace, other.kvstore.read_only, other.kvstore.options) == ("other", True, {"read_only": True})
    assert saved["namespace"] == "image"


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ({}, ValueError, "needs 'path'"),
        ({"embedding_dict": {}}, ValueError, "from_persist_path"),
        ({"path": "db", "name_space": "a"}, TypeError, "did you mean 'namespace'"),
        ({"path": "db", "options": {"synk": True}}, TypeError, "did you mean 'sync'"),
        ({"path": 3}, TypeError, "path must be a str"),
    ],
)
def test_what_opens_nothing(data: Dict[str, Any], error: type, message: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message):
        quipu.QuipuVectorStore.from_dict(data)
    assert not list(tmp_path.iterdir())


def test_the_key_value_store_from_a_persist_dir(tmp_path: Path) -> None:
    persisted, path = tmp_path / "storage", tmp_path / "database"
    persisted.mkdir()
    for name in ("docstore.json", "index_store.json"):
        (persisted / name).write_text('{"docstore/metadata": {"a": {"doc_hash": "b"}}}' if name[0] == "d" else "{}")
    with quipu.RocksDBKVStore.from_persist_dir(persisted, path=path, sync=True) as kvstore:
        assert kvstore.get_all("docstore/metadata") == {"a": {"doc_hash": "b"}}
        assert kvstore.options == {"sync": True}
    with pytest.raises(ValueError, match="merge"):
        quipu.RocksDBKVStore.from_persist_dir(persisted, path=path)
    with quipu.RocksDBKVStore.from_path(path, create_if_missing=False) as kvstore:
        assert kvstore.count("docstore/metadata") == 1
    unread: Any = {"synk": True}
    with pytest.raises(TypeError, match="did you mean 'sync'"):
        quipu.RocksDBKVStore.from_persist_dir(persisted, path=tmp_path / "another", **unread)
    assert not (tmp_path / "another").exists()
