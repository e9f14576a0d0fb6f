"""LlamaIndex's key-value store in an embedded database; see the package quipu."""

from quipu import RocksDBKVStore as QuipuKVStore

__all__ = ["QuipuKVStore"]
