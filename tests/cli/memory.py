"""A large .npy is read in place: the run holds it once, and gives what the same numbers give from memory."""

import os
import tempfile
import unittest

from command import CommandTest, np, run


class Memory(CommandTest):
    # 280 MB in float32. EQUIPOISE_LARGE=20000x10000 takes another size, such as this one of 800 MB.
    ROWS, COLS = map(int, os.environ.get("EQUIPOISE_LARGE", "12500x5600").split("x"))

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        space = os.statvfs(self.folder.name)
        if space.f_bavail * space.f_frsize < 1.5e9 + 4 * self.ROWS * self.COLS:
            self.skipTest("not enough room for a large file")

    def matrix(self, dtype, rows):
        """rows x COLS of rank 3 with noise, written a block at a time."""
        rng = np.random.default_rng(8)
        name = f"{self.folder.name}/A.npy"
        A = np.lib.format.open_memmap(name, mode="w+", dtype=dtype, shape=(rows, self.COLS))
        Q = rng.standard_normal((3, self.COLS))
        for first in range(0, rows, 500):
            A[first:first + 500] = rng.standard_normal((500, 3)) @ Q + 0.1 * rng.standard_normal((500, self.COLS))
        A.flush()
        del A
        return name

    def test_float32_is_held_once(self):
        name = self.matrix(np.float32, self.ROWS)
        size = os.path.getsize(name)
        for rank in (2, 8):
            arguments = ("--rank", rank, "--rate", "1/L", "--max-steps", 3, "--tolerance", 0, "--sensitivity", "never")
            record = self.result("factor", name, *arguments)
            self.assertEqual(record["matrix"]["held"], "the file, read in place")
            empty = self.result("factor", "scalar:1", "--rank", 1, *arguments[2:])["peak_memory"]
            print(f"A: {size / 2**20:.0f} MiB, rank {rank}, peak memory: {record['peak_memory'] / 2**20:.0f} MiB, "
                  f"of a run on nothing: {empty / 2**20:.0f} MiB")
            self.assertLess(empty, 2**26, "the peak of the process that started it is not its own")
            # Sums of A^T X take 8 MiB or a 128th of A; with them some 36 times the factors, three quarters of it the
            # basis of Lanczos. Where A is large beside the factors a tenth of it is enough for all of that.
            factors = 8 * rank * (self.ROWS + self.COLS)
            beside = size / 10 if size > 400 * factors else max(2**23, size / 128) + 40 * factors
            self.assertLess(record["peak_memory"], size + beside + empty)
        # The loss of X Y^T = 0 is |A|^2 / 2.
        A = np.load(name, mmap_mode="r")
        squares = sum(float(np.sum(A[i:i + 500].astype(np.float64) ** 2)) for i in range(0, self.ROWS, 500))
        np.testing.assert_allclose(record["matrix"]["norm"] ** 2, squares, rtol=1e-12)
        self.assertLess(record["loss"]["end"], record["loss"]["start"])

    def test_an_entry_that_is_no_number_is_named(self):
        name = self.matrix(np.float64, 6500)
        A = np.lib.format.open_memmap(name, mode="r+")
        A[6000, 4000] = np.nan
        A.flush()
        done = run("factor", name, "--rank", 2)
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertRegex(done.stderr.decode(), r"^equipoise: .*row 6001, column 4001 is nan.*\n$")


if __name__ == "__main__":
    unittest.main()
