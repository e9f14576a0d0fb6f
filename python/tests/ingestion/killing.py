"""Kills processes that ingest, and lets others find the disk full; another process then looks at what is left, and completes
it. Run by test_ingest_failures.py:

    python killing.py FOLDER TIMES SEED
"""

from __future__ import annotations

import os
import random
import resource
import signal
import sys
import traceback
from pathlib import Path
from typing import Callable

import quipu
from failing_calls import counting_calls
from ingestions import assert_agreed, on_transform, stored
from scenario import assert_batches, opened_index, prepare, run

FILE_BYTES = 120_000  # of the log, less than which a whole ingestion writes


def in_child(work: Callable[[], object]) -> int:
    """By fork(), for to start Python takes a second. This process has no database open."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return child


def status_of(child: int) -> int:
    status = os.waitpid(child, 0)[1]
    if status not in (0, signal.SIGKILL):
        sys.exit(f"a child ended with status {status}")
    return status


def do_in_child(work: Callable[[], object]) -> None:
    status_of(in_child(work))


class Killing:
    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.chosen = random.Random(seed)
        self.hearing, self.told = os.pipe()
        do_in_child(lambda: prepare(folder / "prepared"))
        self.copy("undisturbed")
        self.events = self.read_events(self.begin("undisturbed"))

    def copy(self, name: str) -> None:
        do_in_child(lambda: quipu.checkpoint(self.folder / "prepared", self.folder / name))

    def begin(self, name: str) -> "tuple[int, int]":
        """The process that ingests, and where it writes a byte before and after each call."""
        reading, writing = os.pipe()

        def ingest() -> None:
            calls = counting_calls(setattr)
            on_transform(calls.count)
            calls.at_event = lambda event, name: os.write(writing, b".") and None
            with quipu.storage_context(self.folder / name) as context:
                run(context, opened_index(context))

        child = in_child(ingest)
        os.close(writing)
        return child, reading

    def read_events(self, begun: "tuple[int, int]") -> int:
        counted = 0
        while read := os.read(begun[1], 65536):
            counted += len(read)
        status_of(begun[0])
        return counted

    def kill(self, name: str) -> bool:
        """Somewhere after a call that is chosen."""
        self.copy(name)
        child, reading = self.begin(name)
        for _ in range(self.chosen.randrange(self.events)):
            if not os.read(reading, 1):
                break
        os.kill(child, signal.SIGKILL)
        killed = status_of(child) == signal.SIGKILL
        os.close(reading)
        self.complete(name)
        return killed

    def starve(self, name: str) -> None:
        """No file may grow beyond a size that is chosen."""
        self.copy(name)
        size = self.chosen.randrange(FILE_BYTES)

        def ingest() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
            try:
                with quipu.storage_context(self.folder / name) as context:
                    run(context, opened_index(context))
            except OSError:
                os.write(self.told, b"s")
            os._exit(0)

        do_in_child(ingest)
        self.complete(name)

    def complete(self, name: str) -> None:
        def look_and_complete() -> None:
            with quipu.storage_context(self.folder / name) as context:
                index = opened_index(context)
                done = assert_batches(assert_agreed(context, index))
                run(context, index)
                with quipu.storage_context(self.folder / "undisturbed") as other:
                    assert stored(context) == stored(other), name
            os.write(self.told, b"%d" % done)

        do_in_child(look_and_complete)


def main() -> None:
    folder, times, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    killing = Killing(folder, seed)
    killed = sum(killing.kill(f"killed-{number}") for number in range(times))
    for number in range(times):
        killing.starve(f"starved-{number}")
    os.close(killing.told)
    told = os.read(killing.hearing, 65536).decode()
    batches = sorted(set(told) - {"s"})
    print(f"{killed} of {times} killed among {killing.events} events, {told.count('s')} of {times} starved; done: {batches}")


if __name__ == "__main__":
    main()
