"""Runs dump_matrix on a file and returns what the library read."""

import json
import subprocess
import sys

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else "build/release/dump_matrix"


class Refused(Exception):
    """The library threw an Error; the text is its one line."""


def dump(name, *flags):
    done = subprocess.run([PROGRAM, str(name), *flags], capture_output=True, text=True, check=False)
    if done.returncode == 2:
        raise Refused(done.stderr)
    if done.returncode != 0:
        raise AssertionError(f"dump_matrix {name} ended with {done.returncode}: {done.stderr}")
    # As floats, since "-0" has a sign that an int loses.
    return json.loads(done.stdout, parse_int=float)
