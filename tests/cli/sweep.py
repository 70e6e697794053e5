"""Sweeps through the command: numbers against NumPy, the same bytes however a sweep is cut or killed, and what is refused."""

import json
import os
import pathlib
import pty
import random
import re
import select
import shutil
import signal
import subprocess
import time
import unittest
import zlib

from command import EQUIPOISE, PATIENCE, CommandTest, np, parse, run

ATLAS = """
[problem]
kind = "scalar"
mu = 1.0
[start]
y0 = 1.0
[axes]
h  = { from = 0.01, to = 1.2, count = 60 }
x0 = { from = -4.0, to = 4.0, count = 50 }
[run]
max_steps = 20000
"""
COLUMNS = {"outcome": "|u1", "period": "<u4", "steps": "<u8", "loss": "<f8", "sharpness": "<f8", "ratio": "<f8",
           "imbalance": "<f8", "lyapunov": "<f8"}
SEED = random.SystemRandom().randrange(2**32)


def ledger(folder):
    """The header and the whole lines."""
    lines = (folder / "ledger.jsonl").read_bytes().split(b"\n")[:-1]
    return parse(lines[0]), [parse(line) for line in lines[1:]]


def columns(folder):
    return {path.stem: path.read_bytes() for path in sorted(folder.glob("*.npy"))}


def targets():
    line = next(line for line in run("--version").stdout.decode().splitlines() if line.startswith("sweep targets: "))
    return line.removeprefix("sweep targets: ").partition(" (")[0].split()


class SweepTest(CommandTest):
    def grid(self, text=ATLAS, name="grid.toml"):
        return self.write(name, text)

    def sweep(self, grid, out, *flags, **options):
        return self.result("sweep", grid, "--out", self.path(out), "--no-pictures", *flags, **options)

    def refused(self, *arguments, part, **options):
        done = run(*arguments, **options)
        message = done.stderr.decode()
        self.assertEqual((done.returncode, done.stdout), (2, b""), message)
        self.assertRegex(message, r"\Aequipoise: [^\n]+\n\Z")
        self.assertIn(part, message)
        return message

    def assert_ledger_is_true(self, folder):
        """Every line speaks of bytes that are there: the checksum by another zlib."""
        header, lines = ledger(folder)
        arrays = [np.load(folder / f"{name}.npy", mmap_mode="r") for name in COLUMNS]
        size = header["cells_per_tile"]
        for line in lines:
            crc = 0
            for array in arrays:
                crc = zlib.crc32(array.reshape(-1)[line["tile"] * size : (line["tile"] + 1) * size].tobytes(), crc)
            self.assertEqual(f"{crc:08x}", line["crc32"], line)
        tiles = [line["tile"] for line in lines]
        self.assertEqual(len(tiles), len(set(tiles)), "a tile was computed twice")
        return set(tiles)


class Numbers(SweepTest):
    def test_files_and_summary(self):
        result = self.result("sweep", self.grid(), "--out", self.path("out"))
        folder = self.path("out")
        for name, kind in COLUMNS.items():
            array = np.load(folder / f"{name}.npy", mmap_mode="r")
            self.assertEqual((array.shape, array.dtype), ((60, 50), np.dtype(kind)), name)
        outcome = np.load(folder / "outcome.npy")
        self.assertTrue(((outcome >= 1) & (outcome <= 5)).all())
        names = ["converged", "periodic", "chaotic", "diverged", "exhausted"]
        self.assertEqual(result["outcomes"], {name: int((outcome == code + 1).sum()) for code, name in enumerate(names)})
        self.assertEqual((result["cells"], result["cells_done"], result["complete"], result["go_on"]), (3000, 3000, True, None))
        self.assertEqual(result["steps"], int(np.load(folder / "steps.npy").sum()))
        self.assert_ledger_is_true(folder)
        # The resolved grid is a grid of its own, with the same bytes.
        again = self.sweep(folder / "grid.toml", "again")
        self.assertEqual((folder / "grid.toml").read_bytes(), (self.path("again") / "grid.toml").read_bytes())
        self.assertEqual(columns(folder), columns(self.path("again")))
        self.assertEqual(again["outcomes"], result["outcomes"])

    def test_against_plain_numpy(self):
        self.sweep(self.grid(), "out")
        load = lambda name: np.load(self.path("out") / f"{name}.npy")
        h, x0 = np.linspace(0.01, 1.2, 60)[:, None], np.linspace(-4, 4, 50)[None, :]
        x, y = np.broadcast_to(x0, (60, 50)).copy(), np.ones((60, 50))
        steps, outcome = load("steps"), load("outcome")
        at_verdict = np.full((60, 50, 2), np.nan)
        with np.errstate(all="ignore"):
            for step in range(int(steps[outcome == 1].max()) + 1):
                at_verdict[steps == step] = np.stack([x, y], -1)[steps == step]
                r = h * (1 - x * y)
                x, y = x + r * y, y + r * x
        x, y = at_verdict[..., 0], at_verdict[..., 1]
        # Chaotic transients magnify rounding: where the start is inside the region and calm, NumPy ends at the same point.
        calm = (outcome == 1) & (h * (x0**2 + 1 + 2) < 2)
        self.assertGreater(calm.sum(), 200)
        np.testing.assert_allclose((x * y)[calm], 1, rtol=1e-10)
        np.testing.assert_allclose(load("sharpness")[calm], (x**2 + y**2)[calm], rtol=1e-9)
        np.testing.assert_allclose(load("ratio")[calm], np.abs(x / y)[calm], rtol=1e-9)
        np.testing.assert_allclose(load("imbalance")[calm], np.abs(x**2 - y**2)[calm], rtol=1e-7, atol=1e-9)
        self.assertTrue(np.isnan(load("sharpness")[outcome == 4]).all())
        # The exact statement (docs/theory.md, theorem 2) on every cell that is not within rounding of it.
        E = h * (x0**2 + 1) - h * h * x0 + h * h - 4
        decided = (np.abs(E) > 1e-9) & (h < 1)
        np.testing.assert_array_equal((outcome == 1)[decided], (E < 0)[decided])
        np.testing.assert_array_equal((outcome == 4)[decided], (E > 0)[decided])

    def test_axes_are_those_of_numpy(self):
        grid = self.grid("""
            [problem]
            kind = "scalar"
            mu = 1
            [start]
            x0 = 1
            y0 = 1
            [axes]
            tolerance = [1e-12, 1e-6, 1e-9]
            h = { from = 0.013, to = 1.7, count = 77 }
            [run]
            max_steps = 3
            [output]
            fields = ["learning_rate"]""")
        self.sweep(grid, "out")
        rates = np.load(self.path("out") / "learning_rate.npy")
        np.testing.assert_array_equal(rates, np.broadcast_to(np.linspace(0.013, 1.7, 77), (3, 77)))
        self.assertTrue((self.path("out") / "outcome.npy").exists(), "which cells are computed must be known")

    def test_orbit_shows_period_doubling(self):
        grid = self.grid("""
            [problem]
            kind = "scalar"
            mu = 1
            [start]
            x0 = 0.8
            y0 = 0.8
            [axes]
            h = { from = 0.9, to = 1.9, count = 1001 }
            [run]
            max_steps = 6000
            [output]
            kind = "orbit"
            last = 128""")
        result = self.sweep(grid, "out")
        self.assertEqual((result["columns"], result["outcomes"]), (["orbit", "lyapunov"], None))
        orbit, exponent = np.load(self.path("out") / "orbit.npy"), np.load(self.path("out") / "lyapunov.npy")
        self.assertEqual((orbit.shape, exponent.shape), ((1001, 128), (1001,)))
        h = np.linspace(0.9, 1.9, 1001)

        def period(values):
            for p in (1, 2, 4, 8, 16, 32):
                if np.abs(values[p:] - values[:-p]).max() < 1e-6:
                    return p
            return 99

        periods = np.array([period(row) for row in orbit])
        # Close to a doubling a cycle is approached slowly: 6000 steps show it from within a few thousandths.
        np.testing.assert_array_equal(periods[h < 0.996], 1)
        np.testing.assert_array_equal(periods[(h > 1.004) & (h < np.sqrt(5) - 1 - 0.004)], 2)
        np.testing.assert_array_equal(periods[(h > np.sqrt(5) - 1 + 0.004) & (h < 1.28)], 4)
        chaos = h[(periods == 99) & (exponent > 0.05)]
        self.assertGreater(chaos.size, 300)
        self.assertLess(chaos.min(), 1.4)
        # Below 1 the minimiser's neutral direction; between 1 and the doubling a stable cycle; then chaos (0.34 at 1.4, 0.81 at 1.8).
        np.testing.assert_allclose(exponent[h < 0.98], 0, atol=1e-12)
        self.assertTrue((exponent[(h > 1.01) & (h < 1.23)] < 0).all())
        self.assertAlmostEqual(exponent[np.argmin(np.abs(h - 1.4))], 0.34, delta=0.06)
        self.assertAlmostEqual(exponent[np.argmin(np.abs(h - 1.8))], 0.81, delta=0.06)

    def test_kinds_against_factor(self):
        cases = {
            "vector": ('mu = -0.7\nlength = 5', "scalar:-0.7", 5),
            "isotropic": ('mu = 0.7\nn = 6', "isotropic:6:0.7", 1),
            "matrix": ('matrix = "gaussian:6x4:seed=3"\nrank = 2', "gaussian:6x4:seed=3", 2),
        }
        for kind, (problem, matrix, rank) in cases.items():
            grid = self.grid(f"""
                [problem]
                kind = "{kind}"
                {problem}
                [start]
                norm_x = 1.5
                norm_y = 0.8
                [axes]
                seed = {{ from = 0, to = 3, count = 4 }}
                h = [0.02, 0.05]
                [output]
                fields = ["steps", "loss", "sharpness", "ratio", "imbalance", "norm_x", "norm_y"]""", f"{kind}.toml")
            self.sweep(grid, kind)
            load = lambda name: np.load(self.path(kind) / f"{name}.npy")
            for seed in range(4):
                for column, h in enumerate([0.02, 0.05]):
                    record = self.result("factor", matrix, "--rank", rank, "--rate", h, "--start-norms", "1.5,0.8", "--seed", seed)
                    place = (seed, column)
                    self.assertEqual((record["verdict"]["outcome"], load("outcome")[place]), ("converged", 1), (kind, place))
                    end = record["balance"]["end"]
                    self.assertAlmostEqual(load("sharpness")[place] / record["sharpness"]["end"], 1, delta=1e-5)
                    self.assertAlmostEqual(load("norm_x")[place], end["norm_x"], delta=1e-8)
                    self.assertAlmostEqual(load("norm_y")[place], end["norm_y"], delta=1e-8)
                    self.assertAlmostEqual(load("ratio")[place], end["norm_x"] / end["norm_y"], delta=1e-8)
                    self.assertAlmostEqual(load("imbalance")[place], end["imbalance"], delta=1e-8)
                    if kind != "vector":  # at an exact fit the loss is rounding
                        self.assertAlmostEqual(load("loss")[place] / record["loss"]["end"], 1, delta=1e-9)
                    self.assertLess(abs(int(load("steps")[place]) - record["verdict"]["step"]), 0.1 * record["verdict"]["step"] + 5)

    def test_a_matrix_against_plain_numpy(self):
        rng = np.random.default_rng(5)
        A = rng.standard_normal((5, 4))
        grid = self.grid(f"""
            [problem]
            kind = "matrix"
            matrix = "{self.npy('A.npy', A)}"
            rank = 2
            [start]
            norm_x = 2
            seed = 4
            [axes]
            norm_y = {{ from = 0.5, to = 4, count = 9 }}
            h = {{ from = 0.02, to = 0.3, count = 15 }}
            [run]
            max_steps = 5000
            [output]
            fields = ["steps", "loss", "sharpness", "imbalance", "norm_x", "norm_y"]""")
        self.sweep(grid, "out")
        expected = columns(self.path("out"))
        for target in targets():
            self.sweep(grid, target, "--threads", 1, env={**os.environ, "EQUIPOISE_TARGET": target})
            self.assertEqual(columns(self.path(target)), expected, target)
        for shard in (1, 2):
            self.sweep(grid, f"part{shard}", "--shard", f"{shard}/2")
        self.result("merge", self.path("part1"), self.path("part2"), "--out", self.path("merged"))
        self.assertEqual(columns(self.path("merged")), expected)

        load = lambda name: np.load(self.path("out") / f"{name}.npy")
        outcome, steps = load("outcome"), load("steps")
        self.result("factor", self.path("A.npy"), "--rank", 2, "--rate", 0.02, "--start-norms", "2,2", "--seed", 4, "--max-steps", 0, "--out", self.path("start"))
        X0, Y0 = np.load(self.path("start") / "X.npy"), np.load(self.path("start") / "Y.npy")
        seen = 0
        for i, norm in enumerate(np.linspace(0.5, 4, 9)):
            for j, h in enumerate(np.linspace(0.02, 0.3, 15)):
                X, Y = X0.copy(), Y0 * (norm / 2)
                if outcome[i, j] != 1 or h * (np.linalg.norm(X) ** 2 + np.linalg.norm(Y) ** 2) > 1.5:
                    continue  # chaotic transients magnify rounding
                for _ in range(int(steps[i, j])):
                    R = A - X @ Y.T
                    X, Y = X + h * R @ Y, Y + h * R.T @ X
                seen += 1
                self.assertAlmostEqual(load("norm_x")[i, j], np.linalg.norm(X), delta=1e-8)
                self.assertAlmostEqual(load("norm_y")[i, j], np.linalg.norm(Y), delta=1e-8)
                self.assertAlmostEqual(load("imbalance")[i, j], np.linalg.norm(X.T @ X - Y.T @ Y), delta=1e-8)
                self.assertAlmostEqual(load("loss")[i, j], np.linalg.norm(A - X @ Y.T) ** 2 / 2, delta=1e-9)
                self.assertAlmostEqual(load("sharpness")[i, j], np.linalg.norm(X, 2) ** 2 + np.linalg.norm(Y, 2) ** 2, delta=1e-6)
        self.assertGreater(seen, 20)

    def test_the_orbit_of_a_matrix(self):
        grid = self.grid("""
            [problem]
            kind = "matrix"
            matrix = "gaussian:4x3:seed=2"
            rank = 2
            [start]
            seed = 1
            [axes]
            h = { from = 0.1, to = 0.55, count = 91 }
            [run]
            max_steps = 8000
            [output]
            kind = "orbit"
            last = 64""")
        self.sweep(grid, "out")
        expected = columns(self.path("out"))
        for target in targets():
            self.sweep(grid, target, env={**os.environ, "EQUIPOISE_TARGET": target})
            self.assertEqual(columns(self.path(target)), expected, target)
        orbit = np.load(self.path("out") / "orbit.npy")
        s1 = self.result("info", "gaussian:4x3:seed=2")["singular_values"][0]
        m = s1 * np.linspace(0.1, 0.55, 91)
        calm = m < 0.97
        self.assertGreater(calm.sum(), 3)
        np.testing.assert_allclose(orbit[calm], s1, rtol=1e-9)
        doubled = (m > 1.03) & (m < 1.2)
        self.assertGreater(doubled.sum(), 3)
        np.testing.assert_allclose(orbit[doubled][:, 2:], orbit[doubled][:, :-2], rtol=1e-6)
        root = np.sqrt((m + 3) * (m - 1 + 0j)).real
        np.testing.assert_allclose(m[doubled] / s1 * orbit[doubled].max(1), ((m + 1 + root) / 2)[doubled], rtol=1e-6)

    def test_zoom(self):
        self.sweep(self.grid(), "out")
        self.sweep(self.grid("""
            [problem]
            kind = "scalar"
            mu = 1
            [start]
            y0 = 1
            [axes]
            h = { from = 0.4, to = 0.6, count = 60 }
            x0 = { from = 1, to = 2, count = 17 }
            [run]
            max_steps = 20000""", "part.toml"), "expected")
        result = self.result("sweep", "--zoom", self.path("out"), "--window", "h=0.4:0.6, x0=1:2:17", "--out", self.path("zoom"), "--no-pictures")
        self.assertEqual([axis["count"] for axis in result["axes"]], [60, 17])
        self.assertEqual(columns(self.path("zoom")), columns(self.path("expected")))
        for window, part in {"h=0.4:0.6,y0=1:2": "its axes are h, x0", "h=0.6:0.4": "lower end first", "h=0.4:7": "reaches beyond", "h": "like h=0.1:0.2",
                             "h=a:b": "is no number", "h=0.4:0.5:0": "no count", "h=0.4:0.5,h=0.4:0.5": "twice"}.items():
            self.refused("sweep", "--zoom", self.path("out"), "--window", window, "--out", self.path("no"), part=part)
        self.refused("sweep", "--zoom", self.path("out"), "--out", self.path("no"), part="--zoom needs --window")
        self.refused("sweep", "--out", self.path("no"), part="no grid")
        self.assertFalse(self.path("no").exists())


class SameBytes(SweepTest):
    def test_threads_targets_shards(self):
        self.sweep(self.grid(), "one", "--threads", 1)
        expected = columns(self.path("one"))
        self.sweep(self.grid(), "two", "--threads", 2)
        self.assertEqual(columns(self.path("two")), expected)
        self.assertIn("scalar", targets())
        for target in targets():
            result = self.sweep(self.grid(), target, env={**os.environ, "EQUIPOISE_TARGET": target})
            self.assertEqual(result["target"], target)
            self.assertEqual(columns(self.path(target)), expected, target)
        message = self.refused("sweep", self.grid(), "--out", self.path("x"), part="EQUIPOISE_TARGET", env={**os.environ, "EQUIPOISE_TARGET": "AVX9"})
        for target in targets():
            self.assertIn(target, message)
        parts = [self.path(f"part{i}") for i in (1, 2, 3)]
        for i, part in enumerate(parts):
            result = self.sweep(self.grid(), part.name, "--shard", f"{i + 1}/3")
            self.assertEqual((result["complete"], result["tiles_done"]), (False, result["tiles"]))
        message = self.refused("merge", parts[0], parts[2], "--out", self.path("merged"), part="no folder holds shard 2/3")
        self.assertFalse(self.path("merged").exists(), message)
        result = self.result("merge", *parts, "--out", self.path("merged"))
        self.assertEqual((result["complete"], result["shard"]), (True, "1/1"))
        self.assertEqual(columns(self.path("merged")), expected)
        self.assertEqual((self.path("merged") / "grid.toml").read_bytes(), (self.path("one") / "grid.toml").read_bytes())
        self.assert_ledger_is_true(self.path("merged"))
        # What is missing can be computed where it is missing.
        self.result("merge", parts[1], parts[0], "--out", self.path("most"), "--incomplete")
        self.result("sweep", "--out", self.path("most"), "--resume", "--no-pictures")
        self.assertEqual(columns(self.path("most")), expected)
        self.sweep(self.grid(ATLAS.replace("mu = 1.0", "mu = 1.5")), "other", "--shard", "2/3")
        self.refused("merge", parts[0], self.path("other"), parts[2], "--out", self.path("no"), part="mu is 1 in one and 1.5 in the other")
        self.refused("merge", self.path("nothing"), "--out", self.path("no"), part="holds no sweep")
        self.refused("merge", *parts, "--out", parts[0], part="holds a sweep already")
        for shard in ("0/3", "4/3", "1", "a/b", "1/0", "-1/2"):
            self.refused("sweep", self.grid(), "--out", self.path("no"), "--shard", shard, part="such as 2/8")
        self.refused("sweep", self.grid(), "--out", parts[0], "--resume", "--shard", "2/3", part="holds shard 1/3, not 2/3")

    def test_killed_at_any_moment(self):
        print("seed", SEED, flush=True)
        chance = random.Random(SEED)
        large = self.grid(ATLAS.replace("count = 60", "count = 500").replace("count = 50", "count = 400"))
        begin = time.monotonic()
        self.sweep(large, "whole", "--threads", 1)
        usual = time.monotonic() - begin
        expected = columns(self.path("whole"))
        for attempt in range(3):
            out = self.path(f"killed{attempt}")
            safe, kills = set(), 0
            while kills < 5:
                process = subprocess.Popen([EQUIPOISE, "sweep", large, "--out", out, "--resume", "--threads", "1", "--quiet", "--no-pictures"], stdout=subprocess.DEVNULL)
                try:
                    process.wait(chance.uniform(0, 0.6 * usual))
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGKILL)
                process.wait(PATIENCE)
                kills += 1
                if (out / "ledger.jsonl").exists():
                    now = self.assert_ledger_is_true(out)
                    self.assertLessEqual(safe, now)
                    safe = now
                else:
                    self.assertEqual(safe, set())
            result = self.result("sweep", large, "--out", out, "--resume", "--no-pictures")
            self.assertEqual(result["computed"]["tiles"], result["tiles"] - len(safe), "nothing is lost and nothing is done twice")
            self.assertEqual(columns(out), expected)

    def test_interrupt_leaves_a_folder_that_goes_on(self):
        # Without a tolerance no run converges early: minutes of work, however fast the machine, in tiles of a moment.
        slow = self.grid(ATLAS.replace("count = 60", "count = 3000").replace("count = 50", "count = 2000") + "tolerance = 0\n")
        out = self.path("a folder")
        process = subprocess.Popen([EQUIPOISE, "sweep", slow, "--out", out], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while not (out / "ledger.jsonl").exists() or len(ledger(out)[1]) == 0:
            time.sleep(0.01)
            self.assertIsNone(process.poll())
        # Another process: may read, may not write.
        self.refused("sweep", slow, "--out", out, "--resume", part="another process is writing")
        steps, outcome = np.load(out / "steps.npy", mmap_mode="r"), np.load(out / "outcome.npy", mmap_mode="r")
        self.assertEqual((steps.shape, outcome.shape), ((3000, 2000), (3000, 2000)))
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=PATIENCE)
        self.assertEqual((process.returncode, stderr), (130, b""))
        command = re.search(r"^go on +(.*)$", stdout.decode(), re.MULTILINE).group(1)
        self.assertEqual(command, f"equipoise sweep --out '{out}' --resume")
        done = self.assert_ledger_is_true(out)
        self.assertTrue(0 < len(done) < ledger(out)[0]["cells"] / ledger(out)[0]["cells_per_tile"])
        size = ledger(out)[0]["cells_per_tile"]
        for tile in done:
            self.assertTrue((outcome.reshape(-1)[tile * size : (tile + 1) * size] > 0).all())

    def test_damage(self):
        grid = self.grid()
        self.sweep(grid, "whole")
        whole = self.path("whole")
        expected = columns(whole)
        self.refused("sweep", grid, "--out", whole, part="add --resume")

        def copy(name):
            return pathlib.Path(shutil.copytree(whole, self.path(name)))

        torn = copy("torn")
        text = (torn / "ledger.jsonl").read_bytes()
        (torn / "ledger.jsonl").write_bytes(text[:-9])
        result = self.result("sweep", "--out", torn, "--resume", "--no-pictures")
        self.assertEqual((result["computed"]["tiles"], result["complete"]), (1, True))
        self.assertEqual(columns(torn), expected)
        self.assert_ledger_is_true(torn)

        flipped = copy("flipped")
        data = bytearray((flipped / "loss.npy").read_bytes())
        data[len(data) // 2] ^= 1
        (flipped / "loss.npy").write_bytes(data)
        self.refused("merge", flipped, "--out", self.path("no"), part="do not hold what the ledger says")
        self.assertFalse(self.path("no").exists())
        done = run("sweep", "--out", flipped, "--resume", "--json", "--no-pictures")
        self.assertIn(b"1 tiles", done.stderr)
        self.assertEqual((done.returncode, parse(done.stdout)["computed"]["tiles"]), (0, 1))
        self.assertEqual(columns(flipped), expected)

        stranger = self.path("stranger")
        stranger.mkdir()
        (stranger / "loss.npy").write_bytes(b"mine")
        self.refused("sweep", grid, "--out", stranger, part="belongs to no sweep")
        self.assertEqual([path.read_bytes() for path in stranger.iterdir()], [b"mine"])

        for name, change, part in (
            ("short", lambda path: (path / "steps.npy").write_bytes(expected["steps"][:-8]), "bytes; a column of this sweep has"),
            ("long", lambda path: (path / "steps.npy").write_bytes(expected["steps"] + b"\0"), "bytes; a column of this sweep has"),
            ("gone", lambda path: (path / "steps.npy").unlink(), "cannot open"),
            ("type", lambda path: np.save(path / "steps.npy", np.zeros((60, 50))), "its type or its shape is another"),
            ("garbage", lambda path: (path / "ledger.jsonl").write_bytes(text + b"garbage\n"), "is no line of a ledger"),
            ("beyond", lambda path: (path / "ledger.jsonl").write_bytes(text + b'{"tile":99999,"crc32":"0","steps":0}\n'), "tile 99999"),
            ("empty", lambda path: (path / "ledger.jsonl").write_bytes(b""), "the ledger is empty"),
            ("grid", lambda path: (path / "grid.toml").write_text(ATLAS.replace("1.2", "1.3")), "axis h has from 0.01 to 1.3"),
        ):
            folder = copy(name)
            change(folder)
            self.refused("sweep", grid, "--out", folder, "--resume", part=part)
        self.refused("sweep", self.grid(ATLAS.replace("20000", "10000"), "other.toml"), "--out", whole, "--resume",
                     part="max_steps is 20000 in one and 10000 in the other")
        self.assertEqual(columns(whole), expected)

    def test_a_matrix_that_changed(self):
        matrix = self.npy("A.npy", np.eye(3))
        grid = self.grid(f"""
            [problem]
            kind = "matrix"
            matrix = "{matrix}"
            rank = 1
            [axes]
            seed = {{ from = 0, to = 9, count = 10 }}
            h = [0.1, 0.2]""")
        self.sweep(grid, "out")
        self.sweep(grid, "one", "--threads", 1)
        self.assertEqual(columns(self.path("out")), columns(self.path("one")))
        self.assertEqual(self.sweep(grid, "out", "--resume")["computed"]["tiles"], 0)
        np.save(matrix, 2 * np.eye(3))
        self.refused("sweep", grid, "--out", self.path("out"), "--resume", part="is not the one that the sweep")
        np.save(matrix, np.full((3, 3), np.nan))
        self.refused("sweep", grid, "--out", self.path("no"), part="row 1, column 1")
        matrix.unlink()
        self.refused("sweep", grid, "--out", self.path("no"), part="A.npy")


class Resources(SweepTest):
    def test_memory_stays_small(self):
        grid = self.grid(ATLAS.replace("count = 60", "count = 2000").replace("count = 50", "count = 1500").replace("20000", "64"))
        process = subprocess.Popen([EQUIPOISE, "sweep", grid, "--out", self.path("out"), "--threads", "2", "--no-pictures"], stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 0)
        size = sum(path.stat().st_size for path in self.path("out").iterdir())
        self.assertGreater(size, 150e6)
        self.assertLess(usage.ru_maxrss * 1024, 90e6, "the columns are not held in memory")

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("mount"), "needs to mount a small disk")
    def test_full_disk(self):
        disk = self.path("disk")
        disk.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", disk], stderr=subprocess.DEVNULL).returncode != 0:
            self.skipTest("mounting is not permitted here")
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        large = self.grid(ATLAS.replace("count = 60", "count = 1000").replace("count = 50", "count = 1000"))
        self.refused("sweep", large, "--out", disk / "large", part="No space left on device")
        # Room for the columns, but not for the ledger: what it lists is safe.
        small = self.grid(ATLAS.replace("count = 60", "count = 131").replace("count = 50", "count = 100"), "small.toml")
        self.assertEqual(list(disk.iterdir()), [], "a disk that is too small does not stay full")
        free = os.statvfs(disk)
        columns_need = 131 * 100 * 53 + 9 * 4096
        (disk / "filler").write_bytes(b"x" * max(0, free.f_bavail * free.f_frsize - columns_need - 4 * 4096))
        self.refused("sweep", small, "--out", disk / "small", part="No space left on device")  # at the latest when the page is written
        (disk / "filler").unlink()
        self.assertTrue(self.result("sweep", small, "--out", disk / "small", "--resume")["complete"])
        self.sweep(small, "elsewhere")
        self.assertEqual(columns(disk / "small"), columns(self.path("elsewhere")))

    def test_bar_on_a_terminal(self):
        large = self.grid(ATLAS.replace("count = 60", "count = 1500").replace("count = 50", "count = 1500"))
        for flags, expected in (((), True), (("--quiet",), False)):
            leader, follower = pty.openpty()
            process = subprocess.Popen([EQUIPOISE, "sweep", large, "--out", self.path(f"out{len(flags)}"), "--no-pictures", *flags], stdout=subprocess.DEVNULL, stderr=follower)
            os.close(follower)
            shown = b""
            while select.select([leader], [], [], PATIENCE)[0]:
                try:
                    shown += os.read(leader, 65536)
                except OSError:
                    break
            os.close(leader)
            self.assertEqual(process.wait(PATIENCE), 0)
            if expected:
                self.assertRegex(shown.decode(), r"\[=*\s*\] \S+ of 2\.25e\+06 cells, \S+ cells/s, \S+ steps/s, \d+ s left")
            else:
                self.assertEqual(shown, b"")


class BadGrids(SweepTest):
    def test_each_gets_a_sentence(self):
        axes = "h  = { from = 0.01, to = 1.2, count = 60 }"
        cases = [
            ("", "[problem]" , ""),
            ("problem = 3", "problem should be a table", ""),
            ("[problem]\nkind = \"scalar\"\nmu = ", "no TOML", "line 3"),
            (ATLAS.replace("[axes]", "[axis]"), "did you mean axes?", "line 7"),
            (ATLAS.replace("max_steps", "max_step"), "did you mean max_steps?", "line 11"),
            (ATLAS.replace("mu =", "nu ="), "did you mean mu?", "line 4"),
            (ATLAS.replace("y0 =", "rank ="), "kind scalar has no rank", "line 6"),
            (ATLAS.replace("y0 = 1.0", "y0 = 1.0\nh = 0.1"), "h belongs in [run]", "line 7"),
            (ATLAS.replace("max_steps = 20000", "rate = 0.1"), "called h here", "line 11"),
            (ATLAS.replace('"scalar"', '"scalr"'), "write scalar, vector, isotropic, matrix", "line 3"),
            (ATLAS.replace('kind = "scalar"', ""), "has no kind", ""),
            (ATLAS.replace("mu = 1.0", 'mu = "one"'), "mu should be a number, not a text", "line 4"),
            (ATLAS.replace("mu = 1.0", "mu = nan"), "mu is nan", "line 4"),
            (ATLAS.replace("mu = 1.0", "mu = inf"), "mu is inf", "line 4"),
            (ATLAS.replace("mu = 1.0", ""), "mu is missing", ""),
            (ATLAS.replace("y0 = 1.0", ""), "y0 is missing", ""),
            (ATLAS.replace("y0 = 1.0", "y0 = 1.0\nx0 = 2"), "x0 is an axis and has a value in [start]", "line 10"),
            (ATLAS.replace("y0 = 1.0", "y0 = { from = 1, to = 2, count = 3 }"), "ranges belong in [axes]", "line 6"),
            (ATLAS.replace("count = 60", "count = 0"), "count of 0", "line 8"),
            (ATLAS.replace("count = 60", "count = -3"), "count is -3", "line 8"),
            (ATLAS.replace("count = 60", "count = 1.5"), "count is 1.5", "line 8"),
            (ATLAS.replace("count = 60", 'count = "60"'), "not a text", "line 8"),
            (ATLAS.replace("count = 60", "cuont = 60"), "did you mean count?", "line 8"),
            (ATLAS.replace(", count = 60", ""), "has no count", "line 8"),
            (ATLAS.replace("from = 0.01", "from = 2"), "runs from 2 down to 1.2", "line 8"),
            (ATLAS.replace("from = 0.01", "from = 0"), "h is 0; it must be positive", "line 8"),
            (ATLAS.replace("from = 0.01", "from = 1.2"), "all be the same", "line 8"),
            (ATLAS.replace("from = 0.01", "from = nan"), "finite", "line 8"),
            (ATLAS.replace("to = 1.2", "to = inf"), "finite", "line 8"),
            (ATLAS.replace("count = 50", 'count = 50, scale = "log"'), "logarithmic", "line 9"),
            (ATLAS.replace("count = 50", 'count = 50, scale = "lgo"'), "write linear, log, list", "line 9"),
            (ATLAS.replace(axes, "h = []"), "count of 0", "line 8"),
            (ATLAS.replace(axes, "h = [0.1, 0.1]"), "lists 0.1 twice", "line 8"),
            (ATLAS.replace(axes, "h = [0.1, nan]"), "h is nan", "line 8"),
            (ATLAS.replace(axes, 'h = [0.1, "b"]'), "one entry is a text", "line 8"),
            (ATLAS.replace(axes, "h = 0.1"), "a single number belongs in [run]", "line 8"),
            (ATLAS.replace(axes, ""), "learning rate is missing", ""),
            (ATLAS.replace(axes, "momentum = [1, 2]"), "cannot be an axis of kind scalar", "line 8"),
            (ATLAS.replace(axes, axes + "\n" + axes), "no TOML", ""),
            (ATLAS.replace(axes, axes + "\nmax_steps = [1, 2]"), "max_steps is an axis and has a value in [run]", "line 9"),
            (ATLAS.replace("mu = 1.0", "").replace("y0 = 1.0", "").replace("max_steps = 20000", "").replace(
                axes, axes + "\nmu = [1, 2]\ny0 = [1, 2]\ntolerance = [0, 0.1]"), "has 5 (h, mu, y0, tolerance, x0)", ""),
            (ATLAS.replace("max_steps = 20000", "max_steps = -1"), "between 0 and", "line 11"),
            (ATLAS.replace("max_steps = 20000", "max_steps = 1.5"), "whole number", "line 11"),
            (ATLAS + '[output]\nfields = ["outcom"]', "did you mean outcome?", "line 13"),
            (ATLAS + "[output]\nfields = []", "fields is empty", "line 13"),
            (ATLAS + '[output]\nkind = "movie"', "fields or orbit", "line 13"),
            (ATLAS + '[output]\nkind = "orbit"', "needs last", ""),
            (ATLAS + '[output]\nkind = "orbit"\nlast = 0', "last is 0", "line 14"),
            (ATLAS + '[output]\nkind = "orbit"\nlast = 30000', "20001 iterates", ""),
            (ATLAS + '[output]\nkind = "orbit"\nlast = 3\nfields = ["loss"]', "an orbit has no fields", "line 15"),
            (ATLAS + "[output]\nlast = 3", "last belongs to an orbit", "line 13"),
            ("[problem]\nkind = \"vector\"\nmu = 1\n[start]\nx0 = [1, 2]\ny0 = [1]\n[axes]\nh = [0.1]", "x0 has 2 entries and y0 has 1", ""),
            ("[problem]\nkind = \"vector\"\nmu = 1\n[start]\nx0 = 1\ny0 = [1]\n[axes]\nh = [0.1]", "x0 should be a list of numbers", "line 5"),
            ("[problem]\nkind = \"vector\"\nmu = 1\n[start]\nnorm_x = 1\nnorm_y = 2\n[axes]\nh = [0.1]", "length is missing", ""),
            ("[problem]\nkind = \"isotropic\"\nmu = 1\nn = 1\n[start]\nnorm_x = 1\nnorm_y = 2\n[axes]\nh = [0.1]", "n is 1", "line 4"),
            ("[problem]\nkind = \"matrix\"\nrank = 1\n[axes]\nh = [0.1]", "matrix is missing", ""),
            ("[problem]\nkind = \"matrix\"\nmatrix = \"no.mtx\"\nrank = 1\n[axes]\nh = [0.1]", "no.mtx", ""),
            ("[problem]\nkind = \"matrix\"\nmatrix = \"gaussian:3x\"\nrank = 1\n[axes]\nh = [0.1]", "gaussian", ""),
            ("[problem]\nkind = \"matrix\"\nmatrix = \"scalar:1\"\nrank = 0\n[axes]\nh = [0.1]", "rank is 0", "line 4"),
            ("[problem]\nkind = \"matrix\"\nmatrix = \"scalar:0\"\nrank = 1\n[axes]\nh = [0.1]\n[output]\nkind = \"orbit\"\nlast = 2", "this matrix is zero", ""),
            ("[problem]\nkind = \"matrix\"\nmatrix = \"isotropic:3:1\"\nrank = 1\n[axes]\nh = [0.1]\n[output]\nkind = \"orbit\"\nlast = 2", "two largest singular values are equal", ""),
            ("[problem]\nkind = \"matrix\"\nmatrix = \"gaussian:60x50:seed=1\"\nrank = 40\n[axes]\nh = [0.1]\n[output]\nkind = \"orbit\"\nlast = 2", "at most 2048 numbers", ""),
        ]
        for text, part, line in cases:
            with self.subTest(part):
                message = self.refused("sweep", self.grid(text), "--out", self.path("no"), part=part)
                self.assertIn("grid.toml" if "matrix" not in text else "", message)
                self.assertIn(line, message)
                self.assertFalse(self.path("no").exists(), "nothing half-written")
        self.refused("sweep", self.path("missing.toml"), "--out", self.path("no"), part="missing.toml")
        self.refused("sweep", self.grid(), part="--out")
        self.refused("sweep", self.grid(), "--out", self.path("no"), "--threads", "-1", part="--threads")
        self.refused("sweep", self.grid(), "--out", self.path("no"), "--treads", "1", part="did you mean '--threads'?")
        self.refused("sweep", self.grid(), "--out", self.grid(name="file"), part="a file of this name is there")

    def test_standard_input_and_sizes_of_one(self):
        one = b'[problem]\nkind = "scalar"\nmu = 1\n[start]\nx0 = 2\ny0 = 0.3\n[axes]\nh = [0.1]\n'
        result = self.result("sweep", "-", "--out", self.path("one"), stdin=one)
        self.assertEqual((result["cells"], result["complete"]), (1, True))
        self.assertEqual(np.load(self.path("one") / "outcome.npy").tolist(), [1])
        three = self.grid(ATLAS.replace("mu = 1.0", "").replace("[axes]", "[axes]\nmu = [1, 0]\n") + "tolerance = 0")
        self.sweep(three, "three")
        self.assertEqual(np.load(self.path("three") / "loss.npy").shape, (2, 60, 50))


if __name__ == "__main__":
    unittest.main()
