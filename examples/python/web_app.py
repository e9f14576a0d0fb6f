"""A web app: one process writes, several answer.

    python web_app.py ./storage.quipu ./inbox --port 8000 --workers 2
    curl 'http://127.0.0.1:8000/search?q=cords'

The first process takes in each text file that comes into the folder; the workers read beside it, and have what was taken in
within a second. They share the port (SO_REUSEPORT), so the system deals connections out among them. Ctrl-C ends all.
"""

import argparse
import json
import multiprocessing
import os
import signal
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from llama_index.core import Document, MockEmbedding
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.node_parser import SentenceSplitter

import quipu

FRESH_SECONDS = 1


class Server(ThreadingHTTPServer):
    allow_reuse_port = True

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        super().server_bind()


def answer(database: str, port: int) -> None:
    """A worker. It opens the database after the fork, for reading."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # it holds nothing that would have to be closed
    context = quipu.storage_context(database, read_only=True)
    refreshed = time.monotonic()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            nonlocal refreshed
            if time.monotonic() - refreshed > FRESH_SECONDS:
                refreshed = time.monotonic()
                context.refresh()  # costs little where nothing was written
            url = urlsplit(self.path)
            if url.path == "/metrics":
                return self.reply(200, "text/plain", context.stats().prometheus)
            if url.path != "/search":
                return self.reply(404, "text/plain", "there is /search?q=... and /metrics")
            words = parse_qs(url.query).get("q", [""])[0]
            found = context.docstore.search_text(words, top_k=5, syntax=False) if words else []
            texts = context.docstore.get_nodes([id_ for id_, _ in found])
            rows = [{"id": id_, "score": score, "text": node.get_content()} for (id_, score), node in zip(found, texts)]
            self.reply(200, "application/json", json.dumps({"worker": os.getpid(), "found": rows}))

        def reply(self, status: int, kind: str, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    Server(("127.0.0.1", port), Handler).serve_forever()


def take_in(context: quipu.QuipuStorageContext, inbox: Path, ended: list) -> None:
    """The writer: each file is a document, and one that has changed replaces what there was of it."""
    pipeline = IngestionPipeline(
        transformations=[SentenceSplitter(), MockEmbedding(8)],  # your own model in its place
        docstore=context.docstore,
        vector_store=context.vector_store,
    )
    while not ended:
        documents = [Document(id_=path.name, text=path.read_text()) for path in sorted(inbox.glob("*.txt"))]
        quipu.ingest(pipeline, documents)  # skips what is stored as it is
        time.sleep(0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database")
    parser.add_argument("inbox", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()

    quipu.storage_context(arguments.database).close()  # makes it, and what its document store needs, where it is missing
    with socket.socket() as reserved:  # a port that stays this program's, whichever was asked for
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reserved.bind(("127.0.0.1", arguments.port))
        port = reserved.getsockname()[1]
        spawn = multiprocessing.get_context("spawn")
        workers = [spawn.Process(target=answer, args=(arguments.database, port)) for _ in range(arguments.workers)]
        for worker in workers:
            worker.start()
        print(f"http://127.0.0.1:{port}", flush=True)
        ended: list = []
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: ended.append(True))
        try:
            with quipu.storage_context(arguments.database) as context:
                context.docstore.index_text()
                take_in(context, arguments.inbox, ended)
        finally:
            for worker in workers:
                worker.terminate()
                worker.join()


if __name__ == "__main__":
    sys.exit(main())
