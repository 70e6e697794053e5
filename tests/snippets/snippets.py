#!/usr/bin/env python3
"""Runs the commands that the documentation shows, so that what it shows is true.

usage: snippets.py ROOT EQUIPOISE [PAGE...]   default: README.md, CONTRIBUTING.md and docs/*.md of ROOT

Of every page, in order and in one scratch copy of the project's files:
  ```sh        each `equipoise ...` or `build/release/equipoise ...` command is run; it must exit with 0, or with N where
               the line ends in `# exit N`. Scripts of the project, git, cmake, ctest and apt are not run: the script, the
               preset and the package they name must exist.
  ```console   each line `$ command` is run and its output compared with the lines that follow, exactly, except that
               times (12.3 s) and rates (1e5 steps/s) may differ. A line `[...]` stands for any number of lines.
A command that is none of these fails, so nothing is skipped in silence.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

SECONDS_PER_COMMAND = 60
# May stand beside equipoise: small programs that every Debian has.
PLAIN_TOOLS = {"cat", "cd", "cut", "echo", "grep", "gunzip", "gzip", "head", "ls", "mkdir", "printf", "python3",
               "seq", "sort", "tail", "wc"}
FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[\w-]*) *$")
EXIT = re.compile(r"#\s*exit (\d+)\s*$")
MEASURED = re.compile(r" *\b[0-9][0-9.,']*(?:e[-+]?[0-9]+)?(?: ?[kMG]| million)? ?(?P<unit>MiB|steps/s|s|ms|min)\b")
# A bound of rounding errors follows the last bits of a run, which are a processor's own: its power of ten is compared.
ROUNDING = re.compile(r"\b(?P<words>with an error of at most) [0-9.]+(?P<power>e-[0-9]+)")


class Command(NamedTuple):
    line: int
    text: str
    expected: "list[str] | None"  # lines of output; None where any output is right


def blocks(text):
    """Yields (line number of the first line, language, lines) of every fenced block."""
    fence, start, lines = None, 0, []
    for number, line in enumerate(text.splitlines(), 1):
        match = FENCE.match(line)
        if fence is None:
            if match:
                fence, start, lines = match, number + 1, []
        elif match and not match["language"] and match["indent"] == fence["indent"]:
            yield start, fence["language"], lines
            fence = None
        else:
            lines.append(line.removeprefix(fence["indent"]))
    if fence is not None:
        raise ValueError(f"line {start - 1}: the block is never closed")


def commands_of(text):
    """Every command of a page, in order. Raises ValueError for a block that cannot be understood."""
    for start, language, lines in blocks(text):
        if language in ("bash", "shell", "shell-session"):
            raise ValueError(f"line {start - 1}: write ```sh or ```console, which are tested, not ```{language}")
        if language == "sh":
            yield from commands_of_script(start, lines)
        elif language == "console":
            yield from commands_of_session(start, lines)


def commands_of_script(start, lines):
    joined, first = "", start
    for number, line in enumerate(lines, start):
        first = first if joined else number
        joined += line
        if joined.endswith("\\"):
            joined += "\n"
            continue
        if joined.strip() and not joined.lstrip().startswith("#"):
            yield Command(first, joined.strip(), None)
        joined = ""
    if joined:
        raise ValueError(f"line {first}: the command ends in a backslash")


def commands_of_session(start, lines):
    command, expected, first = None, [], start
    for number, line in enumerate(lines, start):
        if command is not None and command.endswith("\\") and not expected:
            command += "\n" + line.removeprefix("> ")
        elif line.startswith("$ "):
            if command is not None:
                yield Command(first, command, expected)
            command, expected, first = line[2:], [], number
        elif command is None:
            raise ValueError(f"line {number}: output before the first line that starts with '$ '")
        else:
            expected.append(line)
    if command is not None:
        yield Command(first, command, expected)


def words_of(text):
    """The first word of every simple command in a line, without assignments and redirections."""
    text = re.sub(r"\\\n", " ", text)
    text = re.sub(r"'[^']*'|\"[^\"]*\"", "quoted", text)
    text = re.sub(r"(^|\s)#.*", "", text)
    text = re.sub(r"\d*>&\d+", "", text)
    for part in re.split(r"\|\||&&|[|;&]", text):
        words = [word for word in part.split() if not re.match(r"\w+=", word)]
        if words:
            yield words


def missing_piece(words, root):
    """What a command that is not run names and the project does not have; None where all is there."""
    if words[0] == "sudo":
        words = words[1:]
    program = words[0].removeprefix("./")
    if "/" in program:
        path = root / program
        return None if path.is_file() and path.stat().st_mode & 0o100 else f"{program} is no program of the project"
    if program in ("bash", "sh") and len(words) > 1:
        return None if (root / words[1]).is_file() else f"{words[1]} does not exist"
    if program in ("cmake", "ctest"):
        presets = json.loads((root / "CMakePresets.json").read_text(encoding="utf-8"))
        known = {preset["name"] for kind in ("configurePresets", "buildPresets", "testPresets")
                 for preset in presets.get(kind, []) if not preset.get("hidden")}
        named = [after for word, after in zip(words, words[1:]) if word == "--preset"]
        named += [word.removeprefix("--preset=") for word in words if word.startswith("--preset=")]
        unknown = [name for name in named if name not in known]
        return f"there is no preset {unknown[0]}" if unknown else None
    if program in ("git", "apt", "apt-get"):
        return None
    return f"'{program}' is neither equipoise nor a command that this test knows"


def is_equipoise(word):
    return word in ("equipoise", "build/release/equipoise", "./build/release/equipoise")


def comparable(lines):
    """Lines without what no two runs have in common, and without blank ends."""
    text = "\n".join(line.rstrip() for line in lines).strip("\n")
    return ROUNDING.sub(r"\g<words> #\g<power>", MEASURED.sub(r" # \g<unit>", text)).split("\n")


def agree(expected, printed):
    """True where the lines are equal; `[...]` in expected stands for any number of lines."""
    if "[...]" not in expected:
        return expected == printed
    cut = expected.index("[...]")
    head, rest = expected[:cut], expected[cut + 1:]
    if printed[:cut] != head:
        return False
    return any(agree(rest, printed[skip:]) for skip in range(cut, len(printed) + 1))


def scratch_copy(root, equipoise, folder):
    """A folder that looks like the project after scripts/build, where a command may write as it likes."""
    work = folder / "project"
    (work / "build/release").mkdir(parents=True)
    (folder / "home").mkdir()
    (folder / "bin").mkdir()
    (work / "build/release/equipoise").symlink_to(equipoise)
    (folder / "bin/equipoise").symlink_to(equipoise)
    for name in ("data", "examples", "experiments"):
        if (root / name).is_dir():
            shutil.copytree(root / name, work / name)
    return work


def run(command, work):
    """The exit status and the lines printed by a command on stdout and stderr together, as a terminal shows them."""
    folder = work.parent
    environment = {"HOME": str(folder / "home"), "PATH": f"{folder / 'bin'}:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command.text], cwd=work, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS_PER_COMMAND, check=False)
    except subprocess.TimeoutExpired:
        return None, []
    return done.returncode, done.stdout.decode("utf-8", "replace").splitlines()


def problem_of(command, root, work):
    """What is wrong with one command of a page, or None."""
    simple = list(words_of(command.text))
    if all(words[0] == "cd" for words in simple):
        return None  # into the fresh clone, where the scratch copy is already
    strange = [words for words in simple if not is_equipoise(words[0]) and words[0] not in PLAIN_TOOLS]
    if strange and any(is_equipoise(words[0]) for words in simple):
        return f"'{strange[0][0]}' stands beside equipoise, and this test does not know it"
    if strange and command.expected:
        return f"'{strange[0][0]}' is not run by this test, so its output cannot be shown as a session"
    if strange:
        return next((wrong for words in strange if (wrong := missing_piece(words, root))), None)
    wanted = int(match[1]) if (match := EXIT.search(command.text)) else 0
    status, printed = run(command, work)
    if status is None:
        return f"ran longer than {SECONDS_PER_COMMAND} s"
    if status != wanted:
        return "\n".join([f"exit {status}, expected {wanted}", *printed])
    if command.expected is not None:
        shown, real = comparable(command.expected), comparable(printed)
        if not agree(shown, real):
            return "\n  ".join(["the page shows", *shown]) + "\n" + "\n  ".join(["but it printed", *real])
    return None


def problems(root, equipoise, pages=None):
    """(commands seen, lines 'page:line: what is wrong') for pages, by default all of the project's."""
    root, equipoise = Path(root).resolve(), Path(equipoise).resolve()
    if pages is None:
        pages = [root / "README.md", root / "CONTRIBUTING.md", *sorted((root / "docs").glob("*.md"))]
    seen, found = 0, []
    for page in map(Path, pages):
        try:
            commands = list(commands_of(page.read_text(encoding="utf-8")))
        except (OSError, ValueError) as wrong:
            found.append(f"{page.name}: {wrong}")
            continue
        seen += len(commands)
        with tempfile.TemporaryDirectory() as folder:
            work = scratch_copy(root, equipoise, Path(folder))
            for command in commands:
                if wrong := problem_of(command, root, work):
                    found.append(f"{page.name}:{command.line}: {command.text}\n    " + wrong.replace("\n", "\n    "))
    return seen, found


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    seen, found = problems(sys.argv[1], sys.argv[2], sys.argv[3:] or None)
    print("\n".join(found) if found else f"{seen} commands of the documentation do what it says")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
