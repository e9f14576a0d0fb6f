"""What mypy makes of a user's program."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import quipu

PROGRAM = """
import quipu
from llama_index.core.vector_stores import VectorStoreQuery

with quipu.storage_context("./storage.quipu", read_only=True, search_memory_bytes=1 << 20) as context:
    for node_id, node in context.docstore.stream_nodes():
        print(node_id.upper(), node.node_id)
    context.vector_store.use_hnsw(M=16)
    ids: list[str] = context.vector_store.add_embeddings(["a"], [[1.0, 2.0]], metadata=[{"page": 1}])
    print(context.vector_store.query_all([[1.0, 2.0]], similarity_top_k=1).ids, ids)
    print(context.vector_store.query_all([VectorStoreQuery(query_embedding=[1.0, 2.0])])[0].ids)
    print(quipu.stat(context).search_indexes.keys(), quipu.stat(context).search_memory_bytes + 1)
    context.index_store.add_index_struct(context.index_store.index_structs()[0])
    print(context.kvstore.path, context.graph_store.to_dict(), context.property_graph_store.to_dict())
    context.refresh()
with quipu.QuipuVectorStore.from_path(b"./storage.quipu", namespace="image") as vectors:
    print(vectors.namespace, vectors.closed)
quipu.close("./storage.quipu")
"""

WRONG = """
import quipu

quipu.storage_context("./storage.quipu", synk=True)
quipu.RocksDBKVStore("./storage.quipu", memory_budget_bytes="1GB")
quipu.storage_context("./storage.quipu").docstore.stream(1)
"""


def check(program: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    file = folder / "program.py"
    file.write_text(program)
    environment = {"MYPYPATH": str(Path(quipu.__file__).parents[1])}
    if "site-packages" in environment["MYPYPATH"]:
        environment = {}
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--cache-dir", str(folder / "cache"), str(file)]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, env=environment, cwd=folder)


def test_a_program_of_a_user(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    right = check(PROGRAM, tmp_path)
    assert right.returncode == 0, right.stdout
    wrong = check(WRONG, tmp_path).stdout
    assert '"synk"' in wrong and '"memory_budget_bytes"' in wrong and '"stream"' in wrong, wrong
