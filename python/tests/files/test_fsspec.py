"""import_dir, export_dir, verify, diff and persist over file systems of fsspec."""

import json
from pathlib import Path

import fsspec
import pytest
import quipu
from fsspec.implementations.dirfs import DirFileSystem
from fsspec.implementations.memory import MemoryFileSystem
from llama_index.core import StorageContext
from llama_index.core.schema import TextNode


@pytest.fixture
def memory():
    files = fsspec.filesystem("memory")
    yield files
    files.store.clear()
    files.pseudo_dirs[:] = [""]


@pytest.fixture
def persisted(tmp_path):
    context = StorageContext.from_defaults()
    nodes = [TextNode(id_=f"n{i}", text="t" * 5000, embedding=[float(i), 1.0]) for i in range(2000)]
    context.docstore.add_documents(nodes)
    context.vector_store.add(nodes)
    context.persist(tmp_path / "persisted")
    return tmp_path / "persisted"


@pytest.fixture
def uploaded(memory, persisted):
    memory.put(str(persisted) + "/", "/bucket/storage/", recursive=True)
    return "memory://bucket/storage"


def contents(folder):
    return {each.name: each.read_bytes() for each in Path(folder).iterdir()}


def uploads(memory, folder):
    return {name.rsplit("/", 1)[1]: memory.cat_file(name) for name in memory.ls(folder, detail=False)}


def test_a_url_is_imported_and_exported(path, memory, uploaded, persisted):
    seen = []
    report = quipu.import_dir(uploaded, path, progress=lambda *call: seen.append(call))
    assert report["docstore.json"]["docstore/data"] == 2000 and report.not_imported == {} and report.notes == []
    assert seen[-1][1] == seen[-1][2] == sum(map(len, contents(persisted).values()))
    exported = quipu.export_dir(path, "memory://bucket/copy")
    assert exported == report
    assert uploads(memory, "/bucket/copy") == contents(persisted)  # byte for byte, and nothing else


def test_a_file_system_is_taken(path, memory, uploaded, persisted):
    below = DirFileSystem(path="/bucket", fs=memory)
    quipu.import_dir("storage", path, fs=below)
    quipu.export_dir(path, "copy", fs=below)
    assert uploads(memory, "/bucket/copy") == contents(persisted)
    with pytest.raises(ValueError, match="not empty"):
        quipu.export_dir(path, "copy", fs=below)
    assert quipu.export_dir(path, "copy", fs=below, force=True)["docstore.json"]["docstore/data"] == 2000


def test_a_file_url_is_the_disk(path, persisted, tmp_path):
    quipu.import_dir(persisted.as_uri(), path)
    quipu.export_dir(path, (tmp_path / "copy").as_uri())
    assert contents(tmp_path / "copy") == contents(persisted)


def test_only_the_files_named_are_imported(path, uploaded):
    assert list(quipu.import_dir(uploaded, path, files=["index_store.json"])) == ["index_store.json"]
    with pytest.raises(TypeError, match="docstore.json"):
        quipu.import_dir(uploaded, path, files="docstore.json")


def test_a_dry_run_writes_nothing(path, memory, uploaded):
    assert quipu.import_dir(uploaded, path, dry_run=True)["docstore.json"]["docstore/data"] == 2000
    assert not path.exists()
    quipu.import_dir(uploaded, path)
    with pytest.raises(ValueError, match="not empty"):
        quipu.import_dir(uploaded, path, dry_run=True)
    assert quipu.export_dir(path, "memory://dry", dry_run=True)["docstore.json"]["docstore/data"] == 2000
    assert not memory.exists("/dry")


def test_a_missing_file_is_named(path, memory, uploaded):
    memory.rm_file("/bucket/storage/docstore.json")
    with pytest.raises(FileNotFoundError, match="memory://bucket/storage/docstore.json"):
        quipu.import_dir(uploaded, path)
    with pytest.raises(FileNotFoundError, match="memory://nowhere/docstore.json"):
        quipu.import_dir("memory://nowhere", path)
    assert not path.exists()


class Failing(MemoryFileSystem):
    """Raises when the bytes read or written exceed a number."""

    store = MemoryFileSystem.store
    pseudo_dirs = MemoryFileSystem.pseudo_dirs
    cachable = False

    def __init__(self, error, after):
        super().__init__()
        self.error, self.left = error, after

    def spend(self, size):
        self.left -= size
        if self.left < 0:
            raise self.error

    def _open(self, path, mode="rb", **kwargs):
        file = super()._open(path, mode, **kwargs)
        spend, read, write = self.spend, file.read, file.write

        class Spending:
            def read(self, size=-1):
                data = read(size)
                spend(len(data))
                return data

            def write(self, data):
                spend(len(data))
                return write(data)

            def close(self):
                file.close()

        return Spending()


@pytest.mark.parametrize("after", [0, 5_000_000])
def test_an_error_of_the_file_system_is_told_and_undone(path, memory, uploaded, after):
    refused = PermissionError("not for you")
    with pytest.raises(OSError, match="memory://bucket/storage/docstore.json: PermissionError: not for you"):
        quipu.import_dir(uploaded, path, fs=Failing(refused, after))
    assert not path.exists()
    quipu.import_dir(uploaded, path)
    with pytest.raises(OSError, match="memory://copy/docstore.json: PermissionError: not for you"):
        quipu.export_dir(path, "memory://copy", fs=Failing(refused, after))
    assert not memory.exists("/copy")


def test_an_interrupt_within_the_file_system_goes_on(path, memory, uploaded):
    with pytest.raises(KeyboardInterrupt):
        quipu.import_dir(uploaded, path, fs=Failing(KeyboardInterrupt(), 5_000_000))
    assert not path.exists()
    quipu.import_dir(uploaded, path)
    with pytest.raises(KeyboardInterrupt):
        quipu.export_dir(path, "memory://copy", fs=Failing(KeyboardInterrupt(), 5_000_000))
    assert not memory.exists("/copy")


def test_what_is_there_stays_until_the_new_files_are_whole(path, memory, uploaded, persisted):
    quipu.import_dir(uploaded, path)
    memory.pipe_file("/old/docstore.json", b"old")
    with pytest.raises(OSError):
        quipu.export_dir(path, "memory://old", force=True, fs=Failing(OSError("full"), 5_000_000))
    assert uploads(memory, "/old") == {"docstore.json": b"old"}
    quipu.export_dir(path, "memory://old", force=True)
    assert uploads(memory, "/old") == contents(persisted)


def test_stores_persist_there(context, memory):
    context.docstore.add_documents([TextNode(id_="n", text="t")])
    context.docstore.persist("/quipu-test/docstore.json", fs=memory)
    assert list(json.loads(memory.cat_file("/quipu-test/docstore.json"))["docstore/data"]) == ["n"]
    context.vector_store.add([TextNode(id_="n", embedding=[1.0])])
    context.vector_store.persist("memory://quipu-test/vectors.json")
    assert json.loads(memory.cat_file("/quipu-test/vectors.json"))["embedding_dict"] == {"n": [1.0]}


def test_storage_options_are_for_urls(path, persisted):
    with pytest.raises(ValueError, match="storage_options"):
        quipu.import_dir(persisted, path, storage_options={"key": "k"})


def test_verify_and_diff_read_there(path, memory, uploaded):
    assert quipu.verify(uploaded) == []
    quipu.import_dir(uploaded, path)
    assert quipu.diff(uploaded, path) == []
    memory.pipe_file("/bucket/storage/docstore.json", b'{"docstore/data": {"n": 1}}')
    (fault,) = [each for each in quipu.verify(uploaded) if each.severity == "fault"]
    assert (fault.file, fault.line, fault.collection, fault.key) == ("docstore.json", 1, "docstore/data", "n")
