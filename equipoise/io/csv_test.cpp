// Tables: what counts as a header, a missing field and a row, and a message for every broken one.
#include "equipoise/io/csv.hpp"

#include <gtest/gtest.h>

#include <string>

#include "equipoise/io/test_support.hpp"

namespace equipoise::csv_test {
namespace {

using testing::dense;
using testing::expect_error;
using testing::sparse;
using testing::with_unknown;

MatrixData read(std::string_view text, const LoadOptions& options = {}, char separator = ',') {
  return read_csv({text, "a.csv"}, separator, options);
}
LoadOptions triplets(Missing missing = Missing::zero) {
  LoadOptions options;
  options.triplets = true;
  options.missing = missing;
  return options;
}
void expect_bad(std::string_view text, std::initializer_list<std::string_view> words, const LoadOptions& options = {},
                char separator = ',') {
  SCOPED_TRACE(text);
  expect_error([&] { read(text, options, separator); }, {"a.csv: "});
  expect_error([&] { read(text, options, separator); }, words);
}
Matrix matrix(Index rows, Index cols, std::initializer_list<double> values) {
  return Eigen::Map<const Matrix>(values.begin(), rows, cols);
}

TEST(Csv, PlainTables) {
  EXPECT_EQ(dense(read("1,2,3\n4,5,6\n")), matrix(2, 3, {1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(dense(read("1,2\r\n3,4")), matrix(2, 2, {1, 2, 3, 4}));
  EXPECT_EQ(dense(read("7")), matrix(1, 1, {7}));
  EXPECT_EQ(dense(read("1\n2\n")), matrix(2, 1, {1, 2}));
  EXPECT_EQ(dense(read("1\t2\n3\t4\n", {}, '\t')), matrix(2, 2, {1, 2, 3, 4}));
  EXPECT_EQ(dense(read("\xef\xbb\xbf 1 , -2.5e-3\n\n# comment\n+3,4D1\n\n")), matrix(2, 2, {1, -2.5e-3, 3, 40}));
}

TEST(Csv, Headers) {
  EXPECT_EQ(dense(read("a,b\n1,2\n")), matrix(1, 2, {1, 2}));
  EXPECT_EQ(dense(read("\"a, \"\"b\"\"\",c\n\"1\" , 2\n")), matrix(1, 2, {1, 2}));
  EXPECT_EQ(dense(read("# made by hand\nx\n1\n")), matrix(1, 1, {1}));
  expect_bad("1,abc\n2,3\n", {"line 1, column 2", "'abc'", "not a number"});
  expect_bad("a,b\nc,d\n", {"line 2, column 1", "'c'"});
  expect_bad("a,b,c\n1,2\n", {"line 2", "2 fields", "line 1 has 3"});
}

TEST(Csv, NamesOfRowsAreNotData) {
  expect_bad(",a,b\n0,1,2\n", {"line 1, column 1", "leave that column out"});
  expect_bad("\"\",\"V1\"\n\"1\",0.5\n", {"leave that column out"});
  expect_bad(",0,1\n0,5,6\n1,7,8\n", {"pandas", "index=False"}, with_unknown());
  EXPECT_EQ(read(",0,1\n5,5,6\n1,7,8\n", with_unknown()).entries(), 8);
}

TEST(Csv, MissingFields) {
  for (const std::string_view field : {"", "NA", "nan", "NaN", "\"\"", " "}) {
    const std::string text = "1,2,3\n4," + std::string(field) + ",6\n";
    expect_bad(text, {"row 2, column 2", "missing", "missing = unknown"});
    const MatrixData loaded = read(text, with_unknown());
    EXPECT_TRUE(loaded.has_unknown);
    EXPECT_EQ(loaded.entries(), 5);
    EXPECT_EQ(Matrix(sparse(loaded)), matrix(2, 3, {1, 2, 3, 4, 0, 6}));
  }
  EXPECT_EQ(read("1,\n,\n", with_unknown()).entries(), 1);
  EXPECT_EQ(read("1\t\n\t\n", with_unknown(), '\t').rows(), 2) << "a line of tabs is a row";
  EXPECT_EQ(read("NA,NA\n1,2\n", with_unknown()).rows(), 2) << "missing fields are no header";
  EXPECT_FALSE(read("1,2\n", with_unknown()).has_unknown);
  expect_bad(",\n", {"no entry is known"}, with_unknown());
}

TEST(Csv, BrokenTables) {
  expect_bad("", {"no rows", "at least one row"});
  expect_bad("\n\n", {"no rows"});
  expect_bad("a,b\n", {"no rows"});
  expect_bad("1,2\n3\n", {"line 2", "1 fields", "line 1 has 2"});
  expect_bad("1,2\n3,4,5\n", {"line 2", "3 fields"});
  expect_bad("1,2\n\n3,4,\n", {"line 3", "3 fields"});
  expect_bad("1,2\n3,4x\n", {"line 2, column 2", "'4x'"});
  expect_bad("1,2\n3;4\n", {"line 2"});
  expect_bad("1;2\n3;4\n", {"commas", "tsv"});
  expect_bad("1\t2\n1\t3\n", {"format = tsv"});
  expect_bad("1,2\n1,3\n", {"format = csv"}, {}, '\t');
  expect_bad("1,\"2\n", {"line 1, column 2", "not closed"});
  expect_bad("1,\"2\"3\n", {"line 1, column 2", "closing"});
  expect_bad("1,inf\n", {"row 1, column 2", "infinite"});
  expect_bad("1,1e999\n", {"row 1, column 2", "infinite"}, with_unknown());
  expect_bad(std::string_view("1,\0\n", 4), {"line 1, column 2", "\\x00"});
  expect_bad(std::string_view("\xff\xfe\x31\x00", 4), {"UTF-16"});
}

TEST(Csv, Triplets) {
  const MatrixData loaded = read("row,column,value\n3,1,-2\n1,2,0.5\n", triplets());
  EXPECT_EQ(Matrix(sparse(loaded)), matrix(3, 2, {0, 0.5, 0, 0, -2, 0}));
  EXPECT_FALSE(loaded.has_unknown);
  EXPECT_TRUE(read("3,1,-2\n1,2,0.5\n", triplets(Missing::unknown)).has_unknown);
  EXPECT_FALSE(read("1,1,5\n", triplets(Missing::unknown)).has_unknown);
  EXPECT_EQ(read("1.0,2e0,5\n", triplets()).cols(), 2);
  EXPECT_EQ(read("1,1,\n2,2,1\n", triplets(Missing::unknown)).entries(), 1);
}

TEST(Csv, BrokenTriplets) {
  expect_bad("row,column,value\n", {"no triplets"}, triplets());
  expect_bad("1,2\n", {"line 1", "2 fields", "row, column, value"}, triplets());
  expect_bad("1,2,3,4\n", {"line 1", "4 fields"}, triplets());
  expect_bad("1,2,3\n0,2,3\n", {"line 2, column 1", "row is '0'", "from 1"}, triplets());
  expect_bad("1,1.5,3\n", {"line 1, column 2", "column is '1.5'"}, triplets());
  expect_bad("1,-1,3\n", {"line 1, column 2", "'-1'"}, triplets());
  expect_bad("1,,3\n", {"line 1, column 2", "''"}, triplets());
  expect_bad("1,nan,3\n", {"line 1, column 2", "'nan'"}, triplets());
  expect_bad("1,1e18,3\n", {"line 1, column 2", "'1e18'"}, triplets());
  expect_bad("1,1,\n", {"row 1, column 1", "missing"}, triplets());
  expect_bad("a,b,c\n1,2,3\n\n2,2,1\n1,2,4\n", {"row 1, column 2", "twice", "line 2 and line 5"}, triplets());
  LoadOptions small = triplets();
  small.memory_limit = 1000;
  expect_bad("4000000000,1,3\n", {"4000000000 x 1", "1000 bytes"}, small);
}

}  // namespace
}  // namespace equipoise::csv_test
