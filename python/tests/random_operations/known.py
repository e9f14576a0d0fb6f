"""What is left out, or repaired in the reference first, each by its sentence of docs/COMPATIBILITY.md."""

KNOWN = {
    "kv_store.RepairedKVStore: values": "Repaired: values are copies",
    "kv_store.RepairedKVStore: collections": "Repaired: reads create nothing.",
    "kv_store.keep_collections": (
        "A collection that a transaction is the first to write to stays, empty, if it is not "
        "committed."
    ),
    "document_store.RepairedDocumentStore.add_documents": "a failed call changes nothing",
    "document_store.RepairedDocumentStore: a...": "Repaired: async calls run the sync code",
    "document_store: batch_size": "RocksDBKVStore batches, so there it is a hint",
    "kv_store: mistyped values": (
        "Values must be JSON objects, as the reference's type hints say; it does not check."
    ),
    "all: other mistyped arguments": (
        "An argument of another type than its hint raises TypeError, where the reference does not "
        "check"
    ),
    "vector_store.without_surrogates": (
        "a lone surrogate in a key of an object within the metadata, or within what a relationship "
        "carries, raises"
    ),
    "vector_store.equal: inexact": (
        "They may differ from numpy's in the last bits, since sums are made in another order."
    ),
    "vector_store: queries with NaN": "Repaired: an error that names the element.",
    "outcome.shape: float": "Similarities are Python's float, not numpy's.",
    "graph_store.RepairedGraphStore": "Repaired: it deletes, and the subject with its last triplet",
    "property_graph_store.RepairedPropertyGraphStore.delete": (
        "Repaired: what is selected goes, nodes with all their relations"
    ),
    "property_graph_store.RepairedPropertyGraphStore.upsert_relations": (
        "the properties of a relation that is there are not updated | Repaired: they are"
    ),
    "property_graph_store: quotes in ids": "Repaired: the relation is found;",
    "property_graph_store: chunks without id": "Repaired: it keeps the id that it has when it is given",
    "property_graph_store.equal": "Same; the order is breadth first",
    "property_graph_store: get_schema, queries": (
        "then entities with embeddings are searched, on nodes and in the default vector store, and chunks are not"
    ),
    "storage_context.persisted": (
        "of any other the default stores' too unless an index has its vectors elsewhere, and a property graph's where "
        "there is one"
    ),
    "property_graph_store.reload": (
        "null in the file, which the reference reads back as None; the database keeps them"
    ),
}
