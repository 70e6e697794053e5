"""The built-in matrices against their definition: every bit must agree."""

import unittest

from builtin_definition import MASK, Generator, positive, spectrum, symmetric
from dump import dump


def table(read):
    rows = [[None] * int(read["cols"]) for _ in range(int(read["rows"]))]
    for row, col, value in read["entries"]:
        rows[int(row)][int(col)] = value
    return rows


class BuiltinMatrices(unittest.TestCase):
    def test_gaussian(self):
        self.assertEqual(table(dump("gaussian:40x30:seed=7")), Generator(7).normals(40, 30))
        self.assertEqual(table(dump("gaussian:3x5")), Generator(0).normals(3, 5))

    def test_spectrum(self):
        self.assertEqual(table(dump("spectrum:30x25:1,0.5,0.2:seed=7")), spectrum(30, 25, [1, 0.5, 0.2], 7))
        self.assertEqual(table(dump("spectrum:4x3:3,2,1")), spectrum(4, 3, [3, 2, 1], 0))
        self.assertEqual(table(dump("spectrum:1x6:2:seed=18446744073709551615")), spectrum(1, 6, [2], MASK))

    def test_symmetric_and_positive(self):
        self.assertEqual(table(dump("symmetric:12:seed=7")), symmetric(12, 7))
        self.assertEqual(table(dump("symmetric:1")), symmetric(1, 0))
        self.assertEqual(table(dump("positive:9:seed=7")), positive(9, 7))
        self.assertEqual(table(dump("positive:1")), positive(1, 0))

    def test_others(self):
        self.assertEqual(table(dump("scalar:0.1")), [[0.1]])
        self.assertEqual(table(dump("isotropic:2:0.3")), [[0.3, 0], [0, 0.3]])


if __name__ == "__main__":
    unittest.main()
