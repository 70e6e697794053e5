"""Files as NumPy and SciPy write them, compared number by number with what the library reads, and the way back."""

import bz2
import gzip
import itertools
import lzma
import pathlib
import sys
import tarfile
import tempfile
import unittest

try:
    import numpy as np
    import scipy.io
    import scipy.sparse
except ImportError:
    sys.exit(77)

from dump import Refused, dump

TYPES = [np.float16, np.float32, np.float64, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64, bool]


def dense(read):
    """The dense array of what was read; absent entries are zero."""
    values = np.zeros((int(read["rows"]), int(read["cols"])))
    for row, col, value in read["entries"]:
        values[int(row), int(col)] = value
    return values


def stored(read):
    return {(row, col): value for row, col, value in read["entries"]}


class WithScipy(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.random = np.random.default_rng(5)

    def path(self, name):
        return self.folder / name

    def packed(self, name):
        packed = self.path(name + ".gz")
        packed.write_bytes(gzip.compress(self.path(name).read_bytes()))
        return packed

    def some_values(self, rows, cols):
        """Magnitudes over the whole range of double, both signs."""
        exponents = self.random.integers(-300, 300, (rows, cols))
        return self.random.standard_normal((rows, cols)) * 10.0**exponents

    def some_sparse(self, rows, cols):
        return scipy.sparse.random(rows, cols, 0.3, random_state=7, data_rvs=self.random.standard_normal)

    def same(self, read, expected, sparse=False):
        self.assertEqual(read["sparse"], sparse)
        self.assertEqual((read["rows"], read["cols"]), expected.shape)
        np.testing.assert_array_equal(dense(read), np.asarray(expected, dtype=np.float64))

    def test_npy_types_and_orders(self):
        for kind, order, big in itertools.product(TYPES, "CF", (False, True)):
            values = self.random.integers(0, 100, (3, 5)).astype(kind)
            if big:
                values = values.astype(values.dtype.newbyteorder(">"))
            with self.subTest(kind=kind, order=order, big=big):
                np.save(self.path("a.npy"), np.asarray(values, order=order))
                self.same(dump(self.path("a.npy")), values)

    def test_npy_extremes(self):
        for kind in TYPES[3:-1]:
            limits = np.array([[np.iinfo(kind).min, np.iinfo(kind).max]], dtype=kind)
            np.save(self.path("a.npy"), limits)
            self.same(dump(self.path("a.npy")), limits)
        halves = np.arange(65536, dtype=np.uint16).view(np.float16)
        halves = halves[np.isfinite(halves)].reshape(-1, 2)
        np.save(self.path("a.npy"), halves)
        self.same(dump(self.path("a.npy")), halves)
        values = np.array([[np.finfo(np.float64).max, 5e-324, -0.0]])
        np.save(self.path("a.npy"), values)
        self.same(dump(self.path("a.npy")), values)
        self.assertEqual(np.signbit(dense(dump(self.path("a.npy")))[0, 2]), True)

    def test_npy_versions(self):
        values = self.some_values(2, 3)
        for version in ((1, 0), (2, 0), (3, 0)):
            with open(self.path("a.npy"), "wb") as file:
                np.lib.format.write_array(file, values, version=version)
            self.same(dump(self.path("a.npy")), values)
            self.same(dump(self.packed("a.npy")), values)

    def test_npy_types_without_a_byte_order(self):
        values = self.some_values(2, 3)
        np.save(self.path("a.npy"), values)
        self.path("a.npy").write_bytes(self.path("a.npy").read_bytes().replace(b"'<f8'", b"'f8' "))
        self.same(dump(self.path("a.npy")), values)

    def test_npy_shapes(self):
        np.save(self.path("a.npy"), np.arange(4.0))
        self.same(dump(self.path("a.npy")), np.arange(4.0)[:, None])
        np.save(self.path("a.npy"), self.some_values(10, 10)[::2, ::3])
        self.assertEqual(dump(self.path("a.npy"))["cols"], 4)
        for bad in (np.float64(1), np.zeros((2, 2, 2)), np.zeros((0, 3)), np.zeros((3, 0)), np.zeros(2, complex),
                    np.array([[None]]), np.zeros((1, 1), "S3"), np.zeros((1, 1), "f8,i4"),
                    np.zeros((1, 1), "M8[s]"), np.array([[np.nan]]), np.array([[np.inf]])):
            np.save(self.path("a.npy"), bad, allow_pickle=True)
            with self.assertRaises(Refused):
                dump(self.path("a.npy"))

    def test_npz(self):
        for rows, cols, form, packed in itertools.product((1, 6), (1, 9), ("csr", "csc", "coo", "bsr", "dia"), (False, True)):
            for kind in (np.float32, np.float64, np.int32):
                values = (10 * self.some_sparse(rows, cols)).astype(kind).asformat(form)
                with self.subTest(rows=rows, cols=cols, form=form, packed=packed, kind=kind):
                    scipy.sparse.save_npz(self.path("a.npz"), values, compressed=packed)
                    read = dump(self.path("a.npz"))
                    self.same(read, values.toarray(), sparse=True)
                    stored_entries = values.nnz if form in ("csr", "csc", "coo") else np.count_nonzero(values.toarray())
                    self.assertEqual(len(read["entries"]), stored_entries)

    def test_npz_blocks_and_diagonals(self):
        for block in ((2, 3), (1, 1), (4, 6)):
            values = scipy.sparse.bsr_matrix(self.some_sparse(8, 12).toarray(), blocksize=block)
            scipy.sparse.save_npz(self.path("a.npz"), values)
            self.same(dump(self.path("a.npz")), values.toarray(), sparse=True)
        for rows, cols in ((4, 7), (7, 4), (5, 5)):
            values = scipy.sparse.dia_matrix(self.some_sparse(rows, cols))
            scipy.sparse.save_npz(self.path("a.npz"), values)
            self.same(dump(self.path("a.npz")), values.toarray(), sparse=True)

    def test_npz_of_one_dense_array(self):
        values = self.some_values(3, 4)
        np.savez(self.path("a.npz"), values)
        self.same(dump(self.path("a.npz")), values)
        halves = np.arange(12, dtype=np.float16).reshape(3, 4)
        np.savez_compressed(self.path("a.npz"), ratings=halves)
        self.same(dump(self.path("a.npz")), halves)
        np.savez(self.path("a.npz"), values, values)
        with self.assertRaisesRegex(Refused, "2 arrays .arr_0, arr_1."):
            dump(self.path("a.npz"))

    def test_npz_refused(self):
        twice = scipy.sparse.coo_matrix(([1.0, 2.0], ([0, 0], [1, 1])), shape=(2, 2))
        scipy.sparse.save_npz(self.path("a.npz"), twice)
        with self.assertRaisesRegex(Refused, "twice"):
            dump(self.path("a.npz"))
        scipy.sparse.save_npz(self.path("a.npz"), self.some_sparse(4, 4).astype(complex).tocsr())
        with self.assertRaisesRegex(Refused, "complex"):
            dump(self.path("a.npz"))

    def test_mtx_dense(self):
        for rows, cols in ((1, 1), (1, 4), (5, 1), (4, 6)):
            values = self.some_values(rows, cols)
            scipy.io.mmwrite(self.path("a.mtx"), values, comment="first\nsecond", precision=17)
            self.same(dump(self.path("a.mtx")), scipy.io.mmread(self.path("a.mtx")))
            self.same(dump(self.path("a.mtx")), values)
            self.same(dump(self.packed("a.mtx")), values)
        values = self.random.integers(-9, 9, (3, 4))
        scipy.io.mmwrite(self.path("a.mtx"), values)
        self.same(dump(self.path("a.mtx")), values)

    def test_mtx_sparse(self):
        for rows, cols in ((1, 1), (1, 7), (6, 1), (8, 5)):
            values = self.some_sparse(rows, cols)
            scipy.io.mmwrite(self.path("a.mtx"), values, precision=17)
            self.same(dump(self.path("a.mtx")), values.toarray(), sparse=True)
            self.same(dump(self.packed("a.mtx")), values.toarray(), sparse=True)
        scipy.io.mmwrite(self.path("a.mtx"), values, field="pattern")
        self.same(dump(self.path("a.mtx")), values.toarray() != 0, sparse=True)

    def test_mtx_symmetries(self):
        square = self.some_values(5, 5)
        for values, name in ((square + square.T, "symmetric"), (square - square.T, "skew-symmetric")):
            scipy.io.mmwrite(self.path("a.mtx"), values, symmetry=name, precision=17)
            self.same(dump(self.path("a.mtx")), values)
            thin = scipy.sparse.coo_matrix(np.where(abs(values) > np.median(abs(values)), values, 0))
            scipy.io.mmwrite(self.path("a.mtx"), thin, symmetry=name, precision=17)
            self.same(dump(self.path("a.mtx")), thin.toarray(), sparse=True)
        scipy.io.mmwrite(self.path("a.mtx"), square * 1j)
        with self.assertRaisesRegex(Refused, "complex"):
            dump(self.path("a.mtx"))

    def test_mtx_as_matlab_writes_it(self):
        self.path("a.mtx").write_text(
            "%%MatrixMarket matrix coordinate real general\r\n% Generated 27-Feb-2012\r\n%\r\n\r\n"
            "  4   5   3\r\n   1     1   1.0000000000000000e+00\r\n   4\t 5  -3.3316000000000001e-03\r\n\r\n"
            "   2     3   1.5000000000000000D+01\r\n")
        expected = np.zeros((4, 5))
        expected[0, 0], expected[3, 4], expected[1, 2] = 1, -3.3316e-3, 15
        self.same(dump(self.path("a.mtx")), expected, sparse=True)

    def test_mtx_as_it_is_found(self):
        self.path("a.mtx").write_text("%MatrixMarket matrix coordinate real hermitian\n2 2 2 % rows columns entries\n"
                                      "1 1 2.5 % a comment\n2 1 1.5-101\n")
        self.same(dump(self.path("a.mtx")), np.array([[2.5, 1.5e-101], [1.5e-101, 0]]), sparse=True)
        self.path("a.mtx").write_text("%%MatrixMarket matrix coordinate pattern general\n2 2 1\n1 1 5\n")
        with self.assertRaisesRegex(Refused, "'5' is too much.*'real'"):
            dump(self.path("a.mtx"))

    def test_what_is_packed_otherwise(self):
        text = b"1,2\n3,4\n"
        for name, packed in (("bunzip2", bz2.compress(text)), ("unxz", lzma.compress(text))):
            self.path("a.csv").write_bytes(packed)
            with self.assertRaisesRegex(Refused, name):
                dump(self.path("a.csv"))
        with tarfile.open(self.path("a.tar.gz"), "w:gz") as archive:
            self.path("b.csv").write_bytes(text)
            archive.add(self.path("b.csv"), "b.csv")
        with self.assertRaisesRegex(Refused, "tar"):
            dump(self.path("a.tar.gz"), "--format", "csv")

    def test_csv(self):
        for rows, cols in ((1, 1), (1, 4), (5, 1), (4, 6)):
            values = self.some_values(rows, cols)
            for ending, separator in (("csv", ","), ("tsv", "\t")):
                name = "a." + ending
                np.savetxt(self.path(name), values, delimiter=separator)
                self.same(dump(self.path(name)), values)
                self.same(dump(self.packed(name)), values)
                np.savetxt(self.path(name), values, delimiter=separator, header="made by NumPy", newline="\r\n")
                self.same(dump(self.path(name)), values)
                np.savetxt(self.path(name), values, fmt="%r", delimiter=separator, comments="",
                           header=separator.join(f"column {i}" for i in range(cols)), encoding="utf-8-sig")
                self.same(dump(self.path(name)), values)

    def test_csv_triplets(self):
        values = self.some_sparse(6, 7).tocoo()
        np.savetxt(self.path("a.csv"), np.column_stack([values.row + 1, values.col + 1, values.data]), delimiter=",")
        read = dump(self.path("a.csv"), "--triplets")
        self.assertEqual(stored(read), {(r, c): v for r, c, v in zip(values.row, values.col, values.data)})

    def test_unknown(self):
        values = self.random.standard_normal((5, 6))
        values[self.random.random((5, 6)) < 0.3] = np.nan
        known = {(i, j): values[i, j] for i in range(5) for j in range(6) if not np.isnan(values[i, j])}
        np.save(self.path("a.npy"), values)
        np.savetxt(self.path("a.csv"), values, delimiter=",")
        scipy.io.mmwrite(self.path("a.mtx"), values, precision=17)
        for name in ("a.npy", "a.csv", "a.mtx"):
            with self.assertRaisesRegex(Refused, "row [0-9]+, column [0-9]+"):
                dump(self.path(name))
            read = dump(self.path(name), "--missing", "unknown")
            self.assertTrue(read["has_unknown"] and read["sparse"])
            self.assertEqual(stored(read), known)

    def test_the_way_back(self):
        values = self.some_values(4, 3)
        np.save(self.path("a.npy"), values)
        for name in ("b.npy", "b.mtx", "b.csv"):
            dump(self.path("a.npy"), "--save", str(self.path(name)))
        np.testing.assert_array_equal(np.load(self.path("b.npy")), values)
        np.testing.assert_array_equal(scipy.io.mmread(self.path("b.mtx")), values)
        np.testing.assert_array_equal(np.loadtxt(self.path("b.csv"), delimiter=","), values)
        thin = self.some_sparse(7, 6).tocsr()
        scipy.sparse.save_npz(self.path("a.npz"), thin)
        dump(self.path("a.npz"), "--save", str(self.path("b.mtx")))
        self.assertEqual((scipy.io.mmread(self.path("b.mtx")).tocsr() != thin).nnz, 0)


if __name__ == "__main__":
    unittest.main()
