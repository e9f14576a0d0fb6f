"""LlamaIndex's own tests, of the checkout that $QUIPU_LLAMA_INDEX names."""

import os
from pathlib import Path

import pytest

import reference_suite

CHECKOUT = os.environ.get("QUIPU_LLAMA_INDEX")


@pytest.mark.skipif(not CHECKOUT, reason="QUIPU_LLAMA_INDEX names no checkout of LlamaIndex")
@pytest.mark.parametrize("tests", [reference_suite.core_tests, reference_suite.integration_tests])
def test_as_expected(tests) -> None:
    for package in ("pytest_asyncio", "pytest_mock", "openai"):
        pytest.importorskip(package)
    assert CHECKOUT and tests(Path(CHECKOUT).resolve())
