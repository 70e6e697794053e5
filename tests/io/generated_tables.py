"""Tables as many programs write them, generated at random: what is read is what was written, or a question is asked.

usage: generated_tables.py DUMP_MATRIX   EQUIPOISE_TRIALS tables (default 3000) from EQUIPOISE_SEED (default: printed)
"""

import os
import pathlib
import random
import sys
import tempfile
import unittest

from dump import Refused, dump

NAMES = ["a", "b2", "col c", "user", "x.y", "Größe", "rating (mean)", "V1", "_z", "id2"]
MISSING = ["", "NA", "nan", "NaN", "null", "None", "N/A", "#N/A", "?", "\\N", "-nan(ind)", "."]
LABELS = ["ann", "bob", "c3", "d e", "Eve", "føø"]


def number(rng, decimal):
    kind = rng.randrange(6)
    if kind == 0:
        return str(rng.randrange(-3, 7))
    if kind == 1:
        return str(rng.randrange(0, 3000))
    text = repr(rng.choice([rng.uniform(-9, 9), rng.randrange(1, 9) / 2, 10 ** rng.uniform(-30, 30)]))
    return text.replace(".", decimal)


class Table:
    """A table with all that may stand around its values, and what a reader must find."""

    def __init__(self, rng):
        self.rng = rng
        self.rows, self.cols = rng.choice([1, 1, 2, 3, 4, 6]), rng.choice([1, 2, 2, 3, 5])
        self.separator = rng.choice([",", ",", "\t", ";", " "])
        self.decimal = rng.choice([".", ".", ","]) if self.separator in ";\t" else "."
        self.whole = rng.random() < 0.3
        self.unknown = rng.random() < 0.4
        self.header = rng.choice(["none", "none", "names", "from 0", "from 1", "years"])
        if self.cols == 1 and self.header in ("from 1", "years"):
            self.header = "names"  # no program is known that writes such a header
        self.labels = self.separator != " " and rng.choice([False, False, True])
        self.trailing = self.separator != " " and rng.random() < 0.1
        self.truth, self.lines = {}, []
        self.write()

    def cell(self, row, col):
        rng = self.rng
        if self.unknown and rng.random() < 0.25:
            words = [word for word in MISSING if word or self.separator != " "]
            return rng.choice(words)
        text = str(rng.randrange(0, 9)) if self.whole else number(rng, self.decimal)
        self.truth[row, col] = float(text.replace(",", "."))
        return rng.choice([text, text, f'"{text}"', f" {text} "]) if self.separator != " " else text

    def write(self):
        rng = self.rng
        names = {"names": rng.sample(NAMES, self.cols), "from 0": list(map(str, range(self.cols))),
                 "from 1": list(map(str, range(1, self.cols + 1))), "years": list(map(str, range(2019, 2019 + self.cols))),
                 "none": None}[self.header]
        if self.separator == " " and names:
            names = [name.replace(" ", "_") for name in names]
        if rng.random() < 0.2:
            self.lines.append("# made by hand")
        if names is not None:
            self.lines.append(self.separator.join(([""] if self.labels else []) + names) + self.end())
        down = list(map(str, range(self.rows))) if rng.random() < 0.5 else rng.sample(LABELS, self.rows)
        for row in range(self.rows):
            cells = [self.cell(row, col) for col in range(self.cols)]
            if self.labels and names is not None:
                cells.insert(0, down[row])
            self.lines.append(self.separator.join(cells) + self.end())
            if rng.random() < 0.05:
                self.lines.append("")

    def end(self):
        return self.separator if self.trailing else ""

    def text(self):
        newline = self.rng.choice(["\n", "\r\n"])
        mark = "\ufeff" if self.rng.random() < 0.1 else ""
        return mark + newline.join(self.lines) + self.rng.choice(["", newline])

    def flags(self):
        flags = ["--separator", self.separator] if self.separator in "; " else []
        flags += ["--decimal", self.decimal] if self.decimal != "." else []
        flags += ["--missing", "unknown"] if self.unknown else []
        return flags + ["--format", "tsv" if self.separator == "\t" else "csv"]

    def answers(self):
        """The flags that say everything about this table."""
        flags = ["--header", "no" if self.header == "none" else "yes"]
        first = 2 if self.labels and self.header != "none" else 1
        return flags + ["--columns", f"{first}-{first + self.cols - 1}"]

    def counts_on(self):
        """Header and entries count on from the first number to the last: such a table is read as it stands."""
        first = {"from 0": 0, "from 1": 1}.get(self.header)
        return first is not None and not self.labels and all(
            value == first + (row + 1) * self.cols + col for (row, col), value in self.truth.items())

    def is_blank(self):
        # A line without a single cell is not a row, and a matrix needs a known entry.
        blank = any(not line.strip(" \t\r") for line in self.lines if line != "")
        return blank or "" in self.lines and self.cols == 1 or not self.truth


def read_back(*words):
    read = dump(*words)
    return (int(read["rows"]), int(read["cols"])), {(int(r), int(c)): v for r, c, v in read["entries"]}


class GeneratedTables(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "a.txt"

    def test_read_as_written_or_asked_about(self):
        seed = int(os.environ.get("EQUIPOISE_SEED", random.randrange(2**32)))
        trials = int(os.environ.get("EQUIPOISE_TRIALS", 3000))
        print(f"seed {seed}, {trials} tables", flush=True)
        rng = random.Random(seed)
        read, asked = 0, 0
        for trial in range(trials):
            table = Table(rng)
            if table.is_blank() or table.counts_on():
                continue
            text = table.text()
            self.path.write_text(text, newline="", encoding="utf-8")
            truth = ((table.rows, table.cols), table.truth)
            with self.subTest(trial=trial, seed=seed, text=text, flags=table.flags()):
                try:
                    self.assertEqual(read_back(self.path, *table.flags()), truth)
                    read += 1
                except Refused as refused:
                    self.assertIn("--", str(refused), "a refusal names the flag that helps")
                    asked += 1
                self.assertEqual(read_back(self.path, *table.flags(), *table.answers()), truth)
        print(f"{read} read at once, {asked} asked about", flush=True)
        self.assertGreater(read, trials // 4)
        self.assertGreater(asked, trials // 20)


if __name__ == "__main__":
    unittest.main()
