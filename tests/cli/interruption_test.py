#!/usr/bin/env python3
"""quipu import that is killed or interrupted: what it leaves never looks complete and is not; a re-run works. And the
other commands that take long."""

import json
import os
import pty
import re
import signal
import subprocess
import time
import unittest

from cli_support import DATA, IO, OK, QUIPU, CliTest, node, tree

BYTES = 100_000_000  # enough that a signal sent when the bar appears comes before the end
KILLS = 12
AT_ONCE = rb"%"  # the bar is there
BEFORE_ALL = rb"  0 B"  # it is drawn for the first time
MIDWAY = rb"[1-9]\d?%"


def read_terminal(terminal):
    """Some text, or nothing when the other end is closed."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


class InterruptionTest(CliTest):
    """One large persist directory serves all tests."""

    def setUp(self):
        super().setUp()
        self.directory = self.folder / "large"
        self.directory.mkdir()
        text = "knots on a cord " * 64
        with open(self.directory / "docstore.json", "w", encoding="ascii") as file:
            file.write('{"knots": {')
            self.count = 0
            while file.tell() < BYTES:
                for _ in range(1000):
                    separator = ", " if self.count else ""
                    file.write(f'{separator}"n{self.count}": {json.dumps(node(f"n{self.count}", text))}')
                    self.count += 1
            file.write("}}")
        (self.directory / "index_store.json").write_text('{"index_store/data": {"i": {"a": 1}}}')

    def assert_nothing_or_all(self, all_allowed):
        """The database is not there, is empty, or (when that is allowed) is complete."""
        run = subprocess.run([QUIPU, "collections", "--json", self.database], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, check=False)
        if run.returncode == IO:  # not made yet
            self.assertRegex(run.stderr, b"no such directory|no database")
            return
        self.assertEqual(OK, run.returncode, run.stderr)
        rows = [(row["collection"], row["entries"]) for row in json.loads(run.stdout)]
        expected = [("knots", self.count), ("index_store/data", 1)] if rows and all_allowed else []
        self.assertEqual(expected, rows)
        self.quipu("verify", self.database)

    def assert_rerun_works(self):
        stat = subprocess.run([QUIPU, "stat", "--json", self.database], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=False)
        if stat.returncode != OK or json.loads(stat.stdout)["entries"] == 0:
            self.quipu("import", self.directory, self.database)
        self.quipu("verify", self.database)
        self.assert_exported_as(self.directory)
        self.assertEqual({}, {name: what for name, what in tree(self.database).items() if name.startswith("tmp/")})

    def import_until(self, drawn, signal_number, options=(), environment=None):
        return self.run_until(["import", *options, self.directory, self.database], drawn, signal_number, environment)

    @staticmethod
    def run_until(arguments, drawn, signal_number, environment=None):
        """Starts a command on a terminal, sends the signal once the bar matches `drawn`, or the command has ended.

        Returns the exit code, what was printed, and the terminal's text.
        """
        terminal, slave = pty.openpty()
        process = subprocess.Popen([QUIPU, *arguments], stdout=subprocess.PIPE, stderr=slave,
                                   env={**os.environ, "TERM": "xterm", **(environment or {})})
        os.close(slave)
        text = b""
        more = read_terminal(terminal)
        while more:
            text += more
            if drawn and re.search(drawn, text):
                process.send_signal(signal_number)
                drawn = None
            more = read_terminal(terminal)
        printed, _ = process.communicate(timeout=120)
        os.close(terminal)
        return process.returncode, printed, text

    def interrupt(self, number, options=()):
        """Interrupts an import as soon as its bar is drawn."""
        code, printed, text = self.import_until(AT_ONCE, number, options)
        self.assertEqual(128 + number, code, text)
        self.assertEqual(b"", printed)
        self.assertIn(b"interrupted; nothing was changed", text)

    def test_interrupt(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            self.interrupt(number)
            self.assertFalse(self.database.exists())
        self.assert_rerun_works()

    def test_interrupt_of_a_merge_keeps_what_was_there(self):
        self.quipu("put", self.database, "knots", "mine", '{"a": 1}')
        self.interrupt(signal.SIGINT, ["--merge"])
        self.assertEqual(1, self.quipu_json("stat", self.database)["entries"])
        self.assertEqual(b'{"a": 1}\n', self.quipu("get", self.database, "knots", "mine")[0])

    def test_interrupt_of_other_commands(self):
        backups = self.folder / "backups"
        restored = self.folder / "restored"
        self.quipu("import", self.directory, self.database)
        self.quipu("backup", self.database, backups)
        self.quipu("put", self.database, "knots", "later", '{"a": 1}')
        before = self.quipu_json("stat", self.database)["entries"], self.quipu_json("backups", backups)
        for arguments in (["verify", self.database], ["verify", self.directory], ["compact", self.database],
                          ["backup", self.database, self.folder / "others"], ["backup", self.database, backups],
                          ["verify-backup", backups], ["restore", backups, restored],
                          ["diff", self.database, self.database], ["repair", "--dry-run", self.database]):
            code, _, text = self.run_until(arguments, BEFORE_ALL, signal.SIGINT)
            self.assertEqual(128 + signal.SIGINT, code, (arguments, text))
            self.assertIn(b"interrupted; nothing was changed", text)
        self.assertEqual(before, (self.quipu_json("stat", self.database)["entries"], self.quipu_json("backups", backups)))
        self.assertEqual([], self.quipu_json("backups", self.folder / "others"))
        self.assertFalse(restored.exists())
        self.quipu("verify", self.database)
        self.quipu("verify-backup", backups)

    def test_the_bar_on_a_terminal(self):
        _, _, text = self.import_until(MIDWAY, signal.SIGTERM)
        self.assertRegex(text, rb"\[#*-*\]\x1b\[0m +\d+%  [\d.]+ [kM]?B of [\d.]+ MB  [\d.]+ [kMG]?B/s")
        self.assertIn(b"\x1b[32m", text)
        last = text.split(b"quipu: ")[0].split(b"\r")
        self.assertEqual(b"", last[-1])  # erased: blanks, and back to the start of the line
        self.assertEqual(b"", last[-2].strip())
        _, _, text = self.import_until(AT_ONCE, signal.SIGTERM, environment={"NO_COLOR": "1"})
        self.assertNotIn(b"\x1b", text)

    def test_kill_in_the_middle(self):
        code, _, text = self.import_until(MIDWAY, signal.SIGKILL)
        self.assertIn(code, (-signal.SIGKILL, OK), text)
        self.assert_nothing_or_all(all_allowed=b"100%" in text or code == OK)
        self.assert_rerun_works()

    def test_a_killed_merge_is_said_even_quietly(self):
        self.quipu("put", self.database, "knots", "mine", '{"a": 1}')
        process = subprocess.Popen([QUIPU, "import", "-q", "--merge", self.directory, self.database],
                                   stdout=subprocess.DEVNULL)
        said = ""
        while "an import with merge is under way" not in said and process.poll() is None:
            said = self.quipu("stat", "-q", self.database)[1]
        process.kill()
        self.assertEqual(-signal.SIGKILL, process.wait(timeout=60), "the import ended too soon")
        _, said = self.quipu("export", "-q", self.database, self.copy)
        self.assertEqual(f"quipu: {self.database}: an import with merge was interrupted; run it again to complete it\n",
                         said)
        self.quipu("verify", "-q", self.database, code=DATA)
        self.quipu("import", "-q", "--merge", self.directory, self.database)
        self.assertEqual("", self.quipu("stat", "-q", self.database)[1])
        self.assertEqual(self.count + 2, self.quipu_json("stat", self.database)["entries"])

    def test_kill_at_any_moment(self):
        """Kills spread over the time a whole import takes; each outcome is checked, whatever it is."""
        started = time.monotonic()
        self.quipu("import", self.directory, self.folder / "timed")
        whole = time.monotonic() - started
        for i in range(KILLS):
            process = subprocess.Popen([QUIPU, "import", self.directory, self.database], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE)
            try:
                process.wait(timeout=whole * (i + 1) / KILLS)
            except subprocess.TimeoutExpired:
                process.kill()
            said = process.communicate()[1]
            # A re-run over a complete database is refused; else it ends well, or was killed.
            self.assertIn(process.returncode, (OK, DATA, -signal.SIGKILL), said)
            self.assert_nothing_or_all(all_allowed=True)
        self.assert_rerun_works()


if __name__ == "__main__":
    unittest.main()
