"""Real text without a network of its own: passages of at most 1,000 characters from Debian's documentation, and a test of
relevance from two dictionaries. Packages that are missing are fetched by `apt-get download` and unpacked beside them.
"""
import gzip
import html
import json
import random
import re
import subprocess
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "vectors"))
from minilm import number  # noqa: E402

FOLDER = Path(__file__).resolve().parent.parent.parent / "build" / "bench-text"
DICTIONARIES = ("dict-gcide", "dict-foldoc", "dict-jargon", "dict-wn")
PACKAGES = DICTIONARIES + ("rust-doc", "postgresql-doc-15", "python3.11-doc", "debian-reference-en")
PASSAGE = 1000  # characters
TAG = re.compile(r"(?is)<(script|style|nav)[^>]*>.*?</\1>|<[^>]+>")
TITLE = re.compile(r"(?is)<title>(.*?)</title>")


def unpack(packages):
    """The folder /usr/share of these packages."""
    folder = FOLDER / "packages"
    folder.mkdir(parents=True, exist_ok=True)
    for name in packages:
        done = folder / f"{name}.done"
        if done.exists():
            continue
        subprocess.run(["apt-get", "download", "-q", name], cwd=folder, check=True)
        subprocess.run(["dpkg", "-x", next(folder.glob(f"{name}_*.deb")), folder / "root"], check=True)
        done.touch()
    return folder / "root" / "usr" / "share"


def entries(share, name):
    """Headword and text of each entry of a dictionary."""
    data = gzip.decompress((share / "dictd" / f"{name}.dict.dz").read_bytes())
    seen = set()
    for line in (share / "dictd" / f"{name}.index").read_text(encoding="utf-8", errors="replace").splitlines():
        parts = line.split("\t")
        if len(parts) < 3 or parts[0].startswith("00") or parts[1] in seen:
            continue
        seen.add(parts[1])
        begin = number(parts[1])
        yield parts[0], data[begin:begin + number(parts[2])].decode("utf-8", "replace")


def clean(text):
    return re.sub(r"\s+", " ", text).strip()


def texts(share):
    for name in ("gcide", "foldoc", "jargon", "wn"):
        yield from (text for _, text in entries(share, name))
    for path in sorted((share / "doc").glob("**/*.html")):
        if "/src/" in str(path) or not path.is_file():
            continue
        page = path.read_text(encoding="utf-8", errors="replace")
        if len(page) <= 3_000_000:
            yield html.unescape(TAG.sub(" ", page))


def passages(count):
    """The first `count` of all, or all of them for None."""
    file = FOLDER / "passages.jsonl"
    if not file.exists():
        share = unpack(PACKAGES)
        with open(FOLDER / "passages.part", "w", encoding="utf-8") as out:
            for text in map(clean, texts(share)):
                if len(text) >= 40:
                    for at in range(0, len(text), PASSAGE):
                        out.write(json.dumps(text[at:at + PASSAGE], ensure_ascii=False) + "\n")
        (FOLDER / "passages.part").rename(file)
    with open(file, encoding="utf-8") as lines:
        return [json.loads(line) for place, line in enumerate(lines) if count is None or place < count]


def relevance(documents=2000, queries=300, seed=3):
    """Documents, and queries: query i is WordNet's gloss of a word without the word; right is document i alone, the entry of
    that word in the Collaborative International Dictionary of English."""
    share = unpack(("dict-gcide", "dict-wn"))
    glosses, texts_of = {}, {}
    for word, text in entries(share, "wn"):
        glosses.setdefault(word.lower(), text)
    for word, text in entries(share, "gcide"):
        texts_of.setdefault(word.lower(), text)
    words = [word for word in glosses if word in texts_of and word.isalpha() and len(word) > 4 and len(texts_of[word]) > 150]
    random.Random(seed).shuffle(words)

    def query(word):
        text = clean(glosses[word])
        match = re.search(r"(?:\b(?:n|v|adj|adv)(?: 1)?: )(.*?)(?:;|\[| 2:|$)", text)
        return clean(re.sub(re.escape(word) + r"\w*", " ", (match.group(1) if match else text)[:200], flags=re.IGNORECASE))

    return [clean(texts_of[word])[:450] for word in words[:documents]], [query(word) for word in words[:queries]]
