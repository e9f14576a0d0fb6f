"""LlamaIndex's stores, and its StorageContext, on a database."""
