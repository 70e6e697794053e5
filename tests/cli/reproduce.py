"""equipoise reproduce: numbers recomputed with NumPy, and claims judged again from the files."""

import csv
import json
import math
import operator
import pathlib
import re
import sys
import tempfile
import tomllib
import unittest

from command import CommandTest, np, parse, run

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "io"))
import builtin_definition  # noqa: E402  the generator and its matrices

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXPERIMENTS = ROOT / "experiments"

# Smaller still than [quick]: what is checked here is each number, not how many of them there are.
TINY = {
    "balancing": 'seeds = 20',
    "phases": 'seeds = 3',
    "general": 'sizes = [5, 8]\nseeds = [4, 2]\nmax_steps = [6000, 4000]',
    "sharpness": 'matrices = ["isotropic:10:1.0", "gaussian:8x6:seed=1"]\nranks = [1, 2]\nnorms = ["9,1", "9,1"]\nseeds = [2, 2]\n'
                 'max_steps = [2000, 2000]\nsharpness_every = [1, 1]',
    "rates": 'seeds = [2, 5, 1]\ncount = 6\nfine_count = 12\nlowest = [0.1, 0.1, 0.5]',
    "beyond": 'm_count = 41\norbit_steps = 20000\nlast = 10000\nbasin_side = 80',
    "conservation": 'rates = ["0.02/L", "0.05/L", "0.1/L", "0.5/L", "3.5/L"]\nseeds = 1',
    "digits": 'max_steps = 1200',
}
RELATIONS = {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt}


def smaller(folder):
    """The experiments with another [quick], in a folder of their own beside a data folder."""
    (folder / "experiments").mkdir()
    (folder / "data").symlink_to(ROOT / "data")
    for name, settings in TINY.items():
        text = (EXPERIMENTS / f"{name}.toml").read_text()
        text = re.sub(r"\[quick\]\n(?:(?!\[).*\n)*", f"[quick]\n{settings}\n\n", text)
        (folder / "experiments" / f"{name}.toml").write_text(text)
    return folder / "experiments"


def read_table(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def number(text):
    return float(text) if text != "" else math.nan


def curve(path, panel, name):
    rows = [row for row in read_table(path) if row["kind"] == "curve" and row["panel"] == panel and row["name"] == name]
    return [number(row["x"]) for row in rows], [number(row["y"]) for row in rows]


def start(rows, cols, rank, norms, seed):
    """The Gaussian start of a seed: X, then Y, row by row, each scaled to its norm."""
    generator = builtin_definition.Generator(seed)
    X, Y = np.array(generator.normals(rows, rank)), np.array(generator.normals(cols, rank))
    return X * (norms[0] / np.linalg.norm(X)), Y * (norms[1] / np.linalg.norm(Y))


def step(A, X, Y, h):
    R = A - X @ Y.T
    return X + h * R @ Y, Y + h * R.T @ X


def descend(A, X, Y, h, steps):
    for _ in range(steps):
        X, Y = step(A, X, Y, h)
    return X, Y


def hessian(A, X, Y):
    """Column by column from the product (D Y - R V, D'X - R'U), D = U Y' + X V'."""
    m, n, d = X.shape[0], Y.shape[0], X.shape[1]
    R, columns = A - X @ Y.T, []
    for unit in np.eye((m + n) * d):
        U, V = unit[:m * d].reshape(m, d), unit[m * d:].reshape(n, d)
        D = U @ Y.T + X @ V.T
        columns.append(np.concatenate([(D @ Y - R @ V).ravel(), (D.T @ X - R.T @ U).ravel()]))
    return np.array(columns)


def sharpness(A, X, Y):
    return np.linalg.eigvalsh(hessian(A, X, Y))[-1]


class Reproduced(CommandTest):
    """One run of all experiments, looked at from many sides."""

    @classmethod
    def setUpClass(cls):
        cls.keep = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.keep.cleanup)
        root = pathlib.Path(cls.keep.name)
        cls.experiments = smaller(root)
        cls.out = root / "out"
        cls.done = run("reproduce", "--experiments", cls.experiments, "--quick", "--out", cls.out, "--json")
        assert cls.done.returncode in (0, 1), cls.done.stderr
        cls.claims = parse(cls.done.stdout)
        cls.by_name = {each["name"]: each for each in cls.claims["experiments"]}

    def table(self, name, table="runs", **where):
        rows = read_table(self.out / name / f"{table}.csv")
        rows = [row for row in rows if all(row[key.replace("_is", "")] == str(value) for key, value in where.items())]
        self.assertTrue(rows, where)
        return rows

    def near(self, found, wanted, relative, what=None):
        self.assertLessEqual(abs(float(found) - wanted), relative * max(abs(wanted), 1e-300), what)

    def test_all_claims_hold_and_are_all_there(self):
        self.assertEqual(self.done.returncode, 0, [claim for each in self.claims["experiments"] for claim in each["claims"] if not claim["holds"]])
        self.assertEqual(self.done.stderr, b"")
        self.assertIs(self.claims["quick"], True)
        self.assertEqual([each["name"] for each in self.claims["experiments"]],
                         ["balancing", "phases", "general", "sharpness", "rates", "beyond", "conservation", "digits"])
        self.assertEqual(json.loads((self.out / "claims.json").read_text()), self.claims)
        page = (self.out / "report.html").read_text(encoding="utf-8")
        for each in self.claims["experiments"]:
            for path in each["figures"] + each["tables"]:
                self.assertTrue((self.out / path).is_file(), path)
                self.assertNotRegex((self.out / path).read_text().lower(), r"(^|,)-?(nan|inf)")
            self.assertIn(f"equipoise reproduce {each['name']} ", page)

    def test_every_claim_is_judged_as_its_file_says(self):
        """A second judge, from the TOML and the CSV alone."""
        for name in TINY:
            file = tomllib.loads((self.experiments / f"{name}.toml").read_text())
            self.assertEqual(len(file["claim"]), len(self.by_name[name]["claims"]))
            for claim, found in zip(file["claim"], self.by_name[name]["claims"]):
                with self.subTest(experiment=name, claim=claim["text"]):
                    value, holds, count = self.judge(claim, read_table(self.out / name / f"{claim.get('table', 'runs')}.csv"))
                    self.assertEqual(found["rows"], count)
                    self.assertEqual(found["holds"], holds)
                    self.near(found["value"], value, 1e-9)

    def judge(self, claim, rows):
        def met(row, column, wanted):
            if isinstance(wanted, list):
                return any(met(row, column, each) for each in wanted)
            sign = re.match(r"(<=|>=|<|>) (\S+)$", wanted) if isinstance(wanted, str) else None
            if sign:
                return RELATIONS[sign[1]](number(row[column]), float(sign[2]))
            return row[column] == wanted if isinstance(wanted, str) else number(row[column]) == wanted

        def bears(value, bound):
            if claim["relation"] == "=":
                return value == bound if isinstance(bound, str) else abs(value - bound) <= claim.get("tolerance", 0)
            slack = claim.get("tolerance", 0) * abs(bound)
            return RELATIONS[claim["relation"]](value, bound + (slack if claim["relation"][0] == "<" else -slack))

        rows = [row for row in rows if all(met(row, *condition) for condition in claim.get("where", {}).items())]
        bound, measure = claim["bound"], claim["measure"]
        if claim["quantifier"] in ("every", "share"):
            def one(row):
                if not isinstance(bound, str):
                    return bears(number(row[measure]), bound)
                return bears(number(row[measure]), number(row[bound])) if bound in row else bears(row[measure], bound)

            share = sum(map(one, rows)) / len(rows)
            if claim["quantifier"] == "every":
                return share, share == 1, len(rows)
            return share, share <= claim["at_most"] if "at_most" in claim else share >= claim["at_least"], len(rows)
        values = np.array([number(row[measure]) for row in rows])
        if claim["quantifier"] == "slope":
            value = np.polyfit(np.log([number(row[claim["against"]]) for row in rows]), np.log(values), 1)[0]
        else:
            value = {"median": np.median, "lowest": np.min, "highest": np.max,
                     "spread": lambda v: np.quantile(v, 0.9) / np.quantile(v, 0.1)}[claim["quantifier"]](values)
        return value, bears(value, bound), len(rows)

    def test_balancing(self):
        for matrix, n in (("scalar:1.0", 1), ("isotropic:100:1.0", 100)):
            A = np.eye(n)
            for norms, rate in (((9, 1), "4/7 h0"), ((19, 1), "2/7 h0"), ((9, 1), "5/7 h0")):
                row = self.table("balancing", matrix=matrix, norms=f"{norms[0]},{norms[1]}", rate=rate)[-1]
                with self.subTest(matrix=matrix, norms=norms, rate=rate):
                    X, Y = start(n, n, 1, norms, int(row["seed"]))
                    h = int(rate[0]) / 7 * 4 / (norms[0]**2 + norms[1]**2 + 8)
                    self.near(row["h"], h, 1e-14)
                    P, Q = norms[0]**2, norms[1]**2
                    self.near(row["L"], (P + Q) / 2 + math.hypot((P - Q) / 2, np.linalg.norm(2 * X @ Y.T - A, 2)), 1e-12)
                    self.near(row["difference_start"], np.linalg.norm(X - Y), 1e-12)
                    X, Y = descend(A, X, Y, h, 400)
                    self.near(row["difference_squared"], np.sum((X - Y)**2), 1e-8)
                    self.near(row["ratio"], np.linalg.norm(X) / np.linalg.norm(Y), 1e-8)
                    self.near(row["sharpness"], np.sum(X**2) + np.sum(Y**2), 1e-8)
                    self.near(row["limit.balance"], 2 / h - 2, 1e-14)
                    gap = P - Q
                    self.near(row["conserved_ratio"], (gap + math.sqrt(gap**2 + 4)) / 2, 1e-13)
                    self.assertLess(int(row["steps"]), 400)

    def test_paths_of_balancing(self):
        X, Y = start(100, 100, 1, (9, 1), 1)
        path = self.out / "balancing" / "balancing-isotropic-100-1p0-9-1.csv"
        for panel, measure in (("|x|", lambda X, Y: np.linalg.norm(X)), ("|y|", lambda X, Y: np.linalg.norm(Y)),
                               ("|x − y|", lambda X, Y: np.linalg.norm(X - Y)),
                               ("f − f*", lambda X, Y: (np.linalg.norm(np.eye(100) - X @ Y.T)**2 - 99) / 2)):
            steps, values = curve(path, panel, "5/7 h0")
            self.assertEqual(steps[:5], [0, 1, 2, 3, 4])
            at = (X, Y)
            for k in range(8):
                self.assertAlmostEqual(values[k], measure(*at), delta=1e-9 * abs(measure(*at)) + 1e-12, msg=(panel, k))
                at = step(np.eye(100), *at, 5 / 7 * 4 / 90)

    def test_phases(self):
        for n in (1, 100):
            matrix = "scalar:1.0" if n == 1 else "isotropic:100:1.0"
            row = self.table("phases", matrix=matrix, norms="19,1", rate="4/7 h0")[-1]
            x, y = start(n, n, 1, (19, 1), int(row["seed"]))
            h, A, factors, deltas, grown, before = float(row["h"]), np.eye(n), [], [], 0, None
            for _ in range(60):
                S, p = np.sum(x**2) + np.sum(y**2), np.sum(x * y)
                r = 1 - p
                grown += before is not None and abs(r) > before
                before = abs(r)
                factors.append(1 - h * S - h * h * r * p)
                deltas.append((h * S + math.sqrt((h * S)**2 - 16 * h * (h * p - h))) / 4)
                x, y = step(A, x, y, h)
            wild = max([k + 1 for k, s in enumerate(factors) if abs(s) >= 1], default=0)
            self.assertEqual(int(row["contraction_from"]), wild)
            self.near(row["largest_s"], max(map(abs, factors)), 1e-9)
            self.near(row["delta_start"], deltas[0], 1e-12)
            self.assertLessEqual(max(np.diff(deltas)), 1e-12)
            self.assertGreaterEqual(int(row["growths"]), grown)
            if n == 1:
                figure = self.out / "phases" / "phases-scalar-1p0-9-1-4-7-h0.csv"
                spans = [each for each in read_table(figure) if each["kind"] == "span"]
                steps, values = curve(figure, "s", "s = 1 − hS − h²rp")
                self.assertEqual(number(spans[0]["y"]), max(k + 1 for k, s in zip(steps, values) if abs(s) >= 1))

    def test_general(self):
        for kind, rate, n, rank in (("positive", "2.5/L", 5, "3"), ("symmetric", "3/L", 8, "1"), ("general", "3.5/L", 5, "n")):
            with self.subTest(kind=kind):
                row = self.table("general", kind=kind, n=n, rank=rank, rate=rate, seed=1)[0]
                make = {"positive": lambda: builtin_definition.positive(n, 1), "symmetric": lambda: builtin_definition.symmetric(n, 1),
                        "general": lambda: builtin_definition.Generator(1).normals(n, n)}[kind]
                A, d = np.array(make()), n if rank == "n" else int(rank)
                singular = np.linalg.svd(A, compute_uv=False)
                product = singular[:d].sum()
                norms = (math.sqrt(9 * product), math.sqrt(product / 9))
                X, Y = start(n, n, d, norms, 1)
                L = sharpness(A, X, Y)
                h = float(rate[:-2]) / L
                self.near(row["h"], h, 1e-9)
                self.near(row["h sigma1"], h * singular[0], 1e-9)
                self.assertEqual(row["outcome"], "converged")
                X, Y = descend(A, X, Y, h, int(row["steps"]))
                P, Q = np.linalg.norm(X, 2)**2, np.linalg.norm(Y, 2)**2
                self.near(row["ratio"], max(np.linalg.norm(X) / np.linalg.norm(Y), np.linalg.norm(Y) / np.linalg.norm(X)), 1e-5)
                self.near(row["sharpness"], sharpness(A, X, Y), 1e-5)
                self.near(row["minimiser.sharpness"], P + Q, 1e-5)
                self.near(row["loss"], np.linalg.norm(A - X @ Y.T)**2 / 2, 1e-4)
                top = (1 + math.sqrt(1 - (h * singular[0])**2)) / h
                self.near(row["limit.balance"], d * top - np.sum(singular[:d]**2) / top, 1e-9)
                if kind == "positive":
                    self.near(row["difference_squared"], np.linalg.norm(X - Y)**2, 1e-4)
                    self.near(row["limit.balance.positive"], 2 * d / h - 2 * product, 1e-9)

    def test_sharpness(self):
        A = np.array(builtin_definition.Generator(1).normals(8, 6))
        X, Y = start(8, 6, 2, (9, 1), 0)
        L = sharpness(A, X, Y)
        steps, values = curve(self.out / "sharpness" / "sharpness-gaussian-8x6-seed-1.csv", "sharpness / (2/h)", "3/L")
        self.assertEqual(steps[:4], [0, 1, 2, 3])
        for k in range(6):
            self.near(values[k], sharpness(A, X, Y) * (3 / L) / 2, 1e-4, k)
            X, Y = step(A, X, Y, 3 / L)

    def test_rates(self):
        rows = self.table("rates", matrix="scalar:1.0", outcome="converged")
        for row in rows[::4]:
            x, y = (float(each[0, 0]) for each in start(1, 1, 1, (9, 1), int(row["seed"])))
            h = float(row["h"])
            self.near(row["limit.balance"], math.sqrt(4 / h**2 - 4), 1e-9)
            for _ in range(int(row["steps"])):
                r = 1 - x * y
                x, y = x + h * r * y, y + h * r * x
            self.near(row["imbalance"], abs(x * x - y * y), 1e-6)
        for row in self.table("rates", matrix="scalar:1.0"):
            x, y = (float(each[0, 0]) for each in start(1, 1, 1, (9, 1), int(row["seed"])))
            critical = min(1, 8 / (82 + math.sqrt(82**2 - 16 * (x * y - 1))))
            if abs(float(row["h"]) / critical - 1) > 1e-9:
                self.assertEqual(row["forecast"], "converges" if float(row["h"]) < critical else "does not")

    def test_beyond(self):
        for row in self.table("beyond", "orbits", stage="2-cycle"):
            m = float(row["m"])
            roots = np.sort(np.roots([1, -(m + 1), 1]).real)
            self.near(row["q-"], roots[0], 1e-12)
            self.near(row["q+"], roots[1], 1e-12)
        for m, tolerance in ((1.1, 1e-9), (1.4, 0.03), (1.8, 0.05)):
            w, total = 0.55, 0.0
            for k in range(30000):
                if k >= 10000:
                    total += math.log(abs(1 + m - 3 * w * w))
                w *= 1 + m - w * w
            found = self.table("beyond", "orbits", m=m)[0]
            self.assertLess(abs(float(found["exponent"]) - total / 20000), tolerance)
        for row in self.table("beyond", "basins"):
            m, side, reach = float(row["m"]), 80, 2.6
            centres = -reach + 2 * reach / side * (np.arange(side) + 0.5)
            x, y = np.meshgrid(centres, centres)
            inside = x * x + y * y - m * x * y + m * m < 4
            self.assertEqual(int(row["inside"]), inside.sum())
            self.assertEqual(int(row["cells"]), side**2)
            gone = np.zeros_like(inside)
            with np.errstate(all="ignore"):
                for _ in range(2000):
                    r = m - x * y
                    x, y = x + r * y, y + r * x
                    gone |= ~(np.abs(x) + np.abs(y) < 1e6)
            self.assertEqual(int(row["diverged"]), gone.sum())
            self.assertEqual(int(row["converged"]) + int(row["diverged"]) + int(row["bounded"]), side**2)

    def test_conservation(self):
        A = np.array(builtin_definition.Generator(1).normals(20, 20))
        X, Y = start(20, 20, 3, (12, 1.5), 0)
        row = self.table("conservation", matrix="gaussian:20x20:seed=1", rate="3.5/L")[0]
        h, begin = float(row["h"]), X.T @ X - Y.T @ Y
        self.near(h, 3.5 / sharpness(A, X, Y), 1e-9)
        R = A - X @ Y.T
        self.near(row["first_step"], np.linalg.norm(h * h * (Y.T @ R.T @ R @ Y - X.T @ R @ R.T @ X)) / np.linalg.norm(begin), 1e-9)
        X, Y = descend(A, X, Y, h, int(row["steps"]))
        self.near(row["total"], np.linalg.norm(X.T @ X - Y.T @ Y - begin) / np.linalg.norm(begin), 1e-6)

    def test_digits(self):
        lines = [line for line in (ROOT / "data" / "digits.mtx").read_text().splitlines() if not line.startswith("%")]
        rows, cols = map(int, lines[0].split())
        A = np.array(lines[1:], dtype=float).reshape(cols, rows).T
        X, Y = start(rows, cols, 8, (430, 48), 1)
        row = self.table("digits", rate="3.9/L")[0]
        h = float(row["h"])
        best = np.sum(np.linalg.svd(A, compute_uv=False)[8:]**2) / 2
        path = self.out / "digits" / "digits-path.csv"
        steps, losses = curve(path, "f − f*", "3.9/L")
        norms = curve(path, "|X|", "3.9/L")[1]
        for k in range(40):
            self.assertEqual(steps[k], k)
            self.near(losses[k], np.linalg.norm(A - X @ Y.T)**2 / 2 - best, 1e-7, k)
            self.near(norms[k], np.linalg.norm(X), 1e-9, k)
            X, Y = step(A, X, Y, h)
        for each in self.table("digits", "directions", rate="3.9/L"):
            self.near(each["ratio"], max(float(each["x"]) / float(each["y"]), float(each["y"]) / float(each["x"])), 1e-12)

    def test_threads_do_not_matter(self):
        for threads in (1, 2):
            run("reproduce", "balancing", "rates", "general", "--experiments", self.experiments, "--quick", "--threads", threads, "--out", self.path(f"t{threads}"))
        compared = 0
        for file in self.path("t1").rglob("*.csv"):
            self.assertEqual(file.read_bytes(), self.path("t2").joinpath(file.relative_to(self.path("t1"))).read_bytes(), file)
            compared += 1
        self.assertGreater(compared, 10)


if __name__ == "__main__":
    unittest.main()
