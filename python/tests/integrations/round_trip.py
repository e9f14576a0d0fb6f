"""Writes to every store of integrations/, by LlamaIndex's names, in one database, and reads it back.

    python round_trip.py DIR

DIR is a directory that is not there yet.
"""

import pickle
import sys

from llama_index.core.data_structs.data_structs import IndexList
from llama_index.core.graph_stores.types import EntityNode, Relation
from llama_index.core.llms import ChatMessage
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores import VectorStoreQuery
from llama_index.graph_stores.quipu import QuipuGraphStore, QuipuPropertyGraphStore
from llama_index.storage.chat_store.quipu import QuipuChatStore
from llama_index.storage.docstore.quipu import QuipuDocumentStore
from llama_index.storage.index_store.quipu import QuipuIndexStore
from llama_index.storage.kvstore.quipu import QuipuKVStore
from llama_index.vector_stores.quipu import QuipuVectorStore

STORES = (
    QuipuDocumentStore,
    QuipuIndexStore,
    QuipuVectorStore,
    QuipuGraphStore,
    QuipuPropertyGraphStore,
    QuipuChatStore,
)


def write(kvstore: QuipuKVStore) -> None:
    kvstore.put("cord", {"knots": 3})
    docstore, index_store, vector_store, graph_store, property_graph_store, chat_store = [each(kvstore) for each in STORES]
    chat_store.add_message("ann", ChatMessage(content="How many knots?"))
    docstore.add_documents([TextNode(id_="n", text="a knot")])
    index_store.add_index_struct(IndexList(index_id="list", nodes=["n"]))
    vector_store.add([TextNode(id_="n", embedding=[1.0, 2.0])])
    graph_store.upsert_triplet("quipu", "made of", "cord")
    property_graph_store.upsert_nodes([EntityNode(name="quipu"), EntityNode(name="cord")])
    property_graph_store.upsert_relations([Relation(label="made of", source_id="quipu", target_id="cord")])


def check(docstore, index_store, vector_store, graph_store, property_graph_store, chat_store) -> None:
    assert [each.content for each in chat_store.get_messages("ann")] == ["How many knots?"]
    assert docstore.kvstore.get("cord") == {"knots": 3}
    assert docstore.get_document("n").get_content() == "a knot"
    assert index_store.get_index_struct("list").nodes == ["n"]
    assert vector_store.query(VectorStoreQuery(query_embedding=[1.0, 2.0], similarity_top_k=1)).ids == ["n"]
    assert graph_store.get("quipu") == [["made of", "cord"]]
    (triplet,) = property_graph_store.get_triplets(entity_names=["quipu"])
    assert [part.id for part in triplet] == ["quipu", "made of", "cord"]


def main(path: str) -> None:
    with QuipuKVStore.from_path(path) as kvstore:
        write(kvstore)
    opened = [each.from_path(path, create_if_missing=False) for each in STORES]
    check(*opened)
    check(*pickle.loads(pickle.dumps(opened)))
    again = QuipuVectorStore.from_json(opened[2].model_dump_json())
    assert again.get("n") == [1.0, 2.0]


if __name__ == "__main__":
    main(sys.argv[1])
    print("every store has what was written to it")
