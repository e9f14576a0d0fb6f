"""What the tests of `quipu ui` share: a database whose names and texts are hostile, the command, requests to it."""

import contextlib
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from urllib.parse import quote

SOURCE = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(SOURCE / "tests" / "cli"))
from cli_support import QUIPU, tree  # noqa: E402

# What shows at once if it ever becomes more than text: an attribute of the window that a test looks for.
MARKUP = '<img src=x onerror="window.broken=1"><script>window.broken=1</script>'
WORDS = ("cord", "knot", "llama", "thread", "wool", "mountain", "count", "record", "colour", "twist")
NAMES = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta")
DOCUMENTS, NODES = len(NAMES), 20  # of each document


def text_of(document, place):
    words = " ".join(WORDS[(document * 3 + place * i) % len(WORDS)] for i in range(1, 40))
    return f"Chapter {place}. The cords of {NAMES[document]} say: {words}."


def vector_of(document, place):
    return [float((document * 31 + place * 17 + (document + place + 1) * i * i * 7) % 101 - 50) for i in range(8)]


def node(identifier, text, metadata, source):
    related = {} if source is None else {
        "1": {"node_id": source, "node_type": "4", "metadata": {}, "hash": None, "class_name": "RelatedNodeInfo"}}
    data = {"id_": identifier, "embedding": None, "metadata": metadata, "excluded_embed_metadata_keys": [],
            "excluded_llm_metadata_keys": [], "relationships": related, "metadata_template": "{key}: {value}",
            "metadata_separator": "\n", "text": text, "mimetype": "text/plain", "start_char_idx": None,
            "end_char_idx": None, "text_template": "{metadata_str}\n\n{content}",
            "class_name": "TextNode"}
    return {"__data__": data, "__type__": "1"}


def docstore():
    data, metadata, documents = {}, {}, {}
    for document in range(DOCUMENTS):
        source = f"doc-{document}"
        ids = []
        for place in range(NODES):
            identifier = f"{source}/node-{place:02}"
            ids.append(identifier)
            data[identifier] = node(identifier, text_of(document, place), {"page": place, "file": f"{source}.txt"}, source)
            metadata[identifier] = {"doc_hash": f"{document:02}{place:02}" * 16, "ref_doc_id": source}
        documents[source] = {"node_ids": ids, "metadata": {"file": f"{source}.txt"}}
    data[MARKUP] = node(MARKUP, f"cord {MARKUP}", {MARKUP: MARKUP, "big": 12345678901234567890, "nan": float("nan")}, MARKUP)
    metadata[MARKUP] = {"doc_hash": "ff" * 32, "ref_doc_id": MARKUP}
    documents[MARKUP] = {"node_ids": [MARKUP], "metadata": {"title": MARKUP}}
    return {"docstore/data": data, "docstore/metadata": metadata, "docstore/ref_doc_info": documents}


def vector_store():
    embeddings, sources, metadata = {}, {}, {}
    for document in range(DOCUMENTS):
        for place in range(NODES):
            identifier = f"doc-{document}/node-{place:02}"
            embeddings[identifier] = vector_of(document, place)
            sources[identifier] = f"doc-{document}"
            metadata[identifier] = {"page": place, "file": f"doc-{document}.txt", "_node_type": "TextNode",
                                    "document_id": f"doc-{document}", "doc_id": f"doc-{document}",
                                    "ref_doc_id": f"doc-{document}"}
    return {"embedding_dict": embeddings, "text_id_to_ref_doc_id": sources, "metadata_dict": metadata}


def property_graph():
    def entity(name):
        return {"label": "person", "embedding": None, "properties": {"note": MARKUP}, "name": name}

    names = ["Ann", "Bob", "Cy", "Dee", MARKUP]
    relations, triplets = {}, []
    for source, target in (("Ann", "Bob"), ("Ann", "Cy"), ("Bob", "Dee"), ("Cy", MARKUP), ("Dee", "Ann")):
        source, target = source.replace('"', " "), target.replace('"', " ")
        relations[f"{source}_KNOWS_{target}"] = {"label": "KNOWS", "source_id": source, "target_id": target, "properties": {}}
        triplets.append([source, "KNOWS", target])
    return {"nodes": {name.replace('"', " "): entity(name) for name in names}, "relations": relations, "triplets": triplets}


def persist_files():
    members = {f"doc-{d}/node-{p:02}": f"doc-{d}/node-{p:02}" for d in range(DOCUMENTS) for p in range(NODES)}
    struct = {"index_id": "index-1", "summary": MARKUP, "nodes_dict": members, "doc_id_dict": {}, "embeddings_dict": {}}
    chat = [{"role": "user", "content": f"Hello {MARKUP}", "additional_kwargs": {}},
            {"role": "assistant", "content": "Hello, Ann", "additional_kwargs": {}}]
    return {
        "docstore.json": docstore(),
        "index_store.json": {"index_store/data": {"index-1": {"__type__": "vector_store", "__data__": json.dumps(struct)}}},
        "default__vector_store.json": vector_store(),
        "graph_store.json": {"graph_dict": {"Ann": [["knows", "Bob"], ["likes", MARKUP]], "Bob": [["knows", "Cy"]]}},
        "property_graph_store.json": property_graph(),
        "chat_store.json": json.dumps({"store": {"chat-1": chat, MARKUP: chat}, "class_name": "SimpleChatStore"}),
    }


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


class Page:
    """A running `quipu ui`."""

    def __init__(self, process, url):
        self.process, self.url = process, url
        found = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/#token=([0-9a-f]{64})", url)
        assert found, url
        self.port, self.token = int(found[1]), found[2]

    def request(self, method, target, headers=None, body=None, token=True):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {"X-Quipu-Token": self.token} if token else {}
        sent.update(headers or {})
        connection.request(method, target, body=body, headers=sent)
        response = connection.getresponse()
        answer = Answer(response.status, response.headers, response.read())
        connection.close()
        return answer

    def get(self, name, **params):
        query = "&".join(f"{key}={quote(str(value), safe='')}" for key, value in params.items())
        return self.request("GET", f"/api/{name}?{query}")

    def post(self, name, **body):
        return self.request("POST", f"/api/{name}", {"Content-Type": "application/json"}, json.dumps(body))

    def raw(self, sent, whole=True):
        """What is answered to these bytes, until the server closes the connection; `whole`: nothing more is sent."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=90) as connection:
            with contextlib.suppress(ConnectionError):
                connection.sendall(sent)
                if whole:
                    connection.shutdown(socket.SHUT_WR)
            received = b""
            with contextlib.suppress(ConnectionError):
                while part := connection.recv(65536):
                    received += part
        return received


class UiTest(unittest.TestCase):
    maxDiff = 4000
    made = None  # the database, of which each test gets a copy

    @classmethod
    def setUpClass(cls):
        cls.class_folder = Path(tempfile.mkdtemp(prefix="quipu_ui_test."))
        cls.addClassCleanup(shutil.rmtree, cls.class_folder, ignore_errors=True)
        storage = cls.class_folder / "storage"
        storage.mkdir()
        for name, content in persist_files().items():
            (storage / name).write_text(json.dumps(content))
        cls.made = cls.class_folder / "storage.quipu"
        for command in (["import", storage, cls.made], ["index-text", cls.made, "--quiet"]):
            subprocess.run([QUIPU, *map(os.fspath, command)], check=True, stdout=subprocess.DEVNULL)

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="quipu_ui_test."))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.database = self.folder / "storage.quipu"
        shutil.copytree(self.made, self.database)

    @contextlib.contextmanager
    def page(self, *options):
        process = subprocess.Popen([QUIPU, "ui", self.database, "--json", "--quiet", *options], stdout=subprocess.PIPE)
        try:
            yield Page(process, json.loads(process.stdout.readline())["url"])
        finally:
            process.terminate()
            process.stdout.close()
            code = process.wait(timeout=60)
        self.assertEqual(0, code)

    def ok(self, answer):
        self.assertEqual(200, answer.status, answer.body[:2000])
        return answer.json()

    def finished_job(self, page):
        """The state of the job once it has ended."""
        while (state := self.ok(page.get("job")))["running"]:
            pass
        return state


__all__ = ["Answer", "DOCUMENTS", "MARKUP", "NODES", "Page", "QUIPU", "SOURCE", "UiTest", "tree"]
