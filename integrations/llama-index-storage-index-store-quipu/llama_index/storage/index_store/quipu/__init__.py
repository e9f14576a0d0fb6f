"""LlamaIndex's index store in an embedded database; see the package quipu."""

from quipu import QuipuIndexStore

__all__ = ["QuipuIndexStore"]
