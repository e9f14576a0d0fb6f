#!/usr/bin/env python3
"""Makes text_scores.json: what bm25s and PyStemmer make of texts, and which documents bm25s finds for queries.

    python3 text_scores.py > text_scores.json      needs bm25s 0.3.16 and PyStemmer 2.2.0.3
"""
import json
import random
import sys

import bm25s
import Stemmer

TEXTS = {
    "english": [
        "The quick brown foxes are jumping over the lazy dogs, and running!",
        "It's a can't-do; x y z: e-mail addresses like first.last@example.com, C++ and 3.14 in 2024",
        "NAÏVE Café, ΣΊΣΥΦΟΣ İstanbul Straße ßharp ＦＵＬＬ word_with_underscores __init__ _",
        "adding ebbing emergencies generously relational conditional dying skies news inning",
        "日本語 のテキスト 中文 文字 한국어 עברית العربية हिन्दी ไทย ½ ² Ⅷ ①",
        "zero\u200bwidth no\u00a0break soft\u00adhyphen combining e\u0301te\u0301 emoji \U0001f600\U0001f600 \U00010400\U00010401",
        "", "the of and", "a b c", "ALL CAPS AND MiXeD", "tab\tnew\nline\r\nnull\x00byte\x1funit",
        "K\u212aelvin \u1e9e \u0130\u0130 \ufb01ne \u01c5ungla",
    ],
    "german": ["Die Häuser der Straße wurden größer, und viele Kätzchen spielten im Garten.", "Aufeinanderfolgende Ärzte"],
    "french": ["L'été, les chevaux étaient magnifiques ; nous n'avons pas mangé", "nationalité continuellement"],
    "spanish": ["Los niños corrían rápidamente hacia las montañas", "¿Dónde están las bibliotecas?"],
    "russian": ["Красивые кошки быстро бегали по большим улицам города", "Которые и не были"],
    "turkish": ["İstanbul'daki çocuklar kitapları okuyorlardı", "IŞIK ve ılık"],
    "dutch": ["De kinderen liepen door de prachtige tuinen"],
    "swedish": ["Katterna sprang över ängarna och flickorna skrattade"],
    "italian": ["Le ragazze mangiavano velocemente gli spaghetti"],
    "portuguese": ["As crianças corriam rapidamente para as montanhas"],
    "danish": ["Børnene løb gennem de smukke haver"],
    "norwegian": ["Barna løp gjennom de vakre hagene"],
}
WORDS = """search searching index indexes indexed document documents term terms query queries score scores block blocks
database databases store stored storage vector vectors graph graphs node nodes write writing read reading fast faster
memory disk page pages tree trees branch key keys value values batch transaction commit merge the of and to in""".split()


def tokens(texts, language):
    return bm25s.tokenize(texts, stopwords=language, stemmer=Stemmer.Stemmer(language), return_ids=False,
                          show_progress=False)


def documents(rng):
    texts = ["", "the of"]
    for _ in range(118):
        words = [WORDS[min(int(rng.paretovariate(0.6)) - 1, len(WORDS) - 1)] if rng.random() < 0.5
                 else rng.choice(WORDS) for _ in range(rng.randint(1, 24))]
        texts.append(" ".join(words))
    return texts


def queries(rng):
    fixed = ["search", "Searching the documents", "fast fast memory", "unknown", "the", "graph unknown node"]
    return fixed + [" ".join(rng.choices(WORDS, k=rng.randint(1, 8))) for _ in range(30)]


def hits(index, text):
    terms = tokens([text], "english")[0]
    scores = index.get_scores(terms) if terms else []
    best = sorted((-float(score), row) for row, score in enumerate(scores) if score > 0)
    return [[row, -score] for score, row in best[:10]]


def main():
    rng = random.Random(20)
    texts = documents(rng)
    index = bm25s.BM25()
    index.index(tokens(texts, "english"), show_progress=False)
    made = {
        "analyses": [{"analyser": language, "text": text, "terms": terms}
                     for language, list_ in TEXTS.items() for text, terms in zip(list_, tokens(list_, language))],
        "documents": texts,
        "queries": [{"text": text, "hits": hits(index, text)} for text in queries(rng)],
    }
    print("{" + ",\n".join(f'"{name}": [\n' + ",\n".join(map(json.dumps, entries)) + "\n]"
                           for name, entries in made.items()) + "}")
    print(f"bm25s {bm25s.__version__}, PyStemmer {Stemmer.version()}", file=sys.stderr)


if __name__ == "__main__":
    main()
