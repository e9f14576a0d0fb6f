#!/usr/bin/env python3
"""The pages of the site: those of docs/, and those made of what the code says of itself.

    generate_pages.py QUIPU OUT   (the command, built; a folder, which is made anew)

Made are command.md, from the help of each command, and python_api.md, from the docstrings of what `quipu` exports.
"""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GENERATED = ("command.md", "python_api.md", "cpp/index.html")


def command_page(quipu):
    def help_of(*command):
        return subprocess.run([quipu, *command, "--help"], check=True, capture_output=True, text=True).stdout.rstrip()

    top = help_of()
    names = re.findall(r"(?m)^  (\S+)", top.partition("Commands:\n")[2].partition("\n\n")[0])
    parts = ["# The command\n\n`man quipu` has more of each.\n", f"```text\n{top}\n```\n"]
    parts += [f"## {name}\n\n```text\n{help_of(name)}\n```\n" for name in names]
    return "\n".join(parts)


def exported():
    """(name, module) of all that `from quipu import name` gives, in the order of their names."""
    tree = ast.parse((ROOT / "python" / "quipu" / "__init__.py").read_text(encoding="utf-8"))
    names = [(alias.name, node.module) for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    return sorted((name, module) for name, module in names if not name.startswith("_") and module != "quipu._native")


def signature(node):
    """Of a function, as it is written, without its body."""
    text = ast.unparse(node).partition('"""')[0]
    head = ast.unparse(ast.FunctionDef(node.name, node.args, [ast.Pass()], [], node.returns, lineno=0))
    return ("async " if text.startswith("async") else "") + head.partition(":\n")[0]


def docstring(node):
    """As Markdown: what is indented deeper, such as arguments, becomes a list; ``code`` loses a pair of ticks."""
    text = ast.get_docstring(node)
    if text is None:
        return ""
    text = re.sub(r"``(.+?)``", r"`\1`", text)
    text = re.sub(r"(?m)^(Args|Raises|Returns|Warns|Attributes):$", r"\n**\1**\n", text)
    return re.sub(r"(?m)^    (\w[\w, *]*): ", r"- `\1`: ", re.sub(r"(?m)^        (\S)", r"  \1", text)) + "\n"


def fields(node, lines):
    """Of a dataclass or a named tuple, as they are written, with their comments."""
    own = [each for each in node.body if isinstance(each, ast.AnnAssign) and not each.target.id.startswith("_")]
    return "```python\n{}\n```\n".format("\n".join(lines[each.lineno - 1].strip() for each in own)) if own else ""


def python_page():
    parts = ["# Python, every class and function\n\nAll are imported from `quipu`. [The Python page](python.md) explains them.\n"]
    for name, module in exported():
        path = ROOT / "python" / (module.replace(".", "/") + ".py")
        text = path.read_text(encoding="utf-8")
        found = [node for node in ast.parse(text).body if getattr(node, "name", None) == name]
        if not found:
            continue  # a type, or made by a call
        node = found[0]
        parts.append(f"## {name}\n")
        if not isinstance(node, ast.ClassDef):
            parts.append(f"```python\n{signature(node)}\n```\n\n{docstring(node)}")
            continue
        parts.append(docstring(node))
        if any(isinstance(each, ast.Call) and each.func.id == "dataclass" for each in node.decorator_list) or node.bases and ast.unparse(
            node.bases[0]
        ) in ("NamedTuple", "TypedDict"):
            parts.append(fields(node, text.splitlines()))
        for each in node.body:
            if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef)) and not each.name.startswith("_") and ast.get_docstring(each):
                parts.append(f"### {name}.{each.name}\n\n```python\n{signature(each)}\n```\n\n{docstring(each)}")
    return "\n".join(parts)


def main(quipu, out):
    pages = Path(out)
    shutil.rmtree(pages, ignore_errors=True)
    shutil.copytree(ROOT / "docs", pages, ignore=shutil.ignore_patterns("*.py", "Doxyfile", "__pycache__"))
    (pages / "command.md").write_text(command_page(quipu), encoding="utf-8")
    (pages / "python_api.md").write_text(python_page(), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
