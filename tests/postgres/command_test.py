#!/usr/bin/env python3
"""The command on schemas of a PostgreSQL server: migrations there and back, killed meanwhile; what it refuses and says.

    QUIPU_BIN=build/release/tools/quipu python3 tests/postgres/command_test.py

QUIPU_MIGRATE_MB=1024 QUIPU_MIGRATE_KILLS=20 moves more, is killed more often, and prints what memory the largest run took.
Skipped (exit code 77) where no PostgreSQL server is installed.
"""

import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path
from urllib.parse import quote

from postgres_server import NoServer, PostgresServer, programs

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))
from cli_support import DATA, GOLDENS, OK, QUIPU, CliTest, node, tree  # noqa: E402

MEGABYTES = int(os.environ.get("QUIPU_MIGRATE_MB", "4"))
KILLS = int(os.environ.get("QUIPU_MIGRATE_KILLS", "2"))
SEED = int(os.environ.get("QUIPU_TEST_SEED", time.time_ns() % 2**32))
MOVED = ("vectors", "graphs", "namespaces")


server = None


def setUpModule():
    global server
    server = unittest.enterModuleContext(PostgresServer())


class MigrateTest(CliTest):
    def test_there_and_back_is_the_same(self):
        for name in MOVED:
            with self.subTest(name):
                folder = self.folder / name
                folder.mkdir()
                self.quipu("import", GOLDENS / name, folder / "imported.quipu")
                self.quipu("export", folder / "imported.quipu", folder / "exported")
                address = server.address(f"moved_{name}")
                self.quipu("migrate", folder / "imported.quipu", address)
                self.quipu("migrate", address, folder / "back.quipu")
                self.quipu("migrate", address, folder / "files")
                self.quipu("migrate", folder / "files", server.address(f"again_{name}"))
                self.quipu("diff", folder / "imported.quipu", folder / "back.quipu")
                self.quipu("diff", address, server.address(f"again_{name}"))
                self.quipu("verify", address)
                self.quipu("export", folder / "back.quipu", folder / "out")
                for copy in ("files", "out"):
                    self.assertEqual(tree(folder / "exported"), tree(folder / copy))

    def test_once_more_changes_nothing_and_something_else_is_refused(self):
        address = server.address("once")
        source = self.persist_dir()
        self.assertFalse(self.quipu_json("migrate", source, address)["was_there"])
        before = server.run("SELECT id, xmin, key FROM once.data_kvstore ORDER BY id")
        self.assertTrue(self.quipu_json("migrate", source, address)["was_there"])
        other = self.persist_dir({"knots": {"n9": node("n9")}}, name="other")
        self.assertIn("not empty", self.quipu("migrate", other, address, code=DATA)[1])
        self.assertEqual(before, server.run("SELECT id, xmin, key FROM once.data_kvstore ORDER BY id"))

    def test_what_cannot_be_held_is_refused_by_name(self):
        long_key = "".join(self.random_text(5000))
        odd = {"not a number": ("NaN", {"x": float("nan")}), "infinite": ("infinity", {"x": [1, {"y": float("-inf")}]}),
               "nul\0inside": ("NUL", {}), "\ud800 alone": ("UTF-8", {}), long_key: ("index", {})}
        for number, (key, (why, value)) in enumerate(odd.items()):
            shown = json.dumps(key)[:60]
            with self.subTest(shown):
                source = self.persist_dir({"knots": {"plain": {}, key: value, "z": {}}}, name=str(number))
                address = server.address("refused")
                for command in ("import", "migrate"):
                    said = self.quipu(command, source, address, code=DATA)[1]
                    self.assertIn(shown, said)
                    self.assertIn(why, said)
                    self.assertEqual([], self.rows_of("refused"))

    def rows_of(self, schema):
        """What stands in a schema's tables, but for the mark of a migration that has not been completed."""
        tables = server.run(f"SELECT relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace "
                            f"WHERE nspname = '{schema}' AND relname LIKE 'data%' AND relkind = 'r'").split()
        return [row for table in tables for row in server.run(
            f"SELECT namespace, key FROM {schema}.{table} WHERE namespace <> 'quipu/migration'").splitlines()]

    def random_text(self, size):
        """That cannot be compressed."""
        source = random.Random(SEED)
        return (chr(source.randrange(33, 126)) for _ in range(size))

    def test_a_dry_run_makes_nothing(self):
        address = server.address("dry")
        report = self.quipu_json("migrate", "--dry-run", GOLDENS / "vectors", address)
        self.assertTrue(report["dry_run"])
        self.assertEqual("0\n", server.run("SELECT count(*) FROM pg_namespace WHERE nspname = 'dry'"))

    def test_tables_beside_a_store_are_named_as_left_out(self):
        address = server.address("beside")
        self.quipu("put", address, "c", "k", stdin=b'{"a": 1}')
        columns = {"data_essays": "text varchar, metadata_ json, node_id varchar, embedding varchar", "mine": "key varchar, value json",
                   "chatstore": "key varchar, value jsonb[]", "data_other": "key varchar, namespace varchar, value json"}
        for name, each in columns.items():
            server.run(f"CREATE TABLE beside.{name} (id serial, {each})")
        # Of these vectors the server cannot tell numbers; chats move.
        stays = ["data_essays (vectors)", "data_other (key-value data)"]
        for command in (("migrate", "--dry-run", address, self.folder / "to.quipu"), ("migrate", address, self.folder / "to.quipu"),
                        ("migrate", address, self.folder / "files"), ("export", "--dry-run", address, self.copy),
                        ("export", address, self.copy)):
            expected = stays if command[0] == "migrate" else ["chatstore (chats)", *stays]
            with self.subTest(command):
                printed, said = self.quipu(*command, "--json")
                self.assertEqual(expected, json.loads(printed)["left_out"])
                self.assertEqual(expected, re.findall(r"left out: (.*), which", said))
        self.assertEqual([], self.quipu_json("migrate", self.folder / "to.quipu", server.address("moved"))["left_out"])

    def test_what_cannot_be_read_stays_and_is_named(self):
        source, target = server.address("unread"), server.address("unread_copy")
        self.quipu("put", source, "c", "k", stdin=b'{"a": 1}')
        server.run("CREATE TABLE unread.older (key text, value json[]); CREATE TABLE unread.plain (id serial, key text, value json); "
                   "CREATE TABLE unread.secret (id serial, key varchar, value json[])")
        server.run("CREATE TABLE unread.quipu_chats (id serial, key varchar, value json[]) PARTITION BY RANGE (id); "
                   "CREATE TABLE unread.part PARTITION OF unread.quipu_chats FOR VALUES FROM (1) TO (9); "
                   "INSERT INTO unread.quipu_chats (key, value) VALUES ('k', '{\"{}\"}'); "
                   "CREATE TABLE unread.hidden (id serial, key varchar, value json[]); "
                   "ALTER TABLE unread.hidden ENABLE ROW LEVEL SECURITY")
        server.run("CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA unread TO reader; "
                   "GRANT SELECT ON ALL TABLES IN SCHEMA unread TO reader; REVOKE ALL ON unread.secret FROM reader")
        as_reader = source.replace("user=quipu", "user=reader")
        hidden, secret = "hidden (chats, row security)", "secret (chats, no right to read)"
        report = self.quipu_json("migrate", as_reader, self.folder / "to.quipu")
        self.assertEqual([hidden, "older (chats of other columns)", secret], report["left_out"])
        self.assertEqual({"c": 1, "chat_store/messages": 1, "chat_store/chats": 1},
                         {each["collection"]: each["entries"] for each in report["collections"]})
        report = self.quipu_json("migrate", as_reader, target)
        self.assertEqual([hidden, "quipu_chats (chats, partitioned)", secret], report["left_out"])
        self.assertEqual(["c", "older"], [each["collection"] for each in report["collections"]])

    def test_names_of_schemas_are_data(self):
        names = ["Größe", "x\"'; DROP SCHEMA public; --", "%s $1 \\\t", "../a.b", "A" * 63]
        source = self.persist_dir()
        for name in names:
            with self.subTest(name):
                address = server.address(quote(name, safe=""))
                self.quipu("migrate", source, address)
                self.quipu("put", address, name, name, stdin=b'{"a": 1}')
                self.assertEqual(b'{"a": 1}\n', self.quipu("get", address, name, name)[0])
                self.assertEqual(["knots", name], [row["collection"] for row in self.quipu_json("collections", address)])
        found = server.run("SELECT nspname FROM pg_namespace").splitlines()
        self.assertEqual(set(names) | {"public"}, (set(names) | {"public"}) & set(found))
        for name, why in (("A" * 64, "63 bytes"), ("", "63 bytes"), ("a%00b", "%00"), ("pg_mine", "reserved")):
            with self.subTest(name):
                self.assertIn(why, self.quipu("put", server.address() + "&schema=" + name, "c", "k", stdin=b"{}",
                                              code=None)[1])
        self.assertEqual(found, server.run("SELECT nspname FROM pg_namespace").splitlines())

    def test_nothing_that_is_printed_has_a_password(self):
        address = server.address("secret") + "&password=s3cret"
        source = self.persist_dir()
        commands = [("import", source, address), ("migrate", source, address), ("migrate", address, self.folder / "out"),
                    ("stat", address), ("stat", "--json", address), ("collections", address), ("verify", address),
                    ("export", address, self.copy), ("migrate", "--json", address, self.folder / "json"),
                    ("hnsw", address, "--store", "none"), ("backup", address, self.folder / "b"),
                    ("migrate", "--to", "persist", source, address), ("migrate", address, address),
                    ("diff", address, source), ("repair", address), ("compact", address)]
        commands += [(command, "postgresql://me:s3cret@127.0.0.1:1/db") for command in ("stat", "verify", "collections")]
        commands += [("stat", "postgres://me:s3cret@[x/db"), ("stat", "mysql://me:s3cret@h/db"),
                     ("migrate", "postgresql://me:s3cret@127.0.0.1:1/db", self.folder / "x"),
                     ("migrate", source, "postgresql://me:s3cret@127.0.0.1:1/db"),
                     ("export", "postgresql://me:s3cret@127.0.0.1:1/db", self.folder / "x")]
        for command in commands:
            printed, said = self.quipu(*command, code=None)
            self.assertNotIn("s3cret", printed.decode() + said, command)


class KillTest(CliTest):
    """Killed again and again, then let go on to its end: what comes of it is what comes of a run that is not."""

    seconds = 300 + 5 * MEGABYTES

    def setUp(self):
        super().setUp()
        print(f"seed {SEED}")
        self.random = random.Random(SEED)

    def migrate(self, source, target, again, remove):
        """Runs it to its end, and then into `again`, kills it KILLS times within the time that this took, each time going
        on with what is there, and lets it end. One that ends before is removed."""
        begin = time.monotonic()
        self.quipu("migrate", source, target)
        whole = time.monotonic() - begin
        ended = killed = 0
        while killed < KILLS:
            with subprocess.Popen([QUIPU, "migrate", "--quiet", source, again], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE) as process:
                try:
                    process.wait(timeout=self.random.uniform(0, whole))
                    ended += 1
                except subprocess.TimeoutExpired:
                    killed += 1
                    process.send_signal(signal.SIGKILL)
                said = process.communicate()[1]
            self.assertIn(process.returncode, (OK, -signal.SIGKILL), said)
            if process.returncode == OK:
                remove()
        self.quipu("migrate", source, again)
        print(f"killed {killed} times within {whole:.1f} s each; {ended} came to their end before")

    def test_there_and_back(self):
        source = self.large_persist_dir(MEGABYTES)
        large = self.folder / "large.quipu"
        self.quipu("import", source, large)
        address = server.address("large")
        self.migrate(large, server.address("unkilled"), address, lambda: server.run("DROP SCHEMA large CASCADE"))
        self.migrate(address, self.folder / "unkilled.quipu", self.folder / "back.quipu",
                     lambda: shutil.rmtree(self.folder / "back.quipu"))
        self.quipu("migrate", self.folder / "back.quipu", self.folder / "files")
        self.quipu("export", large, self.folder / "expected")
        self.assertEqual(tree(self.folder / "expected"), tree(self.folder / "files"))
        for name in ("docstore.json", "default__vector_store.json"):
            self.assertEqual((source / name).read_bytes(), (self.folder / "files" / name).read_bytes(), name)
        self.expect_little_memory()

    def test_tables(self):
        """As they are into another schema, and as a chat store into a persist directory."""
        server.run("CREATE SCHEMA talks; CREATE TABLE talks.chatstore (id serial PRIMARY KEY, key varchar NOT NULL, "
                   "value json[], CONSTRAINT \"chatstore:unique_key\" UNIQUE (key))")
        server.run("INSERT INTO talks.chatstore (key, value) SELECT 'chat ' || c, array_agg(json_build_object('role', 'user', "
                   "'n', m, 'content', repeat('thread ', 30)) ORDER BY m) "
                   f"FROM generate_series(1, {MEGABYTES * 64}) AS c, generate_series(1, 64) AS m GROUP BY c ORDER BY c")
        address = server.address("talks")
        self.migrate(address, server.address("talks_unkilled"), server.address("talks_again"),
                     lambda: server.run("DROP SCHEMA talks_again CASCADE"))
        rows = [server.run(f"SELECT count(*), md5(string_agg(id || key || value::text, ' ' ORDER BY id)) FROM {schema}.chatstore")
                for schema in ("talks", "talks_unkilled", "talks_again")]
        self.assertEqual([rows[0]] * 3, rows)
        self.assertTrue(rows[0].startswith(str(MEGABYTES * 64)))
        self.migrate(server.address("talks_again"), self.folder / "unkilled", self.folder / "again",
                     lambda: shutil.rmtree(self.folder / "again"))
        self.assertEqual(["chat_store.json"], list(tree(self.folder / "unkilled")))
        self.assertEqual(tree(self.folder / "unkilled"), tree(self.folder / "again"))
        self.expect_little_memory()

    def expect_little_memory(self):
        used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"{MEGABYTES} MiB: at most {used:.0f} MiB of memory")
        if not os.environ.get("QUIPU_SANITIZE"):
            self.assertLess(used, 256)


if __name__ == "__main__":
    try:
        programs()
    except NoServer as error:
        print(f"skipped: {error}", file=sys.stderr)
        sys.exit(77)
    unittest.main()
