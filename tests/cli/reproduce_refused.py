"""equipoise reproduce on broken claims, broken files and broken flags, and interrupted."""

import json
import signal
import subprocess
import time
import unittest

from command import EQUIPOISE, CommandTest, run
from reproduce import EXPERIMENTS

MINIMAL = """
title = "One run"
question = "Does it?"
procedure = "balancing"

[settings]
matrices = ["scalar:1.0", "isotropic:9:1.0"]
norms = ["9,1"]
rates = ["7/7 h0", "2/7 h0"]
seeds = 6
shown_seed = 0
max_steps = 10000
tolerance = 1e-10

[[claim]]
text = "It does"
basis = "seen"
measure = "outcome"
quantifier = "every"
relation = "="
bound = "converged"
"""


class Broken(CommandTest):
    def reproduce(self, text, *flags):
        file = self.write("one.toml", text)
        return run("reproduce", file, "--out", self.path("out"), *flags)

    def test_a_path_is_an_experiment(self):
        done = self.reproduce(MINIMAL)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertIn(b"1 of 1 claims hold", done.stdout)
        self.assertIn(f"equipoise reproduce {self.path('one.toml')} --out", (self.path("out") / "report.html").read_text(encoding="utf-8"))

    def test_a_wrong_bound_fails_whatever_the_quantifier(self):
        head = MINIMAL[:MINIMAL.index("[[claim]]")]
        wrong = {
            "word": 'measure = "outcome"\nquantifier = "every"\nrelation = "="\nbound = "diverged"',
            "every": 'measure = "difference_squared"\nquantifier = "every"\nrelation = "<="\nbound = 1e-30',
            "column": 'measure = "2/h"\nquantifier = "every"\nrelation = "<="\nbound = "limit.balance"',
            "one row of many": 'measure = "seed"\nquantifier = "every"\nrelation = "<"\nbound = 5',
            "share": 'measure = "h L"\nquantifier = "share"\nrelation = ">"\nbound = 2\nat_least = 0.75',
            "share at most": 'measure = "h L"\nquantifier = "share"\nrelation = ">"\nbound = 2\nat_most = 0.25',
            "median": 'measure = "ratio_start"\nquantifier = "median"\nrelation = ">"\nbound = 9',
            "lowest": 'measure = "sharpness"\nquantifier = "lowest"\nrelation = ">="\nbound = 1e9',
            "highest": 'measure = "steps"\nquantifier = "highest"\nrelation = "<"\nbound = 0',
            "spread": 'measure = "ratio_start"\nquantifier = "spread"\nrelation = ">"\nbound = 1',
            "slope": 'measure = "2/h"\nagainst = "h"\nquantifier = "slope"\nrelation = "="\nbound = -1.01\ntolerance = 1e-3',
            "equal": 'measure = "ratio_start"\nquantifier = "every"\nrelation = "="\nbound = 9.01\ntolerance = 1e-3',
        }
        for what, claim in wrong.items():
            with self.subTest(claim=what):
                done = self.reproduce(head + f'[[claim]]\ntext = "A wrong one"\nbasis = "seen"\n{claim}\n')
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn(b"FAILS", done.stdout)
                self.assertEqual(done.stderr.count(b"\n"), 1)
                claims = json.loads((self.path("out") / "claims.json").read_text())
                self.assertIs(claims["holds"], False)
                self.assertIs(claims["experiments"][0]["claims"][0]["holds"], False)
                self.assertIn("fails", (self.path("out") / "report.html").read_text(encoding="utf-8"))

    def test_a_mistake_is_one_line_with_its_place(self):
        def changed(old, new, text=MINIMAL):
            self.assertIn(old, text)
            return text.replace(old, new, 1)

        claim = MINIMAL.index("[[claim]]")
        for text, words in (
                (changed('title = "One run"', 'titel = "One run"'), ["titel", "did you mean title", "line 2"]),
                (changed('procedure = "balancing"', 'procedure = "balance"'), ["balance", "phases", "line 4"]),
                (changed("seeds = 6", "seed = 6"), ["seeds"]),
                (changed("seeds = 6", "seeds = 6\nmore = 1"), ["more", "line 11"]),
                (changed("seeds = 6", "seeds = 6.5"), ["seeds", "whole number", "line 10"]),
                (changed("seeds = 6", "seeds = 0"), ["seeds"]),
                (changed('norms = ["9,1"]', 'norms = ["9:1"]'), ["9:1", "line 8"]),
                (changed('"7/7 h0"', '"7/0 h0"'), ["7/0 h0"]),
                (changed('"7/7 h0"', '"3/M"'), ["3/M", "3.5/L"]),
                (changed('"isotropic:9:1.0"', '"gaussian:3x3"'), ["gaussian:3x3", "identity"]),
                (changed('"isotropic:9:1.0"', '"nowhere.mtx"'), ["nowhere.mtx"]),
                (changed("tolerance = 1e-10", "tolerance = 2"), ["tolerance"]),
                (MINIMAL[:claim], ["claim"]),
                (changed('measure = "outcome"', 'measure = "outcom"'), ["outcom", "it has", "line 18"]),
                (changed('bound = "converged"', 'bound = 3'), ["bound"]),
                (changed('quantifier = "every"', 'quantifier = "all"'), ["quantifier", "every, share"]),
                (changed('quantifier = "every"', 'quantifier = "share"'), ["at_least"]),
                (changed('quantifier = "every"', 'quantifier = "median"'), ["word"]),
                (changed('relation = "="', 'relation = "=="'), ["relation", "<="]),
                (changed('relation = "="', 'relation = "<"'), ["relation"]),
                (changed('basis = "seen"', 'basis = "proved"'), ["statement"]),
                (changed('basis = "seen"', 'basis = "guessed"'), ["guessed", "proved"]),
                (changed('basis = "seen"', 'basis = "seen"\nwhere = { rate = "9/7 h0" }'), ["nothing to judge"]),
                (changed('basis = "seen"', 'basis = "seen"\nwhere = { colour = "red" }'), ["colour", "it has"]),
                (changed('basis = "seen"', 'basis = "seen"\nwhere = { seed = "one" }'), ["seed", "numbers"]),
                (changed('basis = "seen"', 'basis = "seen"\ntable = "walks"'), ["walks", "runs"]),
                (changed('basis = "seen"', 'basis = "seen"\nfigure = "none"'), ["figure", "none"]),
                (MINIMAL + "\n[quick]\nsteps = 3\n", ["steps", "quick"]),
                (MINIMAL + "\n[[claim]\n", ["TOML", "line"]),
                ("", ["title"])):
            with self.subTest(words=words):
                done = self.reproduce(text)
                message = done.stderr.decode()
                self.assertEqual((done.returncode, done.stdout), (2, b""), message)
                self.assertEqual(message.count("\n"), 1)
                self.assertTrue(message.startswith("equipoise: "), message)
                for word in words:
                    self.assertIn(word, message)
                self.assertFalse((self.path("out") / "report.html").exists())

    def test_flags(self):
        listed = run("reproduce", "--list")
        self.assertEqual((listed.returncode, listed.stderr), (0, b""))
        names = [line.split()[0] for line in listed.stdout.decode().splitlines()]
        self.assertEqual(sorted(names), sorted(file.stem for file in EXPERIMENTS.glob("*.toml")))
        for flags, words in ((("reproduce",), ["--out", "--list"]), (("reproduce", "balancin", "--out", self.path("o")), ["did you mean 'balancing'"]),
                             (("reproduce", "nowhere.toml", "--out", self.path("o")), ["nowhere.toml"]),
                             (("reproduce", "--experiments", self.folder, "--out", self.path("o")), ["no experiments"]),
                             (("reproduce", "balancing", "balancing", "--out", self.path("o")), ["two experiments"])):
            done = run(*flags)
            self.assertEqual((done.returncode, done.stdout), (2, b""))
            for word in words:
                self.assertIn(word, done.stderr.decode())
            self.assertFalse(self.path("o").exists())

    def test_interrupted(self):
        text = (EXPERIMENTS / "general.toml").read_text()
        process = subprocess.Popen([EQUIPOISE, "reproduce", str(self.write("long.toml", text)), "--out", str(self.path("out"))],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while not self.path("out").exists() and process.poll() is None:
            time.sleep(0.01)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)  # within a run of 100 x 100 at full rank, or soon before
        try:
            out, _ = process.communicate(timeout=120)
        finally:
            process.kill()
        self.assertEqual((process.returncode, out), (130, b""))
        self.assertFalse((self.path("out") / "claims.json").exists())


if __name__ == "__main__":
    unittest.main()
