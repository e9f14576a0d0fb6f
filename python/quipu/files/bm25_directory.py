"""The directory that LlamaIndex's BM25Retriever persists: the scores of an index of bm25s, its nodes, and retriever.json."""

from __future__ import annotations

import json
import math
import os
import shutil
import tempfile
from array import array
from collections import Counter
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence

import numpy as np
from llama_index.core.schema import BaseNode, MetadataMode
from llama_index.core.vector_stores.utils import metadata_dict_to_node, node_to_metadata_dict

from quipu import _native

RETRIEVER_FILE = "retriever.json"
_CORPUS_FILE = "corpus.jsonl"
_PLACES_FILE = "corpus.mmindex.json"  # where each line of that begins
_VOCABULARY_FILE = "vocab.index.json"
_PARAMETERS_FILE = "params.index.json"
_K1, _B = 1.5, 0.75
# What a retriever's index has; `version` is that of bm25s whose files these are like.
_PARAMETERS: Dict[str, Any] = {
    "k1": _K1,
    "b": _B,
    "delta": 0.5,
    "method": "lucene",
    "idf_method": "lucene",
    "dtype": "float32",
    "int_dtype": "int32",
    "num_docs": 0,
    "version": "0.3.16",
    "backend": "numpy",
}
_NODES_AT_ONCE = 1000
_SAMPLE = 1000  # nodes by whose words an analyser is known


class PersistedRetriever(NamedTuple):
    nodes: List[BaseNode]
    arguments: Dict[str, Any]  # of retriever.json
    parameters: Dict[str, Any]
    words: Sequence[str]


def corpus_entry(node: BaseNode) -> Dict[str, Any]:
    """What is kept of a node, by which filters go, too."""
    return {**node_to_metadata_dict(node), "node_id": node.node_id}


def read_directory(path: str, encoding: str) -> PersistedRetriever:
    with open(os.path.join(path, RETRIEVER_FILE), encoding=encoding) as file:
        arguments = json.load(file)
    with open(os.path.join(path, _PARAMETERS_FILE), encoding="utf-8") as file:
        parameters = json.load(file)
    with open(os.path.join(path, _VOCABULARY_FILE), encoding="utf-8") as file:
        words = json.load(file)
    with open(os.path.join(path, _CORPUS_FILE), encoding="utf-8") as file:
        nodes = [metadata_dict_to_node(json.loads(line)) for line in file if line.strip()]
    return PersistedRetriever(nodes, arguments, parameters, list(words))


def check_parameters(parameters: Dict[str, Any], name: str) -> None:
    for key in ("k1", "b", "method", "idf_method"):
        if parameters.get(key, _PARAMETERS[key]) != _PARAMETERS[key]:
            raise ValueError(f"{name} has {key} {parameters[key]!r}; a Quipu retriever has {_PARAMETERS[key]!r} alone")


def analyser_of(nodes: Sequence[BaseNode], words: Sequence[str], analysers: Iterable[str]) -> Optional[str]:
    """The first of these analysers that has only these words of the nodes."""
    texts = [node.get_content(MetadataMode.EMBED) for node in nodes[:_SAMPLE]]
    known = set(words)
    for analyser in analysers:
        if all(known.issuperset(terms) for terms in _native.text_terms(texts, analyser)):
            return analyser
    return None


def write_directory(
    path: str, nodes: Iterable[BaseNode], analyser: str, arguments: Dict[str, Any], encoding: str
) -> None:
    """Writes the directory, or replaces the files of one; an error leaves what was there."""
    os.makedirs(path, exist_ok=True)
    folder = tempfile.mkdtemp(prefix=".quipu-", dir=path)
    try:
        postings = _Postings()
        with open(os.path.join(folder, _CORPUS_FILE), "wb") as corpus:
            places = []
            for part in _parts(nodes):
                for node in part:
                    places.append(corpus.tell())
                    corpus.write(json.dumps(corpus_entry(node), ensure_ascii=False).encode() + b"\n")
                texts = [node.get_content(MetadataMode.EMBED) for node in part]
                for terms in _native.text_terms(texts, analyser):
                    postings.add(terms)
        postings.write(folder)
        _write_json(folder, _PLACES_FILE, places)
        _write_json(folder, _VOCABULARY_FILE, {**postings.words, "": len(postings.words)})
        _write_json(folder, _PARAMETERS_FILE, {**_PARAMETERS, "num_docs": len(places)}, indent=4)
        _write_json(folder, RETRIEVER_FILE, arguments, encoding, indent=2)
        for name in sorted(os.listdir(folder)):
            os.replace(os.path.join(folder, name), os.path.join(path, name))
    finally:
        shutil.rmtree(folder)


def _parts(nodes: Iterable[BaseNode]) -> Iterator[List[BaseNode]]:
    part: List[BaseNode] = []
    for node in nodes:
        part.append(node)
        if len(part) == _NODES_AT_ONCE:
            yield part
            part = []
    yield part


def _write_json(folder: str, name: str, value: Any, encoding: str = "utf-8", indent: Optional[int] = None) -> None:
    with open(os.path.join(folder, name), "w", encoding=encoding) as file:
        json.dump(value, file, ensure_ascii=encoding != "utf-8", indent=indent)


class _Postings:
    """Which node has which word how often, in arrays: 12 bytes each."""

    def __init__(self) -> None:
        self.words: Dict[str, int] = {}
        self._words, self._nodes, self._frequencies = array("i"), array("i"), array("i")
        self._lengths = array("i")

    def add(self, terms: List[str]) -> None:
        for term, frequency in Counter(terms).items():
            self._words.append(self.words.setdefault(term, len(self.words)))
            self._nodes.append(len(self._lengths))
            self._frequencies.append(frequency)
        self._lengths.append(len(terms))

    def write(self, folder: str) -> None:
        """What each word adds to a node's score, word by word: a matrix in compressed columns, as bm25s computes it."""
        words, nodes = np.frombuffer(self._words, np.int32), np.frombuffer(self._nodes, np.int32)
        frequencies, lengths = np.frombuffer(self._frequencies, np.int32), np.frombuffer(self._lengths, np.int32)
        having = np.bincount(words, minlength=max(len(self.words), 1))
        count = len(lengths)
        idf = np.array([math.log(1 + (count - each + 0.5) / (each + 0.5)) for each in having.tolist()], np.float32)
        average = float(lengths.mean()) if count else 1.0
        scale = _K1 * ((1 - _B) + _B * lengths[nodes] / (average or 1.0))
        scores = (idf[words] * (frequencies / (scale + frequencies))).astype(np.float32)
        order = np.argsort(words, kind="stable")
        for name, column in {
            "data": scores[order],
            "indices": nodes[order],
            "indptr": np.concatenate(([0], np.cumsum(having, dtype=np.int64))),
        }.items():
            np.save(os.path.join(folder, f"{name}.csc.index.npy"), column, allow_pickle=False)
