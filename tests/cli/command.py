"""Runs the command named by the environment variable EQUIPOISE; what the tests of the command share."""

import fcntl
import json
import os
import pathlib
import pty
import struct
import subprocess
import sys
import tempfile
import termios
import unittest

try:
    import numpy as np
    import scipy.io
    import scipy.sparse
except ImportError:
    sys.exit(77)

EQUIPOISE = os.environ["EQUIPOISE"]
PATIENCE = 120  # seconds until a hang is called a hang; no test measures time


def run(*arguments, stdin=b"", **options):
    """The finished process; its stdout and stderr are bytes."""
    return subprocess.run(
        [EQUIPOISE, *map(str, arguments)], input=stdin, stdout=options.pop("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE, timeout=PATIENCE, **options)


def no_such_constant(name):
    raise ValueError(f"{name} is no JSON")


def parse(text):
    """JSON as its standard has it: Python would let NaN and Infinity pass."""
    return json.loads(text, parse_constant=no_such_constant)


class CommandTest(unittest.TestCase):
    longMessage = True

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def path(self, name):
        return self.folder / name

    def write(self, name, content):
        path = self.path(name)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def npy(self, name, values):
        path = self.path(name)
        np.save(path, values)
        return path

    def start(self, X, Y, name="start"):
        """Factors as files, written as --start wants them."""
        return f"{self.npy(name + 'X.npy', X)},{self.npy(name + 'Y.npy', Y)}"

    def on_a_terminal(self, *arguments, columns=80, stream="stderr"):
        """What a terminal of that many columns shows of stderr or stdout; the other goes nowhere."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: theirs}
        with subprocess.Popen([EQUIPOISE, *map(str, arguments)], **streams) as process:
            os.close(theirs)
            shown = b""
            try:
                while chunk := os.read(ours, 65536):
                    shown += chunk
            except OSError:
                pass  # how Linux says that the last writer of a terminal is gone
            process.wait(PATIENCE)
        os.close(ours)
        self.assertEqual(process.returncode, 0)
        return shown.decode()

    def result(self, *arguments, code=0, **options):
        """The JSON object that a verb prints. Nothing else may be on stdout, and nothing at all on stderr."""
        done = run(*arguments, "--json", **options)
        self.assertEqual((done.returncode, done.stderr), (code, b""), arguments)
        return parse(done.stdout)

    def descend(self, matrix, X, Y, rate, steps, *flags):
        """(record, X, Y) after exactly so many steps, unless the verdict is divergence."""
        out = self.path("out")
        record = self.result("factor", matrix, "--rank", X.shape[1], "--rate", repr(float(rate)), "--start", self.start(X, Y),
                             "--max-steps", steps, "--tolerance", 0, "--out", out, *flags)
        return record, np.load(out / "X.npy"), np.load(out / "Y.npy")
