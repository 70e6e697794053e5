#!/usr/bin/env python3
"""Shows that snippets.py finds a page that does not tell the truth, with a made-up project and a made-up command."""

import tempfile
import unittest
from pathlib import Path

from snippets import agree, blocks, commands_of, comparable, problems, words_of

# Stands for equipoise: "fail N" exits with N, "slow" prints a new time on every call, "see FILE" needs a file,
# "write FILE" makes one, "where" prints HOME, everything else prints its arguments.
COMMAND = """#!/bin/bash
case $1 in
  fail) echo "equipoise: no" >&2; exit "$2" ;;
  slow) echo "steps 10 in 1.5$RANDOM s   (2$RANDOM.5e3 steps/s)"; echo done ;;
  see) [[ -e $2 ]] ;;
  write) echo x > "$2" ;;
  where) echo "$HOME" ;;
  *) echo "$@" ;;
esac
"""


class Page(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name) / "a project"
        for name, text in {
            "README.md": "# Nothing\n", "CONTRIBUTING.md": "", "docs/page.md": "", "data/digits.mtx": "1\n", "scripts/demo": "exit 1\n",
            "CMakePresets.json": '{"configurePresets": [{"name": "base", "hidden": true}, {"name": "release"}]}',
            "command": COMMAND,
        }.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        (self.root / "scripts/demo").chmod(0o755)
        (self.root / "command").chmod(0o755)

    def problems_of(self, text, page="README.md"):
        (self.root / page).write_text(text, encoding="utf-8")
        return problems(self.root, self.root / "command")

    def assert_true(self, language, *lines, seen=1):
        self.assertEqual(self.problems_of("\n".join([f"```{language}", *lines, "```"])), (seen, []))

    def assert_false(self, language, *lines, says=""):
        _, found = self.problems_of("\n".join([f"```{language}", *lines, "```"]))
        self.assertEqual(len(found), 1, found)
        self.assertIn("README.md:2", found[0])
        self.assertIn(says, found[0])

    def test_commands_are_run(self):
        self.assert_true("sh", "equipoise info data/digits.mtx")
        self.assert_true("sh", "build/release/equipoise info", "# a comment", "", "equipoise info  # why", seen=2)
        self.assert_true("sh", "equipoise info \\", "  more")
        self.assert_true("sh", "equipoise see data/digits.mtx")
        self.assert_true("sh", "equipoise info | head -n 1", "equipoise see data/digits.mtx | cat", seen=2)
        self.assert_true("sh", "equipoise write here", "equipoise see here", seen=2)
        self.assert_false("sh", "equipoise see nothing", says="exit 1, expected 0")
        self.assert_false("sh", "equipoise fail 3 | cat", says="exit 3")
        self.assert_false("sh", "equipoise \\", "  fail 3", says="exit 3")

    def test_exit_status(self):
        self.assert_true("sh", "equipoise fail 2  # exit 2")
        self.assert_false("sh", "equipoise fail 2  # exit 1", says="exit 2, expected 1")
        self.assert_false("sh", "equipoise info  # exit 2", says="exit 0, expected 2")

    def test_pages_do_not_share_files_and_do_not_touch_the_project(self):
        self.problems_of("```sh\nequipoise write data/new\n```\n")
        self.assertFalse((self.root / "data/new").exists())
        self.assertEqual(len(self.problems_of("```sh\nequipoise see data/new\n```\n", "docs/page.md")[1]), 1)

    def test_home_is_elsewhere(self):
        self.assert_false("console", "$ equipoise where", str(Path.home()), says="but it printed")

    def test_other_commands_must_exist(self):
        self.assert_true("sh", "git clone https://example.org/equipoise && cd equipoise", "cd equipoise", "scripts/demo", seen=3)
        self.assert_true("sh", "cmake --preset release", "cmake --build build/release", "sudo apt-get install g++", seen=3)
        self.assert_false("sh", "scripts/nothing", says="scripts/nothing")
        self.assert_false("sh", "CXX=clang++-14 cmake --preset nothing", says="no preset nothing")
        self.assert_false("sh", "cmake --preset base", says="no preset base")
        self.assert_false("sh", "equipose info", says="equipose")
        self.assert_false("sh", "equipoise info | jq .", says="jq")
        self.assert_false("console", "$ scripts/demo", "converged", says="not run")

    def test_sessions(self):
        self.assert_true("console", "$ equipoise one two", "one two")
        self.assert_true("console", "$ equipoise one", "one", "", "$ equipoise two", "two", seen=2)
        self.assert_true("console", "$ equipoise one \\", "    two", "one two")
        self.assert_true("console", "$ equipoise fail 2  # exit 2", "equipoise: no")
        self.assert_true("console", "$ equipoise slow", "steps 10 in 9 s   (1e9 steps/s)", "done")
        self.assert_false("console", "$ equipoise slow", "steps 11 in 9 s   (1e9 steps/s)", "done", says="the page shows")
        self.assert_false("console", "$ equipoise one two", "one  two", says="but it printed")
        self.assert_false("console", "$ equipoise one", says="but it printed")
        self.assert_false("console", "$ equipoise fail 0", "", says="equipoise: no")
        self.assertIn("output before", self.problems_of("```console\nequipoise one\n```\n")[1][0])

    def test_left_out_lines(self):
        self.assertTrue(agree(["a", "[...]", "d"], ["a", "b", "c", "d"]))
        self.assertTrue(agree(["[...]", "b", "[...]"], ["a", "b"]))
        self.assertTrue(agree(["a", "[...]"], ["a"]))
        self.assertFalse(agree(["a", "[...]", "c"], ["a", "b"]))
        self.assertFalse(agree(["a", "[...]"], ["b", "a"]))

    def test_only_times_and_rates_may_differ(self):
        for one, two in [("12 s", "3.5 s"), ("in   12 s.", "in 1e-3 s."), ("1.2e5 steps/s", "7 k steps/s"), ("(5 ms)", "(17 ms)"),
                         ("with an error of at most 1.5e-24", "with an error of at most 9.25e-24")]:
            self.assertEqual(comparable([one]), comparable([two]))
        for one, two in [("12 steps", "13 steps"), ("1 x 2 s", "3 x 2 s"), ("12", "13"), ("L 1.5 s", "M 1.5 s"), ("1 2 s", "3 2 s"),
                         ("with an error of at most 1.5e-24", "with an error of at most 1.5e-23")]:
            self.assertNotEqual(comparable([one]), comparable([two]))

    def test_blocks(self):
        text = "a\n```sh\nx\n```\n- item\n  ```console\n  $ y\n  ```\n```\nplain\n```\n"
        self.assertEqual(list(blocks(text)), [(3, "sh", ["x"]), (7, "console", ["$ y"]), (10, "", ["plain"])])
        self.assertEqual([command.text for command in commands_of(text)], ["x", "y"])
        with self.assertRaisesRegex(ValueError, "line 1: the block is never closed"):
            list(blocks("```sh\nx\n"))
        with self.assertRaisesRegex(ValueError, "line 1: write ```sh"):
            list(commands_of("```bash\nx\n```\n"))
        with self.assertRaisesRegex(ValueError, "backslash"):
            list(commands_of("```sh\nx \\\n```\n"))

    def test_words(self):
        firsts = [words[0] for words in words_of("A=1 a 'b | c' | d && e 2>&1; f # g | h\n")]
        self.assertEqual(firsts, ["a", "d", "e", "f"])

    def test_a_missing_page(self):
        (self.root / "README.md").unlink()
        self.assertEqual(len(problems(self.root, self.root / "command")[1]), 1)


if __name__ == "__main__":
    unittest.main()
