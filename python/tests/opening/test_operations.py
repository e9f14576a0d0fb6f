"""verify, repair, stat, compact, diff; and watching and ending these and other long calls."""

import os
from pathlib import Path

import pytest
import quipu
from llama_index.core import StorageContext
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores import VectorStoreQuery

NODES = 1000


def nodes(count=NODES):
    return [
        TextNode(id_=f"n{i}", text=f"text {i} " * 50, embedding=[float(i % 31), float(i % 7), 1.0, i / count])
        for i in range(count)
    ]


@pytest.fixture
def filled(context):
    context.docstore.add_documents(nodes())
    context.vector_store.add(nodes())
    return context


@pytest.fixture
def persisted(tmp_path):
    context = StorageContext.from_defaults()
    context.docstore.add_documents(nodes())
    context.vector_store.add(nodes())
    context.persist(tmp_path / "persisted")
    return tmp_path / "persisted"


# ---- verify, repair ----


def test_verify_finds_nothing_in_what_is_sound(filled, path, persisted):
    assert quipu.verify(filled) == quipu.verify(path) == quipu.verify(filled.kvstore) == []
    assert quipu.verify(persisted) == []


def test_verify_names_what_is_wrong_in_a_database(filled):
    filled.kvstore.delete("n3", "docstore/metadata")
    (fault,) = quipu.verify(filled)
    assert (fault.file, fault.line, fault.byte) == ("", 0, 0)
    assert (fault.collection, fault.key) == ("docstore/data", "n3")
    assert "metadata" in fault.message


def test_verify_names_the_place_in_a_file(persisted):
    lines = persisted.joinpath("docstore.json").read_text().replace('"n3": {"__data__"', '"n3": {"__date__"')
    persisted.joinpath("docstore.json").write_text(lines)
    faults = quipu.verify(persisted)
    assert {(fault.file, fault.collection, fault.key) for fault in faults} == {("docstore.json", "docstore/data", "n3")}
    assert all(fault.line == 1 and lines[fault.byte :].startswith(('"n3"', "{")) for fault in faults)


def test_what_is_neither_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        quipu.verify(tmp_path / "nowhere")
    (tmp_path / "file").write_text("x")
    with pytest.raises(ValueError, match="not a Quipu directory"):
        quipu.verify(tmp_path)


def test_repair_mends(filled, path):
    filled.kvstore.delete("n3", "docstore/metadata")
    with pytest.raises(quipu.LockedError):
        quipu.repair(path)
    dry = quipu.repair(filled, dry_run=True)
    assert [(step.collection, step.key) for step in dry.steps] == [("docstore/data", "n3")]
    assert len(quipu.verify(path)) == 1  # nothing was done
    filled.close()
    done = quipu.repair(path)
    assert done.steps == dry.steps and done.set_aside == dry.set_aside
    assert quipu.verify(path) == []
    assert quipu.repair(path) == quipu.RepairReport([], 0, None)


# ---- stat, compact, diff ----


def test_stat_counts(filled, path):
    of_context, of_path = quipu.stat(filled), quipu.stat(path)
    assert of_context.path == str(path)
    assert of_context.collections["docstore/data"] == of_path.collections["docstore/data"] == NODES
    assert of_context.collections["vector_store/default/embeddings"] == NODES
    assert of_context.entries == sum(of_context.collections.values()) >= 4 * NODES
    assert of_context.format == 3 and of_context.disk_bytes > 100_000
    with pytest.raises(FileNotFoundError):
        quipu.stat(path / "nowhere")


def test_stat_says_what_search_takes(filled, path):
    query = VectorStoreQuery(query_embedding=[1.0] * 4, similarity_top_k=1)
    assert (quipu.stat(filled).search_memory_bytes, quipu.stat(filled).search_indexes) == (1 << 30, {})
    filled.vector_store.query(query)
    (name, taken), = quipu.stat(filled).search_indexes.items()
    assert name == "vector_store/default" and 4 * NODES < taken < 400 * NODES
    assert quipu.stat(path).search_indexes == quipu.stat(filled.kvstore).search_indexes == {name: taken}
    with quipu.storage_context(path, read_only=True, search_memory_bytes=1000) as reader:
        assert (quipu.stat(reader).search_memory_bytes, quipu.stat(reader).search_indexes) == (1000, {})
        assert reader.vector_store.query(query) == filled.vector_store.query(query)
        assert quipu.stat(reader).search_indexes == {name: 0}  # it is read from the disk
        reader.refresh()
        reader.vector_store.query(query)
        assert quipu.stat(reader).search_indexes == {name: 0}
        assert quipu.stat(filled).search_indexes == {name: taken}
        filled.close()
        assert quipu.stat(path).search_memory_bytes == 1000  # of what this process has open still
    for source in (path, filled):
        assert (quipu.stat(source).search_memory_bytes, quipu.stat(source).search_indexes) == (1 << 30, {})


def test_compact_gives_space_back(filled, path):
    for _ in range(5):
        filled.kvstore.put_all([(f"k{i}", {"text": os.urandom(500).hex()}) for i in range(2000)], "scratch")
    filled.kvstore.drop_collection("scratch")
    of_context = quipu.compact(filled)
    assert of_context.disk_bytes_after < of_context.disk_bytes_before
    filled.close()
    of_path = quipu.compact(path)
    assert of_path.disk_bytes_after <= of_path.disk_bytes_before
    with quipu.storage_context(path) as again:
        assert again.docstore.get_node("n7").text == nodes()[7].text
    with pytest.raises(FileNotFoundError):
        quipu.compact(path / "nowhere")


def test_diff_compares_databases_and_directories(path, persisted, tmp_path):
    quipu.import_dir(persisted, path)
    quipu.export_dir(path, tmp_path / "exported")
    quipu.import_dir(persisted, tmp_path / "second.quipu")
    places = [path, persisted, tmp_path / "exported", tmp_path / "second.quipu"]
    for a in places:
        for b in places:
            assert quipu.diff(a, b) == []
    with quipu.storage_context(path) as context:
        context.kvstore.put("n3", {"changed": True}, "docstore/metadata")
        context.kvstore.delete("n4", "docstore/metadata")
        context.kvstore.put("new", {"a": 1}, "docstore/metadata")
        found = quipu.diff(context, persisted)
    assert [(each.collection, each.key, each.what) for each in found] == [
        ("docstore/metadata", "n3", "another value"),
        ("docstore/metadata", "n4", "only in B"),
        ("docstore/metadata", "new", "only in A"),
    ]


# ---- migrate ----


def files_of(directory: Path):
    return {each.name: each.read_bytes() for each in directory.iterdir()}


def test_migrate_brings_everything_there_and_back(filled, path, tmp_path):
    quipu.export_dir(path, tmp_path / "exported")
    out = quipu.migrate(filled, tmp_path / "out")
    assert files_of(tmp_path / "out") == files_of(tmp_path / "exported")
    back = quipu.migrate(tmp_path / "out", tmp_path / "back.quipu")
    assert {each.name: each.count for each in back.collections if each.count} == quipu.stat(path).collections
    sums = {each.name: each.sha256 for each in out.collections}
    assert sums.items() <= {each.name: each.sha256 for each in back.collections}.items()
    assert quipu.diff(path, tmp_path / "back.quipu") == []
    assert (back.was_there, back.resumed, back.notes, back.warnings) == (False, 0, [], [])
    assert quipu.migrate(tmp_path / "out", tmp_path / "back.quipu").was_there
    quipu.migrate(path, "memory://migrated")
    assert quipu.migrate("memory://migrated", tmp_path / "again", to="database").bytes == back.bytes
    assert quipu.diff(path, tmp_path / "again") == []


def test_migrate_leaves_alone_what_it_is_not_to_write(filled, path, tmp_path):
    checked = quipu.migrate(path, tmp_path / "new.quipu", dry_run=True)
    assert checked.bytes > 100_000
    with pytest.raises(ValueError, match="the source of the migration is its target"):
        quipu.migrate(path, path)
    with pytest.raises(FileNotFoundError):
        quipu.migrate(tmp_path / "none", tmp_path / "new.quipu")
    with pytest.raises(ValueError, match="to: 'persist' or 'database' is wanted, not 'files'"):
        quipu.migrate(path, tmp_path / "new.quipu", to="files")
    with pytest.raises(ValueError, match="is the address of a store, not of a persist directory"):
        quipu.migrate(path, "redis://localhost:1/", to="persist")
    assert not (tmp_path / "new.quipu").exists()
    with quipu.storage_context(tmp_path / "open.quipu"), pytest.raises(quipu.LockedError):
        quipu.migrate(path, tmp_path / "open.quipu")


def test_what_only_reads_works_beside_a_writer(filled, path, tmp_path, run_python):
    program = """
import sys, quipu
path, target = sys.argv[1:]
print(quipu.export_dir(path, target)["docstore.json"]["docstore/data"], quipu.verify(path), quipu.diff(path, path))
print(quipu.stat(path).collections["docstore/data"], quipu.backup(path, target + ".backups").id)
"""
    ran = run_python(program, path, tmp_path / "target")
    assert ran.stdout == f"{NODES} [] []\n{NODES} 1\n", ran.stderr


# ---- long calls ----


class Enough(Exception):
    pass


def query(context):
    found = context.vector_store.query(VectorStoreQuery(query_embedding=[3.0, 2.0, 1.0, 0.5], similarity_top_k=5))
    return found.ids, found.similarities


def graph_is_there(path):
    return any(each.suffix == ".hnsw" for each in Path(path).rglob("*"))


# Each gets a filled context, its path, a directory of one backup of it, and what is called with the progress.
LONG_CALLS = {
    "use_hnsw": lambda context, path, backups, other, progress: context.vector_store.use_hnsw(progress=progress),
    "compact": lambda context, path, backups, other, progress: quipu.compact(context, progress=progress),
    "compact of a store": lambda context, path, backups, other, progress: context.kvstore.compact(progress),
    "verify": lambda context, path, backups, other, progress: quipu.verify(path, progress=progress),
    "diff": lambda context, path, backups, other, progress: quipu.diff(path, path, progress=progress),
    "backup": lambda context, path, backups, other, progress: quipu.backup(context, backups, progress=progress),
    "verify_backup": lambda context, path, backups, other, progress: quipu.verify_backup(
        backups, 1, progress=progress
    ),
    "restore": lambda context, path, backups, other, progress: quipu.restore(backups, other, progress=progress),
    "repair": lambda context, path, backups, other, progress: quipu.repair(path, dry_run=True, progress=progress),
    "export": lambda context, path, backups, other, progress: quipu.export_dir(path, other, progress=progress),
}


@pytest.fixture
def places(filled, path, tmp_path):
    """The arguments of LONG_CALLS but for the last, with enough new data for a second backup."""
    quipu.backup(filled, tmp_path / "backups")
    filled.docstore.add_documents([TextNode(id_="later", text=os.urandom(1000).hex())])
    return filled, path, tmp_path / "backups", tmp_path / "other"


@pytest.mark.parametrize("name", LONG_CALLS)
def test_a_long_call_tells_how_far_it_is(name, places):
    seen = []
    LONG_CALLS[name](*places, lambda *call: seen.append(call))
    assert len(seen) >= (1 if name == "export" else 2)
    assert all(isinstance(file, str) and 0 <= done <= (total or done) for file, done, total in seen)
    assert max(done for _, done, _ in seen) > 0


@pytest.mark.parametrize("name", LONG_CALLS)
@pytest.mark.parametrize("at", ["first", "last"])
def test_an_exception_ends_a_long_call_and_nothing_has_changed(name, at, places):
    context, path, backups, other = places
    before = query(context), quipu.stat(path).collections, quipu.backups(backups)

    def refuse(file, done, total):
        if at == "first" or name == "export" or (done and done >= total):
            raise Enough(file)

    with pytest.raises(Enough):
        LONG_CALLS[name](*places, refuse)
    assert (query(context), quipu.stat(path).collections, quipu.backups(backups)) == before
    assert not graph_is_there(path) and not other.exists()
    assert quipu.verify(path) == []
    assert not [each for each in path.parent.iterdir() if "dry-run" in each.name]
    LONG_CALLS[name](*places, None)  # it can be done again


INTERRUPTED = """
import os, signal, sys, quipu
from test_operations import LONG_CALLS

context = quipu.storage_context(sys.argv[1])

def interrupt(file, done, total):
    os.kill(os.getpid(), signal.SIGINT)

for name, call in LONG_CALLS.items():
    try:
        call(context, sys.argv[1], sys.argv[2], sys.argv[3], interrupt)
    except KeyboardInterrupt:
        print(name)
"""


def test_control_c_ends_long_calls(places, run_python):
    context, path, backups, other = places
    before = query(context), quipu.stat(path).collections, quipu.backups(backups)
    context.close()
    ran = run_python(INTERRUPTED, path, backups, other)
    assert ran.stdout.splitlines() == list(LONG_CALLS), ran.stderr
    with quipu.storage_context(path) as again:
        assert (query(again), quipu.stat(path).collections, quipu.backups(backups)) == before
    assert not graph_is_there(path) and not other.exists()


def test_an_earlier_graph_stays_when_the_new_one_is_cancelled(filled, path):
    filled.vector_store.use_hnsw(M=8, ef_construction=50, ef=40)
    before = query(filled)

    def refuse(*call):
        raise Enough

    with pytest.raises(Enough):
        filled.vector_store.use_hnsw(M=32, progress=refuse)
    assert query(filled) == before
    assert filled.kvstore.get("settings", "vector_store/default/hnsw") == {"M": 8, "ef_construction": 50, "ef": 40}
