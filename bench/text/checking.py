"""Whether Quipu finds what bm25s finds: the same ids but for ties, and scores within 1e-5 of each other. bm25s splits the texts
itself, by its own pattern and PyStemmer; Quipu by its analyser english.
"""
import random

K = 10
CLOSE = 1e-5
SEED = 7
PART = 1000


def found_by_bm25s(texts, queries):
    """A list of ids and scores of each query, of the K best and all that are as good as the last."""
    import bm25s
    import numpy
    import Stemmer

    ids = list(texts)
    stemmer = Stemmer.Stemmer("english")
    index = bm25s.BM25()
    index.index(bm25s.tokenize(list(texts.values()), stopwords="en", stemmer=stemmer, show_progress=False), show_progress=False)
    for query in queries:
        terms = bm25s.tokenize(" ".join(query), stemmer=stemmer, show_progress=False, return_ids=False)[0]
        scores = index.get_scores(terms) if terms else numpy.zeros(len(ids), numpy.float32)
        last = max(float(numpy.partition(scores, -K)[-K]), 1e-9)
        rows = numpy.flatnonzero(scores >= last * (1 - CLOSE))
        yield {ids[row]: float(scores[row]) for row in rows}


def agree(store, texts, queries, when):
    wrong = 0
    for query, wanted in zip(queries, found_by_bm25s(texts, queries)):
        found = store.search_text(" ".join(query), K, False)
        best = sorted(wanted.values(), reverse=True)[:K]
        close = len(found) == len(best) and all(abs(score - other) <= CLOSE * other for (_, score), other in zip(found, best))
        if not close or any(abs(score - wanted.get(id_, -1)) > CLOSE * score for id_, score in found):
            wrong += 1
            if wrong <= 3:
                print(f"{when}: query {query}: {found}, by bm25s {sorted(wanted.items(), key=lambda each: -each[1])[:K]}")
    print(f"{when}: {len(queries) - wrong} of {len(queries)} queries as by bm25s, of {len(texts):,} texts", flush=True)
    return wrong == 0


def change(store, texts, node, changes):
    chosen, given = random.Random(SEED), list(texts.values())
    ids = list(texts)
    for number in range(changes):
        what = chosen.randrange(3)
        if what == 0 or not ids:
            id_ = f"new {number}"
            ids.append(id_)
        else:
            place = chosen.randrange(len(ids))
            id_ = ids[place]
        if what == 2:
            ids[place] = ids[-1]
            ids.pop()
            del texts[id_]
            store.delete_document(id_)
        else:
            words = chosen.choice(given).split(" ") + chosen.choice(given).split(" ")
            texts[id_] = " ".join(chosen.sample(words, chosen.randrange(1, len(words) + 1)))
            store.add_documents([node(id_=id_, text=texts[id_])])


def check(texts, queries, changes, folder):
    from llama_index.core.schema import TextNode
    from quipu import QuipuDocumentStore

    all_texts = {str(place): text for place, text in enumerate(texts)}
    with QuipuDocumentStore.from_path(f"{folder}/checked") as store:
        store.index_text()
        given = list(all_texts.items())
        for at in range(0, len(given), PART):
            store.add_documents([TextNode(id_=id_, text=text) for id_, text in given[at:at + PART]])
        right = agree(store, all_texts, queries, "as added")
        if changes:
            change(store, all_texts, TextNode, changes)
            right = agree(store, all_texts, queries, f"after {changes:,} adds, updates and deletes") and right
    return right
