"""Indices built on a database, loaded in another process, and changed there, as on LlamaIndex's own stores."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import quipu
from llama_index.core import StorageContext

import index_lifecycle


pytestmark = pytest.mark.usefixtures("settings")


@pytest.mark.parametrize("kind", index_lifecycle.KINDS)
def test_same_as_on_the_references_stores(kind, path, tmp_path):
    theirs = StorageContext.from_defaults()
    index_lifecycle.build(kind, theirs)
    theirs.persist(tmp_path / "persisted")
    want = index_lifecycle.use(kind, StorageContext.from_defaults(persist_dir=str(tmp_path / "persisted")))

    with quipu.storage_context(path) as context:
        index_lifecycle.build(kind, context)
    here = str(Path(__file__).parents[1])
    program = f"import sys, runpy; sys.path[:0] = [{here!r}, {str(Path(quipu.__file__).parents[1])!r}]; "
    program += "runpy.run_module('index_lifecycle', run_name='__main__')"
    command = [sys.executable, "-c", program, kind, str(path)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ran.stdout, ran.stderr
    assert json.loads(ran.stdout.splitlines()[-1]) == json.loads(json.dumps(want))
