#!/usr/bin/env python3
"""The site holds together: every page of docs/ is in its navigation, and links lead to pages and headings that there are.

    python3 tests/docs/site_test.py

Nothing is built for it. The pages that docs/generate_pages.py makes are made as far as they need no command.
"""

import re
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
DOCS = ROOT / "docs"
sys.path.insert(0, str(DOCS))
import generate_pages  # noqa: E402

LINK = re.compile(r"\]\(([^)#:\s]*)(?:#([^)\s]+))?\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def pages():
    return {path.relative_to(DOCS).as_posix(): FENCE.sub("", path.read_text(encoding="utf-8")) for path in DOCS.rglob("*.md")}


def anchors(text):
    """Of a page's headings, as mkdocs makes them."""
    headings = re.findall(r"(?m)^#+ (.*)$", text)
    return {re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower()) for heading in headings}


class SiteTest(unittest.TestCase):
    def test_every_page_is_in_the_navigation(self):
        listed = re.findall(r"(?m)^ +- .*: (\S+\.(?:md|html))$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
        self.assertEqual(sorted([*pages(), *generate_pages.GENERATED]), sorted(listed))

    def test_links_lead_to_pages_and_headings(self):
        faults, looked_at = [], 0
        for name, text in pages().items():
            for target, anchor in LINK.findall(text):
                path = (DOCS / name).parent / target if target else DOCS / name
                looked_at += 1
                if not path.is_file():
                    faults.append(f"{name}: {target} is not there")
                elif anchor and anchor not in anchors(FENCE.sub("", path.read_text(encoding="utf-8"))):
                    faults.append(f"{name}: {target} has no heading #{anchor}")
        self.assertEqual([], faults)
        self.assertGreater(looked_at, 20)

    def test_python_has_a_page_of_every_name(self):
        page = generate_pages.python_page()
        for name in ("QuipuVectorStore", "storage_context", "RocksDBKVStore", "ingest", "Stats"):
            self.assertIn(f"\n## {name}\n", page)
        self.assertIn("### QuipuVectorStore.query\n\n```python\ndef query(self, query: VectorStoreQuery", page)


if __name__ == "__main__":
    unittest.main()
