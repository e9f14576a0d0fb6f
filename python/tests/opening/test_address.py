"""A database by its address, rocksdb:PATH, and addresses of which there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from llama_index.core.schema import TextNode

import quipu


def test_an_address_is_the_directory(tmp_path: Path) -> None:
    path = tmp_path / "storage.quipu"
    with quipu.storage_context(f"rocksdb:{path}") as context:
        context.docstore.add_documents([TextNode(id_="a", text="knot")])
        assert context.kvstore.path == str(path)
        with quipu.storage_context(path) as same:  # one database of the process
            assert same.docstore.get_node("a").get_content() == "knot"
        quipu.backup(f"rocksdb:{path}", tmp_path / "backups")
        quipu.checkpoint(f"rocksdb:{path}", tmp_path / "checkpoint")
    for source in (path, f"rocksdb:{path}"):
        assert quipu.stat(source).collections["docstore/data"] == 1
        assert quipu.verify(source) == []
        assert quipu.repair(source, dry_run=True).steps == []
    quipu.restore(tmp_path / "backups", f"rocksdb:{tmp_path / 'restored'}")
    for copy in ("restored", "checkpoint"):
        assert quipu.diff(f"rocksdb:{path}", tmp_path / copy) == []


def test_a_relative_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with quipu.RocksDBKVStore("rocksdb:here") as store:
        assert store.path == str(tmp_path / "here")
        quipu.close("rocksdb:here")
        with pytest.raises(ValueError, match="the store is closed"):
            store.get("k")


def test_import_into_an_address(tmp_path: Path) -> None:
    with quipu.storage_context(tmp_path / "a") as context:
        context.docstore.add_documents([TextNode(id_="a", text="knot")])
        quipu.export_dir(f"rocksdb:{tmp_path / 'a'}", tmp_path / "files")
    quipu.import_dir(tmp_path / "files", f"rocksdb:{tmp_path / 'b'}", dry_run=True)
    assert not (tmp_path / "b").exists()
    quipu.import_dir(tmp_path / "files", f"rocksdb:{tmp_path / 'b'}")
    assert quipu.stat(tmp_path / "b").collections["docstore/data"] == 1


@pytest.mark.parametrize("address", ["memory:", ":memory:"])
def test_a_store_in_memory_is_llamaindex_s(address: str) -> None:
    with pytest.raises(ValueError, match=f"{address}: a database is a directory; make one in tempfile"):
        quipu.storage_context(address)


def test_what_a_store_in_memory_lacks(tmp_path: Path) -> None:
    for call, what in (
        (lambda: quipu.backup("memory:", tmp_path / "b"), "backups"),
        (lambda: quipu.checkpoint("memory:", tmp_path / "c"), "checkpoints"),
        (lambda: quipu.repair("memory:"), "repair"),
    ):
        with pytest.raises(NotImplementedError, match=f"memory: has no {what}: it is no database in a directory"):
            call()


def test_an_empty_address() -> None:
    with pytest.raises(ValueError, match="the path of a database is empty"):
        quipu.storage_context("rocksdb:")


def test_a_directory_is_no_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with quipu.storage_context("storage.quipu") as context:
        context.docstore.add_documents([TextNode(id_="a", text="knot")])
    before = sorted(tmp_path.iterdir())
    address = "s3://user:secret@bucket/backups"
    for call in (
        lambda: quipu.backup("storage.quipu", address),
        lambda: quipu.checkpoint("storage.quipu", address),
        lambda: quipu.backups(address),
        lambda: quipu.restore(address, "made.quipu"),
        lambda: quipu.verify_backup(address, 1),
    ):
        with pytest.raises(ValueError, match="s3://user@bucket/backups is an address, where a directory is to be"):
            call()
    with pytest.raises(ValueError):
        quipu.export_dir("storage.quipu", "postgresql://host/db")
    assert sorted(tmp_path.iterdir()) == before


def test_a_path_may_have_colons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a:b", "a b://c", "2x://c"):
        with quipu.storage_context(name) as context:
            context.docstore.add_documents([TextNode(id_="a", text="knot")])
        quipu.checkpoint(name, f"{name} again")
        with quipu.storage_context(f"{name} again") as context:
            assert context.docstore.get_document("a").text == "knot"
