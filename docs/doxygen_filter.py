#!/usr/bin/env python3
"""Prints a header with its comments as Doxygen wants them: doxygen_filter.py HEADER

The headers' comments are plain: `//` before what they describe, or behind it on its line. Here these become `///` and
`///<`. The first comment of a file is that of the file, and also of the class that it names first ("Status: the one
error type"). Examples and tables, lines that are indented, become code blocks, and characters that Doxygen would take
for commands stand for themselves.
"""

import re
import sys

# Code, and behind it a comment. Quotes hide slashes.
TRAILING = re.compile(r"""^(?P<code>(?:[^"'/]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|/(?!/))*?)\s*//\s?(?P<text>.*)$""")
SECTION = re.compile(r"^-{4}")  # "// ---- writing ----" describes nothing
NOT_A_DECLARATION = re.compile(r"^\s*(#|}|namespace\b|(public|protected|private):)")
INDENTED = re.compile(r"^ {2,}\S|^\S.* {4,}\S")
COMMAND = re.compile(r"[\\@<>&#*%~]")
SUBJECT = re.compile(r"^(\w+)(?:<\w+>)?(?: and \w+)?: ")


def escaped(text):
    """Text that stands for itself, outside of backticks."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else COMMAND.sub(r"\\\g<0>", part) for part in parts)


def comment_of(texts):
    """The lines of one comment, without their slashes and the space behind them, as Doxygen wants them."""
    in_code = False
    for text in texts:
        if in_code != bool(INDENTED.match(text)):
            in_code = not in_code
            yield "@code{.cpp}" if in_code else "@endcode"
        yield text if in_code else escaped(text)
    if in_code:
        yield "@endcode"


def head_of(texts, code):
    """The file's own comment: that of the file, and of the class it is about."""
    yield from ["@file", *comment_of(texts)]
    subject = SUBJECT.match(texts[0])
    if subject and re.search(rf"^class (?:\[\[nodiscard\]\] )?{subject[1]}\b[^;]*{{", code, re.MULTILINE):
        # The text of it that says what the class is; the rest is there as the file's.
        yield from ["", f"@class quipu::{subject[1]}", *comment_of(texts)]


def filtered(code):
    lines = code.splitlines()
    at = 0
    column = None  # of the comment behind the code of the line before
    while at < len(lines):
        line = lines[at]
        begin = len(line) - len(line.lstrip())
        if line[begin:].startswith("//") and begin == column:
            yield f"{line[:begin]}///< {escaped(line[begin + 2:].strip())}"
            at += 1
        elif line[begin:].startswith("//"):
            texts = []
            first = at
            while at < len(lines) and lines[at].startswith(line[:begin] + "//"):
                texts.append(lines[at][begin + 2:].removeprefix(" "))
                at += 1
            if not SECTION.match(texts[0]):
                made = head_of(texts, code) if first == 0 else comment_of(texts)
                yield from (f"{line[:begin]}/// {text}".rstrip() for text in made)
            column = None
        else:
            found = TRAILING.match(line)
            column = None
            if found and found["code"].strip() and not NOT_A_DECLARATION.match(line):
                column = line.index("//", len(found["code"]))
                line = f"{found['code']}  ///< {escaped(found['text'])}"
            yield line
            at += 1


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as header:
        print("\n".join(filtered(header.read())))
