// Matrix Market: what each banner means, and a message of its own for every way in which a file can be broken.
#include "equipoise/io/matrix_market.hpp"

#include <gtest/gtest.h>

#include <string>

#include "equipoise/io/test_support.hpp"

namespace equipoise::matrix_market_test {
namespace {

using testing::dense;
using testing::expect_error;
using testing::sparse;
using testing::with_unknown;

constexpr std::string_view real = "%%MatrixMarket matrix coordinate real general\n";
constexpr std::string_view array = "%%MatrixMarket matrix array real general\n";

MatrixData read(std::string_view text, const LoadOptions& options = {}) {
  return read_matrix_market({text, "a.mtx"}, options);
}
MatrixData read(std::string_view banner, std::string_view rest, const LoadOptions& options = {}) {
  return read(std::string(banner) + std::string(rest), options);
}
void expect_bad(std::string_view text, std::initializer_list<std::string_view> words) {
  SCOPED_TRACE(text);
  expect_error([&] { read(text); }, {"a.mtx: "});
  expect_error([&] { read(text); }, words);
}
void expect_bad(std::string_view banner, std::string_view rest, std::initializer_list<std::string_view> words) {
  expect_bad(std::string(banner) + std::string(rest), words);
}
Matrix matrix(Index rows, Index cols, std::initializer_list<double> values) {
  return Eigen::Map<const Matrix>(values.begin(), rows, cols);
}

TEST(MatrixMarket, CoordinateEntriesComeInAnyOrder) {
  const MatrixData loaded = read(real, "3 4 3\n3 1 -2\n1 4 0.1\n1 2 5\n");
  const SparseMatrix& A = sparse(loaded);
  EXPECT_EQ(Matrix(A), matrix(3, 4, {0, 5, 0, 0.1, 0, 0, 0, 0, -2, 0, 0, 0}));
  EXPECT_TRUE(A.isCompressed());
  EXPECT_EQ(A.innerIndexPtr()[0], 1) << "columns ascend within a row";
  EXPECT_FALSE(loaded.has_unknown);
  EXPECT_EQ(loaded.entries(), 3);
  EXPECT_EQ(loaded.rows(), 3);
  EXPECT_EQ(loaded.cols(), 4);
}

TEST(MatrixMarket, ArrayGoesDownTheColumns) {
  EXPECT_EQ(dense(read(array, "2 3\n1\n2\n3\n4\n5\n6\n")), matrix(2, 3, {1, 3, 5, 2, 4, 6}));
  EXPECT_EQ(dense(read(array, "2 2\n1 2 3 4")), matrix(2, 2, {1, 3, 2, 4})) << "several values a line";
  EXPECT_EQ(dense(read(array, "1 1\n-0.5")), matrix(1, 1, {-0.5}));
}

TEST(MatrixMarket, BannerCommentsAndLineEnds) {
  const MatrixData loaded = read(
      "%%matrixmarket  MATRIX Coordinate\tInteger GENERAL\r\n%\r\n% a comment\r\n\r\n  \r\n 2 2 2 \r\n"
      "\r\n1 1 3\r\n% between\r\n\t2  2\t4\r\n\r\n%end");
  EXPECT_EQ(Matrix(sparse(loaded)), matrix(2, 2, {3, 0, 0, 4}));
}

TEST(MatrixMarket, PatternIsOnes) {
  EXPECT_EQ(Matrix(sparse(read("%%MatrixMarket matrix coordinate pattern general\n2 2 2\n1 2\n2 1\n"))),
            matrix(2, 2, {0, 1, 1, 0}));
}

TEST(MatrixMarket, SymmetricFillsBothTriangles) {
  constexpr std::string_view symmetric = "%%MatrixMarket matrix coordinate real symmetric\n";
  EXPECT_EQ(Matrix(sparse(read(symmetric, "3 3 3\n1 1 1\n3 1 2\n2 3 5\n"))), matrix(3, 3, {1, 0, 2, 0, 0, 5, 2, 5, 0}));
  EXPECT_EQ(Matrix(sparse(read("%%MatrixMarket matrix coordinate pattern symmetric\n2 2 1\n2 1\n"))),
            matrix(2, 2, {0, 1, 1, 0}));
  EXPECT_EQ(dense(read("%%MatrixMarket matrix array real symmetric\n3 3\n1\n2\n3\n4\n5\n6\n")),
            matrix(3, 3, {1, 2, 3, 2, 4, 5, 3, 5, 6}));
}

TEST(MatrixMarket, SkewSymmetricChangesTheSign) {
  constexpr std::string_view skew = "%%MatrixMarket matrix coordinate real skew-symmetric\n";
  EXPECT_EQ(Matrix(sparse(read(skew, "2 2 1\n2 1 3\n"))), matrix(2, 2, {0, -3, 3, 0}));
  EXPECT_EQ(Matrix(sparse(read(skew, "2 2 2\n2 1 3\n1 1 0\n"))), matrix(2, 2, {0, -3, 3, 0}));
  EXPECT_EQ(dense(read("%%MatrixMarket matrix array real skew-symmetric\n3 3\n1\n2\n3\n")),
            matrix(3, 3, {0, -1, -2, 1, 0, -3, 2, 3, 0}));
  expect_bad(skew, "2 2 1\n1 1 3\n", {"line 3", "diagonal"});
}

TEST(MatrixMarket, NumbersInManySpellings) {
  EXPECT_EQ(dense(read(array, "5 1\n+1.5D+03\n1e-3\n.5\n-0\n1e-400\n")), matrix(5, 1, {1500, 1e-3, .5, 0, 0}));
}

TEST(MatrixMarket, BannersThatCannotBeRead) {
  expect_bad("", {"line 1", "%%MatrixMarket"});
  expect_bad("1 1 1\n", {"line 1", "%%MatrixMarket"});
  expect_bad("%%MatrixMarket\n", {"object", "''"});
  expect_bad("%%MatrixMarket vector coordinate real general\n", {"'vector'", "matrix"});
  expect_bad("%%MatrixMarket matrix list real general\n", {"'list'", "coordinate or array"});
  expect_bad("%%MatrixMarket matrix coordinate quaternion general\n", {"'quaternion'", "pattern"});
  expect_bad("%%MatrixMarket matrix coordinate real lower\n", {"'lower'", "skew-symmetric"});
  expect_bad("%%MatrixMarket matrix coordinate complex general\n1 1 1\n1 1 1 0\n", {"complex", "real"});
  expect_bad("%%MatrixMarket matrix coordinate complex hermitian\n1 1 1\n1 1 1 0\n", {"complex", "real"});
  expect_bad("%%MatrixMarket matrix array pattern general\n1 1\n1\n", {"pattern", "coordinate"});
  expect_bad("%%MatrixMarket matrix coordinate pattern skew-symmetric\n1 1 0\n", {"pattern", "skew"});
  expect_bad("%%MatrixMarket matrix coordinate real general x\n", {"'x'"});
}

TEST(MatrixMarket, SizeLinesThatCannotBeRead) {
  expect_bad(real, "", {"ends", "rows columns entries"});
  expect_bad(array, "% nothing\n", {"ends", "rows columns"});
  expect_bad(real, "2 2\n", {"line 2", "number of entries"});
  expect_bad(array, "2\n", {"line 2", "number of columns"});
  expect_bad(real, "2 2 1 1\n", {"line 2, column 7", "'1'"});
  expect_bad(array, "2 2 4\n", {"line 2, column 5", "'4'"});
  expect_bad(real, "2 -2 1\n", {"line 2, column 3", "'-2'", "number of columns"});
  expect_bad(real, "two 2 1\n", {"line 2, column 1", "'two'", "number of rows"});
  expect_bad("%%MatrixMarket matrix coordinate real symmetric\n2 3 0\n", {"square", "2 x 3"});
  expect_bad("%%MatrixMarket matrix array real skew-symmetric\n2 3\n", {"square", "2 x 3"});
}

TEST(MatrixMarket, NoRowsOrNoColumns) {
  for (const std::string_view size : {"0 3 0\n", "3 0 0\n", "0 0 0\n"}) {
    expect_bad(real, size, {"at least one row and one column"});
  }
  expect_bad(array, "0 3\n", {"0 x 3", "at least one row and one column"});
}

TEST(MatrixMarket, SizesThatCannotFitTakeNoMemory) {
  expect_bad(real, "1000000000000000000 5 1\n1 1 1\n", {"1000000000000000000 x 5", "does not fit"});
  expect_bad(real, "5 1000000000000000000 1\n1 1 1\n", {"does not fit"});
  expect_bad(real, "99999999999999999999999999 5 1\n1 1 1\n", {"does not fit"});
  expect_bad(real, "5 5 1000000000000000000\n1 1 1\n", {"promises 1000000000000000000", "after 1"});
  expect_bad(array, "1000000000000000000 1000000000000000000\n1\n", {"does not fit"});
  expect_bad(array, "4294967296 4294967296\n1\n", {"does not fit"});
  expect_bad(array, "100000 1000\n1\n2\n", {"promises 100000000", "after 2"});
  LoadOptions small;
  small.memory_limit = 1000;
  expect_error([&] { read(real, "200 1 0\n", small); }, {"200 x 1", "1000 bytes"});
  expect_error([&] { read(array, "200 1\n", small); }, {"200 x 1", "1000 bytes"});
  std::string many = "10 10 60\n";
  for (int i = 0; i < 60; ++i) {
    many += std::to_string(i / 10 + 1) + " " + std::to_string(i % 10 + 1) + " 1\n";
  }
  expect_error([&] { read(real, many, small); }, {"60 entries", "1000 bytes"});
}

TEST(MatrixMarket, FewerOrMoreEntriesThanPromised) {
  expect_bad(real, "2 2 2\n1 1 1\n", {"promises 2", "ends after 1"});
  expect_bad(real, "2 2 1\n1 1 1\n2 2 2\n", {"line 4", "promises 1"});
  expect_bad(real, "2 2 0\n1 1 1\n", {"line 3", "promises 0"});
  expect_bad(array, "2 2\n1\n2\n3\n", {"promises 4", "ends after 3"});
  expect_bad(array, "2 2\n1\n2\n3\n4\n5\n", {"line 7", "promises 4"});
  expect_bad(array, "2 2\n1 2 3 4 5\n", {"line 3", "promises 4"});
}

TEST(MatrixMarket, IndicesOutsideTheMatrix) {
  expect_bad(real, "2 3 1\n0 1 1\n", {"line 3", "row 0", "1 to 2"});
  expect_bad(real, "2 3 1\n3 1 1\n", {"line 3", "row 3", "1 to 2"});
  expect_bad(real, "2 3 1\n1 4 1\n", {"line 3", "column 4", "1 to 3"});
  expect_bad(real, "2 3 1\n1 99999999999999999999999 1\n", {"line 3", "1 to 3"});
  expect_bad(real, "2 3 1\n-1 1 1\n", {"line 3, column 1", "'-1'"});
  expect_bad(real, "2 3 1\n1.0 1 1\n", {"line 3, column 1", "'1.0'"});
}

TEST(MatrixMarket, DoubledEntriesNameBothLines) {
  expect_bad(real, "2 2 3\n1 2 1\n2 2 5\n% x\n1 2 1\n", {"row 1, column 2", "twice", "line 3 and line 6"});
  expect_bad("%%MatrixMarket matrix coordinate real symmetric\n2 2 2\n1 2 1\n2 1 1\n", {"twice", "line 3 and line 4"});
  expect_bad("%%MatrixMarket matrix coordinate real symmetric\n2 2 2\n2 2 1\n2 2 1\n",
             {"row 2, column 2", "line 3 and line 4"});
  expect_bad("%%MatrixMarket matrix coordinate real skew-symmetric\n2 2 2\n1 2 1\n2 1 -1\n", {"twice"});
  expect_error([] { read(real, "2 2 2\n1 2 nan\n1 2 1\n", with_unknown()); }, {"twice", "line 3 and line 4"});
}

TEST(MatrixMarket, LettersWhereNumbersShouldBe) {
  expect_bad(real, "2 2 1\n1 1 abc\n", {"line 3, column 5", "'abc'", "not a number"});
  expect_bad(real, "2 2 1\n1 x 1\n", {"line 3, column 3", "'x'"});
  expect_bad(real, "2 2 1\n1 1\n", {"line 3", "ends", "value"});
  expect_bad(real, "2 2 1\n1 1 1 1\n", {"line 3, column 7", "'1'"});
  expect_bad("%%MatrixMarket matrix coordinate pattern general\n2 2 1\n1 1 1\n", {"line 3, column 5", "pattern"});
  expect_bad(array, "2 1\n1\n1,5\n", {"line 4, column 1", "'1,5'"});
  expect_bad(array, "2 1\n1\n0x1p3\n", {"line 4, column 1", "'0x1p3'"});
  expect_bad(array, std::string_view("1 1\n\0\x01\n", 7), {"line 3", "\\x00\\x01"});
}

TEST(MatrixMarket, NanAndInfinity) {
  expect_bad(real, "2 3 1\n2 3 nan\n", {"row 2, column 3", "NaN", "missing = unknown"});
  expect_bad(array, "2 2\n1\nNaN\n3\n4\n", {"row 2, column 1", "NaN", "missing = unknown"});
  for (const std::string_view text : {"inf", "-Infinity", "1e999", "-1e999"}) {
    expect_bad(real, "2 3 1\n2 3 " + std::string(text) + "\n", {"row 2, column 3", "infinite"});
    expect_error([&] { read(array, "1 2\n1\n" + std::string(text), with_unknown()); }, {"row 1, column 2", "infinite"});
  }
}

TEST(MatrixMarket, MissingUnknown) {
  const MatrixData some = read(real, "2 2 3\n1 1 1\n2 1 0\n2 2 nan\n", with_unknown());
  EXPECT_TRUE(some.has_unknown);
  EXPECT_EQ(some.entries(), 2) << "a stored zero is known, a stored NaN is not";
  const MatrixData all = read(real, "1 2 2\n1 1 1\n1 2 0\n", with_unknown());
  EXPECT_FALSE(all.has_unknown);
  EXPECT_EQ(all.entries(), 2);
  const MatrixData from_dense = read(array, "2 2\n1\nnan\n3\n4\n", with_unknown());
  EXPECT_TRUE(from_dense.has_unknown);
  EXPECT_EQ(from_dense.entries(), 3);
  EXPECT_EQ(Matrix(sparse(from_dense)), matrix(2, 2, {1, 3, 0, 4}));
  EXPECT_FALSE(read(array, "1 1\n4\n", with_unknown()).has_unknown);
  EXPECT_EQ(dense(read(array, "1 1\n4\n", with_unknown()))(0, 0), 4);
}

TEST(MatrixMarket, NothingStored) {
  const MatrixData zero = read(real, "2 3 0\n");
  EXPECT_EQ(zero.entries(), 0);
  EXPECT_EQ(zero.rows(), 2);
  EXPECT_EQ(zero.cols(), 3);
  expect_error([] { read(real, "2 3 0\n", with_unknown()); }, {"a.mtx", "no entry is known"});
  expect_error([] { read(real, "2 3 1\n1 1 nan\n", with_unknown()); }, {"no entry is known"});
  expect_error([] { read(array, "1 2\nnan\nnan\n", with_unknown()); }, {"no entry is known"});
}

}  // namespace
}  // namespace equipoise::matrix_market_test
