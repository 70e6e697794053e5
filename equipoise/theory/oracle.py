#!/usr/bin/env python3
"""Recomputes with Python's exact fractions what delta_test decided; exit 1 with the first line that differs.

usage: oracle.py FILE   each line: what, mu, h, u..., "|", v..., "|", answer; numbers as C hexadecimal doubles
  region     the Region of a vector problem, as a number
  one        sign of delta - 1
  limit      sign of delta - (1 + sqrt(1 - m^2)) for A = mu I (m <= 1)
  norms      sign of C^2 + m^2 - 2 C, C = h S/2 + m
"""

import sys
from fractions import Fraction


def sign(x):
    return (x > 0) - (x < 0)


def sign_with_root(alpha, beta, gamma):
    """Of alpha + beta sqrt(gamma): brackets the root by rationals until the sign shows; equality by squares."""
    if beta == 0 or gamma == 0:
        return sign(alpha)
    if alpha * alpha == beta * beta * gamma and sign(alpha) == -sign(beta):
        return 0
    low, high = Fraction(0), max(Fraction(1), gamma)
    while True:
        ends = {sign(alpha + beta * low), sign(alpha + beta * high)}
        if len(ends) == 1 and 0 not in ends:
            return ends.pop()
        middle = (low + high) / 2
        if middle * middle <= gamma:
            low = middle
        else:
            high = middle


def answer(what, mu, h, u, v):
    m = h * abs(mu)
    turn = -1 if mu < 0 else 1
    a = h * sum((x + turn * y) ** 2 for x, y in zip(u, v))
    b = h * sum((x - turn * y) ** 2 for x, y in zip(u, v))
    S, p = (a + b) / 2, (a - b) / 4

    def delta_versus(c):
        """delta is the root above m of a/(t + m) + b/(t - m) = 4, whose left side falls: its sign at t = c tells."""
        if c > m:
            return sign(a / (c + m) + b / (c - m) - 4)
        at_m = b == 0 and a <= 8 * m  # then delta = m
        return 0 if at_m and c == m else 1

    if what == "region":
        if m >= 2:
            return 5 if b == 0 and a <= 8 * m else 4
        side = delta_versus(Fraction(2))
        if side:
            return 4 if side > 0 else 0 if m < 1 else 1 if m == 1 else 2
        return 3
    if what == "one":
        return delta_versus(Fraction(1))
    if what == "limit":
        return -sign_with_root((4 - S) / 2 + m * p - 2 * m * m, (4 - S) / 2, 1 - m * m)
    if what == "norms":
        C = S / 2 + m
        return sign(C * C + m * m - 2 * C)
    raise ValueError(what)


def main():
    lines = 0
    with open(sys.argv[1], encoding="ascii") as file:
        for line in file:
            what, *rest = line.split()
            first = rest.index("|")
            second = rest.index("|", first + 1)
            number = lambda text: Fraction(float.fromhex(text))
            mu, h, *u = map(number, rest[:first])
            v = list(map(number, rest[first + 1:second]))
            expected = answer(what, mu, h, u, v)
            if expected != int(rest[second + 1]):
                sys.exit(f"{line.strip()}: exact arithmetic answers {expected}")
            lines += 1
    print(lines)


main()
