"""From LlamaIndex's persist directory to Quipu and back.

Runs as it is, in a new folder, without a model or a network:

    python switch.py

Each `# %%` begins a cell for editors that know notebooks.
"""

# %% An index as one has it today: LlamaIndex's own stores, persisted as JSON files.
import filecmp
from pathlib import Path

from llama_index.core import (
    Document,
    MockEmbedding,
    Settings,
    StorageContext,
    VectorStoreIndex,
    load_index_from_storage,
)
from llama_index.core.llms import MockLLM

import quipu

Settings.llm = MockLLM()
Settings.embed_model = MockEmbedding(embed_dim=8)

index = VectorStoreIndex.from_documents([Document(id_=f"doc-{i}", text=f"Cord {i} has {i} knots.") for i in range(5)])
index.storage_context.persist("storage")

# %% The switch: import once, then open the database instead of loading the files.
report = quipu.import_dir("storage", "storage.quipu")
print("imported", sum(report["docstore.json"].values()), "keys of the document store")

context = quipu.storage_context("storage.quipu")
index = load_index_from_storage(context)

# %% Inserts are in the database when they return. There is no persist() to call.
index.insert(Document(id_="doc-5", text="Cord 5 was found last."))

# %% Several changes at once, or none of them.
with quipu.transaction(context):
    index.insert(Document(id_="doc-6", text="Cord 6 replaces cord 0."))
    index.delete_ref_doc("doc-0", delete_from_docstore=True)

# %% Queries are those of LlamaIndex.
print("answer:", index.as_query_engine(similarity_top_k=2).query("Which cord was found last?"))
print("documents:", sorted(context.docstore.get_all_ref_doc_info()))

# %% Another process, or this one later, opens it again at once.
context.close()
with quipu.storage_context("storage.quipu") as context:
    index = load_index_from_storage(context)
    print("after opening again:", sorted(index.ref_doc_info))

# %% And back: the files that LlamaIndex would have persisted.
quipu.export_dir("storage.quipu", "storage-back")
index = load_index_from_storage(StorageContext.from_defaults(persist_dir="storage-back"))
print("back in LlamaIndex's own stores:", sorted(index.ref_doc_info))

# %% What was imported and not changed comes back byte for byte.
quipu.import_dir("storage", "unchanged.quipu")
quipu.export_dir("unchanged.quipu", "unchanged")
names = sorted(path.name for path in Path("storage").iterdir())
match, mismatch, errors = filecmp.cmpfiles("storage", "unchanged", names, shallow=False)
print("equal:", *match)
assert not mismatch and not errors
