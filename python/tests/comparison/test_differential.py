"""A share of differential.py."""

import os
import random
from pathlib import Path

import differential
from random_operations.known import KNOWN


def test_random_calls_do_what_the_reference_does():
    seed = int(os.environ.get("QUIPU_TEST_SEED", random.randrange(1 << 32)))
    made, differences = differential.check_all(seed, 100_000, list(differential.KINDS.values()))
    print(f"seed {seed}: {made} calls")  # with what differs, each to be repeated by its arguments
    assert differences == [], "\n\n".join(differences)
    assert made >= 100_000


def test_what_is_left_out_is_documented():
    text = (Path(__file__).parents[3] / "docs" / "COMPATIBILITY.md").read_text(encoding="utf-8")
    text = " ".join(text.split())
    assert [sentence for sentence in KNOWN.values() if sentence not in text] == []
