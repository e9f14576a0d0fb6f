"""QuipuBM25Retriever: over a live store, over nodes, and in the directory of LlamaIndex's BM25Retriever, there and back."""

from __future__ import annotations

import asyncio
import json
import random
import re
import shutil
from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy
import pytest
import quipu
from llama_index.core import SummaryIndex, VectorStoreIndex
from llama_index.core.schema import MetadataMode, NodeWithScore, TextNode
from llama_index.core.vector_stores import MetadataFilter, MetadataFilters

from index_lifecycle import TextEmbedding

TEXTS = {"a": "a black cat", "b": "a dog and a cat", "c": "birds of the black sea"}
KEPT = Path(__file__).parents[3] / "tests" / "data" / "bm25_directory"  # that LlamaIndex's 0.8.0 has persisted
SEED = 2026
WORDS = "cords knots cats running naïve relational café Größe llamas counted the of and herding tied Привет 数える under_score".split()


def nodes() -> List[TextNode]:
    return [
        TextNode(id_=id_, text=text, metadata={"page": place}, excluded_embed_metadata_keys=["page"], embedding=[1, place])
        for place, (id_, text) in enumerate(TEXTS.items())
    ]


def random_nodes() -> List[TextNode]:
    chosen = random.Random(SEED)
    return [
        TextNode(
            id_=f"n{i}",
            text=" ".join(chosen.choice(WORDS) + chosen.choice(["", "", ".", "s"]) for _ in range(chosen.randrange(30))),
            metadata={"part": i % 3, "name": chosen.choice(WORDS)},
        )
        for i in range(300)
    ]


@pytest.fixture
def docstore(kvstore: quipu.RocksDBKVStore) -> quipu.QuipuDocumentStore:
    docstore = quipu.QuipuDocumentStore(kvstore)
    docstore.add_documents(nodes())
    return docstore


def ids(found: List[NodeWithScore]) -> List[str]:
    return [each.node.node_id for each in found]


def page(number: int) -> MetadataFilters:
    return MetadataFilters(filters=[MetadataFilter(key="page", value=number)])


def test_over_a_live_store(docstore: quipu.QuipuDocumentStore) -> None:
    retriever = quipu.QuipuBM25Retriever.from_defaults(docstore=docstore, similarity_top_k=2)
    assert ids(retriever.retrieve("cat")) == ["a", "b"]
    docstore.add_documents([TextNode(id_="d", text="cat")])
    assert ids(retriever.retrieve("cat")) == ["d", "a"]
    docstore.delete_document("d")
    assert ids(retriever.retrieve("what's a (cat")) == ["a", "b"]
    assert retriever.retrieve("unicorn") == []
    assert retriever.retrieve("") == []
    assert ids(asyncio.run(retriever.aretrieve("dogs"))) == ["b"]
    retriever.similarity_top_k = 0
    assert retriever.retrieve("cat") == []


def test_filters(docstore: quipu.QuipuDocumentStore) -> None:
    assert ids(quipu.QuipuBM25Retriever.from_defaults(nodes=nodes(), filters=page(1)).retrieve("cat")) == ["b"]
    assert ids(quipu.QuipuBM25Retriever(docstore=docstore, filters=page(2), syntax=True).retrieve("black -cat")) == ["c"]
    assert ids(quipu.QuipuBM25Retriever(nodes(), corpus_weight_mask=[0, 1, 1], similarity_top_k=1).retrieve("cat")) == ["b"]


def test_of_an_index(tmp_path: Path) -> None:
    with quipu.storage_context(tmp_path / "db") as context:
        index = VectorStoreIndex(nodes(), storage_context=context, embed_model=TextEmbedding(embed_dim=8))
        retriever = quipu.QuipuBM25Retriever.from_defaults(index=index)
        assert ids(retriever.retrieve("birds")) == ["c"]
        assert retriever.docstore is context.docstore
    assert ids(quipu.QuipuBM25Retriever.from_defaults(index=SummaryIndex(nodes())).retrieve("birds")) == ["c"]


def test_of_a_vector_store_that_keeps_texts(tmp_path: Path) -> None:
    with quipu.QuipuVectorStore.from_path(tmp_path / "db", stores_text=True) as vectors:
        vectors.add(nodes())
        index = VectorStoreIndex.from_vector_store(vectors, embed_model=TextEmbedding(embed_dim=8))
        assert ids(quipu.QuipuBM25Retriever.from_defaults(index=index).retrieve("dog")) == ["b"]
        vectors.clear()
        with pytest.raises(ValueError, match="No nodes found"):
            quipu.QuipuBM25Retriever.from_defaults(index=index)


def test_says_what_it_cannot(docstore: quipu.QuipuDocumentStore) -> None:
    for wrong in ({}, {"nodes": nodes(), "docstore": docstore}):
        with pytest.raises(ValueError, match="exactly one"):
            quipu.QuipuBM25Retriever.from_defaults(**wrong)
        with pytest.raises(ValueError, match="exactly one"):
            quipu.QuipuBM25Retriever(**wrong)
    for own in ({"skip_stemming": True}, {"token_pattern": r"\w+"}, {"language": ["the"]}, {"tokenizer": str.split}):
        with pytest.raises(ValueError, match="language"):
            quipu.QuipuBM25Retriever.from_defaults(docstore=docstore, **own)
    with pytest.raises(ValueError, match="german"):
        quipu.QuipuBM25Retriever.from_defaults(docstore=docstore, stemmer=lambda words: words)
    with pytest.raises(ValueError, match="corpus_weight_mask"):
        quipu.QuipuBM25Retriever(nodes(), corpus_weight_mask=[1])


class TestDirectory:
    def test_opens_one_of_llama_index(self) -> None:
        loaded = quipu.QuipuBM25Retriever.from_persist_dir(str(KEPT))
        assert loaded.similarity_top_k == 3
        for query, wanted in {
            "cats": [("a", 0.27084413), ("b", 0.24790205)],
            "black birds": [("c", 0.88223088), ("a", 0.27084413)],
            "dogs by the sea": [("b", 0.63432884), ("a", 0.27084413), ("c", 0.24790205)],
        }.items():
            found = [(each.node.node_id, each.score) for each in loaded.retrieve(query)]
            assert [id_ for id_, _ in found] == [id_ for id_, _ in wanted]
            assert [score for _, score in found] == pytest.approx([score for _, score in wanted], rel=1e-6)
        assert loaded.retrieve("cats")[0].node.metadata == {"page": 0}

    def test_writes_one_like_that_of_llama_index(self, tmp_path: Path) -> None:
        quipu.QuipuBM25Retriever.from_persist_dir(str(KEPT), mmap=True, verbose=False).persist(str(tmp_path))
        assert sorted(each.name for each in tmp_path.iterdir()) == sorted(each.name for each in KEPT.iterdir())
        for name in ("corpus.jsonl", "corpus.mmindex.json", "retriever.json", "params.index.json"):
            assert (tmp_path / name).read_bytes() == (KEPT / name).read_bytes(), name
        assert scores(tmp_path) == pytest.approx(scores(KEPT), rel=1e-6)
        for name in ("data", "indices", "indptr"):
            written, kept = (numpy.load(folder / f"{name}.csc.index.npy") for folder in (tmp_path, KEPT))
            assert (written.dtype, written.shape) == (kept.dtype, kept.shape)

    def test_round_trips(self, docstore: quipu.QuipuDocumentStore, tmp_path: Path) -> None:
        retriever = quipu.QuipuBM25Retriever(docstore=docstore, similarity_top_k=1, filters=page(1))
        retriever.persist(str(tmp_path / "kept"))
        docstore.delete_document("a")
        retriever.persist(str(tmp_path / "kept"), show_progress=False)
        loaded = quipu.QuipuBM25Retriever.from_persist_dir(str(tmp_path / "kept"))
        assert loaded.get_persist_args() == {"similarity_top_k": 1, "verbose": False, "corpus_weight_mask": [1, 0]}
        assert ids(loaded.retrieve("cat")) == ["b"]
        assert loaded.retrieve("black") == []
        again = quipu.QuipuBM25Retriever.from_persist_dir(str(tmp_path / "kept"), similarity_top_k=2, corpus_weight_mask=None)
        assert ids(again.retrieve("black")) == ["c"]

    def test_an_empty_store_and_odd_characters(self, kvstore: quipu.RocksDBKVStore, tmp_path: Path) -> None:
        docstore = quipu.QuipuDocumentStore(kvstore)
        quipu.QuipuBM25Retriever(docstore=docstore).persist(str(tmp_path / "empty"))
        assert quipu.QuipuBM25Retriever.from_persist_dir(str(tmp_path / "empty")).retrieve("cat") == []
        docstore.add_documents([TextNode(id_="s", text="a cat\u2028\r\n", metadata={"é": "\x85"})])
        quipu.QuipuBM25Retriever(docstore=docstore).persist(str(tmp_path / "odd"))
        assert ids(quipu.QuipuBM25Retriever.from_persist_dir(str(tmp_path / "odd")).retrieve("cat")) == ["s"]

    def test_analysers(self, tmp_path: Path) -> None:
        german = [TextNode(id_="h", text="viele Häuser und Städte"), TextNode(id_="k", text="gelaufene Kilometer")]
        quipu.QuipuBM25Retriever(german, language="de").persist(str(tmp_path))
        loaded = quipu.QuipuBM25Retriever.from_persist_dir(str(tmp_path))
        info = loaded.docstore.text_index()
        assert info is not None and info.analyser == "german"
        assert ids(loaded.retrieve("Haus")) == ["h"]
        words = json.loads((tmp_path / "vocab.index.json").read_text(encoding="utf-8"))
        del words["haus"]
        (tmp_path / "vocab.index.json").write_text(json.dumps(words), encoding="utf-8")
        with pytest.raises(ValueError, match=f"{re.escape(str(tmp_path))} has words .* `language`"):
            quipu.QuipuBM25Retriever.from_persist_dir(str(tmp_path))
        assert ids(quipu.QuipuBM25Retriever.from_persist_dir(str(tmp_path), language="words").retrieve("Häuser")) == ["h"]

    def test_other_scores_are_refused(self, tmp_path: Path) -> None:
        shutil.copytree(KEPT, tmp_path / "kept")
        file = tmp_path / "kept" / "params.index.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), "k1": 1.2}))
        with pytest.raises(ValueError, match="k1 1.2"):
            quipu.QuipuBM25Retriever.from_persist_dir(str(tmp_path / "kept"))

    def test_a_failing_write_leaves_what_was_there(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        shutil.copytree(KEPT, tmp_path / "kept")
        before = {each.name: each.read_bytes() for each in (tmp_path / "kept").iterdir()}

        def fail(*ignored: Any, **also: Any) -> None:
            raise OSError("no space left")

        monkeypatch.setattr(numpy, "save", fail)
        with pytest.raises(OSError, match="no space left"):
            quipu.QuipuBM25Retriever(nodes()).persist(str(tmp_path / "kept"))
        assert {each.name: each.read_bytes() for each in (tmp_path / "kept").iterdir()} == before


def scores(folder: Path) -> Dict[Tuple[str, int], float]:
    """What each word adds to the score of each node."""
    data, rows, begins = (numpy.load(folder / f"{name}.csc.index.npy") for name in ("data", "indices", "indptr"))
    words = json.loads((folder / "vocab.index.json").read_text(encoding="utf-8"))
    return {
        (word, int(rows[at])): float(data[at])
        for word, column in words.items()
        if word
        for at in range(begins[column], begins[column + 1])
    }


class TestBesideLlamaIndex:
    @pytest.fixture(autouse=True)
    def theirs(self) -> None:
        pytest.importorskip("llama_index.retrievers.bm25")

    def agree(self, ours: Any, theirs: Any) -> None:
        """Equal scores, and the same node where no other has the score."""
        chosen = random.Random(SEED)
        for _ in range(50):
            query = " ".join(chosen.choice([*WORDS, "nowhere"]) for _ in range(chosen.randrange(1, 6)))
            wanted = [(each.node.node_id, each.score) for each in theirs.retrieve(query) if each.score > 0]
            found = [(each.node.node_id, each.score) for each in ours.retrieve(query)]
            assert [score for _, score in found] == pytest.approx([score for _, score in wanted], rel=1e-5), (SEED, query)
            last = wanted[-1][1] if wanted else 0
            for id_, score in found:
                alike = {other for other, its in wanted if abs(its - score) <= 1e-5 * score}
                assert id_ in alike or abs(score - last) <= 1e-5 * score, (SEED, query, id_)

    @pytest.mark.parametrize("filters", [None, MetadataFilters(filters=[MetadataFilter(key="part", value=1)])])
    def test_directories_go_both_ways(self, tmp_path: Path, filters: Any) -> None:
        from llama_index.retrievers.bm25 import BM25Retriever

        theirs = BM25Retriever.from_defaults(nodes=random_nodes(), similarity_top_k=20, filters=filters)
        ours = quipu.QuipuBM25Retriever.from_defaults(nodes=random_nodes(), similarity_top_k=20, filters=filters)
        self.agree(ours, theirs)
        theirs.persist(str(tmp_path / "theirs"), show_progress=False)
        ours.persist(str(tmp_path / "ours"), show_progress=False)
        assert scores(tmp_path / "ours") == pytest.approx(scores(tmp_path / "theirs"), rel=1e-6)
        for folder in ("theirs", "ours"):
            opened = quipu.QuipuBM25Retriever.from_persist_dir(str(tmp_path / folder))
            self.agree(opened, BM25Retriever.from_persist_dir(str(tmp_path / folder)))
            self.agree(opened, theirs)
            self.agree(opened, BM25Retriever.from_persist_dir(str(tmp_path / folder), mmap=True))

    def test_forms_of_the_constructor(self) -> None:
        import bm25s
        import Stemmer
        from llama_index.retrievers.bm25 import BM25Retriever

        theirs = BM25Retriever(random_nodes(), Stemmer.Stemmer("english"), "english", None, 5)
        self.agree(quipu.QuipuBM25Retriever(random_nodes(), Stemmer.Stemmer("english"), "english", None, 5), theirs)
        index = theirs.bm25
        index.corpus = theirs.corpus
        self.agree(quipu.QuipuBM25Retriever(existing_bm25=index, similarity_top_k=5), theirs)
        mask = [place % 2 for place in range(300)]
        masked = BM25Retriever(random_nodes(), similarity_top_k=5, corpus_weight_mask=mask)
        self.agree(quipu.QuipuBM25Retriever(random_nodes(), similarity_top_k=5, corpus_weight_mask=mask), masked)
        german = [TextNode(id_="h", text="viele Häuser"), TextNode(id_="k", text="lief")]
        stemmed = quipu.QuipuBM25Retriever.from_defaults(nodes=german, stemmer=Stemmer.Stemmer("german"), language="de")
        assert ids(stemmed.retrieve("Haus")) == ["h"]
        with pytest.raises(ValueError, match="'english'"):
            quipu.QuipuBM25Retriever.from_defaults(nodes=german, stemmer=Stemmer.Stemmer("german"))
        other = bm25s.BM25(k1=1.2, corpus=theirs.corpus)
        with pytest.raises(ValueError, match="k1 1.2"):
            quipu.QuipuBM25Retriever(existing_bm25=other)

    def test_texts_of_all_kinds(self, docstore: quipu.QuipuDocumentStore) -> None:
        """The words of the nodes are taken with their metadata, as MetadataMode.EMBED has it."""
        from llama_index.retrievers.bm25 import BM25Retriever

        added = random_nodes()
        for node in added[::2]:
            node.excluded_embed_metadata_keys = ["name"]
        docstore.add_documents(added)
        ours = quipu.QuipuBM25Retriever.from_defaults(docstore=docstore, similarity_top_k=9)
        self.agree(ours, BM25Retriever.from_defaults(docstore=docstore, similarity_top_k=9))
        assert "name:" in added[1].get_content(MetadataMode.EMBED)
