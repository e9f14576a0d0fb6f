#!/usr/bin/env python3
"""The page of `quipu ui` in a real Chromium, clicked through; skipped where there is none.

QUIPU_SCREENSHOTS: a folder in which pictures of it are left.
"""

import json
import os
import sys
import unittest

from browser import Browser, find_chromium
from ui_support import DOCUMENTS, MARKUP, NODES, UiTest, tree

PICTURES = os.environ.get("QUIPU_SCREENSHOTS")


class BrowserTest(UiTest):
    def setUp(self):
        super().setUp()
        self.browser = Browser(find_chromium())
        self.addCleanup(self.browser.close)

    def opened(self, page):
        self.browser.open(page.url)
        self.browser.has("h1", "Overview")
        self.assertNotIn("token", self.browser.evaluate("location.href"))
        return self.browser

    def picture(self, name):
        if PICTURES:
            self.browser.screenshot(os.path.join(PICTURES, f"{name}.png"))

    def nothing_broke(self):
        """No error of a script, none of the policy, and no markup that became more than text."""
        self.assertEqual([], self.browser.errors)
        self.assertIsNone(self.browser.evaluate("window.broken ?? null"))
        self.assertEqual(0, self.browser.evaluate("document.querySelectorAll('main img, main script').length"))

    def side(self, title, heading=None):
        self.browser.click("nav a", title)
        self.browser.has("h1", heading or title)

    def test_every_part(self):
        before = tree(self.database)
        with self.page() as page:
            browser = self.opened(page)
            browser.has("dd", str(DOCUMENTS * NODES + 1))
            browser.has("figure", "On disk")
            browser.has(".badge", "reads only")
            self.picture("overview")
            self.look_at_documents(browser)
            self.look_at_the_rest(browser)
            self.search(browser)
            self.nothing_broke()
        self.assertEqual(before, tree(self.database))

    def look_at_documents(self, browser):
        self.side("Documents")
        browser.click(".row .id", "doc-3")
        browser.has(".detail h1", "doc-3")
        browser.has(".detail .row", "doc-3/node-07")
        self.picture("documents")
        browser.click(".detail .row .id", "doc-3/node-07")
        browser.has(".detail h1", "doc-3/node-07")
        browser.has(".detail .text-block", "The cords of delta")
        browser.has(".detail h3", "Vector in default: 8 numbers")
        self.picture("node")
        browser.click(".detail a", "More like this")
        browser.has("#took", "10 nodes in")
        browser.has(".result:first-child .id", "doc-3/node-07")
        self.side("Documents")
        browser.click(".row .id", MARKUP)
        browser.has(".detail h1", MARKUP)
        browser.click(".detail .row .id", MARKUP)
        browser.has(".detail .text-block", f"cord {MARKUP}")
        browser.has(".detail .json", "12345678901234567890")
        browser.has(".detail .json", "NaN")

    def look_at_the_rest(self, browser):
        self.side("Indexes")
        browser.click(".row .id", "index-1")
        browser.has(".detail", MARKUP)
        browser.click(".detail h3 a", str(DOCUMENTS * NODES))
        browser.has(".detail .row .id", "doc-0/node-00")
        browser.click(".detail button", "Next")
        browser.has(".detail .pager", f"51–100 of {DOCUMENTS * NODES}")
        self.side("Chats")
        browser.click(".row .id", MARKUP)
        browser.has(".detail .message", f"Hello {MARKUP}")
        self.side("Graphs")
        browser.click(".row .id", "Ann")
        browser.has(".graph .node", "Bob")
        browser.click(".graph .node", "Cy")
        browser.has(".detail h1", "Cy")
        browser.has(".graph .node title", MARKUP.replace('"', " "))
        self.picture("graph")
        browser.click("button", "Triplets")
        # Bob is in the list before this one, too, and Cy in that alone.
        browser.wait("[...document.querySelectorAll('.row .id')].every((e) => !e.textContent.includes('Cy'))")
        browser.click(".row .id", "Bob")
        browser.has(".graph .node", "Cy")
        self.side("Entries")
        browser.click(".row .id", "docstore/metadata")
        browser.click(".master button", "Next")
        browser.has(".pager", "page 2")
        browser.click(".row .id", "doc-3/node-00")
        browser.has(".detail .json", "doc_hash")
        self.picture("entries")

    def search(self, browser):
        self.side("Search")
        browser.click("#query")
        browser.type('mountain "cords of gamma"')
        browser.key("Enter")
        browser.has("#took", "nodes in")
        browser.has(".result:first-child mark", "gamma")
        self.picture("search")
        browser.click(".tabs button", "Both, by scores")
        browser.click("#like")
        browser.type("doc-2/node-03")
        browser.click("button[type=submit]")
        browser.wait("document.querySelector('#like').value && document.querySelector('#took')")
        browser.click("#filter")
        browser.type(json.dumps({"filters": [{"key": "page", "operator": ">=", "value": 18}]}))
        browser.key("Enter")
        browser.wait("document.querySelectorAll('.result').length > 0 && [...document.querySelectorAll('.result .id')]"
                     ".every((e) => e.textContent >= 'doc-0/node-18' && /node-1[89]$/.test(e.textContent))")
        browser.click(".tabs button", "Words")
        browser.wait("!document.querySelector('#like')")
        browser.click("#query")
        browser.evaluate("document.querySelector('#query').select()")
        browser.type("(((")
        browser.key("Enter")
        browser.has(".error", "byte")
        browser.errors = [error for error in browser.errors if "400" not in error]  # which Chromium logs

    def test_keyboard(self):
        with self.page() as page:
            browser = self.opened(page)
            browser.key("?")
            browser.has("dialog[open]", "Keyboard")
            browser.key("Escape")
            browser.wait("!document.querySelector('dialog').open")
            browser.key("g")
            browser.key("n")
            browser.has("h1", "Nodes")
            browser.has(".row .id", "doc-0/node-00")
            browser.key("j")
            browser.key("ArrowDown")
            browser.key("ArrowDown")
            browser.key("k")
            self.assertIn("node-00", browser.evaluate("document.activeElement.textContent"))
            browser.key("Enter")
            browser.has(".detail h1", "node-00")
            browser.key("/")
            browser.has("h1", "Search")
            browser.wait("document.activeElement.id === 'query'")
            browser.type("llama")
            browser.key("Enter")
            browser.has("mark", "llama")
            self.nothing_broke()

    def test_narrow_and_dark(self):
        with self.page() as page:
            browser = self.opened(page)
            for width in (360, 700, 1280):
                browser.size(width, 740)
                for view in ("overview", "search?query=cord", "documents?id=doc-1", "nodes?id=doc-1%2Fnode-02", "graphs?id=Ann", "maintenance"):
                    browser.evaluate(f"location.hash = '#/{view}'")
                    browser.has("nav a[aria-current]", view.split("?")[0].title())
                    browser.wait("document.querySelectorAll('[aria-busy]').length === 0")
                    self.assertLessEqual(browser.evaluate("document.documentElement.scrollWidth"), width, view)
                    self.picture(f"narrow-{view.split('?')[0]}") if width == 360 else None
            light = browser.evaluate("getComputedStyle(document.body).backgroundColor")
            browser.dark()
            self.assertNotEqual(light, browser.evaluate("getComputedStyle(document.body).backgroundColor"))
            for view in ("overview", "search?query=cord+mountain", "graphs?id=Ann"):
                browser.evaluate(f"location.hash = '#/{view}'")
                browser.wait("document.querySelectorAll('[aria-busy]').length === 0")
                self.picture(f"dark-{view.split('?')[0]}")
            self.nothing_broke()

    def test_without_the_token(self):
        with self.page() as page:
            self.browser.open(f"http://127.0.0.1:{page.port}/")
            self.browser.has("h1", "One step is missing")
            self.assertNotIn("doc-", self.browser.text("body"))
            self.nothing_broke()

    def test_changes(self):
        backups = self.folder / "backups"
        with self.page("--write", "--backups", backups) as page:
            browser = self.opened(page)
            browser.has(".badge", "can write")
            browser.evaluate("location.hash = '#/nodes?id=doc-4%2Fnode-05'")
            browser.click(".detail button", "Edit")
            browser.evaluate("document.querySelector('textarea').select()")
            browser.type(json.dumps({"page": 77, "note": MARKUP}))
            browser.click("button", "Save")
            browser.has(".detail .json", "77")
            browser.evaluate("location.hash = '#/documents?id=doc-5'")
            browser.click("button.danger", "Delete the document")
            browser.wait("!location.hash.includes('doc-5')")
            self.assertEqual(1, len(browser.dialogs))
            self.side("Maintenance")
            for button, outcome in (("Verify", "0 faults, 0 notes"), ("Back up", "backup 1"), ("Compact", "on disk before"),
                                    ("Repair", "0 steps done"), ("Make", "queries of default are approximate")):
                browser.evaluate("window.before = document.querySelector('#job'), null")
                browser.click("main td button", button)
                # All is shown anew once a job has ended, and a click on what goes then is lost.
                browser.wait("document.querySelector('#job') && document.querySelector('#job') !== window.before")
                browser.has("#outcome", outcome)
            self.picture("maintenance")
            self.side("Overview")
            browser.has("td", "approximate, recall 0.95")
            self.nothing_broke()


if __name__ == "__main__":
    if find_chromium() is None:
        print("no Chromium is installed")
        sys.exit(77)
    unittest.main()
