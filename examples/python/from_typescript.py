"""What LlamaIndexTS has persisted, in Python.

    python from_typescript.py ./storage ./storage.quipu "What is asked"

LlamaIndexTS writes other files than LlamaIndex does: Python's stores cannot load them. Quipu converts them as they come in,
without a model: nothing is embedded again. The database is then any other; `quipu export` makes of it what Python loads.
"""

import sys

from llama_index.core import MockEmbedding, Settings, load_indices_from_storage
from llama_index.core.llms import MockLLM

import quipu

# In the place of what the vectors were made with, which has to embed the questions, too.
Settings.llm = MockLLM()


def main(storage: str, database: str, question: str) -> None:
    # Look first: everything is read and checked, nothing is written.
    found = quipu.import_dir(storage, database, dry_run=True)
    for note in found.notes:
        print("converted:", note)
    for file, reason in found.not_imported.items():
        print("left alone:", file, f"({reason})")

    quipu.import_dir(storage, database)
    print("faults:", [str(each) for each in quipu.verify(database) if each.severity == "fault"])

    with quipu.storage_context(database) as context:
        stored = next(iter(context.vector_store.to_dict()["embedding_dict"].values()))
        Settings.embed_model = MockEmbedding(embed_dim=len(stored))
        for index in load_indices_from_storage(context):
            nodes = index.as_retriever().retrieve(question)
            print(f"{type(index).__name__}: {len(index.ref_doc_info)} documents, {len(nodes)} nodes for {question!r}")
        print("words:", context.docstore.search_text(question, top_k=1, syntax=False)[:1])


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
