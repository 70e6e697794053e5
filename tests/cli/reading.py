"""Files as people have them: read as they are meant, or asked about in one line that names the flag."""

import unittest

from command import CommandTest, np, run

UNKNOWN = ("--missing", "unknown")


class Reading(CommandTest):
    def info(self, name, content, *flags):
        return self.result("info", self.write(name, content), *flags)

    def read(self, name, content, *flags, shape, entries, norm):
        found = self.info(name, content, *flags)
        self.assertEqual(((found["rows"], found["cols"]), found["entries"]), (shape, entries), (name, flags))
        self.assertAlmostEqual(found["norm"], norm, delta=1e-9 * norm)
        return found

    def asked(self, name, content, *flags, names):
        done = run("info", self.write(name, content), *flags)
        self.assertEqual((done.returncode, done.stdout), (2, b""), content)
        message = done.stderr.decode()
        self.assertRegex(message, r"\Aequipoise: [^\n]*\n\Z")
        for word in names:
            self.assertIn(word, message)


class Tables(Reading):
    def test_ids_across_and_down_under_an_empty_corner(self):
        text = ",1,2,3\n1,5.0,3.0,1.0\n2,4.0,,1.0\n"
        self.asked("both.csv", text, *UNKNOWN, names=("--header yes", "--header no"))
        self.read("both.csv", text, *UNKNOWN, "--header", "yes", shape=(2, 3), entries=5, norm=7.211102551)

    def test_a_header_of_plain_numbers(self):
        text = "0,1,2\n5.0,3.0,1.0\n4.0,2.0,1.0\n7.0,2.5,0.5\n"
        self.asked("pandas.csv", text, names=("line 1", "--header yes", "--header no"))
        self.read("pandas.csv", text, "--header", "yes", shape=(3, 3), entries=9, norm=10.55935604)
        self.read("pandas.csv", text, "--header", "no", shape=(4, 3), entries=12, norm=(10.55935604**2 + 5) ** 0.5)

    def test_a_first_row_of_missing_values_is_a_row(self):
        self.read("null.csv", "null,null,null\n1,2,3\n4,5,6\n", *UNKNOWN, shape=(3, 3), entries=6, norm=9.539392014)
        for word in ("None", "?", "N/A", "-nan(ind)", ".", "\\N"):
            text = f"{word},{word}\n1,2\n3,4\n"
            self.read("row.csv", text, *UNKNOWN, shape=(3, 2), entries=4, norm=30**0.5)
            self.asked("row.csv", text, names=("row 1", "--missing unknown"))
        self.asked("dash.csv", "-,-\n1,2\n3,4\n", *UNKNOWN, names=("line 1", "--missing-values"))
        for flag in (("--missing-values=-",), ("--missing-values", "-"), ("--missing-values", "-,none")):
            self.read("dash.csv", "-,-\n1,2\n3,4\n", *UNKNOWN, *flag, shape=(3, 2), entries=4, norm=30**0.5)

    def test_a_first_row_that_may_be_meant_as_values_is_no_header(self):
        self.asked("comma.tsv", "1,5\t2,5\n3\t4\n5\t6\n", names=("line 1, column 1", "--decimal ,"))
        self.read("comma.tsv", "1,5\t2,5\n3\t4\n5\t6\n", "--decimal", ",", shape=(3, 2), entries=6, norm=94.5**0.5)
        self.asked("thousands.csv", '"1,234","5,678"\n12,34\n56,78\n', names=("line 1, column 1", "thousands"))
        self.asked("bool.csv", "True,False\n1,0\n0,1\n", names=("line 1, column 1", "1 and 0"))
        for cell in ("5%", "2020-01-01", "$3", "(4)", "12:30", "–3"):
            self.asked("cell.csv", f"{cell},{cell}\n1,2\n", names=("line 1, column 1",))

    def test_a_separator_at_the_end_of_every_line(self):
        self.asked("trail.csv", "1,2,3,\n4,5,6,\n", *UNKNOWN, names=("--columns 1-3",))
        self.read("trail.csv", "1,2,3,\n4,5,6,\n", "--columns", "1-3", shape=(2, 3), entries=6, norm=91**0.5)
        found = self.read("trail.csv", "a,b,c,\n1,2,3,\n4,5,6,\n", *UNKNOWN, shape=(2, 3), entries=6, norm=91**0.5)
        self.assertEqual(len(found["notes"]), 1)

    def test_semicolons_and_decimal_commas(self):
        text = "A;B;C\n1,1;2,2;3,3\n1,1;2,2;3,3\n"
        self.read("semi.csv", text, "--separator", ";", "--decimal", ",", shape=(2, 3), entries=6, norm=2**0.5 * (1.1**2 + 2.2**2 + 3.3**2) ** 0.5)
        self.asked("semi.csv", text, names=("--separator ';'",))

    def test_names_of_rows_and_columns_stay_with_the_factors(self):
        out = self.path("out")
        matrix = self.write("named.csv", ',a,"b,c"\nx,1,2\ny,3,4\n')
        self.result("factor", matrix, "--rank", 1, "--out", out)
        self.assertEqual((out / "columns.csv").read_text(), 'position,id\n1,a\n2,"b,c"\n')
        self.assertEqual((out / "rows.csv").read_text(), "position,id\n1,x\n2,y\n")


class Triplets(Reading):
    def test_further_columns(self):
        text = "1\t2\t3\t881250949\n1\t2\t3\t891717742\n3\t2\t1\t878887116\n".replace("1\t2\t3\t891717742", "2\t2\t3\t891717742")
        self.asked("u.tsv", text, "--triplets", names=("4 fields", "--columns 1,2,3"))
        self.read("u.tsv", text, "--triplets", "--columns", "1,2,3", *UNKNOWN, shape=(3, 2), entries=3, norm=19**0.5)
        named = "userId,movieId,rating,timestamp\n1,31,2.5,1260759144\n1,1029,3.0,1260759179\n7,1061,3.0,1260759182\n"
        found = self.read("r.csv", named, "--triplets", *UNKNOWN, shape=(7, 1061), entries=3, norm=(2.5**2 + 18) ** 0.5)
        self.assertIn("timestamp", " ".join(found["notes"]))
        self.read("r.csv", named, "--triplets", "--columns", "movieId,userId,rating", *UNKNOWN, shape=(1061, 7), entries=3, norm=(2.5**2 + 18) ** 0.5)

    def test_ids_that_are_no_positions(self):
        text = "userId,movieId,rating\n1000000001,31,2.5\n1,1029,3.0\n"
        self.asked("huge.csv", text.replace("1000000001", "4294967000").replace("1029", "4294967000"), "--triplets", names=("--index-base labels",))
        out = self.path("out")
        record = self.result("factor", self.write("huge.csv", text), "--triplets", "--index-base", "labels", *UNKNOWN, "--rank", 1, "--ridge", 1, "--out", out)
        self.assertEqual((record["matrix"]["rows"], record["matrix"]["cols"], record["matrix"]["entries"]), (2, 2, 2))
        self.assertEqual((out / "rows.csv").read_text(), "position,id\n1,1000000001\n2,1\n")
        self.assertEqual((out / "columns.csv").read_text(), "position,id\n1,31\n2,1029\n")
        self.assertEqual(np.load(out / "X.npy").shape, (2, 1))

    def test_the_same_entry_twice(self):
        text = "1,1,5\n1,1,3\n2,1,4\n"
        self.asked("dup.csv", text, "--triplets", names=("twice", "--duplicates sum, mean or last"))
        for word, value in (("sum", 8), ("mean", 4), ("last", 3)):
            self.read("dup.csv", text, "--triplets", *UNKNOWN, "--duplicates", word, shape=(2, 1), entries=2, norm=(value**2 + 16) ** 0.5)
        market = "%%MatrixMarket matrix coordinate real general\n3 3 3\n1 1 2\n2 2 3\n1 1 5\n"
        self.asked("dup.mtx", market, names=("twice", "--duplicates"))
        self.read("dup.mtx", market, "--duplicates", "sum", *UNKNOWN, shape=(3, 3), entries=2, norm=58**0.5)

    def test_ids_from_zero(self):
        text = "0,0,5\n0,1,3\n1,1,4\n"
        self.asked("zero.csv", text, "--triplets", names=("--index-base 0",))
        self.read("zero.csv", text, "--triplets", "--index-base", "0", shape=(2, 2), entries=4, norm=50**0.5)


class Arrays(Reading):
    def test_half_precision(self):
        A = np.arange(6, dtype=np.float16).reshape(2, 3) + 1
        self.assertAlmostEqual(self.result("info", self.npy("half.npy", A))["norm"], 91**0.5, places=12)

    def test_a_dense_array_in_npz(self):
        A = np.arange(6.0).reshape(2, 3)
        np.savez(self.path("one.npz"), A)
        self.assertAlmostEqual(self.result("info", self.path("one.npz"))["norm"], 55**0.5, places=12)
        np.savez(self.path("two.npz"), A=A, B=A)
        self.assertEqual(run("info", self.path("two.npz")).returncode, 2)


class Settings(CommandTest):
    def test_the_record_says_how_the_file_was_read(self):
        matrix = self.write("a.csv", "1;2\n3;4.5\n")
        record = self.result("factor", matrix, "--rank", 1, "--separator", "semicolon", "--header", "no")
        settings = record["settings"]
        self.assertEqual((settings["separator"], settings["header"], settings["decimal"], settings["index_base"]), ("semicolon", "no", ".", "1"))

    def test_mistyped_words(self):
        matrix = self.write("a.csv", "1,2\n3,4.5\n")
        for flags, words in ((("--header", "yess"), "--header 'yess' is not known"), (("--decimal", ";"), "--decimal ';' is not known; write . or ,"),
                             (("--separator", ".", "--decimal", "."), "cannot be both --separator and --decimal"),
                             (("--duplicates", "first"), "write error or sum or mean or last")):
            self.assertIn(words, run("info", matrix, *flags).stderr.decode())


if __name__ == "__main__":
    unittest.main()
