"""LlamaIndex's graph and property graph stores in an embedded database; see the package quipu."""

from quipu import QuipuGraphStore, QuipuPropertyGraphStore

__all__ = ["QuipuGraphStore", "QuipuPropertyGraphStore"]
