"""The engines that are compared, each by its own Python package. An engine builds what it searches from a matrix, and
answers queries with the numbers of rows, the nearest first, by a setting of its own: more of it finds more. `settings`
of one None: it has no such setting. `path`: a folder for what it keeps on disk. One that is not installed is left out.
"""
import importlib
import importlib.metadata
import math

import numpy

from vector_sets import K, SEED

AT_ONCE = 10_000
EF = (16, 32, 64, 128, 256)
PROBES = (4, 8, 16, 32, 64)
M, EF_CONSTRUCTION = 16, 100


def parts(rows, at_once=AT_ONCE):
    return ((at, rows[at:at + at_once]) for at in range(0, len(rows), at_once))


def lists_for(rows):
    """As many as the square root of rows."""
    return round(math.sqrt(len(rows)))


class Engine:
    package = ""
    label = ""
    settings = (None,)
    modules = ()  # what is imported before its memory is counted

    def __init__(self, path):
        self.path = path
        for module in self.modules:
            importlib.import_module(module)

    @classmethod
    def name(cls):
        return f"{cls.package} {importlib.metadata.version(cls.package)} {cls.label}".strip()

    def build(self, rows):
        raise NotImplementedError

    def set(self, setting):
        """Before a search with this setting."""

    def search(self, queries):
        raise NotImplementedError

    def close(self):
        """What has been built stays in the folder, for those who can open it."""

    def open(self, dimensions):
        """In place of build(), what close() has left. False: this engine leaves nothing that would be searched anew."""
        return False


class QuipuExact(Engine):
    package, label = "quipu", "exact"
    modules = ("llama_index.core.vector_stores.types", "quipu")

    def build(self, rows):
        from llama_index.core.vector_stores.types import VectorStoreQuery
        from quipu import QuipuVectorStore

        self.query_class = VectorStoreQuery
        self.store = QuipuVectorStore.from_path(self.path + "/db")
        for at, some in parts(rows):
            self.store.add_embeddings([str(at + i) for i in range(len(some))], some)

    def search(self, queries):
        if len(queries) > 1:
            return self.store.query_all(queries, similarity_top_k=K).ids.astype(numpy.int64)
        found = self.store.query(self.query_class(query_embedding=queries[0], similarity_top_k=K))
        return numpy.array([found.ids], dtype=numpy.int64)

    def close(self):
        self.store.close()

    def open(self, dimensions):
        from llama_index.core.vector_stores.types import VectorStoreQuery
        from quipu import QuipuVectorStore

        self.query_class = VectorStoreQuery
        self.store = QuipuVectorStore.from_path(self.path + "/db")
        return True


class QuipuHNSW(QuipuExact):
    label = f"HNSW M {M}"

    def build(self, rows):
        super().build(rows)
        self.store.use_hnsw(M=M, ef_construction=EF_CONSTRUCTION)


class QuipuPartitions(QuipuExact):
    """Approximate by a wanted recall, where the package has it."""

    label = "approximate"
    settings = (0.8, 0.9, 0.95, 0.99)

    def set(self, setting):
        self.store.use_ann(recall=setting)


class Faiss(Engine):
    package = "faiss-cpu"
    modules = ("faiss",)

    def build(self, rows):
        import faiss

        faiss.omp_set_num_threads(1)
        self.index = self.make(faiss, rows)
        self.index.train(rows)
        self.index.add(rows)

    def search(self, queries):
        return self.index.search(queries, K)[1]


class FaissFlat(Faiss):
    label = "flat"

    def make(self, faiss, rows):
        return faiss.IndexFlatIP(rows.shape[1])


class FaissIVF(Faiss):
    label = "IVF, 8 bit"
    settings = PROBES

    def make(self, faiss, rows):
        return faiss.index_factory(rows.shape[1], f"IVF{lists_for(rows)},SQ8", faiss.METRIC_INNER_PRODUCT)

    def set(self, setting):
        self.index.nprobe = setting


class FaissRaBitQ(Faiss):
    label = "IVF, RaBitQ, rerank 10"
    settings = PROBES

    def make(self, faiss, rows):
        codes = faiss.index_factory(rows.shape[1], f"IVF{lists_for(rows)},RaBitQ", faiss.METRIC_INNER_PRODUCT)
        self.codes = codes
        index = faiss.IndexRefineFlat(codes)
        index.k_factor = 10
        return index

    def set(self, setting):
        self.codes.nprobe = setting


class FaissHNSW(Faiss):
    label = f"HNSW M {M}, 8 bit"
    settings = EF

    def make(self, faiss, rows):
        index = faiss.IndexHNSWSQ(rows.shape[1], faiss.ScalarQuantizer.QT_8bit, M, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = EF_CONSTRUCTION
        return index

    def set(self, setting):
        self.index.hnsw.efSearch = setting


class Hnswlib(Engine):
    package, label = "hnswlib", f"M {M}"
    settings = EF
    modules = ("hnswlib",)

    def build(self, rows):
        import hnswlib

        self.index = hnswlib.Index(space="ip", dim=rows.shape[1])
        self.index.init_index(max_elements=len(rows), M=M, ef_construction=EF_CONSTRUCTION, random_seed=SEED)
        self.index.set_num_threads(1)
        self.index.add_items(rows)

    def set(self, setting):
        self.index.set_ef(setting)

    def search(self, queries):
        return self.index.knn_query(queries, k=K)[0].astype(numpy.int64)

    def close(self):
        self.index.save_index(self.path + "/index")

    def open(self, dimensions):
        import hnswlib

        self.index = hnswlib.Index(space="ip", dim=dimensions)
        self.index.load_index(self.path + "/index")
        self.index.set_num_threads(1)
        return True


class Usearch(Engine):
    package, label = "usearch", f"M {M}, int8"
    settings = EF
    modules = ("usearch.index",)

    def build(self, rows):
        from usearch.index import Index

        self.index = Index(ndim=rows.shape[1], metric="cos", dtype="i8", connectivity=M, expansion_add=EF_CONSTRUCTION)
        self.index.add(numpy.arange(len(rows)), rows, threads=1)

    def set(self, setting):
        self.index.expansion_search = setting

    def search(self, queries):
        found = self.index.search(queries, K, threads=1).keys
        return numpy.asarray(found, dtype=numpy.int64).reshape(len(queries), -1)


class Turbovec(Engine):
    """4 bits an element, of which it takes multiples of 8: others are zero. The best so many times K are compared by
    their float32."""

    package, label = "turbovec", "4 bit, rerank"
    settings = (1, 2, 4)
    modules = ("turbovec",)

    def build(self, rows):
        import turbovec

        self.rows = rows
        rows = self.padded(rows)
        self.index = turbovec.TurboQuantIndex(rows.shape[1], 4)
        sample = numpy.random.default_rng(SEED).choice(len(rows), min(1024, len(rows)), replace=False)
        self.index.calibrate(rows[sample])
        self.index.add(rows)
        self.index.prepare()

    @staticmethod
    def padded(rows):
        return numpy.pad(rows, ((0, 0), (0, -rows.shape[1] % 8)))

    def set(self, setting):
        self.times = setting

    def search(self, queries):
        found = self.index.search(self.padded(queries), self.times * K)[1].astype(numpy.int64)
        similarities = numpy.einsum("qd,qkd->qk", queries, self.rows[found])
        return numpy.take_along_axis(found, numpy.argsort(-similarities, axis=1)[:, :K], axis=1)


class Zvec(Engine):
    package, label = "zvec", f"HNSW M {M}, int8"
    settings = EF
    modules = ("zvec",)

    def build(self, rows):
        import zvec

        zvec.init(query_threads=1, optimize_threads=1, log_level=zvec.LogLevel.ERROR)
        self.zvec = zvec
        index = zvec.HnswIndexParam(metric_type=zvec.MetricType.COSINE, m=M, ef_construction=EF_CONSTRUCTION,
                                    quantize_type=zvec.QuantizeType.INT8)
        vectors = zvec.VectorSchema("vector", zvec.DataType.VECTOR_FP32, rows.shape[1], index_param=index)
        self.collection = zvec.create_and_open(self.path + "/collection",
                                               zvec.CollectionSchema(name="bench", vectors=vectors))
        for at, some in parts(rows, 1000):
            self.collection.insert([zvec.Doc(id=str(at + i), vectors={"vector": row.tolist()}) for i, row in enumerate(some)])
        self.collection.optimize()

    def set(self, setting):
        self.param = self.zvec.HnswQueryParam(ef=setting)

    def search(self, queries):
        found = [self.collection.query(self.zvec.Query("vector", vector=query.tolist(), param=self.param), topk=K)
                 for query in queries]
        return numpy.array([[int(doc.id) for doc in docs] for docs in found])


class LanceDB(Engine):
    package, label = "lancedb", "IVF_RQ, refine 10"
    settings = PROBES
    modules = ("lancedb", "pyarrow")

    def build(self, rows):
        import lancedb
        import pyarrow

        def batches():
            for at, some in parts(rows):
                vectors = pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(some.ravel()), rows.shape[1])
                yield pyarrow.RecordBatch.from_arrays([pyarrow.array(range(at, at + len(some))), vectors], ["id", "vector"])

        schema = pyarrow.schema([("id", pyarrow.int64()), ("vector", pyarrow.list_(pyarrow.float32(), rows.shape[1]))])
        self.table = lancedb.connect(self.path).create_table("bench", batches(), schema=schema)
        self.table.create_index(metric="cosine", vector_column_name="vector", index_type="IVF_RQ",
                                num_partitions=lists_for(rows))

    def set(self, setting):
        self.probes = setting

    def search(self, queries):
        found = [self.table.search(query).distance_type("cosine").nprobes(self.probes).refine_factor(10).select(["id", "_distance"])
                 .limit(K).to_arrow()["id"].to_pylist() for query in queries]
        return numpy.array([ids + [-1] * (K - len(ids)) for ids in found])


class Chroma(Engine):
    package, label = "chromadb", f"HNSW M {M}"
    settings = EF
    modules = ("chromadb",)

    def build(self, rows):
        import chromadb

        settings = chromadb.config.Settings(anonymized_telemetry=False)
        self.client = chromadb.PersistentClient(self.path, settings=settings)
        index = {"space": "cosine", "max_neighbors": M, "ef_construction": EF_CONSTRUCTION, "num_threads": 1}
        self.collection = self.client.create_collection("bench", configuration={"hnsw": index})
        for at, some in parts(rows, 5000):
            self.collection.add(ids=[str(at + i) for i in range(len(some))], embeddings=some)

    def set(self, setting):
        self.collection.modify(configuration={"hnsw": {"ef_search": setting}})

    def search(self, queries):
        found = self.collection.query(query_embeddings=queries, n_results=K, include=[])
        return numpy.array(found["ids"], dtype=numpy.int64)


class SqliteVec(Engine):
    package, label = "sqlite-vec", "flat"
    modules = ("apsw", "sqlite_vec")

    def build(self, rows):
        import apsw  # Python's own sqlite3 is often built without extensions
        import sqlite_vec

        self.connection = apsw.Connection(self.path + "/vectors.db")
        self.connection.enable_load_extension(True)
        self.connection.load_extension(sqlite_vec.loadable_path())
        self.connection.execute(f"create virtual table bench using vec0(embedding float[{rows.shape[1]}])")
        with self.connection:
            for at, some in parts(rows):
                self.connection.executemany("insert into bench(rowid, embedding) values (?, ?)",
                                            ((at + i, row.tobytes()) for i, row in enumerate(some)))

    def search(self, queries):
        statement = "select rowid from bench where embedding match ? and k = ? order by distance"
        found = [[row[0] for row in self.connection.execute(statement, (query.tobytes(), K))] for query in queries]
        return numpy.array(found)


def installed(engine):
    try:
        importlib.metadata.version(engine.package)
    except importlib.metadata.PackageNotFoundError:
        return False
    if engine is QuipuPartitions:
        return hasattr(importlib.import_module("quipu").QuipuVectorStore, "use_ann")
    return True


ENGINES = {engine.__name__: engine for engine in (
    QuipuExact, QuipuHNSW, QuipuPartitions, FaissFlat, FaissIVF, FaissRaBitQ, FaissHNSW, Hnswlib, Usearch, Turbovec,
    Zvec, LanceDB, Chroma, SqliteVec)}
EXACT = ("QuipuExact", "FaissFlat", "Turbovec")
