"""Files in the code page of a Windows system, through the package."""

import shutil
from pathlib import Path

import pytest
import quipu
from llama_index.core import StorageContext
from llama_index.core.graph_stores import SimplePropertyGraphStore
from llama_index.core.graph_stores.types import EntityNode, Relation

NAMES = {"gbk": "绳结", "cp932": "結び目", "cp1252": "Knüpfung"}


@pytest.fixture
def persisted(tmp_path, request):
    """A directory whose property graph is in the code page that the test asks for, and the name in it."""
    encoding = request.param
    graph = SimplePropertyGraphStore()
    graph.upsert_nodes([EntityNode(name=NAMES[encoding]), EntityNode(name="cord")])
    graph.upsert_relations([Relation(label="holds", source_id="cord", target_id=NAMES[encoding])])
    StorageContext.from_defaults(property_graph_store=graph).persist(tmp_path / "utf-8")
    shutil.copytree(tmp_path / "utf-8", tmp_path / encoding)
    file = tmp_path / encoding / "property_graph_store.json"
    file.write_bytes(file.read_text(encoding="utf-8").encode(encoding))
    return tmp_path / encoding


@pytest.mark.parametrize("persisted", sorted(NAMES), indirect=True)
def test_a_code_page_is_read_where_it_is_named(persisted: Path, tmp_path):
    name = persisted.name
    with pytest.raises(ValueError, match="property_graph_store.json"):
        quipu.import_dir(persisted, tmp_path / "db")
    assert not (tmp_path / "db").exists()
    assert [each.severity for each in quipu.verify(persisted)] == ["fault"]

    assert [each for each in quipu.verify(persisted, encoding=name) if each.severity == "fault"] == []
    quipu.import_dir(persisted, tmp_path / "db", encoding=name)
    assert quipu.diff(persisted, tmp_path / "db", encoding=name) == []
    assert quipu.diff(tmp_path / "utf-8", tmp_path / "db") == []
    with quipu.storage_context(tmp_path / "db") as context:
        triplets = context.property_graph_store.get_triplets(entity_names=["cord"])
        assert [(a.name, r.label, b.name) for a, r, b in triplets] == [("cord", "holds", NAMES[name])]


@pytest.mark.parametrize("persisted", ["gbk"], indirect=True)
def test_an_unknown_encoding_is_named(persisted, tmp_path):
    with pytest.raises(ValueError, match="no-such-page"):
        quipu.import_dir(persisted, tmp_path / "db", encoding="no-such-page")
    assert not (tmp_path / "db").exists()
