"""LlamaIndex's vector store in an embedded database; see the package quipu."""

from quipu import QuipuVectorStore

__all__ = ["QuipuVectorStore"]
