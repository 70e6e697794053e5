"""The same work in numpy, scipy and torch, one call at a time, when a line on standard input asks for it.

usage: peers.py FOLDER. Arrays lie in FOLDER as raw bytes. Lines, each answered by one line:
  versions                                   -> numpy=1.24.2 ...
  dense DTYPE ROWS COLS RANK                 loads A, X, Y and the reference gradient GX, GY; answers the contenders
  sparse ROWS COLS RANK STORED | observed ROWS COLS RANK STORED
  threads N                                  for BLAS and torch
  error NAME                                 -> relative error of its gradient and of its loss
  time NAME SLICE                            -> seconds of the fastest call within SLICE seconds, on the wall and of
                                                processors; two calls at least (one where SLICE is 0)
"""
import ctypes
import os
import sys
import time

import numpy as np
import scipy
import scipy.sparse as sp

try:
    import torch
except ImportError:
    torch = None

folder = sys.argv[1]
contenders = {}
reference = {}


def array(name, dtype, *shape):
    return np.fromfile(os.path.join(folder, name), dtype=dtype).reshape(shape)


def load_reference(rows, cols, rank):
    reference["GX"] = array("GX", np.float64, rows, rank)
    reference["GY"] = array("GY", np.float64, cols, rank)
    reference["loss"] = float(array("loss", np.float64, 1)[0])


def dense(dtype, rows, cols, rank):
    dtype = np.dtype(dtype)
    A, X, Y = array("A", dtype, rows, cols), array("X", dtype, rows, rank), array("Y", dtype, cols, rank)
    load_reference(rows, cols, rank)
    norm_squared = float(np.vdot(A, A))

    def residual_form():
        R = A - X @ Y.T
        return 0.5 * np.vdot(R, R), -(R @ Y), -(R.T @ X)

    def gram_form():
        AY, AtX = A @ Y, A.T @ X
        XX, YY = X.T @ X, Y.T @ Y
        return 0.5 * (norm_squared - 2 * np.vdot(AY, X) + np.vdot(XX, YY)), X @ YY - AY, Y @ XX - AtX

    contenders["numpy residual"] = residual_form
    contenders["numpy gram"] = gram_form
    if torch is not None:
        tA, tX, tY = torch.from_numpy(A), torch.from_numpy(X), torch.from_numpy(Y)

        def torch_form():
            R = tA - tX @ tY.T
            return float(0.5 * (R * R).sum()), -(R @ tY), -(R.T @ tX)

        contenders["torch residual"] = torch_form


def stored(rows, cols, entries):
    return sp.csr_matrix((array("values", np.float64, entries), array("inner", np.int32, entries),
                          array("outer", np.int32, rows + 1)), shape=(rows, cols))


def sparse(rows, cols, rank, entries):
    A = stored(rows, cols, entries)
    AT = A.T.tocsr()  # scipy is faster by rows, so it too gets a second copy
    X, Y = array("X", np.float64, rows, rank), array("Y", np.float64, cols, rank)
    load_reference(rows, cols, rank)
    norm_squared = float(np.vdot(A.data, A.data))

    def gram_form():
        AY, AtX = A @ Y, AT @ X
        XX, YY = X.T @ X, Y.T @ Y
        return 0.5 * (norm_squared - 2 * np.vdot(AY, X) + np.vdot(XX, YY)), X @ YY - AY, Y @ XX - AtX

    contenders["scipy"] = gram_form


def observed(rows, cols, rank, entries):
    A = stored(rows, cols, entries)
    row = np.repeat(np.arange(rows, dtype=np.int32), np.diff(A.indptr))
    column = A.indices
    X, Y = array("X", np.float64, rows, rank), array("Y", np.float64, cols, rank)
    load_reference(rows, cols, rank)
    R = A.copy()

    def sampled_residual():
        R.data[:] = A.data - np.einsum("ij,ij->i", X[row], Y[column])
        return 0.5 * np.vdot(R.data, R.data), -(R @ Y), -(R.T @ X)

    contenders["numpy"] = sampled_residual


def set_threads(count):
    ctypes.CDLL("libopenblas.so.0").openblas_set_num_threads(count)
    if torch is not None:
        torch.set_num_threads(count)


def error(name):
    loss, GX, GY = contenders[name]()
    GX, GY = np.asarray(GX, dtype=np.float64), np.asarray(GY, dtype=np.float64)
    scale = np.hypot(np.linalg.norm(reference["GX"]), np.linalg.norm(reference["GY"]))
    off = np.hypot(np.linalg.norm(GX - reference["GX"]), np.linalg.norm(GY - reference["GY"])) / scale
    return max(float(off), abs(float(loss) - reference["loss"]) / reference["loss"])


def fastest(name, slice_seconds):
    call = contenders[name]
    best, best_cpu, spent, calls = float("inf"), float("inf"), 0.0, 0
    while calls == 0 or (slice_seconds > 0 and (calls < 2 or spent < slice_seconds)):
        begin, cpu_begin = time.perf_counter(), time.process_time()
        call()
        seconds = time.perf_counter() - begin
        best, best_cpu = min(best, seconds), min(best_cpu, time.process_time() - cpu_begin)
        spent, calls = spent + seconds, calls + 1
    return best, best_cpu


def versions():
    found = [f"numpy={np.__version__}", f"scipy={scipy.__version__}"]
    found.append(f"torch={torch.__version__}" if torch is not None else "torch=absent")
    return " ".join(found)


def answer(words):
    verb, rest = words[0], words[1:]
    if verb == "versions":
        return versions()
    if verb == "threads":
        set_threads(int(rest[0]))
        return "ok"
    if verb in ("dense", "sparse", "observed"):
        contenders.clear()
        if verb == "dense":
            dense(rest[0], *map(int, rest[1:]))
        else:
            {"sparse": sparse, "observed": observed}[verb](*map(int, rest))
        return ",".join(contenders)
    name = " ".join(rest[:-1]) if verb == "time" else " ".join(rest)
    if verb == "error":
        return repr(error(name))
    if verb == "time":
        return "{!r} {!r}".format(*fastest(name, float(rest[-1])))
    raise ValueError(f"unknown verb {verb}")


for line in sys.stdin:
    try:
        reply = answer(line.split())
    except Exception as problem:  # the driver must hear of it, whatever it is
        reply = f"error {type(problem).__name__}: {problem}".replace("\n", " ")
    print(reply, flush=True)
