"""Asks dump_matrix, one process for all questions, what the library makes of a file."""

import atexit
import json
import os
import subprocess
import sys

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else "build/release/dump_matrix"
PROCESS = subprocess.Popen([PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)


@atexit.register
def finish():
    PROCESS.stdin.close()
    if PROCESS.wait() != 0:
        # An exception would not change the exit status any more.
        print(f"dump_matrix ended with {PROCESS.returncode}", file=sys.stderr, flush=True)
        os._exit(1)


class Refused(Exception):
    """The library threw an Error; the text is its one line."""


def dump(*words):
    PROCESS.stdin.write("\t".join(map(str, words)) + "\n")
    answer = PROCESS.stdout.readline()
    if answer.startswith("refused: "):
        raise Refused(answer)
    # As floats, since "-0" has a sign that an int loses.
    return json.loads(answer, parse_int=float)
