#!/usr/bin/env python3
"""Several processes, and several servers, of which some are killed.

    python3 tests/postgres/servers_test.py POSTGRES_LOAD

A part of what QUIPU_SERVER_KILLS=50 QUIPU_SERVER_CONTEXTS=300 runs. Skipped (exit code 77) where no PostgreSQL server is
installed.
"""

import collections
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
import unittest

from postgres_server import NoServer, PostgresServer, programs

LOAD = sys.argv.pop(1)
KILLS = int(os.environ.get("QUIPU_SERVER_KILLS", "2"))
CONTEXTS = int(os.environ.get("QUIPU_SERVER_CONTEXTS", "12"))
SEED = int(os.environ.get("QUIPU_TEST_SEED", time.time_ns() % 2**32))
# Where a write of each kind leaves something.
PLACES = {"all": {"document", "hash", "ref_doc", "struct", "vector", "triplet", "entity", "message"},
          "node": {"document", "hash", "ref_doc"}, "message": {"message"}}


class Writers:
    """Processes that write, and all that they have said: (outcome, what, message)."""

    def __init__(self, address, count):
        self.said = []
        self.changed = threading.Condition()
        self.times = []  # of acknowledgements
        self.processes = [
            subprocess.Popen([LOAD, "stores", address, f"w{number}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True) for number in range(count)]
        self.threads = [threading.Thread(target=self.listen, args=(process,)) for process in self.processes]
        for thread in self.threads:
            thread.start()

    def listen(self, process):
        for line in process.stdout:
            outcome, what, *message = line.rstrip("\n").split(" ", 2)
            with self.changed:
                self.said.append((outcome, what, *message))
                if outcome == "acknowledged":
                    self.times.append(time.monotonic())
                self.changed.notify_all()

    def count(self, outcome):
        return sum(said[0] == outcome for said in self.said)

    def wait_until(self, is_so):
        """Of what has been said, looked at whenever there is more."""
        with self.changed:
            if not self.changed.wait_for(is_so, timeout=300):
                raise AssertionError(f"nothing more for five minutes; the last: {self.said[-5:]}")

    def wait_for(self, outcome, more):
        with self.changed:
            enough = self.count(outcome) + more
        self.wait_until(lambda: self.count(outcome) >= enough)

    def __enter__(self):
        return self

    def end(self):
        """Lets each come to the end of what it is writing; what they say of errors that end them."""
        for process in self.processes:
            process.stdin.close()
        return "".join(process.stderr.read() for process in self.processes)

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
        for thread in self.threads:
            thread.join()
        for process in self.processes:
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                stream.close()

    def wait_for_message(self, part):
        with self.changed:
            before = len(self.said)
        self.wait_until(lambda: any(part in said[-1] for said in self.said[before:]))

    def longest_gap(self, since):
        """Of no acknowledgement, from one moment on."""
        times = [since, *(moment for moment in self.times if moment > since)]
        return max((after - before for before, after in zip(times, times[1:])), default=0)


class OneServerTest(unittest.TestCase):
    def test_sixteen_processes_add_to_one_ref_doc(self):
        with PostgresServer() as server:
            address = server.address("one")
            begin = time.monotonic()
            processes = [subprocess.Popen([LOAD, "ref-doc", address, "hot", f"w{number}", "25"], stderr=subprocess.PIPE,
                                          text=True) for number in range(16)]
            for process in processes:
                self.assertEqual("", process.communicate()[1])
                self.assertEqual(0, process.returncode)
            ids = server.run("SELECT json_array_elements_text(value->'node_ids') FROM one.data_docstore "
                             "WHERE namespace = 'docstore/ref_doc_info' AND key = 'hot'").split()
            print(f"{len(set(ids))} of 400 nodes of one ref doc, by 16 processes in {time.monotonic() - begin:.1f} s")
            self.assertEqual(sorted(f"w{number}-{n}" for number in range(16) for n in range(25)), sorted(ids))


class FailoverTest(unittest.TestCase):
    """A primary and its synchronous standby; the primary is killed under load, the standby takes its place. What processes
    have written stays when they are killed, so there is no fsync."""

    SETTINGS = {"synchronous_standby_names": "*", "synchronous_commit": "on", "full_page_writes": "on"}

    def setUp(self):
        print(f"seed {SEED}")
        self.random = random.Random(SEED)

    def wait_for_standby(self, primary):
        while "sync" not in primary.run("SELECT sync_state FROM pg_stat_replication").split():
            pass

    def fail_over(self, primary, standby, writers, patiently):
        """`patiently`: nobody takes the primary's place until writers have given up. How long nothing was
        acknowledged."""
        writers.wait_for("acknowledged", self.random.randrange(5, 60))
        killed = time.monotonic()
        primary.stop(signal.SIGKILL)
        if patiently:
            writers.wait_for_message("cannot connect")
        standby.promote()
        primary.primary = standby
        primary.make()
        primary.start()
        self.wait_for_standby(standby)
        writers.wait_for("acknowledged", 5)
        return writers.longest_gap(killed)

    def test_the_primary_is_killed(self):
        with PostgresServer(settings=self.SETTINGS) as first, \
                PostgresServer(settings=self.SETTINGS, primary=first) as second:
            self.wait_for_standby(first)
            address = first.address("stores", second) + "&password=s3cret"
            primary, standby = first, second
            gaps = []
            with Writers(address, 4) as writers:
                writers.wait_until(lambda: len({said[1].split(":")[1].split("-")[0] for said in writers.said}) == 4)
                for number in range(KILLS):
                    gaps.append(self.fail_over(primary, standby, writers, number % 5 == 1))
                    primary, standby = standby, primary
                writers.wait_for("acknowledged", 50)
                self.assertEqual("", writers.end())
            self.look(writers, address, gaps)

    def look(self, writers, address, gaps):
        contents = subprocess.run([LOAD, "contents", address], check=True, capture_output=True, text=True).stdout
        places = collections.defaultdict(list)
        for line in contents.splitlines():
            place, identifier = line.split(" ", 1)
            places[identifier].append(place)
        lost, invented, half, twice = [], [], [], []
        for outcome, what, *_ in writers.said:
            kind, identifier = what.split(":", 1)
            found = places.pop(identifier, [])
            if outcome == "acknowledged" and not found:
                lost.append(what)
            if outcome == "unchanged" and found:
                invented.append((what, found))
            if found and set(found) != PLACES[kind]:
                half.append((what, found))
            if len(set(found)) != len(found):
                twice.append((what, found))
        count = {outcome: writers.count(outcome) for outcome in ("acknowledged", "unchanged", "unknown")}
        print(f"{KILLS} kills, {count}: {len(lost)} lost, {len(half)} half done, {len(twice)} twice; nothing acknowledged "
              f"for at most {max(gaps):.2f} s")
        messages = collections.Counter(re.sub(r"[0-9]+", "N", said[2]) for said in writers.said if len(said) > 2)
        for message, times in messages.most_common():
            print(f"  {times} x {message}")
            self.assertNotIn("s3cret", message)
        self.assertEqual([[], [], [], []], [lost, invented, half, twice])
        self.assertEqual({}, {name: found for name, found in places.items() if not name.startswith(("hot", "w"))
                              or "-" in name}, "nobody has written it")


class ContextsTest(unittest.TestCase):
    """Contexts, a schema each, over three servers."""

    def test_a_server_that_is_stopped_takes_only_its_contexts_with_it(self):
        settings = {"max_connections": str(100 + CONTEXTS)}
        with PostgresServer(settings=settings) as one, PostgresServer(settings=settings) as two, \
                PostgresServer(settings=settings) as three:
            servers = (one, two, three)
            addresses = [servers[number % 3].address(f"context_{number}") for number in range(CONTEXTS)]
            with subprocess.Popen([LOAD, "contexts"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
                process.stdin.write("\n".join(addresses) + "\n\n")
                self.assertEqual({address: "acknowledged" for address in addresses}, self.round(process)[0])
                two.stop(signal.SIGKILL)
                outcomes, messages = self.round(process)
                self.assertEqual({address: "unchanged" if str(two.socket) in address else "acknowledged"
                                  for address in addresses}, outcomes)
                for address, message in messages.items():
                    self.assertIn(str(two.socket), message)
                    self.assertIn("schema=" + address.rpartition("=")[2], message)
                two.start()
                self.assertEqual({address: "acknowledged" for address in addresses}, self.round(process)[0])
                process.stdin.close()
            self.assertEqual(0, process.returncode)
            print(f"{CONTEXTS} contexts over three servers: {len(messages)} failed while one was gone; for instance: "
                  f"{list(messages.values())[0]}")

    def round(self, process):
        process.stdin.write("again\n")
        process.stdin.flush()
        outcomes, messages = {}, {}
        for line in process.stdout:
            if line == "round\n":
                break
            outcome, address, *message = line.rstrip("\n").split(" ", 2)
            outcomes[address] = outcome
            if message:
                messages[address] = message[0]
        return outcomes, messages


if __name__ == "__main__":
    try:
        programs()
    except NoServer as error:
        print(f"skipped: {error}", file=sys.stderr)
        sys.exit(77)
    unittest.main()
