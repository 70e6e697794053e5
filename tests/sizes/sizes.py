#!/usr/bin/env python3
"""Checks that no file of the source has over 450 lines and no function over 120, and that every .cpp file is tested.

usage: sizes.py ROOT   prints one line per broken rule; exit 1 if there is one.

A .cpp file of the library or of the command has X_test.cpp beside it, or a line "// Tested in PATH" (several paths: one
line each) that names a test that is there.
"""

import ast
import re
import sys
from pathlib import Path

MOST_LINES = 450
MOST_LINES_OF_A_FUNCTION = 120
FOLDERS = ("apps", "bench", "cmake", "data", "docs", "equipoise", "examples", "mpi", "python", "scripts", "tests")
ENDINGS = (".cpp", ".hpp", ".py", ".mjs", ".js", ".css", ".sh", ".cmake", ".txt")
NOT_SOURCE = ("bench/runs/", "tests/fuzz/corpus/", "data/digits")

# Files that are being cut; a name that is not needed here any more is a mistake, too.
LONG_FOR_NOW = set()
# Folders and files whose tests have yet to be named.
UNTESTED_FOR_NOW = ()

NOT_CODE = re.compile(
    r"""//[^\n]* | /\*.*?\*/ | R"(?P<mark>[^()\\\s]*)\(.*?\)(?P=mark)" | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])'
        | ^[ \t]*\#(?:[^\n\\]|\\.|\\\n)*""",
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
NO_FUNCTION = re.compile(r"^\s*(inline\s+)?(namespace|extern)\b|\b(struct|class|union|enum)\b[^()]*$")


def cpp_functions(text):
    """(name, first line, lines) of every function in C++ source, found by its braces."""
    code = NOT_CODE.sub(lambda found: "\n" * found.group().count("\n") or " ", text)
    found = []
    head_from = 0  # where the text begins that stands before the next brace
    scopes = 0  # braces of namespaces and classes
    inside = 0  # braces of a function; -1: in the list of a constructor
    begin = name = None
    for at, char in enumerate(code):
        if inside < 0:  # between the members in the list of a constructor
            inside = 1 if char == "{" else -1
            continue
        if inside:
            inside += {"{": 1, "}": -1}.get(char, 0)
            if inside == 0:
                if code[at + 1 : at + 200].lstrip().startswith((",", "{")):
                    inside = -1
                    continue
                found.append((name, code.count("\n", 0, begin) + 1, code.count("\n", begin, at) + 1))
                head_from = at + 1
            continue
        if char == "{":
            head = code[head_from:at]
            if "(" in head and not NO_FUNCTION.search(head):
                begin = head_from + len(head) - len(head.lstrip())
                name = (re.findall(r"([\w:~]+)\s*\(", head) or ["?"])[0]
                inside = 1
            else:
                scopes += 1
                head_from = at + 1
        elif char == "}":
            scopes -= 1
            head_from = at + 1
        elif char == ";":
            head_from = at + 1
    return found


def python_functions(text):
    tree = ast.parse(text)
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [node for node in ast.walk(tree) if isinstance(node, kinds)]
    return [(node.name, node.lineno, node.end_lineno - node.lineno + 1) for node in nodes]


def problems_of_size(path, text):
    lines = text.count("\n")
    if (lines > MOST_LINES) != (path in LONG_FOR_NOW):
        if path in LONG_FOR_NOW:
            yield f"has {lines} lines: take it off LONG_FOR_NOW of sizes.py"
        else:
            yield f"has {lines} lines; {MOST_LINES} are the most"
    if path in LONG_FOR_NOW:
        return
    functions = []
    if path.endswith((".cpp", ".hpp")):
        functions = cpp_functions(text)
    elif path.endswith(".py"):
        functions = python_functions(text)
    for name, first, length in functions:
        if length > MOST_LINES_OF_A_FUNCTION:
            yield f"line {first}: {name} has {length} lines; {MOST_LINES_OF_A_FUNCTION} are the most"


def problems_of_tests(root, path, text):
    if not path.startswith(("equipoise/", "apps/")) or not path.endswith(".cpp") or path.startswith(UNTESTED_FOR_NOW):
        return
    name = path.split("/")[-1]
    if name.endswith("_test.cpp") or name.startswith("test_"):
        return
    if (root / path.replace(".cpp", "_test.cpp")).is_file():
        return
    named = re.findall(r"^// Tested in (\S+)$", text, re.MULTILINE)
    if not named:
        yield 'has no test beside it and no line "// Tested in PATH"'
    for test in named:
        if not (root / test).is_file():
            yield f"is tested in {test}, which is not there"


def problems(root):
    """Lines 'path: what is wrong' for the tree at root, sorted by path."""
    root = Path(root)
    found = []
    for folder in FOLDERS:
        for file in sorted((root / folder).rglob("*")):
            path = file.relative_to(root).as_posix()
            bash = folder == "scripts" and file.is_file() and "." not in file.name
            if not file.is_file() or not (bash or file.suffix in ENDINGS) or path.startswith(NOT_SOURCE):
                continue
            if "node_modules" in path or "__pycache__" in path or "/build/" in path:
                continue
            text = file.read_text(encoding="utf-8")
            found += [f"{path}: {line}" for line in problems_of_size(path, text)]
            found += [f"{path}: {line}" for line in problems_of_tests(root, path, text)]
    return found


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = problems(sys.argv[1])
    print("\n".join(found) if found else "no file and no function is too long, and every .cpp file is tested")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
