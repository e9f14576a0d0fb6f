#!/usr/bin/env python3
"""Requests that `quipu ui` must refuse, whoever sends them, and what it must not change."""

import concurrent.futures
import contextlib
import socket
import time
import unittest

from ui_support import UiTest, tree

# Longest that a request may take to arrive (tools/ui/http/server.h), and some time for a busy machine.
REQUEST_SECONDS = 20

HOSTS = ("evil.example", "127.0.0.1", "localhost", "127.0.0.1:1", "evil.example:{port}", "127.0.0.1.evil.example:{port}",
         "[::1]:{port}", "0.0.0.0:{port}", "localhost.:{port}", "LOCALHOST:{port}", "127.1:{port}", "2130706433:{port}", "")
ORIGINS = ("http://evil.example", "null", "https://127.0.0.1:{port}", "http://127.0.0.1", "http://127.0.0.1:1",
           "http://localhost:{port}", "http://127.0.0.1:{port}.evil.example", "file://", "")
PATHS = ("/../../etc/passwd", "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/app.js/", "/app.js%00",
         "/index.html", "/views/", "/views/../app.js", "/.git/config", "/CURRENT", "/storage.quipu/CURRENT", "/api",
         "/API/overview", "/favicon.ico", "/web_assets.cc", "/app.js;x", "/\\..\\..\\etc\\passwd")
API_PATHS = ("/api/", "/api/overview/", "/api/overview/../entry", "/api//overview", "/api/%6fverview", "/api/Overview",
             "/api/delete", "/api/put", "/api/../app.js")
TOKENS = (None, "", "0" * 64, "{token}0", "{half}", " {token}x", "{upper}", "Bearer {token}")
METHODS = ("PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "CONNECT", "PROPFIND", "get")
PARAMETERS = ("/api/entries", "/api/entries?collection=docstore/data&limit=-1", "/api/entries?collection=docstore/data&limit=9999999",
              "/api/entries?collection=docstore/data&limit=1e3", "/api/entries?collection=docstore/data&after_hex=zz",
              "/api/entries?collection=%", "/api/entries?collection=%zz", "/api/entry?collection=docstore/data",
              "/api/node?id=nothing&store=%ff%fe", "/api/neighbours?graph=other&id=Ann",
              "/api/neighbours?graph=simple&id=Ann&steps=1000000", "/api/document?id=doc-0&offset=-3", "/api/entry?collection=../x&key=y")
BODIES = (b"", b"null", b"[]", b"{", b"\xff\xfe", b'{"mode": "other"}', b'{"mode": "vector"}', b'{"mode": "vector", "vector": "[1, 2"}',
          b'{"mode": "vector", "vector": [1e999, "x"]}', b'{"mode": "words", "query": "((("}', b'{"top_k": -1}', b'{"top_k": 1000000}',
          b'{"mode": "words", "query": "cord", "filter": "{}x"}', b'{"mode": "hybrid", "query": "a", "like": "nothing"}',
          b'{"a":' * 5000, b'{"mode": "hybrid", "like": "doc-0/node-00", "query": "cord", "alpha": "2"}')


class HostileTest(UiTest):
    def filled(self, text, page):
        return text.format(port=page.port, token=page.token, half=page.token[:32], upper=page.token.upper())

    def head(self, page, target="/api/overview", method="GET", host="127.0.0.1:{port}", token="{token}", more=()):
        lines = [f"{method} {target} HTTP/1.1"]
        if host is not None:
            lines.append(f"Host: {self.filled(host, page)}")
        if token is not None:
            lines.append(f"X-Quipu-Token: {self.filled(token, page)}")
        return "\r\n".join([*lines, *more, "", ""]).encode("latin-1")

    def status(self, page, head, body=b""):
        answer = page.raw(head + body)
        return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else answer

    def test_all_are_refused(self):
        """More than 60, each of which answers with an error and shows nothing of the database."""
        with self.page() as page:
            self.assertEqual(200, self.status(page, self.head(page)))
            refused = []

            def refuse(expected, head, body=b""):
                answer = page.raw(head + body)
                status = int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0
                self.assertIn(status, expected, (head, answer[:500]))
                self.assertNotIn(b"doc-0", answer, head)
                refused.append(head)

            for host in HOSTS:
                refuse((403,), self.head(page, host=host))
                refuse((403,), self.head(page, target="/", host=host))
            refuse((403,), self.head(page, host=None))
            refuse((403,), self.head(page, more=["Host: evil.example"]))
            for origin in ORIGINS:
                refuse((403,), self.head(page, more=[f"Origin: {self.filled(origin, page)}"]))
            for site in ("cross-site", "same-site", "other"):
                refuse((403,), self.head(page, more=[f"Sec-Fetch-Site: {site}"]))
            for token in TOKENS:
                refuse((401,), self.head(page, token=token))
            refuse((401,), self.head(page, target=f"/api/overview?token={page.token}", token=None, more=[f"Cookie: token={page.token}"]))
            refuse((401,), self.head(page, more=["X-Quipu-Token: x"]))
            refuse((401,), self.head(page, token=None, more=[f"Authorization: Bearer {page.token}"]))  # of /metrics alone
            for sent in ("Bearer", "Bearer ", "Bearer x", f"Basic {page.token}", page.token, f"bearer{page.token}"):
                refuse((401,), self.head(page, target="/metrics", token=None, more=[f"Authorization: {sent}"]))
            refuse((401,), self.head(page, target="/metrics", token=None))
            for path in PATHS:
                refuse((400, 404), self.head(page, target=path))
            for path in API_PATHS:
                refuse((400, 404), self.head(page, target=path))
            for method in METHODS:
                refuse((400, 405), self.head(page, method=method))
            refuse((405,), self.head(page, target="/", method="POST"))
            refuse((400,), self.head(page, target="http://evil.example/"))
            refuse((400,), self.head(page, target="*"))
            for target in PARAMETERS:
                refuse((400, 404), self.head(page, target=target))
            for body in BODIES:
                more = ["Content-Type: application/json", f"Content-Length: {len(body)}"]
                refuse((400, 404), self.head(page, target="/api/search", method="POST", more=more), body)
            for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/json, text/plain"):
                refuse((415,), self.head(page, "/api/search", "POST", more=[f"Content-Type: {kind}", "Content-Length: 2"]), b"{}")
            self.assertGreater(len(refused), 60)
            self.assertEqual(200, self.status(page, self.head(page)))

    def test_what_is_no_http(self):
        with self.page() as page:
            for sent in (b"\0" * 1000, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00" * 50, b"GET / HTTP/1.1\r\nHost\r\n\r\n",
                         b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"):
                answer = page.raw(sent)
                self.assertTrue(answer == b"" or answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 403")), (sent, answer))
            self.assertEqual(200, self.status(page, self.head(page)))

    def test_large_requests(self):
        with self.page() as page:
            self.assertEqual(431, self.status(page, self.head(page, more=["X-Long: " + "x" * 20000])))
            self.assertEqual(431, self.status(page, self.head(page, more=[f"X-{i}: {'y' * 50}" for i in range(2000)])))
            self.assertEqual(400, self.status(page, self.head(page, target="/" + "a" * 9000)))
            json_body = ["Content-Type: application/json"]
            said = self.head(page, "/api/search", "POST", more=[*json_body, f"Content-Length: {1 << 40}"])
            self.assertEqual(413, self.status(page, said))
            sent = self.head(page, "/api/search", "POST", more=[*json_body, f"Content-Length: {1 << 20}"])
            self.assertEqual(413, self.status(page, sent, b" " * (1 << 20)))
            chunks = self.head(page, "/api/search", "POST", more=[*json_body, "Transfer-Encoding: chunked"])
            self.assertEqual(413, self.status(page, chunks, b"10000\r\n" + b" " * 65536 + b"\r\n" + b"10000\r\n" + b" " * 65536
                                              + (b"\r\n10000\r\n" + b" " * 65536) * 8))

    def test_slow_requests_end_and_hold_nobody_up(self):
        """Clients that send a byte now and then: each is ended in time, and others are answered meanwhile."""
        with self.page() as page:
            head = self.head(page)
            with contextlib.ExitStack() as stack:
                slow = [stack.enter_context(socket.create_connection(("127.0.0.1", page.port), timeout=90)) for _ in range(20)]
                began = time.monotonic()
                for connection in slow:
                    connection.sendall(head[:30])
                self.assertEqual(200, self.status(page, head))
                open_ones = set(slow)
                while open_ones:
                    self.assertLess(time.monotonic() - began, 3 * REQUEST_SECONDS)
                    for connection in list(open_ones):
                        connection.settimeout(1 / len(slow))
                        try:
                            connection.sendall(b"x")
                            self.assertEqual(b"", connection.recv(1000))
                            open_ones.discard(connection)
                        except TimeoutError:
                            continue
                        except ConnectionError:
                            open_ones.discard(connection)
                self.assertGreater(time.monotonic() - began, REQUEST_SECONDS / 2)
            self.assertEqual(200, self.status(page, head))

    def test_many_connections(self):
        """More than are taken: those beyond are closed at once, and the page answers again when some have gone."""
        with self.page() as page:
            with contextlib.ExitStack() as stack:
                for _ in range(200):
                    with contextlib.suppress(OSError):
                        stack.enter_context(socket.create_connection(("127.0.0.1", page.port), timeout=90))
                with contextlib.suppress(OSError):
                    self.assertEqual(b"", page.raw(self.head(page)))
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                answers = list(pool.map(lambda _: self.until_answered(page), range(40)))
            self.assertEqual({200}, set(answers))

    def until_answered(self, page):
        """The server notices in its own time that clients have gone."""
        while (status := self.status(page, self.head(page))) == b"":
            pass
        return status

    def test_headers_of_each_answer(self):
        with self.page() as page:
            for target in ("/", "/app.js", "/style.css", "/icon.svg", "/views/search.js", "/api/overview", "/nothing"):
                answer = page.request("GET", target)
                policy = answer.headers["Content-Security-Policy"]
                self.assertIn("default-src 'none'", policy)
                self.assertIn("script-src 'self'", policy)
                self.assertNotIn("unsafe", policy)
                self.assertEqual("nosniff", answer.headers["X-Content-Type-Options"])
                self.assertEqual("no-store", answer.headers["Cache-Control"])
                self.assertEqual("no-referrer", answer.headers["Referrer-Policy"])
                for absent in ("Access-Control-Allow-Origin", "Set-Cookie", "Server"):
                    self.assertNotIn(absent, answer.headers)

    def test_the_token_is_new_each_time_and_only_in_the_address(self):
        with self.page() as first, self.page() as second:
            self.assertNotEqual(first.token, second.token)
            for target in ("/", "/app.js", "/api/overview"):
                self.assertNotIn(first.token.encode(), first.request("GET", target).body)
            self.assertEqual(401, first.request("GET", "/api/overview", {"X-Quipu-Token": second.token}).status)

    def test_nothing_is_changed_without_write(self):
        before = tree(self.database)
        with self.page() as page:
            for name in ("compact", "repair", "index_text", "ann", "edit_metadata", "delete_document"):
                answer = page.post(name, id="doc-0", store="docstore", metadata="{}")
                self.assertEqual(403, answer.status, name)
                self.assertIn("--write", answer.json()["error"])
            for name in ("overview", "history", "documents", "nodes", "indexes", "chats", "job"):
                self.ok(page.get(name))
            self.ok(page.post("search", mode="hybrid", query="cord", like="doc-0/node-00"))
            self.ok(page.post("verify"))
            self.assertEqual("0 faults, 0 notes", self.finished_job(page)["outcome"])
            self.assertEqual(400, page.post("backup").status)
        self.assertEqual(before, tree(self.database))


if __name__ == "__main__":
    unittest.main()
