"""The same work in numpy, scipy and torch, one call at a time, when a line on standard input asks for it.

usage: peers.py FOLDER. Arrays lie in FOLDER as raw bytes. Lines, each answered by one line:
  versions                                   -> numpy=1.24.2 ...
  dense DTYPE ROWS COLS RANK                 loads A, X, Y and the reference gradient GX, GY; answers the contenders
  sparse ROWS COLS RANK STORED | observed ROWS COLS RANK STORED
  lanes COUNT STEPS                          loads m, x, y and the products x y after STEPS steps of each scalar run
  atlas COUNT MOST_STEPS                     loads m, x, y and the outcomes: 1 converged, 4 diverged, 0 anything else
  matrix_atlas ROWS COLS RANK PAIRS COUNT MOST_STEPS    loads values, X, Y, h, scale_x, scale_y and the outcomes
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
kept = {}    # a matrix that many cases work on
errors = {}  # of contenders that do not compute a gradient


def array(name, dtype, *shape):
    return np.fromfile(os.path.join(folder, name), dtype=dtype).reshape(shape)


def load_reference(rows, cols, rank):
    reference["GX"] = array("GX", np.float64, rows, rank)
    reference["GY"] = array("GY", np.float64, cols, rank)
    reference["loss"] = float(array("loss", np.float64, 1)[0])


def large(name, dtype, *shape):
    """An array that is read once as long as its file stays what it is."""
    key = (name, dtype, shape, os.stat(os.path.join(folder, name)).st_mtime_ns)
    if kept.get("key") != key:
        kept.clear()
        kept.update(key=key, array=array(name, dtype, *shape))
        kept["norm_squared"] = float(np.vdot(kept["array"], kept["array"]))
    return kept["array"], kept["norm_squared"]


def dense(dtype, rows, cols, rank):
    dtype = np.dtype(dtype)
    A, norm_squared = large("A", dtype, rows, cols)
    X, Y = array("X", dtype, rows, rank), array("Y", dtype, cols, rank)
    load_reference(rows, cols, rank)

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


def lanes(count, steps):
    m, x0, y0 = (array(name, np.float64, count) for name in ("m", "x", "y"))
    products = array("products", np.float64, count)

    def error_of(call):
        return lambda: float(np.max(np.abs(call() / m - products) / np.abs(products)))

    def numpy_in_place():
        x, y = x0.copy(), y0.copy()
        r, t = np.empty(count), np.empty(count)
        numpy_steps(m, x, y, r, t, steps)
        return x * y

    contenders["numpy in place"] = numpy_in_place
    errors["numpy in place"] = error_of(numpy_in_place)
    if torch is not None:
        def torch_in_place():
            x, y = torch.from_numpy(x0).clone(), torch.from_numpy(y0).clone()
            x, y = torch_steps(torch.from_numpy(m), x, y, torch.empty_like(x), torch.empty_like(x), steps)
            return (x * y).numpy()

        contenders["torch in place"] = torch_in_place
        errors["torch in place"] = error_of(torch_in_place)


def numpy_steps(m, x, y, r, t, steps):
    """r = m - x y; x += r y; y += r x, both from the old values: six passes over arrays in cache."""
    for _ in range(steps):
        np.multiply(x, y, out=r)
        np.subtract(m, r, out=r)
        np.multiply(r, y, out=t)
        np.multiply(r, x, out=r)
        np.add(x, t, out=x)
        np.add(y, r, out=y)


def torch_steps(m, x, y, r, t, steps):
    """The same in three fused passes."""
    for _ in range(steps):
        torch.addcmul(m, x, y, value=-1, out=r)
        torch.addcmul(x, r, y, out=t)
        torch.addcmul(y, r, x, out=y)
        x, t = t, x
    return x, y


def atlas(count, most_steps):
    """Every run to its outcome: looks every 64 steps, runs that ended are dropped, and a state that recurs after 64 steps is a cycle
    (of any period that divides 64). Blocks of 16384 runs stay in cache."""
    m_all, x_all, y_all = (array(name, np.float64, count) for name in ("m", "x", "y"))
    outcomes = array("outcomes", np.uint8, count)
    block, look_every, tolerance = 16384, 64, 1e-12

    def run(as_array, steps_of, absolute, logical_not):
        found = np.zeros(count, dtype=np.uint8)
        for begin in range(0, count, block):
            cells = np.arange(begin, min(begin + block, count))
            m, x, y = (as_array(numbers[begin:begin + block].copy()) for numbers in (m_all, x_all, y_all))
            for step in range(0, most_steps, look_every):
                before_x, before_y = x + 0, y + 0
                x, y = steps_of(m, x, y, min(look_every, most_steps - step))
                r = absolute(m - x * y)
                arrived, left = r <= tolerance * m, logical_not(r < 1e3)
                recurred = (absolute(x - before_x) + absolute(y - before_y) <= 1e-10) & (r > 1e-3 * m)
                ended = arrived | left | recurred
                if bool(ended.any()):
                    gone, came = np.asarray(left), np.asarray(arrived)
                    found[cells[came]] = 1
                    found[cells[gone]] = 4
                    stay = logical_not(ended)
                    cells = cells[np.asarray(stay)]
                    if len(cells) == 0:
                        break
                    m, x, y = m[stay], x[stay], y[stay]
        return found

    def numpy_in_place():
        def steps_of(m, x, y, steps):
            numpy_steps(m, x, y, np.empty_like(x), np.empty_like(x), steps)
            return x, y
        with np.errstate(all="ignore"):
            return run(lambda numbers: numbers, steps_of, np.abs, np.logical_not)

    def differing(call):
        return lambda: float(np.mean(call() != outcomes))

    contenders["numpy in place"] = numpy_in_place
    errors["numpy in place"] = differing(numpy_in_place)
    if torch is not None:
        def torch_in_place():
            def steps_of(m, x, y, steps):
                return torch_steps(m, x, y, torch.empty_like(x), torch.empty_like(x), steps)
            return run(torch.from_numpy, steps_of, torch.abs, torch.logical_not)

        contenders["torch in place"] = torch_in_place
        errors["torch in place"] = differing(torch_in_place)


def matrix_atlas(rows, cols, rank, pairs, count, most_steps):
    """Every run to its outcome in spectral coordinates, by products of stacks of matrices; looks every 64 steps, runs that ended are
    dropped, and a state that recurs after 64 steps is a cycle (of any period that divides 64). Blocks of 512 runs stay in cache."""
    values = array("values", np.float64, pairs)
    X0, Y0 = array("X", np.float64, rows, rank), array("Y", np.float64, cols, rank)
    h_all, scale_x, scale_y = (array(name, np.float64, count) for name in ("h", "scale_x", "scale_y"))
    outcomes = array("outcomes", np.uint8, count)
    block, look_every, tolerance = 512, 64, 1e-12
    norm = np.linalg.norm(values)

    def numpy_stacks():
        found = np.zeros(count, dtype=np.uint8)
        with np.errstate(all="ignore"):
            for begin in range(0, count, block):
                cells = np.arange(begin, min(begin + block, count))
                h = h_all[cells]
                X, Y = scale_x[cells, None, None] * X0, scale_y[cells, None, None] * Y0
                for step in range(0, most_steps, look_every):
                    before = X
                    for _ in range(min(look_every, most_steps - step)):
                        GX, GY = X @ (Y.transpose(0, 2, 1) @ Y), Y @ (X.transpose(0, 2, 1) @ X)
                        GX[:, :pairs] -= values[:, None] * Y[:, :pairs]
                        GY[:, :pairs] -= values[:, None] * X[:, :pairs]
                        X, Y = X - h[:, None, None] * GX, Y - h[:, None, None] * GY
                    gradient = np.sqrt((GX * GX).sum((1, 2)) + (GY * GY).sum((1, 2)))
                    length = np.sqrt((X * X).sum((1, 2)) + (Y * Y).sum((1, 2)))
                    arrived, left = gradient <= tolerance * norm * np.maximum(length, np.sqrt(norm)), ~(h * length**2 < 1e6)
                    moved = np.sqrt(((X - before) ** 2).sum((1, 2)))
                    recurred = (moved <= 1e-10 * length) & (gradient > 1e-3 * norm * length)
                    ended = arrived | left | recurred
                    if ended.any():
                        found[cells[arrived]] = 1
                        found[cells[left]] = 4
                        stay = ~ended
                        cells, h, X, Y = cells[stay], h[stay], X[stay], Y[stay]
                        if len(cells) == 0:
                            break
        return found

    contenders["numpy in place"] = numpy_stacks
    errors["numpy in place"] = lambda: float(np.mean(numpy_stacks() != outcomes))


def set_threads(count):
    ctypes.CDLL("libopenblas.so.0").openblas_set_num_threads(count)
    if torch is not None:
        torch.set_num_threads(count)


def error(name):
    if name in errors:
        return errors[name]()
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
    corename = ctypes.CDLL("libopenblas.so.0").openblas_get_corename
    corename.restype = ctypes.c_char_p
    found.append(f"OpenBLAS-kernel={corename().decode()}")
    return " ".join(found)


def answer(words):
    verb, rest = words[0], words[1:]
    if verb == "versions":
        return versions()
    if verb == "threads":
        set_threads(int(rest[0]))
        return "ok"
    if verb in ("dense", "sparse", "observed", "lanes", "atlas", "matrix_atlas"):
        contenders.clear()
        errors.clear()
        if verb == "dense":
            dense(rest[0], *map(int, rest[1:]))
        else:
            {"sparse": sparse, "observed": observed, "lanes": lanes, "atlas": atlas, "matrix_atlas": matrix_atlas}[verb](*map(int, rest))
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
