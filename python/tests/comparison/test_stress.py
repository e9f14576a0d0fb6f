"""A short share of stress.py."""

import stress


def test_threads_and_awaited_calls(path):
    assert "no lost update" in stress.run(4, path)
