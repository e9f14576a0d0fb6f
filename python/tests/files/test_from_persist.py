"""from_persist_dir and from_persist_path, as the Simple stores have them, and persist back."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import fsspec
import pytest
import quipu
from llama_index.core.graph_stores.simple import SimpleGraphStore
from llama_index.core.graph_stores.simple_labelled import SimplePropertyGraphStore
from llama_index.core.graph_stores.types import EntityNode, Relation
from llama_index.core.schema import TextNode
from llama_index.core.storage.docstore import SimpleDocumentStore
from llama_index.core.storage.index_store import SimpleIndexStore
from llama_index.core.vector_stores.simple import SimpleVectorStore

GOLDEN = Path(__file__).resolve().parents[3] / "tests" / "data" / "goldens" / "basic"


@pytest.fixture
def persisted(tmp_path: Path) -> Path:
    """All stores' files."""
    folder = tmp_path / "storage"
    shutil.copytree(GOLDEN, folder)
    graph = SimplePropertyGraphStore()
    graph.upsert_nodes([EntityNode(name="cord"), EntityNode(name="knot")])
    graph.upsert_relations([Relation(label="has", source_id="cord", target_id="knot")])
    graph.persist(str(folder / "property_graph_store.json"))
    triplets = SimpleGraphStore()
    triplets.upsert_triplet("cord", "has", "knot")
    triplets.persist(str(folder / "graph_store.json"))
    return folder


CASES = [
    (SimpleDocumentStore, quipu.QuipuDocumentStore, "docstore.json", lambda s: s.docs),
    (SimpleIndexStore, quipu.QuipuIndexStore, "index_store.json", lambda s: s.index_structs()),
    (SimpleGraphStore, quipu.QuipuGraphStore, "graph_store.json", lambda s: s.get_rel_map(["cord"])),
    (SimplePropertyGraphStore, quipu.QuipuPropertyGraphStore, "property_graph_store.json", lambda s: s.get_triplets()),
    (SimpleVectorStore, quipu.QuipuVectorStore, "default__vector_store.json", None),
]


def same(simple: Any, ours: Any, look: Any, file: Path) -> None:
    if look is not None:
        assert look(ours) == look(simple)
    else:
        for node_id, embedding in simple.data.embedding_dict.items():
            assert ours.get(node_id) == embedding
    ours.persist(str(file))
    simple.persist(str(file) + ".simple")
    assert file.read_bytes() == Path(str(file) + ".simple").read_bytes()


@pytest.mark.parametrize("simple, ours, name, look", CASES, ids=lambda each: getattr(each, "__name__", ""))
def test_one_store(simple: Any, ours: Any, name: str, look: Any, persisted: Path, path: Path, tmp_path: Path) -> None:
    expected = simple.from_persist_dir(str(persisted))
    with ours.from_persist_dir(str(persisted), path=path) as store:
        same(expected, store, look, tmp_path / "again.json")
    with ours.from_path(path) as store:  # it is on disk
        same(expected, store, look, tmp_path / "once more.json")
    with pytest.raises(ValueError, match=f"holds data already: {ours.__name__}.from_path opens it"):
        ours.from_persist_dir(str(persisted), path=path)
    other_name = tmp_path / "of another name.json"
    shutil.copy(persisted / name, other_name)
    with ours.from_persist_path(str(other_name), path=tmp_path / "second") as store:
        same(expected, store, look, tmp_path / "third.json")


def test_all_in_one_database(persisted: Path, path: Path) -> None:
    for _, ours, _, _ in CASES:
        ours.from_persist_dir(str(persisted), path=path).close()
    with quipu.storage_context(path) as context:
        assert len(context.docstore.docs) == 58
        assert context.property_graph_store.get(ids=["knot"])


def test_of_a_file_system(persisted: Path, path: Path) -> None:
    fs = fsspec.filesystem("memory")
    for file in persisted.iterdir():
        fs.pipe_file(f"/quipu-test/storage/{file.name}", file.read_bytes())
    try:
        with quipu.QuipuDocumentStore.from_persist_dir("/quipu-test/storage", fs=fs, path=path) as store:
            assert len(store.docs) == 58
        fs.pipe_file("/quipu-test/other.json", (persisted / "graph_store.json").read_bytes())
        with quipu.QuipuGraphStore.from_persist_path("/quipu-test/other.json", fs=fs, path=path) as graph:
            assert graph.get("cord") == [["has", "knot"]]
        found = quipu.QuipuVectorStore.from_namespaced_persist_dir("/quipu-test/storage", fs, path=path)
        assert sorted(found) == ["default", "image"]
        for store in found.values():
            store.close()  # type: ignore[attr-defined]
    finally:
        fs.rm("/quipu-test", recursive=True)


def test_what_is_missing_or_wrong(persisted: Path, path: Path, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="needs path=, the directory of the database"):
        quipu.QuipuDocumentStore.from_persist_dir(str(persisted))
    with pytest.raises(TypeError, match="has no argument 'synk'"):
        quipu.QuipuDocumentStore.from_persist_dir(str(persisted), path=path, synk=True)
    with pytest.raises(FileNotFoundError, match="docstore.json"):
        quipu.QuipuDocumentStore.from_persist_dir(str(tmp_path / "nowhere"), path=path)
    (persisted / "docstore.json").write_text("{")
    with pytest.raises(ValueError, match="docstore.json"):
        quipu.QuipuDocumentStore.from_persist_dir(str(persisted), path=path)
    assert not path.exists()


def files(folder: Path) -> dict:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name != "MANIFEST.json"}


def test_persist_of_a_context_writes_what_export_dir_writes(path: Path, tmp_path: Path) -> None:
    quipu.import_dir(GOLDEN, path)
    with quipu.storage_context(path) as context:
        context.persist(str(tmp_path / "persisted"))
        context.persist(tmp_path / "persisted")  # over what is there
        context.persist(str(tmp_path / "renamed"), docstore_fname="d.json", vector_store_fname="v.json")
        fs = fsspec.filesystem("memory")
        context.persist("/quipu-persist-test", fs=fs)
        quipu.export_dir(path, tmp_path / "exported")
        exported = files(tmp_path / "exported")
        assert files(tmp_path / "persisted") == exported == files(GOLDEN)
        renamed = {"d.json" if n == "docstore.json" else n.replace("vector_store.json", "v.json") for n in exported}
        assert {n for n in files(tmp_path / "renamed")} == renamed
        try:
            assert {name.rsplit("/")[-1] for name in fs.ls("/quipu-persist-test", False)} == set(exported)
        finally:
            fs.rm("/quipu-persist-test", recursive=True)
        with quipu.transaction(context):
            context.docstore.add_documents([TextNode(id_="new", text="t")])
            context.persist(str(tmp_path / "in a transaction"))
        assert b'"new"' in files(tmp_path / "in a transaction")["docstore.json"]
        other = SimpleVectorStore()
        other.add([TextNode(id_="x", embedding=[1.0])])
        context.add_vector_store(other, "elsewhere")
        context.persist(str(tmp_path / "with another"))
        assert "elsewhere__vector_store.json" in files(tmp_path / "with another")
