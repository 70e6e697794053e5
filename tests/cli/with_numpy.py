"""Loss, sharpness, balance and factors after 0, 1, 10 and 1000 steps, against a descent written in NumPy."""

import unittest
from fractions import Fraction

from command import CommandTest, np, scipy

CLOSE = 1e-10
STEPS = (0, 1, 10, 1000)


class Reference:
    """Plain gradient descent, and the Hessian written out column by column; `mask` is 1 where an entry is data."""

    def __init__(self, A, mask=None, ridge=0.0):
        self.mask = np.ones_like(A) if mask is None else mask
        self.A = np.where(self.mask > 0, A, 0)
        self.ridge = ridge

    def residual(self, X, Y):
        return self.mask * (self.A - X @ Y.T)

    def loss(self, X, Y):
        return 0.5 * np.sum(self.residual(X, Y) ** 2) + 0.5 * self.ridge * (np.sum(X**2) + np.sum(Y**2))

    def descend(self, X, Y, rate, steps):
        for _ in range(steps):
            R = self.residual(X, Y)
            X, Y = X + rate * (R @ Y - self.ridge * X), Y + rate * (R.T @ X - self.ridge * Y)
        return X, Y

    def hessian(self, X, Y):
        R = self.residual(X, Y)
        columns = []
        for unit in np.eye(X.size + Y.size):
            U, W = unit[: X.size].reshape(X.shape), unit[X.size :].reshape(Y.shape)
            D = self.mask * (U @ Y.T + X @ W.T)
            columns.append(np.concatenate([(D @ Y - R @ W).ravel(), (D.T @ X - R.T @ U).ravel()]) + self.ridge * unit)
        return np.array(columns).T

    def sharpness(self, X, Y):
        return np.linalg.eigvalsh(self.hessian(X, Y))[-1]


def some_start(random, m, n, d, norm_x=3.0, norm_y=1.0):
    X, Y = random.standard_normal((m, d)), random.standard_normal((n, d))
    return X * (norm_x / np.linalg.norm(X)), Y * (norm_y / np.linalg.norm(Y))


class WithNumpy(CommandTest):
    def setUp(self):
        super().setUp()
        self.random = np.random.default_rng(11)

    def near(self, ours, theirs, scale, what):
        self.assertIsNotNone(ours, what)
        self.assertLessEqual(abs(ours - theirs), CLOSE * scale, f"{what}: {ours!r} against {theirs!r}")

    def check_balance(self, ours, X, Y, what):
        p, q = np.linalg.norm(X), np.linalg.norm(Y)
        size = p * p + q * q
        self.near(ours["norm_x"], p, p, f"{what} norm_x")
        self.near(ours["norm_y"], q, q, f"{what} norm_y")
        self.near(ours["ratio"], max(p, q) / min(p, q), max(p, q) / min(p, q), f"{what} ratio")
        self.near(ours["imbalance"], np.linalg.norm(X.T @ X - Y.T @ Y), size, f"{what} imbalance")

    def check(self, matrix, reference, X, Y, *flags, times_L=1.3, steps=STEPS):
        """`times_L` beyond 2 too: the first ten steps then still agree, a thousand need a limit that is stable."""
        L = reference.sharpness(X, Y)
        rate = times_L / L
        size = max(np.sum(reference.A**2), np.linalg.norm(X) ** 2 * np.linalg.norm(Y) ** 2)
        for count in steps:
            with self.subTest(steps=count, flags=flags):
                record, ours_X, ours_Y = self.descend(matrix, X, Y, rate, count, *flags)
                theirs_X, theirs_Y = reference.descend(X, Y, rate, count)
                if record["steps"] != count:  # contract.py has the word on whether a run may end there
                    self.assertEqual(record["loss"]["end"], 0, "only an exact fixed point is where it would be 1000 steps on")
                self.assertEqual((ours_X.shape, ours_Y.shape), (X.shape, Y.shape))
                scale = np.hypot(np.linalg.norm(theirs_X), np.linalg.norm(theirs_Y))
                difference = np.hypot(np.linalg.norm(ours_X - theirs_X), np.linalg.norm(ours_Y - theirs_Y))
                self.assertLessEqual(difference, CLOSE * scale, "factors")
                # A loss near zero is a difference of rounded numbers: relative to itself, or a few digits of rounding
                # of its terms.
                for end, P, Q in (("start", X, Y), ("end", theirs_X, theirs_Y)):
                    loss = reference.loss(P, Q)
                    self.near(record["loss"][end], loss, max(loss, 1e-5 * size), f"loss {end}")
                    self.near(record["sharpness"][end], reference.sharpness(P, Q), L, f"sharpness {end}")
                    self.check_balance(record["balance"][end], P, Q, end)
                self.near(record["learning_rate"]["times_L"], times_L, times_L, "times_L")
                self.near(record["learning_rate"]["limit_2_over_L"], 2 / L, 2 / L, "2/L")
                self.near(record["matrix"]["norm"], np.linalg.norm(reference.A), np.linalg.norm(reference.A), "norm")
                sigma1 = np.linalg.norm(reference.A, 2)
                self.near(record["matrix"]["sigma1"], sigma1, sigma1, "sigma1")

    def test_dense_of_every_shape(self):
        for m, n, d in ((1, 1, 1), (1, 1, 3), (1, 7, 2), (7, 1, 2), (4, 9, 2), (9, 4, 3), (3, 5, 8), (6, 6, 6)):
            with self.subTest(shape=(m, n, d)):
                A = self.random.standard_normal((m, n))
                self.check(self.npy("A.npy", A), Reference(A), *some_start(self.random, m, n, d), steps=(1, 1000))

    def test_dense_formats_and_steps(self):
        A = self.random.standard_normal((8, 5))
        start = some_start(self.random, 8, 5, 2)
        self.check(self.npy("A.npy", A), Reference(A), *start)
        self.check(self.npy("A.npy", np.asfortranarray(A.astype(">f8"))), Reference(A), *start, steps=(10,))
        np.savetxt(self.path("A.csv"), A, delimiter=",", fmt="%.17g")
        self.check(self.path("A.csv"), Reference(A), *start, steps=(10,))
        scipy.io.mmwrite(self.path("A.mtx"), A, precision=17)
        self.check(self.path("A.mtx"), Reference(A), *start, steps=(10,))

    def test_beyond_the_classical_limit(self):
        A = self.random.standard_normal((8, 5))
        self.check(self.npy("A.npy", A), Reference(A), *some_start(self.random, 8, 5, 2, 4, 1), times_L=3.2, steps=(0, 1, 10))

    def test_sparse(self):
        A = scipy.sparse.random(12, 9, 0.3, random_state=3, data_rvs=self.random.standard_normal)
        scipy.io.mmwrite(self.path("A.mtx"), A, precision=17)
        self.check(self.path("A.mtx"), Reference(A.toarray()), *some_start(self.random, 12, 9, 3), "--missing", "zero")
        scipy.sparse.save_npz(self.path("A.npz"), A.tocsc())
        self.check(self.path("A.npz"), Reference(A.toarray()), *some_start(self.random, 12, 9, 3), steps=(10,))

    def test_matrix_market_with_comments_and_blank_lines(self):
        text = "%%MatrixMarket matrix coordinate real symmetric\n% by hand\n%\n\n3 3 3\n\n1 1  2.5\n2 1 -1e0\n\n3 3 .5\n"
        A = np.array([[2.5, -1, 0], [-1, 0, 0], [0, 0, 0.5]])
        self.check(self.write("A.mtx", text), Reference(A), *some_start(self.random, 3, 3, 2))

    def test_observed_entries(self):
        A = self.random.standard_normal((10, 7))
        mask = (self.random.random((10, 7)) < 0.5).astype(float)
        mask[0, 0] = 1
        A[0, 0] = 0  # a stored zero is data
        rows, cols = np.nonzero(mask)
        lines = "".join(f"{i + 1} {j + 1} {A[i, j]!r}\n" for i, j in zip(rows, cols))
        text = f"%%MatrixMarket matrix coordinate real general\n10 7 {len(rows)}\n{lines}"
        start = some_start(self.random, 10, 7, 2)
        self.check(self.write("A.mtx", text), Reference(A, mask), *start, "--missing", "unknown")
        self.check(self.npy("A.npy", np.where(mask > 0, A, np.nan)), Reference(A, mask), *start, "--missing", "unknown")

    def test_single_precision(self):
        A = self.random.standard_normal((8, 6))
        stored = A.astype(np.float32).astype(np.float64)
        self.assertGreater(np.abs(A - stored).max(), 1e-9)
        self.check(self.npy("A.npy", A), Reference(stored), *some_start(self.random, 8, 6, 2), "--precision", "float32")

    def test_ridge(self):
        A = self.random.standard_normal((7, 6))
        start = some_start(self.random, 7, 6, 2)
        self.check(self.npy("A.npy", A), Reference(A, ridge=0.3), *start, "--ridge", 0.3)

    def test_spectral_coordinates(self):
        for m, n, d in ((9, 6, 2), (5, 8, 2), (1, 4, 2), (4, 3, 6)):
            with self.subTest(shape=(m, n, d)):
                A = self.random.standard_normal((m, n))
                start = some_start(self.random, m, n, d)
                self.check(self.npy("A.npy", A), Reference(A), *start, "--coordinates", "spectral", steps=(0, 10, 1000))

    def test_exactly_balanced_start(self):
        A = self.random.standard_normal((7, 5))
        X, Y = some_start(self.random, 7, 5, 3)
        A_file = self.npy("A.npy", A)
        record, P, Q = self.descend(A_file, X, Y, 0.01, 0, "--balance", "exact")
        np.testing.assert_allclose(P @ Q.T, X @ Y.T, rtol=0, atol=1e-13)
        np.testing.assert_allclose(P.T @ P, Q.T @ Q, rtol=0, atol=1e-13)
        self.check_balance(record["balance"]["start"], P, Q, "start")
        _, ours_X, ours_Y = self.descend(A_file, X, Y, 0.05, 10, "--balance", "exact")
        theirs_X, theirs_Y = Reference(A).descend(P, Q, 0.05, 10)
        np.testing.assert_allclose(ours_X, theirs_X, rtol=0, atol=CLOSE)
        np.testing.assert_allclose(ours_Y, theirs_Y, rtol=0, atol=CLOSE)

    def test_scales(self):
        """f(sA, tX, tY) with s = t^2 is s^2 f, its Hessian s times the Hessian, its rates 1/s of the rates."""
        A = self.random.standard_normal((4, 3))
        X, Y = some_start(self.random, 4, 3, 2)
        rate = 1.3 / Reference(A).sharpness(X, Y)
        one, one_X, one_Y = self.descend(self.npy("one.npy", A), X, Y, rate, 1000)
        for t in (1e75, 1e-75, 2.0**249, 2.0**-249):
            for flags in ((), ("--coordinates", "spectral")):
                with self.subTest(t=t, flags=flags):
                    s = t * t
                    scaled, scaled_X, scaled_Y = self.descend(self.npy("s.npy", s * A), t * X, t * Y, rate / s, 1000, *flags)
                    np.testing.assert_allclose(scaled_X / t, one_X, rtol=0, atol=1e-9)
                    np.testing.assert_allclose(scaled_Y / t, one_Y, rtol=0, atol=1e-9)
                    for end in ("start", "end"):
                        self.near(scaled["loss"][end] / s / s, one["loss"][end], one["loss"][end], "loss")
                        self.near(scaled["sharpness"][end] / s, one["sharpness"][end], one["sharpness"][end], "sharpness")
                        for key, unit in (("norm_x", t), ("norm_y", t), ("imbalance", s), ("ratio", 1)):
                            value = one["balance"][end][key]
                            self.near(scaled["balance"][end][key] / unit, value, max(value, 1), key)
                    self.assertEqual(scaled["verdict"]["outcome"], one["verdict"]["outcome"])

    def test_scales_in_files_and_starts_of_our_own(self):
        for s in (1e150, 1e-150):
            for matrix in (np.array([[s]]), s * self.random.standard_normal((1, 4)), s * self.random.standard_normal((4, 3))):
                with self.subTest(scale=s, shape=matrix.shape):
                    record = self.result("factor", self.npy("A.npy", matrix), "--rank", 1)
                    self.assertEqual(record["verdict"]["outcome"], "converged")
                    best = 0.5 * np.sum((np.linalg.svd(matrix / s)[1][1:]) ** 2)
                    self.near(record["loss"]["end"] / s / s, best, 1, "loss")

    def test_zero_and_constant_matrices(self):
        for matrix in (np.zeros((3, 2)), np.zeros((1, 1)), np.full((4, 5), -2.5)):
            with self.subTest(matrix=matrix[0, 0]):
                record = self.result("factor", self.npy("A.npy", matrix), "--rank", 2)
                self.assertEqual(record["verdict"]["outcome"], "converged")
                self.near(record["loss"]["end"], 0, 1, "loss")
                for flags in (("--coordinates", "spectral"), ("--start", "spectral"), ("--rate", "1/L")):
                    self.assertEqual(self.result("factor", self.npy("A.npy", matrix), "--rank", 2, *flags)["verdict"]["outcome"],
                                     "converged", flags)


def exact(M):
    return [[Fraction(float(entry)) for entry in row] for row in M]


def exact_loss(A, X, Y, ridge=0.0):
    """f at the factors as they are, without rounding."""
    A, X, Y, ridge = exact(A), exact(X), exact(Y), Fraction(ridge)
    residuals = sum((a - sum(x * y for x, y in zip(row, other))) ** 2 for line, row in zip(A, X) for a, other in zip(line, Y))
    return (residuals + ridge * sum(entry**2 for M in (X, Y) for row in M for entry in row)) / 2


def integers_with_singular_values(m, n, values):
    """A = H diag(values) G for integer multiples H, G of reflections; its singular values are integers."""
    H, G = (k * np.eye(k, dtype=int) - 2 * np.ones((k, k), dtype=int) for k in (m, n))
    S = np.zeros((m, n), dtype=int)
    np.fill_diagonal(S, values)
    return (H @ S @ G).astype(float), [m * n * value for value in values]


class Excess(CommandTest):
    """The excess over the best loss, against fractions: the error that the record states holds."""

    def check(self, matrix, A, best, *flags, ridge=0.0, relative=None):
        out = self.path("out")
        record = self.result("factor", matrix, "--out", out, *flags)
        loss = record["loss"]
        self.assertIsNotNone(loss["excess"], flags)
        truth = exact_loss(A, np.load(out / "X.npy"), np.load(out / "Y.npy"), ridge) - best
        self.assertGreaterEqual(truth, 0)
        self.assertLessEqual(abs(Fraction(loss["excess"]) - truth), Fraction(loss["excess_error"]), flags)
        if relative is not None:
            self.assertLessEqual(loss["excess_error"], relative * loss["excess"], flags)
        return loss

    def test_where_the_best_loss_is_zero(self):
        random = np.random.default_rng(5)
        for m, n, d in ((1, 1, 1), (3, 2, 2), (4, 6, 5)):
            A = random.standard_normal((m, n))
            for scale in (1.0, 1e140, 1e-140):
                flags = ("--rank", d, "--tolerance", 1e-9)
                self.check(self.npy("A.npy", scale * A), scale * A, 0, *flags, relative=1e-12)
        stored = A.astype(np.float32).astype(np.float64)
        self.check(self.npy("A.npy", A), stored, 0, "--rank", 6, "--precision", "float32", relative=1e-9)
        self.check(self.npy("A.npy", A), A, 0, "--rank", 6, "--coordinates", "spectral", "--tolerance", 1e-9, relative=1e-9)

    def test_where_it_is_not(self):
        for m, n, values, d in ((4, 4, (5, 3, 2, 1), 2), (3, 5, (4, 4, 4), 1), (5, 3, (7, 2, 0), 1), (3, 4, (6, 5, 1), 3)):
            A, singular = integers_with_singular_values(m, n, values)
            np.testing.assert_allclose(np.linalg.svd(A)[1], singular, rtol=0, atol=1e-12 * singular[0])
            best = Fraction(sum(s * s for s in singular[d:]), 2)
            for flags in ((), ("--coordinates", "spectral"), ("--precision", "float32"), ("--max-steps", 3)):
                with self.subTest(shape=(m, n), flags=flags):
                    loss = self.check(self.npy("A.npy", A), A, best, "--rank", d, *flags)
                    self.assertLessEqual(loss["excess_error"], 1e-25 * np.sum(A**2) + 1e-15 * loss["excess"])
            sparse = self.path("A.npz")
            scipy.sparse.save_npz(sparse, scipy.sparse.csr_matrix(A))
            self.check(sparse, A, best, "--rank", d)
            ridge = singular[1] / 2
            kept = sum((Fraction(s) - Fraction(ridge)) ** 2 for s in singular[:d] if s > ridge)
            best = Fraction(sum(s * s for s in singular)) / 2 - kept / 2
            self.check(self.npy("A.npy", A), A, best, "--rank", d, "--ridge", ridge, ridge=ridge)

    def test_where_it_is_not_known(self):
        A = np.ones((3, 3))
        A[0, 1] = np.nan
        for arguments in ((self.npy("A.npy", A), "--missing", "unknown"), ("isotropic:1100:1", "--max-steps", 0)):
            loss = self.result("factor", *arguments, "--rank", 1, "--rate", 1e-5)["loss"]
            self.assertIsNone(loss["excess"])
            self.assertIsNone(loss["excess_error"])


if __name__ == "__main__":
    unittest.main()
