#!/usr/bin/env python3
"""pgbouncer in transaction mode before a PostgreSQL server, both a test's own and gone afterwards.

    python3 tests/postgres/pooler.py COMMAND...

runs the command with an address through the pooler in QUIPU_TEST_POSTGRES. Where either program is not installed it says
so and exits with 77, which ctest counts as skipped.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time

from postgres_server import NoServer, PostgresServer, end_with_parent, run_with

# More than any test has writers at the same time (docs/SCALE.md), and fewer than there are clients.
SESSIONS = 20
SETTINGS = """[databases]
* = host={server} user=quipu
[pgbouncer]
unix_socket_dir = {socket}
listen_port = {port}
auth_type = any
pool_mode = transaction
default_pool_size = {sessions}
max_client_conn = 500
"""
PORT = 6432  # of a Unix socket: a part of its name


class Pooler:
    def __init__(self, server):
        program = shutil.which("pgbouncer", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        if program is None:
            raise NoServer("no pgbouncer is installed (Debian: pgbouncer)")
        self.server = server
        self.folder = server.root / "pooler"
        server.own(self.folder)
        self.folder.chmod(0o755)
        settings = self.folder / "pgbouncer.ini"
        settings.write_text(SETTINGS.format(server=server.socket, socket=self.folder, port=PORT, sessions=SESSIONS),
                            encoding="utf-8")
        self.log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen([program, settings], stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL,
                                        cwd="/", preexec_fn=end_with_parent, **server.as_user())

    def __enter__(self):
        name = str(self.folder / f".s.PGSQL.{PORT}")
        while True:
            with socket.socket(socket.AF_UNIX) as client:
                if client.connect_ex(name) == 0:
                    return self
            if self.process.poll() is not None:
                raise NoServer("pgbouncer ended: " + (self.folder / "log").read_text(encoding="utf-8"))
            time.sleep(0.02)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.log.close()

    def address(self):
        return f"postgresql:///postgres?host={self.folder}&port={PORT}&user=quipu&prepare=false"


@contextlib.contextmanager
def pooled_server():
    with PostgresServer() as server, Pooler(server) as pooler:
        yield pooler


def main():
    return run_with(pooled_server, sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
