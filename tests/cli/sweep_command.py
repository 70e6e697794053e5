"""What the tests of sweeps through the command share: a grid, its folder read back, and what is refused."""

import random
import zlib

from command import CommandTest, np, parse, run

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
