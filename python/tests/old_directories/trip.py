"""One directory's way into a database and back, judged at each step."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any, Callable, List, Optional, Tuple

import quipu
from llama_index.core import Settings, StorageContext
from llama_index.core.retrievers import AutoMergingRetriever
from pydantic_core import to_json

from old_directories import answers, contexts, graphs, nodes, pipelines, structs, vectors
from old_directories.findings import Findings, Raised, Verdict, closely
from old_directories.manifest import Manifest
from old_directories.model import SeededEmbedding


# It reads these of 0.6.0 without saying that they are otherwise there: object and relation swapped, no ref doc ids.
NOT_THE_REFERENCES = ("triplets", "answer kg_get", "vector ref_doc_ids")


class Trip:
    """What is done with one directory. `command` is the path of quipu, `folder` is for what comes of it."""

    def __init__(self, directory: Path, folder: Path, command: str) -> None:
        self.manifest = Manifest(directory)
        self.directory = self.copy_without_manifest(directory, folder / "original")
        self.folder = folder
        self.command = command
        self.database, self.export = folder / "database", folder / "export"

    @staticmethod
    def copy_without_manifest(directory: Path, copy: Path) -> Path:
        for file in directory.rglob("*"):
            if file.is_file() and file.name != "MANIFEST.json":
                target = copy / file.relative_to(directory)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(file.read_bytes())
        return copy

    def run(self) -> Verdict:
        verdict = Verdict()
        Settings.embed_model = SeededEmbedding(seed=self.manifest.data["seed"])
        reference = self.reference()
        steps = Findings()
        self.go(steps)
        verdict.add("steps", steps, reference)
        if not any(check.kind.startswith("import") and isinstance(check.actual, Raised) for check in steps.checks):
            verdict.add("database", self.of_database(), reference)
            verdict.add("export", self.of_export(), reference)
        return verdict

    def quipu(self, *arguments: Any) -> str:
        """What the command says on standard output; raises with its message when it fails."""
        command = [self.command, *map(str, arguments)]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        if ran.returncode != 0:
            message = f"{ran.stderr.strip()} {ran.stdout.strip()}".replace(str(self.folder), "")
            raise RuntimeError(f"exit code {ran.returncode}: {message[:300]}")
        return ran.stdout

    def go(self, steps: Findings) -> None:
        """Verify, import, verify, export, compare: by the package and by the command."""
        by_command = self.folder / "database-of-the-command"
        done = lambda *arguments: bool(self.quipu(*arguments) or True)  # noqa: E731
        steps.check("verify directory", "", True, lambda: done("verify", self.directory))
        steps.check("import by the package", "", True, lambda: bool(quipu.import_dir(self.directory, self.database)))
        steps.check("import by the command", "", True, lambda: done("import", self.directory, by_command))
        if any(isinstance(check.actual, Raised) for check in steps.checks[1:]):
            return
        steps.check("diff of both imports", "", True, lambda: done("diff", self.database, by_command))
        steps.check("verify database", "", True, lambda: done("verify", self.database))
        steps.check("export by the package", "", True, lambda: bool(quipu.export_dir(self.database, self.export)))
        steps.check("diff of export and database", "", True, lambda: done("diff", self.export, self.database))
        steps.check("verify export", "", True, lambda: done("verify", self.export))
        if self.loads_as_it_is():
            self.compare_files(self.export, steps)
        else:
            steps.omit("bytes", "the reference does not load the original")

    def loads_as_it_is(self) -> bool:
        """Its documents, too: those without class_name, which it refuses, are converted."""
        try:
            context, _ = contexts.of_files(self.directory, self.manifest)
            return context.docstore.docs is not None
        except Exception:
            return False

    def compare_files(self, written: Path, findings: Findings) -> None:
        """The same files with the same bytes."""
        digest: Callable[[bytes], str] = lambda data: hashlib.sha256(data).hexdigest()  # noqa: E731
        files = lambda folder: sorted(  # noqa: E731
            str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()
        )
        findings.check("files", "", files(self.directory), lambda: files(written))
        for name in files(self.directory):
            original = (self.directory / name).read_bytes()
            if name == "property_graph_store.json" and self.manifest.version < (0, 11):
                original = to_json(json.loads(original))  # pydantic 1 put spaces and escapes into it
            findings.check("bytes", name, digest(original), lambda name=name: digest((written / name).read_bytes()))

    def reference(self) -> Optional[Findings]:
        """What the reference answers on the original files, where it loads them (given the names it looks for)."""
        findings = Findings()
        try:
            renamed = contexts.named_as_today(self.directory, self.folder / "named-as-today")
            context, cache = contexts.of_files(renamed, self.manifest)
        except Exception:
            return None
        self.ask(context, cache, findings)
        if not self.manifest.is_pipeline and self.loads_as_it_is():
            again = self.folder / "persisted-again"
            contexts.of_files(self.directory, self.manifest)[0].persist(again)
            self.compare_files(again, findings)
        if self.manifest.object_comes_first:  # which it does not know
            findings.checks = [each for each in findings.checks if each.kind not in NOT_THE_REFERENCES]
        return findings

    def of_database(self) -> Findings:
        findings = Findings()
        with contexts.of_database(self.database, self.manifest) as (context, cache):
            self.ask(context, cache, findings)
        return findings

    def of_export(self) -> Findings:
        findings = Findings()
        opened: List[contexts.Opened] = []
        load = lambda: bool(opened.append(contexts.of_files(self.export, self.manifest)) or True)  # noqa: E731
        findings.check("the reference loads it", "", True, load)
        if opened:
            self.ask(*opened[0], findings)
        return findings

    def ask(self, context: StorageContext, cache: Any, findings: Findings) -> None:
        """All that the manifest tells, data first: an answer may write."""
        for part in (nodes, structs, vectors, graphs, answers):
            part.compare(context, self.manifest, findings)
        if self.manifest.data["case"] == "hierarchical":
            self.merge(context, findings)
        if self.manifest.is_pipeline:
            pipelines.compare(context.docstore, cache, self.manifest, findings)

    def merge(self, context: StorageContext, findings: Findings) -> None:
        """The auto-merging retriever over the vector index: the manifest does not tell, the reference does."""
        (index_id,) = self.manifest.indexes
        query = answers.Asker(context, self.manifest).bundle({"query": 0})

        def retrieve() -> List[Tuple[str, float]]:
            leaves = structs.load(context, index_id).as_retriever(similarity_top_k=6)
            return [(each.node.node_id, each.score) for each in AutoMergingRetriever(leaves, context).retrieve(query)]

        findings.check("auto-merging", index_id, "what the reference finds", retrieve, closely)
