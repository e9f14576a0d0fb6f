"""LlamaIndex's chat stores in an embedded database; see the package quipu."""

from quipu import QuipuAsyncChatStore, QuipuChatStore

__all__ = ["QuipuAsyncChatStore", "QuipuChatStore"]
