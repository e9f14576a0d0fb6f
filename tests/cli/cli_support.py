"""What the tests of the quipu command share: running it, making persist directories, comparing trees."""

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent.parent
GOLDENS = SOURCE / "tests" / "data" / "goldens"
QUIPU = os.environ.get("QUIPU_BIN", str(SOURCE / "build" / "release" / "tools" / "quipu"))

OK, DATA, USAGE, IO, LOCKED = 0, 1, 2, 3, 4


def node(identifier, text="some text"):
    """A node as LlamaIndex stores it."""
    data = {"id_": identifier, "embedding": None, "metadata": {}, "relationships": {}, "text": text}
    return {"__data__": data, "__type__": "1"}


def tree(path):
    """Every file and folder below `path` with its contents' digest."""
    path = Path(path)
    if not path.exists():
        return None
    found = {}
    for entry in sorted(path.rglob("*")):
        name = str(entry.relative_to(path))
        found[name] = hashlib.sha256(entry.read_bytes()).hexdigest() if entry.is_file() else "folder"
    return found


class CliTest(unittest.TestCase):
    maxDiff = 4000
    seconds = 300  # that a command may take

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="quipu_cli_test."))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.database = self.folder / "storage.quipu"
        self.copy = self.folder / "copy"

    def quipu(self, *arguments, code=OK, stdin=b"", **options):
        """Runs the command, expects the exit code (None: any), and returns what it printed (bytes) and said (text)."""
        run = subprocess.run([QUIPU, *map(os.fspath, arguments)], input=stdin, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, timeout=self.seconds, check=False, **options)
        said = run.stderr.decode("utf-8")
        self.assertIn(run.returncode, (OK, DATA, USAGE, IO, LOCKED) if code is None else (code,),
                      f"{arguments}\nstdout: {run.stdout[:2000]}\nstderr: {said[:2000]}")
        return run.stdout, said

    def quipu_json(self, *arguments, **options):
        return json.loads(self.quipu(*arguments, "--json", **options)[0])

    # The default holds one collection that belongs to no document store, so verify expects nothing beside it.
    def quipu_json_lines(self, *arguments, **options):
        printed, _ = self.quipu(*arguments, "--json", **options)
        return [json.loads(line) for line in printed.splitlines()]

    def persist_dir(self, docstore=None, index_store=None, name="storage", **others):
        """A persist directory; contents are bytes, or something to be written as JSON."""
        directory = self.folder / name
        directory.mkdir()
        default = {"knots": {"n1": node("n1"), "n2": node("n2", "più")}}
        files = {"docstore.json": default if docstore is None else docstore,
                 "index_store.json": {} if index_store is None else index_store}
        files.update({file.replace("__json", ".json"): content for file, content in others.items()})
        for file, content in files.items():
            raw = content if isinstance(content, bytes) else json.dumps(content).encode()
            (directory / file).write_bytes(raw)
        return directory

    def large_persist_dir(self, megabytes):
        """One with vectors, and so many MiB of nodes."""
        directory = self.folder / "source"
        shutil.copytree(GOLDENS / "vectors", directory)
        text = "a thread of many colours " * 30
        with open(directory / "docstore.json", "w", encoding="ascii") as file:
            file.write('{"knots": {')
            count = 0
            while file.tell() < megabytes << 20:
                for _ in range(1000):
                    file.write(f'{", " if count else ""}"n{count}": {json.dumps(node(f"n{count}", text))}')
                    count += 1
            file.write("}}")
        return directory

    def imported(self):
        """The database with the default persist directory in it."""
        self.quipu("import", self.persist_dir(), self.database)
        return self.database

    def assert_exported_as(self, directory, names=("docstore.json", "index_store.json")):
        shutil.rmtree(self.copy, ignore_errors=True)
        self.quipu("export", self.database, self.copy)
        for name in names:
            expected = (Path(directory) / name).read_bytes()
            self.assertEqual(expected, (self.copy / name).read_bytes(), f"{directory}/{name}")

    @contextlib.contextmanager
    def writer(self):
        """A process that has the database open for writing, stopped in the middle of an import into it."""
        docs = {f"n{i:05}": node(f"n{i}", "x" * 1000) for i in range(30000)}
        directory = self.persist_dir({"later": docs}, name="large")
        process = subprocess.Popen([QUIPU, "import", "--merge", directory, self.database], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            while (self.database / "LOCK").read_text() != str(process.pid) and process.poll() is None:
                pass
            process.send_signal(signal.SIGSTOP)
            self.assertIsNone(process.poll(), "the import ended too soon")
            yield process
        finally:
            process.send_signal(signal.SIGCONT)
            process.wait(timeout=300)
        self.assertEqual(OK, process.returncode)
