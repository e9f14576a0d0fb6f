"""What an ingestion pipeline keeps: a document store, and a cache of what its transformations made."""

from __future__ import annotations

from typing import Any, Callable, Dict, List

from llama_index.core.ingestion import DocstoreStrategy, IngestionCache, IngestionPipeline
from llama_index.core.node_parser import TokenTextSplitter

from old_directories.findings import Findings
from old_directories.manifest import Manifest

CACHE = "llama_cache"


def compare(docstore: Any, cache: Any, manifest: Manifest, findings: Findings) -> None:
    """`cache` is the key-value store that has the cache's collection."""
    # An entry without nodes is of the run after loading, which is not in the file.
    told: Dict[str, int] = {key: number for key, number in manifest.data["cache"].items() if number > 0}
    entries: Callable[[], Dict[str, int]] = lambda: {  # noqa: E731
        key: len(value["nodes"]) for key, value in cache.get_all(collection=CACHE).items()
    }
    findings.check("pipeline cache", "", told, entries)
    nodes: Callable[[], List[str]] = lambda: [  # noqa: E731
        node.node_id for key in told for node in IngestionCache(cache=cache, collection=CACHE).get(key) or []
    ]
    for number, answer in enumerate(manifest.data["answers"]):
        assert answer["kind"] == "pipeline_rerun_after_load" and answer["new_nodes"] == [], answer
        first = sorted(answer["first_run"])
        findings.check("pipeline cache's nodes", number, first, lambda: sorted(set(nodes()) & set(first)))
        again = lambda: rerun(docstore, cache, manifest)  # noqa: E731
        findings.check("answer pipeline_rerun_after_load", number, [], again)


def rerun(docstore: Any, cache: Any, manifest: Manifest) -> List[str]:
    """The texts of the nodes that come of running the documents that are there already."""
    pipeline = IngestionPipeline(
        transformations=[TokenTextSplitter(chunk_size=120, chunk_overlap=12, tokenizer=str.split)],
        docstore=docstore,
        cache=IngestionCache(cache=cache, collection=CACHE),
        docstore_strategy=DocstoreStrategy.DUPLICATES_ONLY,
    )
    documents = [docstore.get_document(each) for each in manifest.nodes]
    return [node.get_content() for node in pipeline.run(documents=documents)]
