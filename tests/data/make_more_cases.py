"""Writes more_cases.json: small runs of gradient descent with their endings, computed in decimal arithmetic of 100 and of 150 digits.

usage: make_more_cases.py > more_cases.json      (two minutes; Python's decimal module, and NumPy for singular values)

Nothing of equipoise takes part. The inputs are the doubles nearest to the texts that are written. An ending is
  converge          |grad f| < 1e-45 in two precisions that agree to 1e-30, with the least loss; converge_saddle: with another loss
  diverge           h (|X|^2 + |Y|^2) > 1e12 and still growing
  periodP           the state returns to itself within 1e-35 after P steps, and is 1e-10 away or more after fewer
  chaotic_bounded   none of these after 20000 steps (60000 of one number), with a Lyapunov exponent above 0.05 in doubles
`sensitive` marks limits from which a run in doubles (NumPy) ends more than 1e-9 away.
"""

import decimal
import json
import sys
from decimal import Decimal as D

import numpy as np

ROTATION = [[0, 1, 0], [0, 0, -1], [1, 0, 0]]
SPD = [[2, 0.5, 0.25], [0.5, 1, 0.125], [0.25, 0.125, 0.5]]
GENERAL = [[1.5, -0.5, 0.25], [0.75, 0.5, -1], [0.25, 1, 0.5], [-0.5, 0.25, 1]]
TWINS = [[2, 0, 0], [0, 1, 0], [0, 0, 1]]  # no gap between its second and third singular values

# name, kind, A, X, Y, h
CASES = [
    ("scalar-negative-mu", "scalar", [[-2.5]], [[1.5]], [[-0.5]], 0.2),
    ("scalar-negative-mu-from-the-other-side", "scalar", [[-1]], [[5]], [[2]], 0.12),
    ("scalar-far-unbalanced", "scalar", [[0.25]], [[30]], [[0.01]], 0.0044),
    ("scalar-near-four-over-L", "scalar", [[1]], [[19]], [[1]], 0.01104),
    ("scalar-one-percent-below-the-curve", "scalar", [[1]], [[4]], [[1]], 0.242),
    ("scalar-one-percent-above-the-curve", "scalar", [[1]], [[4]], [[1]], 0.252),
    ("scalar-outside-at-p-negative", "scalar", [[1]], [[3]], [[-1]], 0.45),
    ("scalar-zero-mu", "scalar", [[0]], [[3]], [[1]], 0.35),
    ("scalar-zero-mu-outside", "scalar", [[0]], [[3]], [[1]], 0.45),
    ("scalar-slow-edge", "scalar", [[1]], [[1.25]], [[0.75]], 0.995),
    ("scalar-saddle-of-negative-mu", "scalar", [[-1]], [[1.5]], [[1.5]], 0.25),
    ("scalar-saddle-by-landing", "scalar", [[0.5]], [[1]], [[1.5]], 1),
    ("scalar-tiny-start", "scalar", [[1]], [[1e-7]], [[3e-7]], 0.6),
    ("scalar-period-2", "scalar", [[2.5]], [[1]], [[0.5]], 0.45),
    ("scalar-period-2-unbalanced", "scalar", [[-1]], [[0.25]], [[-1.25]], 1.05),
    ("scalar-period-4", "scalar", [[2]], [[1]], [[0.75]], 0.63),
    ("scalar-period-8", "scalar", [[1]], [[0.9]], [[1.1]], 1.29),
    ("scalar-chaos", "scalar", [[1]], [[0.9]], [[1.1]], 1.3485),
    ("scalar-period-6", "scalar", [[-1]], [[0.7]], [[-0.9]], 1.7),
    ("scalar-wide-chaos", "scalar", [[-4]], [[0.375]], [[-0.5]], 0.475),
    ("scalar-beyond-two", "scalar", [[1]], [[0.5]], [[0.7]], 2.05),
    ("vector-below", "vector", [[1.5]], [[1, -2, 0.5]], [[0.5, 1, 2]], 0.25),
    ("vector-orthogonal-rows", "vector", [[1]], [[3, 0]], [[0, 2]], 0.29),
    ("vector-orthogonal-rows-above", "vector", [[1]], [[3, 0]], [[0, 2]], 0.31),
    ("vector-negative-mu", "vector", [[-0.75]], [[1, 2]], [[2, 1]], 0.3),
    ("vector-period-2", "vector", [[1]], [[0.5, 0.5, 0.25]], [[0.25, 0.75, 0.5]], 1.18),
    ("vector-saddle", "vector", [[1]], [[1, -0.5]], [[-1, 0.5]], 0.5),
    ("vector-landing-on-a-minimiser", "vector", [[1]], [[2, 0, 1]], [[-1, 1, 0]], 1),
    ("isotropic-signed-permutation", "isotropic_rank1", ROTATION, [[4], [1], [-2]], [[0.5], [0.25], [0.75]], 0.11),
    ("isotropic-outside", "isotropic_rank1", ROTATION, [[4], [1], [-2]], [[0.5], [0.25], [0.75]], 0.19),
    ("isotropic-negative-mu", "isotropic_rank1", [[-2, 0], [0, -2]], [[3], [0]], [[0.5], [1]], 0.12),
    ("isotropic-saddle", "isotropic_rank1", [[1, 0], [0, 1]], [[1], [2]], [[-1], [-2]], 0.15),
    ("spd-unbalanced-rank-2", "general", SPD, [[2, 0.5], [0.5, -1], [0.25, 0.5]], [[0.25, 0.5], [0.5, 0.25], [-0.5, 0.125]], 0.3),
    ("spd-full-rank", "general", SPD, [[1, 0, 0.5], [0, 1, 0], [0.5, 0, 1]], [[0.5, 0.25, 0], [0, 0.5, 0.25], [0.25, 0, 0.5]], 0.4),
    ("tall-rank-1", "general", GENERAL, [[1], [2], [0.5], [-1]], [[0.5], [-0.5], [0.25]], 0.2),
    ("tall-rank-2-beyond-two-over-L", "general", GENERAL, [[2, 0.5], [1, -1], [0, 1.5], [0.5, 0.5]], [[0.25, 0.5], [0.5, 0], [0, 0.25]], 0.36),
    ("tall-over-parameterised", "general", GENERAL, [[1, 0.5, 0, 0.5, -1], [0, 1, 0.5, 0, 0.25], [0.5, 0, 1, 0.25, 0], [0, 0.25, 0, 1, 0.5]],
     [[0.5, 0, 0.25, 0, 0.5], [0, 0.5, 0, 0.25, 0], [0.25, 0, 0.5, 0, 0.25]], 0.3),
    ("row-rank-2", "general", [[1, 2, -1, 0.5]], [[1.5, -0.5]], [[0.5, 0], [0.25, 0.5], [0, 1], [0.5, 0.5]], 0.25),
    ("no-gap", "general", TWINS, [[1, 0.25], [0.5, 1], [0.25, 0.5]], [[0.5, 0.25], [0.25, 0.5], [0.75, 0.25]], 0.3),
    ("zero-matrix", "general", [[0, 0], [0, 0]], [[1, 0.5], [0.25, 1]], [[0.5, 0], [0.25, 0.5]], 0.4),
    ("aligned-period-2", "general", [[2, 0], [0, 0.5]], [[1, 0], [0, 0.5]], [[0.75, 0], [0, 1]], 0.55),
    ("general-beyond-sigma-1", "general", SPD, [[1, 0.25], [0.5, 0.5], [0.25, 0.25]], [[0.5, 0], [0.25, 0.5], [0.5, 0.25]], 0.52),
    ("general-outside", "general", GENERAL, [[2, 0.5], [1, -1], [0, 1.5], [0.5, 0.5]], [[0.25, 0.5], [0.5, 0], [0, 0.25]], 0.8),
    ("general-huge-unit", "general", [[2e80, 1e80], [0, 1e80]], [[1e40], [0.5e40]], [[1e40], [0.25e40]], 3e-81),
    ("general-tiny-unit", "general", [[2e-90, 1e-90], [0, 1e-90]], [[3e-45], [0.5e-45]], [[1e-45], [0.25e-45]], 1e89),
]

STEPS = {"scalar": 60000, "vector": 20000}  # others: 8000


def product(P, Q):
    return [[sum((a * b for a, b in zip(row, col)), D(0)) for col in zip(*Q)] for row in P]


def transposed(P):
    return [list(col) for col in zip(*P)]


def flat(P, Q):
    return [x for row in P for x in row] + [y for row in Q for y in row]


def step(A, X, Y, h):
    R = [[a - w for a, w in zip(row, other)] for row, other in zip(A, product(X, transposed(Y)))]
    RY, RX = product(R, Y), product(transposed(R), X)
    moved_X = [[x + h * g for x, g in zip(row, other)] for row, other in zip(X, RY)]
    moved_Y = [[y + h * g for y, g in zip(row, other)] for row, other in zip(Y, RX)]
    return moved_X, moved_Y, sum((g * g for g in flat(RY, RX)), D(0))


def exact(rows, unit):
    return [[D(float(x)) / unit for x in row] for row in rows]


def near(P, Q, distance):
    size = sum(x * x for x in P).sqrt()
    return sum((a - b) ** 2 for a, b in zip(P, Q)).sqrt() <= distance * (size if size > 0 else 1)


def follow(case, digits):
    """(ending, X, Y, steps): descent in units where A, X, Y are near one."""
    decimal.getcontext().prec = digits
    _, kind, A, X, Y, h = case
    size = max([abs(float(x)) for row in A for x in row] + [max(abs(float(x)) for row in X + Y for x in row) ** 2])
    root = D(2) ** (round(np.log2(size)) // 2)  # a power of two: nothing is rounded
    A, X, Y, h = exact(A, root * root), exact(X, root), exact(Y, root), D(float(h)) * root * root
    steps = STEPS.get(kind, 8000)
    for k in range(steps):
        ahead_X, ahead_Y, squared = step(A, X, Y, h)
        if squared < D(10) ** -90:
            return "converge", X, Y, root, k
        X, Y = ahead_X, ahead_Y
        if h * sum(x * x for x in flat(X, Y)) > D(10) ** 12:
            return "diverge", X, Y, root, k
        if k % 1000 == 999:
            then, here_X, here_Y = flat(X, Y), X, Y
            for period in range(1, 65):
                here_X, here_Y, _ = step(A, here_X, here_Y, h)
                if period > 1 and near(then, flat(here_X, here_Y), D(10) ** -35):
                    return f"period{period}", X, Y, root, k
                if near(then, flat(here_X, here_Y), D(10) ** -10):
                    break  # a slow approach, perhaps with alternating sides, to a shorter period
    return "none", X, Y, root, steps


def double_run(A, X, Y, h, steps):
    """The same in doubles: the last factors, and the mean growth of a tangent vector."""
    random = np.random.default_rng(1)
    U, W = random.standard_normal(X.shape), random.standard_normal(Y.shape)
    growth = 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(steps):
            R = A - X @ Y.T
            Dz = U @ Y.T + X @ W.T
            U, W = U + h * (R @ W - Dz @ Y), W + h * (R.T @ U - Dz.T @ X)
            size = np.sqrt(np.sum(U * U) + np.sum(W * W))
            growth += np.log(size)
            U, W = U / size, W / size
            X, Y = X + h * R @ Y, Y + h * R.T @ X
    return X, Y, growth / steps


def number(x):
    return f"{x:.25e}" if x else "0"


def described(case):
    name, kind, A, X, Y, h = case
    ending, P, Q, root, steps = follow(case, 100)
    again, P2, Q2, _, _ = follow(case, 150)
    if ending != again:
        sys.exit(f"{name}: {ending} with 100 digits and {again} with 150")
    decimal.getcontext().prec = 100
    A_, X_, Y_ = (np.array(M, dtype=float) for M in (A, X, Y))
    unit = float(root)
    scaled = (A_ / unit**2, X_ / unit, Y_ / unit, float(h) * unit**2)
    result = {"id": name, "kind": kind, "A": A, "X0": X, "Y0": Y, "h": h, "sensitive": False}
    texts = {key: [[repr(float(x)) for x in row] for row in result[key]] for key in ("A", "X0", "Y0")}
    result.update(texts, h=repr(float(h)))
    singular = np.linalg.svd(scaled[0])[1]
    best = 0.5 * np.sum(singular[X_.shape[1]:] ** 2)
    if ending == "none":
        U, W, exponent = double_run(*scaled, 20000)
        if not (np.isfinite(U).all() and exponent > 0.05):
            sys.exit(f"{name}: no ending that has a name")
        ending = "chaotic_bounded"
        result["lyapunov"] = round(float(exponent), 3)
    elif ending == "converge":
        if not near(flat(P, Q), flat(P2, Q2), D(10) ** -30):
            sys.exit(f"{name}: the two precisions do not agree")
        R = [[D(float(a)) / (root * root) - w for a, w in zip(row, other)] for row, other in zip(A, product(P, transposed(Q)))]
        loss = sum(r * r for row in R for r in row) / 2
        if abs(float(loss) - best) > 1e-9 * max(1.0, float(np.sum(scaled[0] ** 2))):
            ending = "converge_saddle"
        result["limit"] = {"X": [[number(x * root) for x in row] for row in P], "Y": [[number(y * root) for y in row] for row in Q]}
        result["steps_to_1e-45"] = steps
        U, W, _ = double_run(*scaled, max(100, 2 * steps))
        U_, W_ = (np.array([[float(x) for x in row] for row in M]) for M in (P, Q))
        error = np.sqrt(np.sum((U - U_) ** 2) + np.sum((W - W_) ** 2))
        result["sensitive"] = bool(not error <= 1e-9 * max(1e-3, np.sqrt(np.sum(U_**2) + np.sum(W_**2))))
    elif ending.startswith("period"):
        norms = []
        A_x, h_x = exact(A, root * root), D(float(h)) * root * root
        for _ in range(int(ending[6:])):
            M = product(P, transposed(Q))
            norms.append(M[0][0] if len(M) == len(M[0]) == 1 else sum(x * x for row in M for x in row).sqrt())
            P, Q, _ = step(A_x, P, Q, h_x)
        key = "limit_cycle_products_xy" if A_.size == 1 else "limit_cycle_normXY_F"
        result[key] = [number(x * root * root) for x in sorted(norms)]
    result["expected"] = ending
    result["f_star"] = repr(float(best) * unit**4)
    return result


def main():
    only = sys.argv[1:]
    cases = [described(case) for case in CASES if not only or case[0] in only]
    text = ",\n".join(json.dumps(case) for case in cases)
    print(f'{{"description": "made by make_more_cases.py, which says what the endings mean",\n"cases": [\n{text}\n]}}')


if __name__ == "__main__":
    main()
