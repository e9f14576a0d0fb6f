#!/usr/bin/env python3
"""Takes directories that old versions of LlamaIndex wrote into a database and back; exit code 1 on a difference.

    python python/tests/old_versions.py DIRECTORY [--only '0.6.*/kg'] [--quipu COMMAND] [--report FILE]

Each directory below DIRECTORY that has a MANIFEST.json is verified, imported, asked all that the manifest tells of the
version that wrote it, exported, and asked again through the reference. Keyword tables hold sets, whose order is
that of Python's hashes: run it with PYTHONHASHSEED=0 to have that of a run again.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import logging
import re
import shutil
import sys
import tempfile
import warnings
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Dict, List, Optional

from llama_index.core import Settings
from llama_index.core.llms import MockLLM
from llama_index.core.utils import globals_helper

from old_directories.findings import Count, Fault, Verdict
from old_directories.manifest import Manifest
from old_directories.trip import Trip

ROOT = Path(__file__).resolve().parents[2]
STOPWORDS = "the of and to in is a that it for".split()


def find_command() -> str:
    """The command quipu: beside this Python, on the path, or built in this checkout."""
    beside, built = Path(sys.executable).with_name("quipu"), ROOT / "build/release/tools/quipu"
    found = beside if beside.is_file() else shutil.which("quipu") or (built if built.is_file() else None)
    if found is None:
        raise FileNotFoundError("the command quipu is not to be found: build it, or say where it is")
    return str(found)


def use_models() -> None:
    """No model is asked over the network, no list of words is fetched."""
    Settings.llm = MockLLM()
    globals_helper._stopwords = STOPWORDS


def directories(root: Path, only: str) -> List[Path]:
    found = sorted(path.parent for path in root.rglob("MANIFEST.json"))
    return [path for path in found if fnmatch.fnmatch(Manifest(path).name, only)]


def travel(directory: Path, command: str) -> Verdict:
    with tempfile.TemporaryDirectory(prefix="quipu-old-versions-") as folder:
        return Trip(directory, Path(folder), command).run()


def total(verdicts: List[Verdict]) -> Dict[str, Count]:
    counts: Dict[str, Count] = {}
    for verdict in verdicts:
        for kind, count in verdict.counts.items():
            sum_ = counts.setdefault(kind, Count())
            sum_.writer += count.writer
            sum_.reference += count.reference
            sum_.wrong += count.wrong
    return counts


def cause(fault: Fault) -> str:
    """A fault without what is of one directory: what raised, or that something differs."""
    if not fault.raised:
        return f"{fault.kind} differs"
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|'[^']*'|\"[^\"]*\"|/[\w./-]*", "…", fault.actual)
    digits = re.compile(r"\d+")
    return f"{fault.kind}: {digits.sub('#', text)[:150]}"


def report(names: List[str], verdicts: List[Verdict]) -> List[str]:
    """A table by kind, what was not compared, the causes of faults, a line for each version."""
    lines = [f"{'':44} {'writer':>8} {'reference':>9} {'wrong':>6}"]
    for kind, count in sorted(total(verdicts).items()):
        lines.append(f"{kind:44} {count.writer:8} {count.reference:9} {count.wrong:6}")
    lines.append("\nnot compared:")
    omitted = Counter(each for verdict in verdicts for each in verdict.omitted)
    lines += [f"{number:6}  {kind}: {why}" for (kind, why), number in sorted(omitted.items())]
    lines.append("\nfaults by cause (directories, faults):")
    causes: Dict[str, List[str]] = {}
    for name, verdict in zip(names, verdicts):
        for fault in verdict.faults:
            causes.setdefault(cause(fault), []).append(name)
    for text, where in sorted(causes.items(), key=lambda each: -len(set(each[1]))):
        lines.append(f"{len(set(where)):4} {len(where):5}  {text}  [{', '.join(sorted(set(where))[:3])}]")
    lines.append("\nversion        right    all")
    versions = sorted({name.split("/")[0] for name in names})
    for version in versions:
        of = [verdict for name, verdict in zip(names, verdicts) if name.split("/")[0] == version]
        lines.append(f"{version:12} {sum(not verdict.faults for verdict in of):7} {len(of):6}")
    right = sum(not verdict.faults for verdict in verdicts)
    lines.append(f"{'all':12} {right:7} {len(verdicts):6}")
    return lines


def main(arguments: Optional[List[str]] = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--only", default="*", help="a pattern of VERSION/CASE")
    parser.add_argument("--quipu", help="the command")
    parser.add_argument("--report", type=Path, help="a file for all faults, as JSON")
    options = parser.parse_args(arguments)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    use_models()
    command = options.quipu or find_command()
    found = directories(options.directory, options.only)
    names, verdicts = [Manifest(each).name for each in found], []
    for name, directory in zip(names, found):
        verdicts.append(travel(directory, command))
        if verdicts[-1].faults:
            print(f"{name}: {len(verdicts[-1].faults)} faults; {verdicts[-1].faults[0]}", flush=True)
    print("\n".join(["", *report(names, verdicts)]))
    if options.report:
        options.report.write_text(json.dumps(dict(zip(names, map(asdict, verdicts))), indent=1, ensure_ascii=False))
    return int(not found or any(verdict.faults for verdict in verdicts))


if __name__ == "__main__":
    sys.exit(main())
