"""Backups, restores and checkpoints."""

import threading
from datetime import datetime, timedelta, timezone

import pytest
import quipu
from llama_index.core.schema import TextNode


def ids_in(path):
    with quipu.storage_context(path, create_if_missing=False) as context:
        return [node_id for node_id, _ in context.docstore.stream_nodes()]


@pytest.fixture
def backed_up(context, tmp_path):
    """A directory of two backups: of one node, and of two."""
    for name in ("a", "b"):
        context.docstore.add_documents([TextNode(id_=name, text=name * 1000)])
        quipu.backup(context, tmp_path / "backups")
    return tmp_path / "backups"


def test_backups_of_an_open_database_are_restored(context, backed_up, tmp_path):
    started = datetime.now(timezone.utc)
    first, second = quipu.backups(backed_up)
    assert (first.id, second.id) == (1, 2)
    assert first.fault is None and first.files > 0 and second.bytes > first.bytes and second.new_bytes > 0
    assert abs(second.created - started) < timedelta(minutes=1)
    quipu.verify_backup(backed_up, 2)

    report = quipu.restore(backed_up, tmp_path / "newest")
    assert (report.backup, report.kept_aside) == (second, None)
    assert ids_in(tmp_path / "newest") == ["a", "b"]
    quipu.restore(backed_up, tmp_path / "first", backup=1)
    assert ids_in(tmp_path / "first") == ["a"]
    quipu.restore(backed_up, tmp_path / "before", before=started + timedelta(hours=1))
    assert ids_in(tmp_path / "before") == ["a", "b"]
    with pytest.raises(ValueError):
        quipu.restore(backed_up, tmp_path / "none", before=started - timedelta(hours=1))
    quipu.restore(backed_up, tmp_path / "dry", dry_run=True)
    assert not (tmp_path / "dry").exists()


def test_restore_replaces_only_when_told_and_closed(context, backed_up, path):
    with pytest.raises(quipu.LockedError):
        quipu.restore(backed_up, path, replace=True)
    context.docstore.delete_document("a")
    context.close()
    with pytest.raises(ValueError, match="not empty"):
        quipu.restore(backed_up, path)
    assert ids_in(path) == ["b"]
    quipu.restore(backed_up, path, replace=True)
    assert ids_in(path) == ["a", "b"]


def test_damage_is_told(backed_up):
    largest = max((each for each in backed_up.rglob("*") if each.is_file()), key=lambda each: each.stat().st_size)
    content = bytearray(largest.read_bytes())
    content[len(content) // 2] ^= 1
    largest.write_bytes(content)
    wrong = []
    for each in quipu.backups(backed_up):
        try:
            quipu.verify_backup(backed_up, each.id)
        except quipu.CorruptionError as error:
            wrong.append(str(error))
    assert wrong and all(largest.name in each for each in wrong)
    with pytest.raises(ValueError):
        quipu.verify_backup(backed_up, 3)


def test_a_missing_database_is_a_file_not_found_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        quipu.backup(tmp_path / "missing", tmp_path / "backups")
    with pytest.raises(FileNotFoundError):
        quipu.checkpoint(tmp_path / "missing", tmp_path / "copy")


def test_checkpoint_is_a_database_of_its_own(kvstore, tmp_path):
    kvstore.put("k", {"v": 1})
    quipu.checkpoint(kvstore, tmp_path / "copy")
    kvstore.put("k", {"v": 2})
    with quipu.RocksDBKVStore(tmp_path / "copy") as copy:
        assert copy.get("k") == {"v": 1}
        copy.put("k", {"v": 3})
    assert kvstore.get("k") == {"v": 2}


def test_other_threads_run_while_a_backup_is_made(kvstore, tmp_path):
    kvstore.put_all([(f"k{i}", {"v": "x" * 1000}) for i in range(20_000)])
    made = threading.Event()

    def work():
        quipu.backup(kvstore, tmp_path / "backups")
        made.set()

    worker = threading.Thread(target=work)
    worker.start()
    turns = 0
    while not made.is_set():
        turns += 1
    worker.join()
    assert turns > 1000  # with the GIL held there would be next to none
    assert len(quipu.backups(tmp_path / "backups")) == 1
