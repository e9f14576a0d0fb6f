"""The engines that are compared. Each indexes texts that are terms between spaces, in parts of PART that are each durable as
that engine has it, and answers a query, a list of terms of which any suffices, with numbers of texts and scores, the best
first. What `add` does besides indexing, `elsewhere` counts in seconds of CPU.
"""
import importlib.metadata
import importlib.util
import shutil
import sqlite3
import time
from pathlib import Path

PART = 1000


class Engine:
    package = ""
    elsewhere = 0.0

    def __init__(self, folder):
        self.folder = Path(folder)
        self.path = str(self.folder / "index")

    @classmethod
    def name(cls):
        return f"{cls.package} {importlib.metadata.version(cls.package)}"

    @classmethod
    def installed(cls):
        return importlib.util.find_spec(cls.package) is not None

    def create(self):
        raise NotImplementedError

    def add(self, first, texts):
        raise NotImplementedError

    def finish(self):
        """After the last part."""

    def open(self):
        raise NotImplementedError

    def search(self, terms, k):
        raise NotImplementedError

    def bytes(self):
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())


class Quipu(Engine):
    """With the nodes themselves, which the others do not keep; compare.py takes away what a store without index costs."""

    package = "quipu"
    analyser = "whitespace"

    def __init__(self, folder):
        super().__init__(folder)
        from llama_index.core.schema import TextNode
        from quipu import QuipuDocumentStore

        self.node, self.stores = TextNode, QuipuDocumentStore

    def create(self):
        self.open()
        if self.analyser:
            self.store.index_text(self.analyser)

    def add(self, first, texts):
        begin = time.thread_time()
        nodes = [self.node(id_=str(first + i), text=text) for i, text in enumerate(texts)]
        self.elsewhere += time.thread_time() - begin
        self.store.add_documents(nodes)

    def finish(self):
        import quipu

        self.store.close()
        quipu.compact(self.path)

    def open(self):
        self.store = self.stores.from_path(self.path)

    def search(self, terms, k):
        return [(int(id_), score) for id_, score in self.store.search_text(" ".join(terms), k, False)]


class QuipuWithoutIndex(Quipu):
    analyser = None

    @classmethod
    def name(cls):
        return "quipu, the nodes alone"


class Tantivy(Engine):
    package = "tantivy"

    def schema(self):
        import tantivy

        self.tantivy = tantivy
        schema = tantivy.SchemaBuilder()
        schema.add_text_field("body", stored=False, tokenizer_name="whitespace", index_option="freq")
        schema.add_integer_field("id", stored=True, fast=True)
        return schema.build()

    def register(self, index):
        index.register_tokenizer("whitespace", self.tantivy.TextAnalyzerBuilder(self.tantivy.Tokenizer.whitespace()).build())
        return index

    def create(self):
        schema = self.schema()
        self.folder.joinpath("index").mkdir()
        self.index = self.register(self.tantivy.Index(schema, path=self.path))
        self.writer = self.index.writer(heap_size=128 << 20, num_threads=1)

    def add(self, first, texts):
        for i, text in enumerate(texts):
            self.writer.add_document(self.tantivy.Document(id=first + i, body=text))
        self.writer.commit()

    def finish(self):
        self.writer.wait_merging_threads()

    def open(self):
        self.schema()
        self.index = self.register(self.tantivy.Index.open(self.path))
        self.searcher = self.index.searcher()

    def search(self, terms, k):
        query, should = self.tantivy.Query, self.tantivy.Occur.Should
        parts = [(should, query.term_query(self.index.schema, "body", term)) for term in terms]
        hits = self.searcher.search(query.boolean_query(parts), k, count=False).hits
        return [(self.searcher.doc(address)["id"][0], score) for score, address in hits]


class BM25S(Engine):
    """In memory; saved at the end, for it takes no more texts later."""

    package = "bm25s"

    def create(self):
        self.terms = []

    def add(self, first, texts):
        self.terms += [text.split(" ") for text in texts]

    def finish(self):
        import bm25s

        index = bm25s.BM25()
        index.index(self.terms, show_progress=False)
        index.save(self.path)

    def open(self):
        import bm25s

        self.index = bm25s.BM25.load(self.path)

    def search(self, terms, k):
        found, scores = self.index.retrieve([terms], k=k, show_progress=False)
        return [(int(row), float(score)) for row, score in zip(found[0], scores[0]) if score > 0]


class FTS5(Engine):
    package = "sqlite3"

    @classmethod
    def name(cls):
        return f"SQLite {sqlite3.sqlite_version} FTS5"

    def create(self):
        self.folder.mkdir(exist_ok=True)
        self.open()
        self.database.execute("PRAGMA journal_mode = WAL")
        self.database.execute("CREATE VIRTUAL TABLE texts USING fts5(body, content='', "
                              "tokenize=\"unicode61 remove_diacritics 0 tokenchars '_'\")")

    def add(self, first, texts):
        with self.database:
            self.database.executemany("INSERT INTO texts (rowid, body) VALUES (?, ?)",
                                      [(first + i, text) for i, text in enumerate(texts)])

    def finish(self):
        self.database.close()

    def open(self):
        self.database = sqlite3.connect(self.path)

    def search(self, terms, k):
        words = " OR ".join(f'"{term}"' for term in terms)
        found = self.database.execute("SELECT rowid, -rank FROM texts WHERE texts MATCH ? ORDER BY rank LIMIT ?", (words, k))
        return found.fetchall()


class Zvec(Engine):
    """With the texts, which it keeps."""

    package = "zvec"

    def start(self):
        import zvec

        zvec.init(query_threads=1, optimize_threads=1, log_level=zvec.LogLevel.ERROR)
        self.zvec = zvec

    def create(self):
        self.start()
        zvec = self.zvec
        index = zvec.FtsIndexParam(tokenizer_name="whitespace", filters=[])
        body = zvec.FieldSchema("body", zvec.DataType.STRING, index_param=index)
        self.collection = zvec.create_and_open(self.path, zvec.CollectionSchema(name="bench", fields=[body]))

    def add(self, first, texts):
        self.collection.insert([self.zvec.Doc(id=str(first + i), fields={"body": text}) for i, text in enumerate(texts)])

    def finish(self):
        self.collection.flush()
        self.collection.optimize()

    def open(self):
        self.start()
        self.collection = self.zvec.open(self.path)

    def search(self, terms, k):
        fts = self.zvec.Fts(match_string=" ".join(terms))
        found = self.collection.query(self.zvec.Query("body", fts=fts), topk=k, output_fields=[])
        return [(int(doc.id), doc.score) for doc in found]


ENGINES = {"quipu": Quipu, "nodes": QuipuWithoutIndex, "tantivy": Tantivy, "bm25s": BM25S, "fts5": FTS5, "zvec": Zvec}


def remove(folder):
    shutil.rmtree(folder, ignore_errors=True)
