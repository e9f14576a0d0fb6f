"""Recorded operations of LlamaIndex give the same results through the package's classes."""

from pathlib import Path

import pytest

from replay_traces import mismatches
from traces.replayers import REPLAYERS, VARIANTS

TRACES = Path(__file__).parents[3] / "tests" / "data" / "traces"


@pytest.mark.parametrize("name, replayer", [*REPLAYERS.items(), *VARIANTS.items()], ids=lambda each: str(each))
def test_no_mismatch(name, replayer):
    assert mismatches(TRACES / f"{name.split()[-1]}.jsonl", replayer) == []
