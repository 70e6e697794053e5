"""What the paper says of learning rates beyond 2/L, and the reference cases with limits of sixty digits."""

import json
import pathlib
import unittest

from command import CommandTest, np

CASES = pathlib.Path(__file__).resolve().parent.parent / "data" / "cases.json"
OUTCOMES = {"converge": "converged", "converge_saddle": "converged", "diverge": "diverged", "chaotic_bounded": "chaotic",
            "period2": "periodic", "period4": "periodic", "period2_general": "periodic"}


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
        record = self.result("factor", self.npy("A.npy", A), "--rank", X0.shape[1], "--rate", case["h"], "--start", self.start(X0, Y0),
                             "--max-steps", 1000000, "--tolerance", 1e-13, "--out", out)
        verdict = record["verdict"]
        self.assertEqual(verdict["outcome"], OUTCOMES[case["expected"]], verdict["why"])
        self.assertEqual(record["learning_rate"]["value"], h)
        X, Y = np.load(out / "X.npy"), np.load(out / "Y.npy")
        if case["expected"] == "converge_saddle":
            self.assertEqual(verdict["limit"], "saddle")
            self.assertLess(max(np.abs(X).max(), np.abs(Y).max()), 1e-9)
        elif case["expected"] == "converge" and not case["sensitive"]:
            self.assertEqual(verdict["limit"], "minimiser")
            limit_X, limit_Y = array(case["limit"]["X"]), array(case["limit"]["Y"])
            size = np.hypot(np.linalg.norm(limit_X), np.linalg.norm(limit_Y))
            self.assertLessEqual(np.hypot(np.linalg.norm(X - limit_X), np.linalg.norm(Y - limit_Y)), 1e-9 * size)
            self.assertLessEqual(abs(record["loss"]["end"] - float(case["f_star"])), 1e-12 * max(1, np.sum(A**2)))
            if "sharpness_X2sq_plus_Y2sq" in case["limit"]:
                sharpness = float(case["limit"]["sharpness_X2sq_plus_Y2sq"])
                self.assertLessEqual(abs(record["sharpness"]["end"] - sharpness), 1e-9 * sharpness)
            for key, name in (("norm_x", "normX_F"), ("norm_y", "normY_F")):
                self.assertLessEqual(abs(record["balance"]["end"][key] - float(case["limit"][name])), 1e-9 * size)
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

    def test_every_case(self):
        cases = json.loads(CASES.read_text())["cases"]
        self.assertEqual(len(cases), 44)
        for case in cases:
            with self.subTest(case=case["id"]):
                self.check(case)

    def test_exact_starts(self):
        """Starts of docs/theory.md, section 2, that land exactly where almost no start does."""
        for name, mu, x, y, h in (("CE1", 0.5, 1.0, 1.5, 1), ("CE2", 0.0, 2.0, 1.0, 1)):
            with self.subTest(start=name):
                record = self.result("factor", self.npy("A.npy", np.array([[mu]])), "--rank", 1, "--rate", h,
                                     "--start", self.start(np.array([[x]]), np.array([[y]])))
                self.assertEqual(record["verdict"]["outcome"], "converged")
                self.assertEqual(record["verdict"]["limit"], "saddle" if name == "CE1" else "minimiser")


if __name__ == "__main__":
    unittest.main()
