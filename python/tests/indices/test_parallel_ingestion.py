"""IngestionPipeline.run(num_workers=2): processes of its own, which read the cache and send back what they add."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import quipu

PIPELINE = """
import quipu, sys
from llama_index.core import Document, MockEmbedding
from llama_index.core.ingestion import DocstoreStrategy, IngestionCache, IngestionPipeline
from llama_index.core.schema import TextNode, TransformComponent

class Split(TransformComponent):
    def __call__(self, nodes, **kwargs):
        return [TextNode(text=node.get_content(), relationships={"1": node.as_related_node_info()}) for node in nodes]

def run(path, cache_class):
    with quipu.storage_context(path) as context:
        pipeline = IngestionPipeline(
            transformations=[Split(), MockEmbedding(embed_dim=2)],
            docstore=context.docstore,
            vector_store=context.vector_store,
            docstore_strategy=DocstoreStrategy.UPSERTS,
            cache=cache_class(cache=context.kvstore),
        )
        documents = [Document(id_=f"d{i}", text=f"Cord {i} hangs.") for i in range(6)]
        print(len(pipeline.run(documents=documents, num_workers=2)), end=" ")
        print(context.kvstore.count("llama_cache") >= 4, end=" ")  # two transformations of two batches
        print(len(pipeline.run(documents=documents, num_workers=2)), end=" ")
        for document in documents:
            context.docstore.delete_document(document.id_)
            context.docstore.delete_ref_doc(document.id_, raise_error=False)
        before = context.kvstore.count("llama_cache")
        print(len(pipeline.run(documents=documents, num_workers=2)), context.kvstore.count("llama_cache") == before)

if __name__ == "__main__":
    import multiprocessing
    multiprocessing.cpu_count = lambda: 2
    run(sys.argv[1], getattr(quipu if sys.argv[2].startswith("Quipu") else sys.modules[__name__], sys.argv[2]))
"""


def run_pipeline(path: Path, tmp_path: Path, cache: str) -> "subprocess.CompletedProcess[str]":
    """As a program of its own, of which there are three processes."""
    program = tmp_path / "pipeline.py"
    program.write_text(PIPELINE)
    environment = {**os.environ, "PYTHONPATH": str(Path(quipu.__file__).parents[1])}
    command = [sys.executable, str(program), str(path), cache]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, env=environment)


def test_the_cache_works_in_parallel(path: Path, tmp_path: Path) -> None:
    ran = run_pipeline(path, tmp_path, "QuipuIngestionCache")
    assert ran.stdout == "6 True 0 6 True\n", ran.stderr


def test_another_cache_says_what_to_use(path: Path, tmp_path: Path) -> None:
    ran = run_pipeline(path, tmp_path, "IngestionCache")
    assert ran.returncode != 0
    assert "LockedError" in ran.stderr and "quipu.QuipuIngestionCache" in ran.stderr, ran.stderr
