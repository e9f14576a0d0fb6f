#!/usr/bin/env python3
"""Runs LlamaIndex's own tests with the package's stores in place of its Simple… classes, and of its other databases.

    python python/tests/reference_suite.py CHECKOUT

CHECKOUT is one of LlamaIndex's repository (of the installed version, or near it), with the packages that the tests import
installed (pytest-asyncio, pytest-mock, openai, duckdb). python/tests/comparison/test_reference.py runs it, too, where
$QUIPU_LLAMA_INDEX names one.

The tests of llama-index-core run twice: as they are, and with the stores replaced. Every test that passes the first time
must pass the second. Of llama-index-integrations run the test that each store's package has, test_class, and those of
databases that need no server, with the stores replaced; those whose other imports are there must pass. What is in
EXPECTED must fail.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List, Set

import quipu

FOLDERS = "storage vector_stores graph_stores ingestion memory indices query_engine retrievers chat_engine".split()
# Of llama-index-integrations, test files that can run whole: what they do, every store of their kind must do.
WHOLE = [
    "storage/chat_store/llama-index-storage-chat-store-sqlite/tests/test_chat_store_sqlite_chat_store.py",
    "storage/kvstore/llama-index-storage-kvstore-duckdb/tests/test_storage_kvstore_duckdb.py",
    "graph_stores/llama-index-graph-stores-nebula/tests/test_property_graph.py",
    "vector_stores/llama-index-vector-stores-duckdb/tests/test_duckdb.py",
    "retrievers/llama-index-retrievers-bm25/tests/test_retrievers_bm25_retriever.py",
]
_SQLITE, _DUCKDB, _NEBULA = f"{WHOLE[0]}::", f"{WHOLE[1]}::", f"{WHOLE[2]}::TestPropertyGraphStore::"
_DUCKDB_VECTORS = f"{WHOLE[3]}::TestStore::"
_AZURE = "storage/{0}/llama-index-storage-{1}-azurecosmosnosql/tests/test_storage_{2}_azurecosmosnosql.py::test_class"
_ROW_IDS = "deletes a message by the number of its row, from 1 on, where SimpleChatStore takes its place in the chat"
_NULLS = "wants nodes without the key to pass neither ne, nor nin, nor not, as SQL's null; SimpleVectorStore has them pass"
_AZURES = "asserts that Azure's is a BaseKVStore itself, not over one"
_OF_SQL = [
    "storage/chat_store/test_sql.py::test_delete_message",
    "storage/chat_store/test_sql.py::test_dump_load_store",
    *(
        f"storage/chat_store/test_sql_schema.py::TestSQLAlchemyChatStoreSchema::test_{name}"
        for name in "schema_parameter_initialization schema_serialization postgresql_schema_creation"
        " sqlite_schema_behavior basic_operations_with_schema".split()
    ),
    *(
        f"memory/test_memory_schema.py::TestMemorySchema::test_{name}"
        for name in "from_defaults_schema_parameter schema_parameter_passing memory_operations_with_schema"
        " memory_reset_preserves_schema".split()
    ),
]

# Tests that cannot pass, each with its reason; docs/COMPATIBILITY.md lists them, too.
EXPECTED: Dict[str, str] = {
    "tests/storage/kvstore/test_mutable_mapping_kvstore.py::test_simple_kvstore": "asserts that the store is a"
    " MutableMappingKVStore, a dict in memory",
    "tests/ingestion/test_pipeline.py::test_async_pipeline_parallel": "its worker processes, made by fork(), each want"
    " the pipeline's cache, which only their parent can have open: ForkedError",
    **{f"tests/{test}": "asks for tables, schemas or sessions of a SQL database" for test in _OF_SQL},
    f"{_SQLITE}test_delete_specific_message": _ROW_IDS,
    f"{_SQLITE}test_async_delete_specific_message": _ROW_IDS,
    f"{_DUCKDB}test_init": "asserts DuckDB's attributes",
    f"{_DUCKDB}test_from_vector_store": "asks for DuckDB's connection, which it shares",
    **{
        f"{_DUCKDB_VECTORS}test_{name}[{place}]": why
        for place in ("memory", "disk")
        for name, why in {
            "filter_operator_ne": _NULLS,
            "filter_operator_nin": _NULLS,
            "filter_not_condition": _NULLS,
            "filter_not_condition_excludes_null": _NULLS,
            "filter_nested_and_or_condition": "nests filters, which SimpleVectorStore refuses",
            "get_nodes": "wants embeddings on the nodes of get_nodes; get() has them",
        }.items()
    },
    f"{WHOLE[4]}::test_large_value_of_top_k": "wants a node that has no word of the query, with the score 0",
    f"{_NEBULA}test_delete_node_by_node_ids": "calls get_all_nodes, which only Nebula's has",
    f"{_NEBULA}test_mentions_verification": "queries in Nebula's language: NotImplementedError, as the Simple store's",
    "vector_stores/llama-index-vector-stores-docarray/tests/test_vector_stores_docarray.py::test_class": "asserts a base class"
    " of the name VectorStore, which BasePydanticVectorStore has not",
    _AZURE.format("docstore", "docstore", "document_store"): _AZURES,
    _AZURE.format("index_store", "index-store", "index_store"): _AZURES,
}


def outcomes(folder: Path, standins: str, arguments: List[str]) -> Dict[str, str]:
    """Of each test by its id: passed, failed or skipped."""
    here = Path(__file__).resolve().parent
    with tempfile.TemporaryDirectory(prefix="quipu-reference-") as temporary:
        found = Path(temporary, "outcomes.json")
        environment = dict(
            os.environ,
            PYTHONPATH=os.pathsep.join((str(here), str(Path(quipu.__file__).resolve().parents[1]))),
            QUIPU_OUTCOMES=str(found),
            QUIPU_STANDINS=standins,
        )
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "reference_plugin"]
        command += ["--continue-on-collection-errors", f"--rootdir={folder}"]
        subprocess.run(command + arguments, cwd=folder, env=environment, timeout=3600, check=False)
        return dict(json.loads(found.read_text(encoding="utf-8")))


def of(outcome: str, tests: Dict[str, str]) -> Set[str]:
    return {test for test, found in tests.items() if found == outcome}


def core_tests(checkout: Path) -> bool:
    """Runs those of llama-index-core; says whether they are as expected."""
    core = checkout / "llama-index-core"
    folders = [f"tests/{name}" for name in FOLDERS if (core / "tests" / name).is_dir()]
    before = of("passed", outcomes(core, "", folders))
    after = before & of("passed", outcomes(core, "simple", folders))
    print(f"llama-index-core: {len(before)} pass with LlamaIndex's stores; {len(after)} of them with these")
    return agrees(after, before - after) and bool(before)


def integration_tests(checkout: Path) -> bool:
    """Runs those of llama-index-integrations; says whether they are as expected."""
    folder = checkout / "llama-index-integrations"
    files = [
        str(file.relative_to(folder))
        for family in ("storage", "vector_stores", "graph_stores")
        for file in sorted((folder / family).glob("**/tests/test_*.py"))
        if "\ndef test_class(" in file.read_text(encoding="utf-8")
    ]
    options = ["--import-mode=importlib", "--noconftest"]
    tests = outcomes(folder, "peers", [*options, "-k", "test_class", *files])
    tests.update(outcomes(folder, "peers", [*options, *WHOLE]))
    tests = {test: outcome for test, outcome in tests.items() if "::" in test}  # else a file that cannot be imported
    passed, failed = of("passed", tests), of("failed", tests)
    print(f"llama-index-integrations: {len(passed)} of {len(passed | failed)} pass with these stores; ", end="")
    print(f"{len(files)} files have a test_class, of which {sum('::test_class' in test for test in passed)} pass")
    return agrees(passed, failed) and bool(passed)


def agrees(passed: Set[str], failed: Set[str]) -> bool:
    unexpected, needless = sorted(failed - EXPECTED.keys()), sorted(passed & EXPECTED.keys())
    for test in unexpected:
        print(f"fails with these stores: {test}")
    for test in needless:
        print(f"passes with these stores, so it is no expected difference: {test}")
    for test in sorted(failed & EXPECTED.keys()):
        print(f"expected: {test}: {EXPECTED[test]}")
    return not unexpected and not needless


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    checkout = Path(sys.argv[1]).resolve()
    for name in ("llama-index-core", "llama-index-integrations"):
        if not (checkout / name).is_dir():
            print(f"{checkout}: no checkout of LlamaIndex: {name} is missing")
            return 2
    agree = [run(checkout) for run in (integration_tests, core_tests)]
    return 0 if all(agree) else 1


if __name__ == "__main__":
    sys.exit(main())
