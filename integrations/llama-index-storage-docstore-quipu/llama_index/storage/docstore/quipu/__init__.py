"""LlamaIndex's document store in an embedded database; see the package quipu."""

from quipu import QuipuDocumentStore

__all__ = ["QuipuDocumentStore"]
