"""IngestionPipeline on the package's document store and cache."""

import pytest
import quipu
from llama_index.core import Document
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.ingestion import DocstoreStrategy, IngestionCache, IngestionPipeline
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.storage.docstore import SimpleDocumentStore
from llama_index.core.vector_stores.simple import SimpleVectorStore

from stored_vectors import stored_vectors


def ingest(strategy, docstore, vector_store, cache):
    """What each of three runs makes, and what is stored at the end."""
    pipeline = IngestionPipeline(
        transformations=[SentenceSplitter(), MockEmbedding(embed_dim=4)],
        docstore=docstore,
        vector_store=vector_store,
        cache=cache,
        docstore_strategy=strategy,
    )
    runs = [
        [Document(id_="a", text="one"), Document(id_="b", text="two")],
        [Document(id_="a", text="one"), Document(id_="b", text="two, changed")],
        [Document(id_="c", text="one")],
    ]
    made = [sorted(node.text for node in pipeline.run(documents=documents)) for documents in runs]
    vectors = sorted(stored_vectors(vector_store)["text_id_to_ref_doc_id"].values())
    return made, {name: node.text for name, node in docstore.docs.items()}, vectors


@pytest.mark.parametrize("strategy", DocstoreStrategy)
def test_same_as_on_the_references_stores(strategy, context):
    want = ingest(strategy, SimpleDocumentStore(), SimpleVectorStore(), IngestionCache())
    cache = IngestionCache(cache=context.kvstore, collection="cache")
    assert ingest(strategy, context.docstore, context.vector_store, cache) == want
    assert context.kvstore.count("cache") > 0
    cache.clear()
    assert context.kvstore.count("cache") == 0
