"""quipu.ingest() that fails at any call, is killed at any moment, finds the disk full, or is cancelled: all stores agree,
each batch is there whole or not at all, and the same call again completes.

QUIPU_FAULT_STRIDE=1 lets each call fail, QUIPU_TEST_KILLS=200 kills, and fills the disk, so often.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, Set, Tuple

import pytest
import quipu
from failing_calls import CallFailed, Calls, calls  # noqa: F401
from ingestions import assert_agreed, on_transform, stored
from scenario import BATCH, GIVEN, TEXTS_AFTER, assert_batches, opened_index, pipeline_of, prepare, run

STRIDE = int(os.environ.get("QUIPU_FAULT_STRIDE", "41"))
KILLS = int(os.environ.get("QUIPU_TEST_KILLS", "3"))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("prepared") / "database"
    prepare(path)
    return path


@pytest.fixture(scope="module")
def undisturbed(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Dict[str, List[Any]]:
    """All that is stored when nothing fails."""
    path = tmp_path_factory.mktemp("undisturbed") / "database"
    quipu.checkpoint(prepared, path)
    with quipu.storage_context(path) as context:
        index = opened_index(context)
        run(context, index)
        assert assert_agreed(context, index) == TEXTS_AFTER
        return stored(context)


@pytest.mark.parametrize("asynchronous", (False, True))
def test_any_call_may_fail(
    asynchronous: bool,
    prepared: Path,
    undisturbed: Dict[str, List[Any]],
    tmp_path: Path,
    calls: Calls,  # noqa: F811
) -> None:
    failing = 0
    states: Set[int] = set()
    on_transform(calls.count)
    while True:
        calls.fail_never()
        path = tmp_path / "database"
        quipu.checkpoint(prepared, path)
        with quipu.storage_context(path) as context:
            index = opened_index(context)
            calls.fail_at(failing)
            try:
                run(context, index, asynchronous)
            except CallFailed as error:
                calls.fail_never()
                states.add(assert_batches(assert_agreed(context, index)))
                run(context, index if failing % 2 else opened_index(context), asynchronous)
            else:
                events = calls.events
                calls.fail_never()  # also closing is a call
                break
            assert stored(context) == undisturbed, f"after event {failing} had failed"
        shutil.rmtree(path)
        failing += STRIDE
    on_transform(lambda name: None)
    assert events >= 500 and (STRIDE > 100 or len(states) >= 4)


def test_a_cancelled_task_leaves_whole_batches(
    prepared: Path, undisturbed: Dict[str, List[Any]], tmp_path: Path, calls: Calls  # noqa: F811
) -> None:
    """Cancelled at calls on this thread and on the one that writes; one that is told so too late has done it all."""

    def cancelled_at(at_event: int) -> "Tuple[bool, int]":
        async def work(context: quipu.QuipuStorageContext, index: Any) -> None:
            loop = asyncio.get_running_loop()
            task = asyncio.ensure_future(quipu.aingest(pipeline_of(context), GIVEN, index, batch_size=BATCH))
            calls.events = 0
            calls.at_event = lambda event, name: event == at_event and loop.call_soon_threadsafe(task.cancel) and None
            await task

        path = tmp_path / f"database-{at_event}"
        calls.fail_never()
        quipu.checkpoint(prepared, path)
        with quipu.storage_context(path) as context:
            index = opened_index(context)
            cancelled = False
            try:
                asyncio.run(work(context, index))
            except asyncio.CancelledError:
                cancelled = True
            events = calls.events
            calls.fail_never()
            assert_batches(assert_agreed(context, index))
            if cancelled:
                run(context, index)
            assert stored(context) == undisturbed, f"cancelled at event {at_event}"
        return cancelled, events

    cancelled, events = cancelled_at(-1)
    assert not cancelled and events > 400
    chosen = random.Random(17).sample(range(events), k=4 if STRIDE > 1 else 100)
    assert sum(cancelled_at(at_event)[0] for at_event in chosen) >= 0.9 * len(chosen) - 1


def test_killed_at_any_moment(tmp_path: Path) -> None:
    seed = int(os.environ.get("QUIPU_TEST_SEED", "0")) or random.randrange(1, 1 << 30)
    print(f"QUIPU_TEST_SEED={seed}")
    folders = [str(Path(__file__).parents[1]), str(Path(quipu.__file__).parents[1])]
    ran = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("killing.py")), tmp_path, str(KILLS), str(seed)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(folders)},
        capture_output=True,
        text=True,
        timeout=600 + 60 * KILLS,
        check=False,
    )
    print(ran.stdout)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith(f"{KILLS} of {KILLS} killed")
