"""What the paper says of learning rates beyond 2/L, and the reference cases with limits of sixty digits and more."""

import json
import pathlib
import unittest

from command import CommandTest, np

DATA = pathlib.Path(__file__).resolve().parent.parent / "data"
OUTCOMES = {"converge": "converged", "converge_saddle": "converged", "diverge": "diverged", "chaotic_bounded": "chaotic",
            **{f"period{p}": "periodic" for p in (2, 4, 6, 8)}, "period2_general": "periodic"}


def array(texts):
    return np.array([[float(text) for text in row] for row in texts])


class Balancing(CommandTest):
    """From norms 9:1 the imbalance survives below 2/L, is gone beyond it, and the run diverges past about 4/L."""

    def descend_from_9_to_1(self, matrix, rank, rate, seed):
        return self.result("factor", matrix, "--rank", rank, "--rate", rate, "--start-norms", "9,1", "--seed", seed, "--max-steps", 400000)

    def test_three_rates(self):
        for matrix, rank in (("isotropic:100:1.0", 1), ("isotropic:12:1.0", 3), ("gaussian:12x8:seed=7", 1), ("gaussian:20x12:seed=3", 2)):
            for seed in (0, 1):
                with self.subTest(matrix=matrix, rank=rank, seed=seed):
                    below, beyond, far = (self.descend_from_9_to_1(matrix, rank, rate, seed) for rate in ("1.9/L", "3.5/L", "4.5/L"))
                    for record in (below, beyond):
                        h, end = record["learning_rate"]["value"], record["balance"]["end"]
                        self.assertEqual(record["verdict"]["outcome"], "converged", record["verdict"]["why"])
                        self.assertEqual(record["sharpness"]["stability_limit"], 2 / h)
                        self.assertLessEqual(record["sharpness"]["end"], 2 / h * (1 + 1e-9))
                        self.assertLess(record["loss"]["end"], record["loss"]["start"])
                        self.assertAlmostEqual(max(end["norm_x"], end["norm_y"]) / min(end["norm_x"], end["norm_y"]), end["ratio"], places=12)
                    # Below 2/L: the start's imbalance is still there. Beyond: balanced within a small factor.
                    start = below["balance"]["start"]
                    self.assertGreater(below["balance"]["end"]["imbalance"], 0.4 * start["imbalance"])
                    self.assertGreater(below["balance"]["end"]["ratio"], 1.5)
                    self.assertLess(beyond["balance"]["end"]["ratio"] - 1, 0.5 * (below["balance"]["end"]["ratio"] - 1))
                    self.assertLess(beyond["balance"]["end"]["imbalance"], 0.7 * below["balance"]["end"]["imbalance"])
                    self.assertGreater(beyond["learning_rate"]["value"], beyond["learning_rate"]["limit_2_over_L"])
                    self.assertEqual(far["verdict"]["outcome"], "diverged")
                    self.assertIs(far["verdict"]["proved"], True)
                    self.assertIsNone(far["sharpness"]["end"])

    def test_critical_rate_of_one_number(self):
        """(9, 1), mu = 1: the exact critical rate is 8/(S + sqrt(S^2 - 16 mu (xy - mu))) with S = 82 and xy = 9."""
        critical = 8 / (82 + np.sqrt(82**2 - 16 * 8))
        start = self.start(np.array([[9.0]]), np.array([[1.0]]))
        for factor, outcome in ((0.5, "converged"), (0.999, "converged"), (1.001, "diverged"), (1.5, "diverged")):
            with self.subTest(factor=factor):
                flags = ("scalar:1", "--rank", 1, "--rate", repr(factor * critical), "--start", start)
                self.assertEqual(self.result("factor", *flags)["verdict"]["outcome"], outcome)
                self.assertEqual(self.result("predict", *flags)["verdict"]["outcome"], outcome)


class ReferenceCases(CommandTest):
    def products(self, record, Z, h, A, period):
        """Norms of X Y^T over one period, going on from the last factors by hand."""
        X, Y = Z
        found = []
        for _ in range(period):
            found.append(float((X @ Y.T)[0, 0]) if A.size == 1 else float(np.linalg.norm(X @ Y.T)))
            R = A - X @ Y.T
            X, Y = X + h * R @ Y, Y + h * R.T @ X
        return sorted(found)

    def check(self, case):
        A, X0, Y0, h = array(case["A"]), array(case["X0"]), array(case["Y0"]), float(case["h"])
        out = self.path(case["id"])
        flags = (self.npy("A.npy", A), "--rank", X0.shape[1], "--rate", case["h"], "--start", self.start(X0, Y0))
        record = self.result("factor", *flags, "--max-steps", 1000000, "--tolerance", 1e-13, "--out", out)
        verdict = record["verdict"]
        self.check_theory(case, record, self.result("predict", *flags))
        self.assertEqual(verdict["outcome"], OUTCOMES[case["expected"]], verdict["why"])
        self.assertEqual(record["learning_rate"]["value"], h)
        X, Y = np.load(out / "X.npy"), np.load(out / "Y.npy")
        size_A = np.linalg.norm(A) or np.linalg.norm(X0) * np.linalg.norm(Y0)
        if case["expected"] == "converge_saddle":
            self.assertEqual(verdict["limit"], "saddle")
            self.assertLess(max(np.abs(X).max(), np.abs(Y).max()), 1e-9)
        elif case["expected"] == "converge" and not case["sensitive"]:
            self.assertEqual(verdict["limit"], "minimiser")
            limit_X, limit_Y = array(case["limit"]["X"]), array(case["limit"]["Y"])
            size = np.hypot(np.linalg.norm(limit_X), np.linalg.norm(limit_Y))
            # At A = 0 the limit of a start that is balanced is zero: the start is the scale.
            size = size if size > 1e-9 * np.linalg.norm(X0) else 1e-2 * np.linalg.norm(X0)
            self.assertLessEqual(np.hypot(np.linalg.norm(X - limit_X), np.linalg.norm(Y - limit_Y)), 1e-9 * size)
            self.assertLessEqual(abs(record["loss"]["end"] - float(case["f_star"])), 1e-12 * size_A**2)
            sharpness = np.linalg.norm(limit_X, 2) ** 2 + np.linalg.norm(limit_Y, 2) ** 2
            self.assertLessEqual(abs(record["sharpness"]["end"] - sharpness), 1e-9 * size**2)
            for key, limit in (("norm_x", limit_X), ("norm_y", limit_Y)):
                self.assertLessEqual(abs(record["balance"]["end"][key] - np.linalg.norm(limit)), 1e-9 * size)
        elif case["expected"] == "diverge":
            self.assertIsNone(record["sharpness"]["end"])
            self.assertTrue(verdict["proved"])
            self.assertTrue(np.isfinite(X).all() and np.isfinite(Y).all())
        elif case["expected"].startswith("period"):
            period = int(case["expected"][6])
            self.assertEqual(verdict["period"], period)
            expected = [float(text) for text in case.get("limit_cycle_products_xy", case.get("limit_cycle_normXY_F"))]
            np.testing.assert_allclose(self.products(record, (X, Y), h, A, period), sorted(expected), rtol=1e-8)
        elif case["expected"] == "chaotic_bounded":
            self.assertGreater(verdict["lyapunov"], 0.1)
            self.assertIsNone(verdict["period"])
            self.assertLessEqual(h * np.abs(X @ Y.T).max(), 2 * h * np.abs(A).max() * 1.01)
            if "lyapunov" in case:
                self.assertLessEqual(abs(verdict["lyapunov"] - case["lyapunov"]), 0.01 + 5 * verdict["lyapunov_error"])

    def check_theory(self, case, record, told):
        """What is proved before the run comes true, and no run refutes what is proved."""
        forecast = told["verdict"]
        expected = OUTCOMES[case["expected"]]
        self.assertIn(forecast["outcome"], (None, expected), forecast["why"])
        self.assertNotIn(expected, forecast["excluded"], forecast["why"])
        if forecast["outcome"] == "converged":
            self.assertEqual(forecast["limit"], "saddle" if case["expected"] == "converge_saddle" else "minimiser", forecast["why"])
        if case["kind"] in ("scalar", "vector"):
            self.assertTrue(forecast["outcome"] or forecast["excluded"] or "no theorem" in forecast["why"], forecast["why"])
        for finding in record["findings"]:
            if finding["standing"] in ("proved", "classical"):
                self.assertNotEqual(finding["confirmed"], "no", f"{finding['statement']}: {finding['says']}")
        # The words of a verdict and the findings beside it do not contradict each other.
        sure = [finding for finding in told["findings"] if finding["statement"] == "any.divergence" and finding["applies"] == "yes"]
        if sure:
            self.assertEqual((forecast["outcome"], forecast["surely"]), ("diverged", True), forecast["why"])

    def check_all(self, file, count):
        cases = json.loads((DATA / file).read_text())["cases"]
        self.assertEqual(len(cases), count)
        for case in cases:
            with self.subTest(case=case["id"]):
                self.check(case)

    def test_every_case(self):
        self.check_all("cases.json", 44)

    def test_every_case_of_our_own(self):
        self.check_all("more_cases.json", 45)

    def confront(self, mu, u, v):
        flags = (self.npy("A.npy", np.array([[mu]])), "--rank", len(u), "--rate", 1, "--start", self.start(np.array([u]), np.array([v])))
        return self.result("predict", *flags), self.result("factor", *flags)

    def sentence(self, answer, statement):
        return next(finding for finding in answer["findings"] if finding["statement"] == statement)

    def test_exact_starts(self):
        """Starts of docs/theory.md, section 4, at which loose wording is false: verdict, prediction and sentence."""
        told, record = self.confront(0.5, [1.0], [1.5])  # CE1: E < 0 and u + v is not zero, and yet the saddle
        self.assertEqual((told["verdict"]["outcome"], told["verdict"]["limit"]), ("converged", "saddle"))
        self.assertIn("u + v = 0 at step 1 exactly", told["verdict"]["why"])
        self.assertEqual((record["verdict"]["outcome"], record["verdict"]["limit"]), ("converged", "saddle"))
        self.assertIn("unstable", record["verdict"]["why"])
        finding = self.sentence(record, "scalar.critical-rate")
        self.assertEqual(finding["confirmed"], "unknown")
        self.assertIn("almost every start", finding["says"])
        self.assertIn("this run went to the saddle", finding["says"])

        for mu, u, v in ((0.0, [2.0], [1.0]), (1.0, [2.0, 0, 1], [-1.0, 1, 0])):  # CE2 and CE4: E > 0, a minimiser after one step
            told, record = self.confront(mu, u, v)
            self.assertEqual((told["verdict"]["outcome"], told["verdict"]["limit"]), ("converged", "minimiser"))
            self.assertRegex(told["verdict"]["why"], "at step 1 .*exceptional.*unstable")
            self.assertEqual((record["verdict"]["outcome"], record["verdict"]["limit"], record["verdict"]["step"]), ("converged", "minimiser", 1))
            self.assertIn("only an exact landing stays", record["verdict"]["why"])
            finding = self.sentence(record, "scalar.critical-rate")
            self.assertEqual(finding["confirmed"], "unknown")
            self.assertRegex(finding["says"], "never converges to a stable minimiser.*almost every start.*landed exactly on an unstable")

        told, record = self.confront(-27 / 40, [2.0], [0.8])  # CE3: the doubles beside it are not exceptional, and rounding grows
        self.assertEqual((told["verdict"]["outcome"], told["verdict"]["surely"]), ("diverged", False))
        self.assertRegex(told["verdict"]["why"], "never converges to a stable minimiser.*almost every such start diverges")
        self.assertEqual(record["verdict"]["outcome"], "diverged")

        for x in (2.5, 2.6, 3.0):  # CE5: E < 0 although delta > 3
            told, record = self.confront(3.0, [x], [x])
            self.assertEqual((told["verdict"]["outcome"], told["verdict"]["surely"]), ("diverged", True))
            self.assertRegex(told["verdict"]["why"], "surely")
            self.assertEqual((record["verdict"]["outcome"], record["verdict"]["proved"]), ("diverged", True))
            self.assertEqual(self.sentence(record, "scalar.critical-rate")["confirmed"], "yes")
        for x_squared in (2.5, 2.6, 3.0):  # the balanced segment: nothing is claimed before the run
            told, record = self.confront(3.0, [x_squared**0.5], [x_squared**0.5])
            self.assertIsNone(told["verdict"]["outcome"])
            self.assertIn("no theorem", told["verdict"]["why"])
            self.assertEqual(record["verdict"]["outcome"], "diverged")


if __name__ == "__main__":
    unittest.main()
