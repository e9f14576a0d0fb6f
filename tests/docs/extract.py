#!/usr/bin/env python3
"""Makes C++ files of the examples in the documentation.

    extract.py header HEADER CONTEXT OUT   the example on top of a header, inside its context
    extract.py readme README OUT           the ```cpp block of a Markdown file, a whole program

A header's example is the first run of lines that begin with "//   " in its opening comment. In the context file
it takes the place of the line EXAMPLE. What an example leaves out ("...") is left out here too, and a path below
/data becomes one in the current directory.
"""

import re
import sys
from pathlib import Path


def header_example(header):
    """The lines of the example on top of a header; empty when it has none."""
    lines = []
    for line in Path(header).read_text(encoding="utf-8").splitlines():
        if not line.startswith("//"):
            break
        if re.match(r"//   [^ *]", line) or (lines and line.startswith("//    ")):
            lines.append(line[5:])
        elif lines:
            break
    return lines


def as_code(lines):
    code = [line for line in lines if not line.startswith("...")]
    text = "".join(f"  {line}\n" for line in code)
    text = text.replace("{...}", "{}").replace("(...)", "()").replace('"/data/', '"')
    return re.sub(r" \.\.\.$", "", text, flags=re.MULTILINE)


def with_context(header, context):
    text = Path(context).read_text(encoding="utf-8")
    marked = re.findall(r"^EXAMPLE\n", text, flags=re.MULTILINE)
    if len(marked) != 1:
        raise SystemExit(f"{context}: exactly one line must be EXAMPLE")
    example = header_example(header)
    if not example:
        raise SystemExit(f"{header} has no example on top")
    note = f"// Made from {Path(header).name} and {Path(context).name}.\n"
    return note + re.sub(r"^EXAMPLE\n", lambda _: as_code(example), text, flags=re.MULTILINE)


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
