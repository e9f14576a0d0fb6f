#!/usr/bin/env python3
"""Makes C++ files of the examples in the documentation.

    extract.py header HEADER CONTEXT OUT   the examples of a header, inside its context
    extract.py readme README OUT           the ```cpp block of a Markdown file, a whole program

A header's examples are those of its comments that begin a line: of each the first run of lines that begin with
"//   ". In the context file each takes the place of a line EXAMPLE, in their order. What an example leaves out
("...") is left out here too, and a path below /data becomes one in the current directory.
"""

import re
import sys
from pathlib import Path


def comments(header):
    """The comments of a header that begin a line, each a list of lines."""
    comment = []
    for line in Path(header).read_text(encoding="utf-8").splitlines() + [""]:
        if line.startswith("//"):
            comment.append(line)
        elif comment:
            yield comment
            comment = []


def example_of(comment):
    """The first run of lines in a comment that begin with "//   "; empty when it has none."""
    lines = []
    for line in comment:
        if re.match(r"//   [^ *]", line) or (lines and line.startswith("//    ")):
            lines.append(line[5:])
        elif lines:
            break
    return lines


def header_examples(header):
    return [example for example in map(example_of, comments(header)) if example]


def as_code(lines):
    code = [line for line in lines if not line.startswith("...")]
    text = "".join(f"  {line}\n" for line in code)
    text = text.replace("{...}", "{}").replace("(...)", "()").replace('"/data/', '"')
    return re.sub(r" \.\.\.$", "", text, flags=re.MULTILINE)


def with_context(header, context):
    text = Path(context).read_text(encoding="utf-8")
    examples = header_examples(header)
    marked = re.findall(r"^EXAMPLE\n", text, flags=re.MULTILINE)
    if not examples or len(marked) != len(examples):
        raise SystemExit(f"{header} has {len(examples)} examples, {context} {len(marked)} lines that are EXAMPLE")
    note = f"// Made from {Path(header).name} and {Path(context).name}.\n"
    return note + re.sub(r"^EXAMPLE\n", lambda _: as_code(examples.pop(0)), text, flags=re.MULTILINE)


def readme_program(readme):
    blocks = re.findall(r"^```cpp\n(.*?)^```$", Path(readme).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    if len(blocks) != 1:
        raise SystemExit(f"{readme}: expected one cpp block, found {len(blocks)}")
    return blocks[0]


def main(arguments):
    if arguments[0] == "header" and len(arguments) == 4:
        text = with_context(arguments[1], arguments[2])
    elif arguments[0] == "readme" and len(arguments) == 3:
        text = readme_program(arguments[1])
    else:
        raise SystemExit(__doc__)
    Path(arguments[-1]).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
