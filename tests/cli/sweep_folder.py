"""The same bytes however a sweep is cut, killed or damaged; its memory, its disk, its bar."""

import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import time
import unittest

from command import EQUIPOISE, PATIENCE, np, parse, run
from sweep_command import ATLAS, SEED, SweepTest, columns, ledger, targets


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
        sweep = lambda columns, *flags: self.on_a_terminal(
            "sweep", large, "--out", self.path(f"out{columns}{len(flags)}"), "--no-pictures", *flags, columns=columns)
        work = r"\S+ of 2\.25e\+06 cells, \S+ cells/s, \S+ steps/s, \d+ s left"
        self.assertRegex(sweep(120), r"\[=*\s*\] " + work)
        narrow = sweep(80)  # no room for the bar beside the figures, which matter more
        self.assertRegex(narrow, work)
        for line in narrow.split("\r\x1b[K"):
            self.assertLess(len(line), 80)
        self.assertEqual(sweep(120, "--quiet"), "")


if __name__ == "__main__":
    unittest.main()
