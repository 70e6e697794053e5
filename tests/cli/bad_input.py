"""What a user can get wrong: exit code 2, one line that says what, where and what would be right, and nothing left behind."""

import gzip
import os
import re
import resource
import signal
import stat
import unittest

from command import CommandTest, np, run, scipy

HEADER = "%%MatrixMarket matrix coordinate real general\n"
NAMES = ("factor", "info", "predict", "sharpness")


def few_bytes(limit):
    """A disk that is full after so many bytes."""

    def prepare():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return prepare


def little_memory():
    """Sixteen gigabytes of addresses: a test must not swap."""
    resource.setrlimit(resource.RLIMIT_AS, (1 << 34, 1 << 34))


class BadInput(CommandTest):
    def setUp(self):
        super().setUp()
        self.good = self.npy("good.npy", np.random.default_rng(4).standard_normal((4, 3)))

    def refused(self, *arguments, says=(), leaves=None, **options):
        """`says`: patterns that the line has, whatever their order. `leaves`: the files in the output folder, None for no folder."""
        done = run(*arguments, **options)
        line = done.stderr.decode()
        shown = f"{arguments} said {line!r}"
        self.assertEqual(done.returncode, 2, shown)
        self.assertFalse(done.stdout, shown)
        self.assertRegex(line, r"\Aequipoise: [^\n]+\n\Z", shown)
        self.assertNotRegex(line, r"(?i)traceback|terminate|what\(\)|internal error|sanitizer", shown)
        for pattern in says:
            self.assertRegex(line, f"(?i){pattern}", shown)
        return line

    def refused_run(self, matrix, *flags, says=(), **options):
        """Refused with --out, and no folder or an empty one afterwards; refused as well by the other verbs that read a matrix."""
        out = self.path("out")
        self.refused("factor", matrix, "--rank", 2, "--out", out, *flags, says=says, **options)
        self.assertFalse(out.exists() and list(out.iterdir()), "something was left in the output folder")

    def refused_file(self, name, content, *flags, says=()):
        path = self.write(name, content)
        self.refused_run(path, *flags, says=(re.escape(name), *says))
        self.refused("info", path, *flags, says=(re.escape(name), *says))
        self.refused("predict", path, "--rank", 1, *flags, says=(re.escape(name), *says))

    # Files.

    def test_missing_file(self):
        for name in ("none.mtx", "none.npy", "none.csv", "none.npz", "none.mtx.gz", "none", "no/such/folder.npy"):
            self.refused_run(self.path(name), says=(re.escape(name),))
        self.refused_run(self.folder)
        self.refused_run("")

    def test_empty_file(self):
        for name in ("e.mtx", "e.npy", "e.csv", "e.tsv", "e.npz", "e.mtx.gz"):
            self.refused_file(name, b"")
        self.refused_file("packed.csv.gz", gzip.compress(b""))
        self.refused("info", "-", "--format", "mtx", stdin=b"")
        self.refused("info", "-", "--format", "npy", stdin=b"")

    def test_unknown_format(self):
        self.refused_file("A.dat", "1 2\n", says=("--format|ending", "mtx"))
        self.refused("info", self.good, "--format", "mat", says=("mat", "mtx"))

    def test_header_that_promises_more_entries(self):
        self.refused_file("A.mtx", HEADER + "3 3 4\n1 1 1\n2 2 1\n3 3 1\n", says=("4", "3"))
        self.refused_file("B.mtx", "%%MatrixMarket matrix array real general\n2 2\n1\n2\n3\n", says=("4", "3"))
        self.refused_file("C.mtx", HEADER + "3 3 1000000000000\n1 1 1\n")
        self.refused_file("D.mtx", "%%MatrixMarket matrix array real general\n3000000 3000000\n1\n")
        self.refused_file("E.npy", self.good.read_bytes()[:-8])
        self.refused_file("F.npy", self.good.read_bytes()[:40])
        good = self.good.read_bytes()
        more = good.replace(b"(4, 3), }        ", b"(400000000, 3), }")
        self.assertNotEqual(more, good)
        self.refused_file("G.npy", more)

    def test_more_entries_than_promised(self):
        self.refused_file("A.mtx", HEADER + "3 3 1\n1 1 1\n2 2 1\n", says=("line 4",))
        self.refused_file("B.npy", self.good.read_bytes() + b"12345678")

    def test_index_out_of_range_or_zero(self):
        self.refused_file("A.mtx", HEADER + "3 3 2\n1 1 1\n4 1 1\n", says=("line 4", "4", "3"))
        self.refused_file("B.mtx", HEADER + "3 3 2\n1 1 1\n1 0 1\n", says=("line 4", "0"))
        self.refused_file("C.mtx", HEADER + "3 3 1\n-1 1 1\n", says=("line 3", "-1"))
        self.refused_file("D.mtx", HEADER + "3 3 1\n99999999999999999999 1 1\n", says=("line 3",))
        self.refused_file("E.csv", "1,1,2\n0,1,3\n", "--triplets", says=("line 2",))

    def test_duplicate_entry(self):
        self.refused_file("A.mtx", HEADER + "3 3 3\n1 1 1\n2 3 5\n2 3 6\n", says=("row 2", "col(umn)? 3"))
        self.refused_file("B.csv", "1,1,2\n2,3,3\n1,1,4\n", "--triplets", says=("row 1", "col(umn)? 1"))
        self.refused_file("C.mtx", HEADER.replace("general", "symmetric") + "3 3 2\n2 1 1\n1 2 1\n")

    def test_not_a_number(self):
        for value in (np.nan, np.inf, -np.inf):
            A = np.ones((4, 3))
            A[2, 1] = value
            np.save(self.path("A.npy"), A)
            self.refused_run(self.path("A.npy"), says=("row 3", "col(umn)? 2", "--missing unknown" if np.isnan(value) else "inf"))
            np.savetxt(self.path("A.csv"), A, delimiter=",")
            self.refused_run(self.path("A.csv"), says=("row 3", "col(umn)? 2"))
            scipy.io.mmwrite(self.path("A.mtx"), A)
            self.refused_run(self.path("A.mtx"), says=("row 3", "col(umn)? 2"))
            self.refused_file("B.mtx", f"{HEADER}4 3 1\n3 2 {value}\n", says=("row 3", "col(umn)? 2"))
        self.refused_run(self.npy("all.npy", np.full((2, 2), np.nan)), "--missing", "unknown")

    def test_letters_where_numbers_should_be(self):
        self.refused_file("A.csv", "1,2,3\n4,x5,6\n", says=("line 2", "col(umn)? 2", "x5"))
        self.refused_file("B.tsv", "1\t2\n3\t4\n5\tsix\n", says=("line 3", "col(umn)? 2", "six"))
        self.refused_file("C.mtx", HEADER + "3 3 1\n1 1 one\n", says=("line 3", "one", "col(umn)? 5"))
        self.refused_file("D.mtx", HEADER + "3 three 1\n1 1 1\n", says=("line 2", "three"))
        self.refused_file("E.csv", "1,2\n3,4,5\n", says=("line 2",))
        self.refused_file("F.csv", "1,2\n3,\n")
        self.refused_file("G.mtx", "%%MatrixMarket matrix coordinate complex general\n1 1 1\n1 1 1 1\n", says=("complex",))
        self.refused_file("H.mtx", "no header\n1 1 1\n", says=("line 1",))

    def test_npy_that_is_no_matrix(self):
        self.refused_run(self.npy("O.npy", np.array([[1, None], [2, 3]], dtype=object)), says=("object",))
        self.refused_run(self.npy("T.npy", np.zeros((2, 3, 4))), says=("3",))
        self.refused_run(self.npy("S.npy", np.array([["a", "b"]])))
        self.refused_run(self.npy("C.npy", np.ones((2, 2), dtype=complex)), says=("complex",))
        self.refused_file("Z.npy", b"not a npy file at all")

    def test_truncated_gzip(self):
        whole = gzip.compress((HEADER + "3 3 3\n1 1 1.25\n2 2 2.5\n3 3 3.75\n").encode())
        for length in (len(whole) - 1, len(whole) - 8, len(whole) // 2, 12, 3):
            self.refused_file("A.mtx.gz", whole[:length])
        broken = bytearray(whole)
        broken[len(whole) // 2] ^= 0x55
        self.refused_file("B.mtx.gz", bytes(broken))
        self.refused_file("C.mtx.gz", b"plain text")

    def test_broken_npz(self):
        scipy.sparse.save_npz(self.path("A.npz"), scipy.sparse.random(5, 4, 0.5, format="csr", random_state=1))
        whole = self.path("A.npz").read_bytes()
        self.refused_file("B.npz", whole[: len(whole) // 2])
        np.savez(self.path("C.npz"), numbers=np.zeros((3, 2, 2)))
        self.refused_run(self.path("C.npz"))

    def test_matrix_without_rows(self):
        self.refused_run(self.npy("A.npy", np.zeros((0, 5))), says=("0",))
        self.refused_run(self.npy("B.npy", np.zeros((5, 0))), says=("0",))
        self.refused_file("C.mtx", HEADER + "0 5 0\n", says=("0",))
        self.refused_file("D.mtx", "%%MatrixMarket matrix array real general\n0 0\n", says=("0",))
        self.refused_file("E.csv", "\n\n")

    def test_built_in_matrices(self):
        for name in ("gaussian:0x5:seed=1", "gaussian:3:seed=1", "gaussian:3x-2", "scalar:x", "scalar:", "scalar:nan", "isotropic:0:1",
                     "isotropic:3", "spectrum:3x2:1,0.5,0.2:seed=7", "spectrum:3x2:", "gaussian:3x2:sed=7", "gausian:3x2:seed=1",
                     "gaussian:1000000000x1000000000:seed=1"):
            with self.subTest(name=name):
                self.refused_run(name)
                self.refused("generate", name, "--out", self.path("never.npy"))
                self.assertFalse(self.path("never.npy").exists())

    # Flags.

    def test_rank(self):
        for rank in ("0", "-1", "1.5", "two", "", "99999999999999999999", "1000000000"):
            with self.subTest(rank=rank):
                self.refused("factor", self.good, "--rank", rank, "--out", self.path("out"), says=("rank",))
                self.assertFalse(self.path("out").exists() and list(self.path("out").iterdir()))
        self.refused("factor", self.good, says=("--rank",))

    def test_rate(self):
        for rate in ("0", "-0.1", "nan", "inf", "-inf", "3.5/M", "0/L", "-1/L", "/L", "1/", "L", "3.5/l/L", "fast", "1e-400", "1e400", "0.1 "):
            with self.subTest(rate=rate):
                self.refused_run(self.good, f"--rate={rate}", says=("rate",))
                self.refused_run(self.good, f"--lr={rate}", says=("rate",))
        self.refused_run(self.good, "--rate", "3.5/M", says=("3.5/M", "3.5/L|/L"))

    def test_other_numbers(self):
        for flag, values in {
            "--max-steps": ("-1", "x", "1.5", "1e30"), "--time-limit": ("-1", "x", "nan"), "--tolerance": ("-1", "nan", "x"),
            "--sample-every": ("-1", "x"), "--sharpness-every": ("-1", "x"), "--top-eigenvalues": ("-1", "0", "x"),
            "--seed": ("-1", "x", "1.5"), "--threads": ("-1", "x"), "--ridge": ("-1", "nan", "inf", "x"),
            "--start-norms": ("9", "9,1,2", "-9,1", "nan,1", "inf,1", "9,", "x,y"), "--precision": ("float16",),
            "--coordinates": ("polar",), "--balance": ("none",), "--missing": ("maybe",), "--expect": ("convergd",),
        }.items():
            for value in values:
                with self.subTest(flag=flag, value=value):
                    self.refused_run(self.good, f"{flag}={value}", says=(flag,))

    def test_unknown_flags_suggest_the_nearest(self):
        for wrong, right in (("--rnak", "--rank"), ("--learning-rate", "--"), ("--max-step", "--max-steps"), ("--tolerence", "--tolerance"),
                             ("--threds", "--threads"), ("--start-norm", "--start-norms"), ("--jsno", "--json")):
            with self.subTest(wrong=wrong):
                self.refused("factor", self.good, "--rank", 2, wrong, 3, says=(re.escape(wrong), re.escape(right)))
                self.refused("factor", self.good, "--rank", 2, f"{wrong}=3", says=(re.escape(wrong), re.escape(right)))
        self.refused("info", self.good, "--jason", says=("--jason", "--json"))
        self.refused("--versoin", says=("--version",))

    def test_what_is_planned_is_named_so(self):
        for flag in ("--holdout", "--validate", "--patience", "--checkpoint-every", "--resume"):
            with self.subTest(flag=flag):
                self.refused("factor", self.good, "--rank", 2, flag, 1, says=(flag, "planned", "not there yet"))
        for verb in ("certify", "verify"):
            self.refused(verb, self.good, says=(verb, "planned", "not there yet"))

    def test_an_empty_value_is_no_value(self):
        """A script's unset variable: nothing is run whose result would be lost."""
        for flag in ("--out", "--rank", "--rate", "--start", "--start-norms", "--format", "--expect"):
            with self.subTest(flag=flag):
                self.refused("factor", self.good, "--rank", *(("",) if flag == "--rank" else (2, flag, "")), says=(flag, "empty"))
        self.refused("info", "", says=("MATRIX", "empty"))
        self.refused("generate", "scalar:1", "--out", "", says=("--out", "empty"))

    def test_more_than_the_machine_holds(self):
        """Three lines that ask for half a terabyte: refused before anything is allocated that cannot be."""
        huge = self.write("A.mtx", HEADER + "1000000000 1000000000 1\n1 1 1\n")
        for verb in (("info", huge), ("factor", huge, "--rank", 1), ("predict", huge, "--rank", 1)):
            self.refused(*verb, says=("1000000000|does not fit", "memory"), preexec_fn=little_memory)

    def test_verbs(self):
        self.refused("factr", self.good, says=("factr", "factor"))
        self.refused(says=("--help",))
        for verb in ("factor", "info", "predict", "sharpness", "generate", "report"):
            self.refused(verb)
        self.refused("factor", self.good, "second.npy", "--rank", 2, says=("second.npy",))
        self.refused("factor", self.good, "--rank")
        self.refused("factor", self.good, "--rank", 2, "--rank", 3)
        self.refused("report", self.folder, says=("record.json",))
        self.refused("generate", "scalar:1", "--out", self.path("A.dat"), says=("npy", "mtx", "csv"))
        self.assertFalse(self.path("A.dat").exists())

    def test_flags_that_exclude_each_other(self):
        missing = self.npy("M.npy", np.array([[1, np.nan], [2, 3.0]]))
        self.refused_run(missing, "--missing", "unknown", "--coordinates", "spectral", says=("spectral",))
        self.refused_run(self.good, "--coordinates", "spectral", "--ridge", 1, says=("ridge",))
        self.refused_run(self.good, "--coordinates", "spectral", "--top-eigenvalues", 2, says=("--top-eigenvalues", "plain"))

    # Start factors.

    def test_start_that_does_not_fit(self):
        for X, Y, says in (((5, 2), (3, 2), "5"), ((4, 2), (4, 2), "4"), ((3, 2), (4, 2), "4 x 3"), ((4, 2), (3, 1), "column|rank"),
                           ((4, 3), (3, 3), "rank")):
            with self.subTest(X=X, Y=Y):
                self.refused_run(self.good, "--start", self.start(np.ones(X), np.ones(Y)), says=(says,))
        self.refused_run(self.good, "--start", f"{self.path('noX.npy')},{self.path('noY.npy')}", says=("noX.npy",))
        self.refused_run(self.good, "--start", self.path("nowhere"), says=("nowhere",))
        self.refused_run(self.good, "--start", "gausian", says=("gausian", "gaussian"))
        self.refused("sharpness", self.good, "--factors", self.start(np.ones((5, 2)), np.ones((3, 2))))
        self.refused("sharpness", self.good, says=("--factors",))

    def test_start_that_is_no_number(self):
        for value in (np.nan, np.inf):
            Y = np.ones((3, 2))
            Y[1, 0] = value
            start = self.start(np.ones((4, 2)), Y)
            self.refused_run(self.good, "--start", start, says=("Y", "row 2", "col(umn)? 1"))
            self.refused("sharpness", self.good, "--factors", start, says=("row 2", "col(umn)? 1"))

    def test_messages_of_sharpness_speak_of_its_own_flags(self):
        for factors in (self.start(np.ones((5, 2)), np.ones((3, 2))), "gaussian", "spectral"):
            with self.subTest(factors=factors):
                line = self.refused("sharpness", self.good, "--factors", factors, says=("--factors",))
                self.assertNotRegex(line, "--rank|--start")

    def test_start_far_beyond_the_range_of_the_matrix(self):
        """A start whose descent leaves the range of double is refused for what it is, or run; the rate is not to blame."""
        start = self.start(np.full((4, 2), 1e200), np.ones((3, 2)))
        for flags in (("--start", start, "--rate", 0.1), ("--start", start), ("--start-norms", "1e300,1"), ("--start-norms", "1e300,1e300")):
            with self.subTest(flags=flags):
                done = run("factor", self.good, "--rank", 2, *flags, "--json")
                if done.returncode != 0:
                    line = self.refused("factor", self.good, "--rank", 2, *flags, says=("--start",))
                    self.assertNotRegex(line, r"(?i)\bnan\b|learning rate must|not inf")

    # Places to write.

    def test_output_folder_not_writable(self):
        standing = self.write("file", "I stay")
        self.refused("factor", self.good, "--rank", 2, "--out", standing, says=(re.escape(str(standing)),))
        self.assertEqual(standing.read_text(), "I stay")
        self.refused("factor", self.good, "--rank", 2, "--out", standing / "below", says=(re.escape(str(standing)),))
        self.refused("factor", self.good, "--rank", 2, "--out", "/proc/equipoise", says=("/proc/equipoise",))
        self.refused("factor", self.good, "--rank", 2, "--out", "/proc/self", says=("/proc/self",))
        self.refused("generate", "scalar:1", "--out", self.path("no") / "such" / "A.npy", says=("A.npy",))
        self.refused("generate", "scalar:1", "--out", "/proc/A.npy", says=("/proc/A.npy",))

    @unittest.skipIf(os.geteuid() == 0, "permissions do not bind root")
    def test_output_folder_without_permission(self):
        locked = self.path("locked")
        locked.mkdir(mode=0o500)
        self.refused("factor", self.good, "--rank", 2, "--out", locked, says=("locked",))
        self.refused("factor", self.good, "--rank", 2, "--out", locked / "below", says=("locked",))

    def test_disk_full(self):
        out = self.path("out")
        for limit in (0, 100, 1000, 10000):
            with self.subTest(limit=limit):
                self.refused("factor", "gaussian:40x30:seed=1", "--rank", 4, "--max-steps", 50, "--out", out,
                             preexec_fn=few_bytes(limit), says=(re.escape(str(out)), "too large|full|space|write"))
                # A whole file from before the disk was full may stay; a part of one, or a temporary file, may not.
                for path in out.iterdir() if out.exists() else ():
                    self.assertIn(path.name, ("X.npy", "Y.npy", "samples.csv", "report.html"), "left behind")
                    self.assertGreater(path.stat().st_size, 0)
                    if path.suffix == ".npy":
                        np.load(path)
        generated = self.path("G.npy")
        self.refused("generate", "gaussian:40x30:seed=1", "--out", generated, preexec_fn=few_bytes(1000), says=("G.npy",))
        self.assertEqual([path.name for path in self.folder.iterdir() if path.name.startswith(("G", ".G"))], [])

    def test_disk_full_keeps_the_old_files(self):
        out = self.path("out")
        self.assertEqual(run("factor", "gaussian:40x30:seed=1", "--rank", 4, "--max-steps", 5, "--out", out).returncode, 0)
        old = {path.name: path.read_bytes() for path in out.iterdir()}
        self.refused("factor", "gaussian:40x30:seed=2", "--rank", 4, "--max-steps", 50, "--out", out, preexec_fn=few_bytes(100))
        self.assertEqual({path.name: path.read_bytes() for path in out.iterdir()}, old)

    def test_bad_input_keeps_the_old_files(self):
        out = self.path("out")
        self.assertEqual(run("factor", self.good, "--rank", 2, "--max-steps", 5, "--out", out).returncode, 0)
        old = {path.name: path.read_bytes() for path in out.iterdir()}
        self.refused("factor", self.good, "--rank", 2, "--rate", "nan", "--out", out)
        self.refused("factor", self.path("none.npy"), "--rank", 2, "--out", out)
        self.refused("factor", self.good, "--rank", 2, "--start", self.start(np.ones((9, 2)), np.ones((3, 2))), "--out", out)
        self.assertEqual({path.name: path.read_bytes() for path in out.iterdir()}, old)

    def test_no_folder_for_a_run_that_never_began(self):
        self.refused("factor", self.path("none.npy"), "--rank", 2, "--out", self.path("new"))
        self.assertFalse(self.path("new").exists(), "an empty output folder was left")

    def test_standard_output_full(self):
        verbs = (("factor", "scalar:1", "--rank", 1), ("factor", "scalar:1", "--rank", 1, "--json"), ("info", "scalar:1", "--json"),
                 ("factor", "--help"), ("--version",), ("generate", "gaussian:9x9:seed=1", "--out", "-"), ("predict", "scalar:1", "--rank", 1))
        for arguments in verbs:
            with self.subTest(arguments=arguments), open(self.path("stdout"), "wb") as file:
                self.refused(*arguments, stdout=file, preexec_fn=few_bytes(10), says=("standard output|stdout",))

    @unittest.skipUnless(os.path.exists("/dev/full") and stat.S_ISCHR(os.stat("/dev/full").st_mode), "there is no /dev/full here")
    def test_device_that_is_always_full(self):
        with open("/dev/full", "wb") as full:
            self.refused("factor", "scalar:1", "--rank", 1, "--json", stdout=full, says=("standard output|stdout", "space"))
        self.refused("generate", "scalar:1", "--out", "-", preexec_fn=lambda: os.dup2(os.open("/dev/full", os.O_WRONLY), 1), says=("space",))


class Legal(CommandTest):
    def test_what_only_looks_wrong(self):
        good = self.npy("good.npy", np.random.default_rng(4).standard_normal((4, 3)))
        for flags in (("--rank", 9), ("--rank", 2, "--max-steps", 0), ("--rank", 2, "--start-norms", "0,1"), ("--rank", 2, "--time-limit", 0),
                      ("--rank", 2, "--rate", "1e-3"), ("--rank", 2, "--rate", "1/L"), ("--rank", 2, "--threads", 64),
                      ("--rank", 2, "--top-eigenvalues", 99)):
            with self.subTest(flags=flags):
                self.result("factor", good, *flags)
        self.result("factor", self.write("A.mtx", HEADER + "3 2 0\n"), "--rank", 1)
        self.result("factor", self.write("A.csv", "a,b\n1,2\n3,4\n"), "--rank", 1)


if __name__ == "__main__":
    unittest.main()
