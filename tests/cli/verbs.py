"""The help of every verb, and the verbs beside factor."""

import re
import tempfile
import unittest

from command import CommandTest, np, run
from contract import RUNS, VERBS, scalar


class Help(CommandTest):
    def test_every_verb_ends_with_an_example(self):
        for verb in VERBS:
            with self.subTest(verb=verb):
                done = run(verb, "--help")
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                last = done.stdout.decode().strip().split("\n\n")[-1]
                self.assertIn(f"Example: equipoise {verb} ", last)

    def test_every_verb_cites_what_stands_behind_it(self):
        for verb in VERBS:
            with self.subTest(verb=verb):
                # Merging is no mathematics: what stands behind it is the format of the files.
                source = r"docs/interface\.md" if verb == "merge" else r"arXiv|docs/theory\.md"
                self.assertRegex(run(verb, "--help").stdout.decode(), source)

    def test_help_of_factor_names_every_flag(self):
        text = run("factor", "--help").stdout.decode()
        for flag in """rank rate lr start start-norms seed max-steps time-limit tolerance sample-every sharpness-every top-eigenvalues balance
                       ridge coordinates threads precision out expect missing format triplets json quiet""".split():
            self.assertIn(f"--{flag}", text)

    def test_help_of_the_command_names_every_verb(self):
        done = run("--help")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        for verb in VERBS:
            self.assertIn(verb, done.stdout.decode())

    def test_usage_is_what_one_types(self):
        for verb in VERBS:
            with self.subTest(verb=verb):
                usage = re.search("(?i)usage:.*", run(verb, "--help").stdout.decode())
                self.assertIn(f"equipoise {verb} [OPTIONS]", usage.group())

    def test_version(self):
        done = run("--version")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        for word in ("equipoise 0.", "ompiler", "SIMD", "BLAS", "hreads"):
            self.assertIn(word, done.stdout.decode())


class OtherVerbs(CommandTest):
    def setUp(self):
        super().setUp()
        random = np.random.default_rng(8)
        self.A = random.standard_normal((5, 4))
        self.X, self.Y = random.standard_normal((5, 2)), random.standard_normal((4, 2))
        self.matrix = self.npy("A.npy", self.A)
        self.factors = self.start(self.X, self.Y)

    def hessian(self):
        from with_numpy import Reference

        return Reference(self.A).hessian(self.X, self.Y)

    def test_sharpness(self):
        expected = np.linalg.eigvalsh(self.hessian())[::-1]
        result = self.result("sharpness", self.matrix, "--factors", self.factors, "--top", 3, "--spectrum")
        np.testing.assert_allclose(result["eigenvalues"], expected[:3], rtol=0, atol=1e-10)
        np.testing.assert_allclose(sorted(result["spectrum"], reverse=True), expected, rtol=0, atol=1e-10)
        np.testing.assert_allclose(result["smallest"], expected[-1], rtol=0, atol=1e-5)
        self.assertEqual(len(result["residuals"]), 3)
        ridge = self.result("sharpness", self.matrix, "--factors", self.factors, "--ridge", 2)
        np.testing.assert_allclose(ridge["eigenvalues"], expected[:1] + 2, rtol=0, atol=1e-10)
        every = self.result("sharpness", self.matrix, "--factors", self.factors, "--top", 18)
        np.testing.assert_allclose(every["eigenvalues"], expected, rtol=0, atol=1e-10)

    def test_closed_forms_of_the_spectrum(self):
        rng = np.random.default_rng(5)
        with tempfile.TemporaryDirectory() as folder:
            A = rng.standard_normal((6, 4))
            x, y = rng.standard_normal((6, 1)), rng.standard_normal((4, 1))
            for name, array in (("A", A), ("x", x), ("y", y)):
                np.save(f"{folder}/{name}.npy", array)
            one = self.result("sharpness", f"{folder}/A.npy", "--factors", f"{folder}/x.npy,{folder}/y.npy")
            self.assertEqual(one["closed_form"]["statement"], "rank1.sharpness")
            np.testing.assert_allclose(one["closed_form"]["value"], one["eigenvalues"][0], rtol=1e-9)

            # 5200 unknowns are too many to form the Hessian: at a minimiser the closed form answers.
            rows, cols, rank = 700, 600, 4
            U = np.linalg.qr(rng.standard_normal((rows, 6)))[0]
            V = np.linalg.qr(rng.standard_normal((cols, 6)))[0]
            s = np.array([9.0, 7, 5, 4, 1, 0.5])
            M = rng.standard_normal((rank, rank)) + 3 * np.eye(rank)
            X = U[:, :rank] * np.sqrt(s[:rank]) @ M
            Y = V[:, :rank] * np.sqrt(s[:rank]) @ np.linalg.inv(M).T
            for name, array in (("big", U * s @ V.T), ("X", X), ("Y", Y), ("far", X + 1)):
                np.save(f"{folder}/{name}.npy", array)
            result = self.result("sharpness", f"{folder}/big.npy", "--factors", f"{folder}/X.npy,{folder}/Y.npy", "--spectrum")
            spectrum = np.array(result["spectrum"])
            p, q = np.linalg.eigvalsh(X.T @ X), np.linalg.eigvalsh(Y.T @ Y)
            tail = np.zeros(cols - rank)
            tail[:2] = s[4:]
            expected = [(p[:, None] + q).ravel(), np.zeros(rank * rank), np.tile(q, rows - cols)]
            for value in tail:
                block = np.block([[Y.T @ Y, -value * np.eye(rank)], [-value * np.eye(rank), X.T @ X]])
                expected.append(np.linalg.eigvalsh(block))
            expected = np.sort(np.concatenate(expected))
            self.assertEqual(len(spectrum), (rows + cols) * rank)
            self.assertLess(result["spectrum_error"], 1e-8 * expected[-1])
            np.testing.assert_allclose(spectrum, expected, rtol=0, atol=result["spectrum_error"])
            done = run("sharpness", f"{folder}/big.npy", "--factors", f"{folder}/far.npy,{folder}/Y.npy", "--spectrum")
            self.assertEqual(done.returncode, 2)
            self.assertRegex(done.stderr.decode(), "^equipoise: --spectrum: 5200 unknowns .*minimiser.*--top\n$")

    def test_info(self):
        result = self.result("info", self.matrix, "--top", 9)
        self.assertEqual((result["rows"], result["cols"], result["entries"]), (5, 4, 20))
        np.testing.assert_allclose(result["norm"], np.linalg.norm(self.A), rtol=1e-14)
        np.testing.assert_allclose(result["singular_values"], np.linalg.svd(self.A)[1], rtol=0, atol=1e-12)

    def test_predict(self):
        result = self.result("predict", self.matrix, "--rank", 2, "--rate", "1.9/L", "--start", self.factors)
        L = np.linalg.eigvalsh(self.hessian())[-1]
        self.assertAlmostEqual(result["sharpness"] / L, 1, places=10)
        self.assertLessEqual({"sharpness", "critical_rates", "verdict", "findings"}, set(result))
        for rate in result["critical_rates"]:
            self.assertLessEqual({"statement", "rate", "kind"}, set(rate))
            # interface.md has three kinds.
            self.assertIn(rate["kind"], ("exact", "sufficient", "necessary"), rate["statement"])
        scalar = self.result("predict", "scalar:1", "--rank", 1, "--rate", 0.048, "--start",
                             self.start(np.array([[9.0]]), np.array([[1.0]]), "one"))
        rates = {rate["statement"]: rate["rate"] for rate in scalar["critical_rates"]}
        self.assertAlmostEqual(rates["scalar.critical-rate"], 8 / (82 + np.sqrt(82**2 - 16 * 8)), places=14)

    def test_generate(self):
        by_file = {}
        for ending in ("npy", "mtx", "csv"):
            done = run("generate", "gaussian:6x4:seed=7", "--out", self.path(f"G.{ending}"))
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))
            run("factor", self.path(f"G.{ending}"), "--rank", 2, "--max-steps", 5, "--out", self.path(ending))
            by_file[ending] = (self.path(ending) / "X.npy").read_bytes()
        run("factor", "gaussian:6x4:seed=7", "--rank", 2, "--max-steps", 5, "--out", self.path("named"))
        self.assertEqual(set(by_file.values()), {(self.path("named") / "X.npy").read_bytes()})
        run("generate", "spectrum:7x5:1,0.5,0.2:seed=3", "--out", self.path("S.npy"))
        np.testing.assert_allclose(np.linalg.svd(np.load(self.path("S.npy")))[1], [1, 0.5, 0.2, 0, 0], rtol=0, atol=1e-14)
        run("generate", "isotropic:4:2.5", "--out", self.path("I.npy"))
        I = np.load(self.path("I.npy"))
        np.testing.assert_allclose(I @ I.T, 6.25 * np.eye(4), rtol=0, atol=1e-14)

    def test_report_rebuilds_the_same_page(self):
        for outcome, arguments in RUNS.items():
            with self.subTest(outcome=outcome):
                out = self.path(outcome)
                run(*arguments, "--out", out, "--sharpness-every", 7)
                page = (out / "report.html").read_bytes()
                (out / "report.html").unlink()
                self.assertEqual(run("report", out).returncode, 0)
                self.assertEqual((out / "report.html").read_bytes(), page)


if __name__ == "__main__":
    unittest.main()
