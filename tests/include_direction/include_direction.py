#!/usr/bin/env python3
"""Checks that #includes point in the one direction that docs/architecture.md draws, and the rules that keep it so.

usage: include_direction.py ROOT   prints one line per broken rule; exit 1 if there is one.
"""

import re
import sys
from pathlib import Path

# What each room may include. A new room is a line here and in cmake/EquipoiseRooms.cmake, and an arrow in
# docs/architecture.md.
ROOMS = {
    "core": "",
    "ensemble": "core",
    "problems": "core",
    "exact": "core",
    "theory": "core exact",
    "page": "core",
    "solve": "core problems exact theory page",
    "sweep": "core ensemble problems exact solve",
    "atlas": "core exact theory page sweep",
    "paper": "core ensemble problems exact theory page atlas solve",
    "io": "core problems page",
    "store": "core problems page io solve sweep atlas paper theory exact",
    "certify": "core exact theory solve",
}
ALL_ROOMS = set(ROOMS)
MAY_INCLUDE = {f"equipoise/{room}": {room, *below.split()} for room, below in ROOMS.items()}
MAY_INCLUDE |= {
    "mpi": {"core", "problems", "solve"},
    "apps/web": {"core", "ensemble", "problems", "theory", "exact", "page", "solve"},
    "apps/cli": ALL_ROOMS,
    "python": ALL_ROOMS,
    "bench": ALL_ROOMS,
    "examples": ALL_ROOMS,
    "tests": ALL_ROOMS,
}
# Within a room: the first may not include the second.
WITHIN = {"equipoise/ensemble/tiny": "equipoise/ensemble/small"}
# Nobody but io and store opens files; core does not print or ask for the environment either.
OPENS_FILES = {"fstream", "filesystem", "cstdio", "stdio.h", "fcntl.h"}
PRINTS = {"iostream", "cstdio", "stdio.h", "print"}
FILE_CALLS = re.compile(r"\b(fopen|freopen|ifstream|ofstream|std::filesystem)\b")
OPENING_ROOMS = ("equipoise/io", "equipoise/store")
ENVIRONMENT_CALLS = re.compile(r"\b(secure_getenv|getenv|setenv|putenv)\b")
# The library that a header may include: find_package(equipoise) finds it. The others are known to .cpp files alone.
IN_HEADERS = ("Eigen/",)
# The standard library's own headers have no dot and no slash.
STANDARD_HEADER = re.compile(r"[a-z_0-9]+")

INCLUDE = re.compile(r"""^[ \t]*#[ \t]*(?:include|define[ \t]+HWY_TARGET_INCLUDE)[ \t]*[<"]([^>"]+)[>"]""", re.MULTILINE)
NOT_CODE = re.compile(
    r"""//[^\n]* | /\*.*?\*/ | R"(?P<mark>[^()\\\s]*)\(.*?\)(?P=mark)" | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])+'""",
    re.VERBOSE | re.DOTALL,
)


def without_comments(text, keep_strings):
    def blank(match):
        plain_string = not match.group().startswith(("//", "/*", "R"))
        return match.group() if keep_strings and plain_string else " "

    return NOT_CODE.sub(blank, text)


def part_of(path):
    """The key of MAY_INCLUDE that a file stands under, or None."""
    return next((part for part in MAY_INCLUDE if path.startswith(part + "/")), None)


def is_test(path):
    return path.endswith("_test.cpp") or path.startswith("tests/") or path.split("/")[-1].startswith("test_")


def problems_of_includes(path, text, exists_beside):
    part = part_of(path)
    if part is None:
        yield "stands in no module that MAY_INCLUDE of include_direction.py knows"
        return
    for name in INCLUDE.findall(without_comments(text, keep_strings=True)):
        if name.startswith("equipoise/"):
            module = name.split("/")[1]
            for below, above in WITHIN.items():
                if path.startswith(below + "/") and name.startswith(above + "/") and not is_test(path):
                    yield f'{below} may not include "{name}": {above} stands on it'
            if not is_test(path) and module not in MAY_INCLUDE[part] and "." not in module:
                yield f'{part} may not include "{name}": it may know {", ".join(sorted(MAY_INCLUDE[part]))}'
            continue
        if exists_beside(name) and path.startswith("equipoise/"):
            yield f'"{name}": write the whole path, "equipoise/..."'
        heavy = name.split("/")[0] in ("Spectra", "hwy")
        if path.startswith("equipoise/") and path.endswith(".hpp") and not is_test(path):
            if path.endswith("-inl.hpp"):  # for .cpp files alone, and not installed
                continue
            if not name.startswith(IN_HEADERS) and not STANDARD_HEADER.fullmatch(name):
                yield f"<{name}> in a header: headers include the standard library, Eigen and equipoise, nothing else"
        elif heavy and path.endswith(".hpp"):
            yield f"<{name}> in a header: Spectra and Highway are included by .cpp files alone"
        if path.startswith("equipoise/") and not is_test(path):
            if part not in OPENING_ROOMS and name in OPENS_FILES:
                yield f"<{name}>: only io and store open files"
            elif part == "equipoise/core" and name in PRINTS:
                yield f"<{name}>: core does not print"


def problems_of_calls(path, text):
    if not path.startswith("equipoise/") or is_test(path):
        return
    code = without_comments(text, keep_strings=False)
    if not path.startswith(tuple(room + "/" for room in OPENING_ROOMS)):
        for call in sorted(set(FILE_CALLS.findall(code))):
            yield f"{call}: only io and store open files"
    if path.startswith("equipoise/core/"):
        for call in sorted(set(ENVIRONMENT_CALLS.findall(code))):
            yield f"{call}: core does not read the environment"


def problems_of_first_line(path, text):
    lines = text.splitlines() or [""]
    first = lines[1] if lines[0].startswith("#!") and len(lines) > 1 else lines[0]
    mark = r'(#|""")' if path.endswith(".py") else "//"
    if not re.match(mark + r"\s*\w.*\w.*", first):
        yield "the first line is no comment that says the file's idea"


def problems_of_build(path, root):
    """Every .cpp of the library and the command is named in a CMakeLists.txt beside it or above it."""
    if not path.endswith(".cpp") or not path.startswith(("equipoise/", "apps/cli/")):
        return
    file = root / path
    for folder in file.parents:
        lists = folder / "CMakeLists.txt"
        if lists.is_file():
            build = re.sub(r"#[^\n]*", "", lists.read_text(encoding="utf-8"))
            name = re.escape(file.relative_to(folder).as_posix())
            # A file of two, of which a setting picks one.
            backend = "[$][{]EQUIPOISE_THREADS_BACKEND[}]"
            name = re.sub(r"_(serial|tbb)\\[.]", lambda found: f"_({found.group(1)}|{backend})[.]", name)
            if re.search(r"(?<![\w/])([.][.]/[a-z]+/)?" + name + r"(?![\w.])", build):
                return
        if folder == root:
            break
    yield "is named in no CMakeLists.txt: it is never compiled"


def problems_of_installation(root):
    """A header that is installed includes headers that are."""
    public = set()
    for lists in sorted(root.glob("equipoise/*/CMakeLists.txt")):
        text = re.sub(r"#[^\n]*", "", lists.read_text(encoding="utf-8"))
        for listed in re.findall(r"\bHEADERS\s([^)]*?)(?:LINKS|ALONE|SOURCES|\))", text):
            public |= {f"equipoise/{lists.parent.name}/{name}" for name in listed.split()}
    for path in sorted(public):
        if not (root / path).is_file():
            yield f"{path}: is listed under HEADERS and is not there"
            continue
        for name in INCLUDE.findall(without_comments((root / path).read_text(encoding="utf-8"), keep_strings=True)):
            if name.startswith("equipoise/") and name not in public:
                yield f'{path}: is installed and includes "{name}", which is under no HEADERS of a CMakeLists.txt'


def problems_of_rooms(root):
    """cmake/EquipoiseRooms.cmake links every room to those that it may include."""
    rooms = root / "cmake/EquipoiseRooms.cmake"
    if not rooms.is_file():
        return
    text = rooms.read_text(encoding="utf-8")
    linked = dict(re.findall(r"^set\(equipoise_on_(\w+) ([\w ]+)\)", text, re.MULTILINE))
    built = re.search(r"^set\(equipoise_all_rooms ([\w ]+)\)", text, re.MULTILINE).group(1).split()
    for room in built:
        if set(linked.get(room, "").split()) != set(ROOMS.get(room, "?").split()):
            yield f"cmake/EquipoiseRooms.cmake: {room} stands on '{linked.get(room)}'; ROOMS says '{ROOMS.get(room)}'"


def problems(root):
    """Lines 'path: what is wrong' for the tree at root, sorted by path."""
    root = Path(root)
    found = [*problems_of_rooms(root), *problems_of_installation(root)]
    tops = sorted({part.split("/")[0] for part in MAY_INCLUDE})
    files = sorted(file for top in tops for file in (root / top).rglob("*") if file.suffix in (".hpp", ".cpp", ".py"))
    for file in files:
        path = file.relative_to(root).as_posix()
        text = file.read_text(encoding="utf-8")
        broken = list(problems_of_first_line(path, text))
        if file.suffix != ".py":
            broken += problems_of_includes(path, text, lambda name, file=file: (file.parent / name).exists())
            broken += problems_of_calls(path, text)
            broken += problems_of_build(path, root)
        found += [f"{path}: {line}" for line in broken]
    if not any(file.suffix == ".hpp" for file in files):
        found.append(f"{root}: holds no header; is it the root of the project?")
    return found


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = problems(sys.argv[1])
    print("\n".join(found) if found else "every #include points in the agreed direction")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
