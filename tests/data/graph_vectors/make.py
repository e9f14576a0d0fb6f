#!/usr/bin/env python3
"""Makes property graphs as versions before `supports_vector_queries` was an option kept them: make.py DIRECTORY, with
the quipu package of such a version and python/tests on PYTHONPATH. There entities that PropertyGraphIndex inserted
have their embeddings on graph nodes alone. Each has a `database` and `answers.json`, those of LlamaIndex's own stores
for the same calls, which every later build must give, before and after an export.

`built` was made there, `mixed` was imported and then inserted into. They are never made again.
"""

import json
import sys
import tempfile
from pathlib import Path

import property_graphs
import quipu
from llama_index.core import StorageContext


def reference(*texts):
    context = StorageContext.from_defaults()
    property_graphs.build(context, texts[0])
    for more in texts[1:]:
        property_graphs.insert(context, more)
    return context


def main():
    directory = Path(sys.argv[1])
    with quipu.storage_context(directory / "built/database") as context:
        property_graphs.build(context)
    with tempfile.TemporaryDirectory() as persisted:
        reference(property_graphs.FIRST).persist(persisted)
        quipu.import_dir(persisted, directory / "mixed/database")
    with quipu.storage_context(directory / "mixed/database") as context:
        assert context.property_graph_store.supports_vector_queries, "the package is too new"
        property_graphs.insert(context)
    for name, texts in (("built", [property_graphs.FIRST]), ("mixed", [property_graphs.FIRST, property_graphs.SECOND])):
        found = property_graphs.answers(reference(*texts))
        (directory / name / "answers.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
