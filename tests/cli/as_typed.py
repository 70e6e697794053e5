"""The command as people type it: help at every width, flags in odd places, numbers with exponents, completion."""

import os
import shutil
import subprocess
import unittest

from command import EQUIPOISE, CommandTest, np, run

VERBS = ("factor", "predict", "sharpness", "info", "generate", "sweep", "merge", "report", "reproduce", "help", "completion", "manual")


class Help(CommandTest):
    def test_no_line_is_wider_than_the_terminal(self):
        for columns in (20, 40, 80, 100):
            for words in (("--help",), *((verb, "--help") for verb in VERBS)):
                for line in self.on_a_terminal(*words, columns=columns, stream="stdout").splitlines():
                    self.assertLessEqual(len(line), columns, (words, line))

    def test_without_a_terminal_it_has_80_columns(self):
        lines = run("factor", "--help").stdout.decode().splitlines()
        self.assertLessEqual(max(map(len, lines)), 80)
        self.assertGreater(max(map(len, lines)), 70)

    def test_help_of_a_verb_in_every_spelling(self):
        wanted = run("factor", "--help")
        self.assertIn(b"--rank N", wanted.stdout)
        for words in (("help", "factor"), ("factor", "-h"), ("factor", "A.mtx", "--help")):
            done = run(*words)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, wanted.stdout, b""), words)
        whole = run("help").stdout.decode()
        self.assertEqual(whole, run("--help").stdout.decode())
        for verb in VERBS:
            self.assertRegex(whole, rf"(?m)^  {verb} ")
        done = run("help", "factr")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"did you mean factor?", done.stderr)

    def test_every_flag_is_in_the_manual_page(self):
        page = run("manual").stdout.decode()
        for verb in ("factor", "sweep", "reproduce"):
            for word in run("help", verb).stdout.decode().split():
                if word.startswith("--"):
                    self.assertIn(word.strip(",;:.").replace("-", "\\-"), page)
        if shutil.which("groff"):
            shown = subprocess.run(["groff", "-man", "-Tascii", "-ww"], input=page.encode(), capture_output=True)
            self.assertEqual((shown.returncode, shown.stderr), (0, b""))


class Words(CommandTest):
    def test_version(self):
        self.assertEqual(run("-V").stdout, run("--version").stdout)

    def test_whole_numbers_with_an_exponent(self):
        record = self.result("factor", "scalar:1", "--rank", "1e0", "--max-steps", "1e5", "--seed", "2e3")
        self.assertEqual((record["settings"]["max_steps"], record["settings"]["seed"], record["rank"]), (100000, 2000, 1))
        for text in ("1.5", "1e-1", "1e400", "1e5x"):
            self.assertRegex(run("factor", "scalar:1", "--rank", 1, "--max-steps", text).stderr.decode(), "is not a whole number")

    def test_two_dashes_end_the_flags(self):
        self.npy("-odd.npy", np.array([[2.0]]))
        self.assertEqual(run("info", "--", "-odd.npy", cwd=self.folder).returncode, 0)
        done = run("factor", "--rank", 1, "--quiet", "--", "-odd.npy", cwd=self.folder)
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_a_flag_before_its_verb(self):
        for words, flag in ((("--json", "factor", "scalar:1", "--rank", 1), "--json"), (("--rank=2", "factor", "scalar:1"), "--rank")):
            done = run(*words)
            self.assertEqual(done.returncode, 2)
            self.assertEqual(done.stderr.decode(), f"equipoise: '{flag}' belongs after the verb: equipoise factor {flag} ...\n")

    def test_no_colours_with_or_without_no_color(self):
        for environment in ({}, {"NO_COLOR": "1"}):
            self.assertNotIn(b"\x1b[", run("factor", "scalar:1", "--rank", 1, env={**os.environ, **environment}).stdout)

    def test_a_limit_of_file_sizes_is_said(self):
        done = subprocess.run(["bash", "-c", f"ulimit -f 1; exec '{EQUIPOISE}' generate gaussian:100x100 --out '{self.path('a.npy')}'"],
                              capture_output=True)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr.decode(), r"\Aequipoise: .*a\.npy.*\n\Z")
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_the_last_line_says_what_is_next(self):
        last = lambda *words: run("factor", "scalar:1", "--rank", 1, *words).stdout.decode().splitlines()[-1]
        self.assertEqual(last("--out", self.path("run")), f"next       open {self.path('run') / 'report.html'}")
        self.assertIn("--max-steps 30 ", last("--max-steps", 3, "--rate", "0.01", "--start-norms", "9,1"))
        self.assertIn("--rate auto", last("--start-norms", "9,1", "--rate", 1))
        self.assertIn("--out DIR", last())


class Completion(CommandTest):
    def complete(self, *words):
        """What bash offers for the last of these words."""
        script = run("completion", "bash").stdout.decode()
        script += "COMP_WORDS=({}); COMP_CWORD={}; _equipoise; printf '%s\\n' \"${{COMPREPLY[@]}}\"".format(
            " ".join(f"'{word}'" for word in ("equipoise", *words)), len(words))
        done = subprocess.run(["bash", "-c", script], capture_output=True, cwd=self.folder)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return done.stdout.decode().split()

    def test_bash(self):
        self.assertEqual(self.complete("fac"), ["factor"])
        self.assertEqual(set(self.complete("")) - {"--help", "--version"}, set(VERBS))
        self.assertEqual(self.complete("factor", "A.mtx", "--start-n"), ["--start-norms"])
        self.assertEqual(self.complete("factor", "--missing", ""), ["zero", "unknown"])
        self.assertEqual(self.complete("help", "sw"), ["sweep"])
        self.write("matrix.mtx", "")
        self.assertEqual(self.complete("info", "mat"), ["matrix.mtx"])

    def test_other_shells_read_theirs(self):
        for shell in ("zsh", "fish"):
            script = run("completion", shell).stdout
            self.assertIn(b"equipoise", script)
            if shutil.which(shell):
                done = subprocess.run([shell, "-n"], input=script, capture_output=True)
                self.assertEqual((done.returncode, done.stderr), (0, b""), shell)
        self.assertEqual(run("completion", "tcsh").returncode, 2)


if __name__ == "__main__":
    unittest.main()
