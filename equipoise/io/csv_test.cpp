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
  const MatrixData named = read(",a,b\n0,1,2\nx,3,4\n");
  EXPECT_EQ(dense(named), matrix(2, 2, {1, 2, 3, 4}));
  EXPECT_EQ(named.row_ids, (std::vector<std::string>{"0", "x"}));
  ASSERT_EQ(named.notes.size(), 1u);
  EXPECT_EQ(dense(read("\"\",\"V1\"\n\"1\",0.5\n")), matrix(1, 1, {0.5}));
  expect_bad(",0,1\n0,5,6\n1,7,8\n", {"pandas", "header = yes", "header = no", "index=False"}, with_unknown());
  expect_bad(",0,1\n5,5,6\n1,7,8\n", {"header = yes"}, with_unknown());
  LoadOptions no = with_unknown();
  no.text.header = Header::no;
  EXPECT_EQ(read(",0,1\n5,5,6\n1,7,8\n", no).entries(), 8);
  LoadOptions yes = with_unknown();
  yes.text.header = Header::yes;
  EXPECT_EQ(dense(read(",0,1\n5,5,6\n1,7,8\n", yes)), matrix(2, 2, {5, 6, 7, 8}));
  // pandas with ids across and down: 2 x 3 with a norm of 7.211102551.
  const std::string both = ",1,2,3\n1,5.0,3.0,1.0\n2,4.0,,1.0\n";
  expect_bad(both, {"header = yes"}, with_unknown());
  EXPECT_NEAR(sparse(read(both, yes)).norm(), 7.211102551, 1e-9);
  expect_bad(",a,b\nx,1,2\nTotal,1,2\n", {"line 3", "'Total'"});
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
  LoadOptions every_column = with_unknown();
  every_column.text.columns = "1-";
  EXPECT_EQ(read("1,\n,\n", every_column).entries(), 1);
  EXPECT_EQ(read("1\t\n\t\n", every_column, '\t').rows(), 2) << "a line of tabs is a row";
  EXPECT_EQ(read("NA,NA\n1,2\n", with_unknown()).rows(), 2) << "missing fields are no header";
  EXPECT_FALSE(read("1,2\n", with_unknown()).has_unknown);
  expect_bad(",\n", {"no entry is known"}, every_column);
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
  expect_bad("1;2\n3;4\n", {"separator = ';'"});
  expect_bad("1\t2\n1\t3\n", {"format = tsv"});
  expect_bad("1,2\n1,3\n", {"format = csv"}, {}, '\t');
  expect_bad("1,\"2\n", {"line 1, column 2", "not closed"});
  expect_bad("1,\"2\"3\n", {"line 1, column 2", "closing"});
  expect_bad("1,inf\n", {"row 1, column 2", "infinite"});
  expect_bad("1,1e999\n", {"row 1, column 2", "infinite"}, with_unknown());
  expect_bad(std::string_view("1,\0\n", 4), {"line 1, column 2", "\\x00"});
  expect_bad(std::string_view("\xff\xfe\x31\x00", 4), {"UTF-16"});
}

// Nothing that may be a value is taken for a name, and no row is lost.
TEST(Csv, OnlyNamesAreAHeader) {
  for (const std::string_view first : {"null,null", "None,None", "?,?", "NA,N/A", ".,\\N", "#N/A,#N/A"}) {
    const std::string text = std::string(first) + "\n1,2\n3,4\n";
    expect_bad(text, {"row 1, column 1", "missing"});
    EXPECT_EQ(read(text, with_unknown()).rows(), 3) << text;
    EXPECT_EQ(read(text, with_unknown()).entries(), 4) << text;
  }
  expect_bad("-,-\n1,2\n", {"line 1, column 1", "'-'", "missing_values"}, with_unknown());
  expect_bad("True,False\n1,0\n", {"line 1, column 1", "'True'", "1 and 0"});
  expect_bad("\"1,234\",\"5,678\"\n12,34\n", {"line 1, column 1", "thousands"});
  expect_bad("1,5\t2,5\n3\t4\n", {"line 1, column 1", "decimal = ,"}, {}, '\t');
  expect_bad("5%,6%\n1,2\n", {"line 1, column 1", "percent"});
  expect_bad("2020-01-01,2020-02-01\n1,2\n", {"line 1, column 1", "2020-01-01"});
  expect_bad("a,5%\n1,2\n", {"line 1"});
  expect_bad(
      "\xe2\x80\x93"
      "1,2\n1,2\n",
      {"line 1, column 1", "dash"});
  EXPECT_EQ(dense(read("\xe2\x88\x92"
                       "1,2\n")),
            matrix(1, 2, {-1, 2}));
  EXPECT_EQ(dense(read("1.5-103,2.5+101\n")), matrix(1, 2, {1.5e-103, 2.5e101}));
  LoadOptions no;
  no.text.header = Header::no;
  expect_bad("a,b\n1,2\n", {"line 1, column 1", "'a'"}, no);
}

TEST(Csv, HeadersOfNumbersAreAskedAbout) {
  const std::string pandas = "0,1,2\n5.0,3.0,1.0\n4.0,2.0,1.0\n7.0,2.5,0.5\n";
  expect_bad(pandas, {"line 1", "header = yes", "header = no"});
  LoadOptions yes;
  yes.text.header = Header::yes;
  EXPECT_NEAR(dense(read(pandas, yes)).norm(), 10.55935604, 1e-8);
  EXPECT_EQ(read(pandas, yes).rows(), 3);
  expect_bad("2019,2020,2021\n5,3,1\n", {"header = yes"});
  expect_bad("1,2,3\n5.5,3.0,1.25\n", {"header = yes"});
  expect_bad("0,1\n5.5,3.0\n", {"header = yes"});
  expect_bad("0,1\n1,0\n", {"header = yes"});
  expect_bad("1,2,3\n7,5,6\n", {"header = yes"});
  // No label looks so: the count goes on through the whole table.
  EXPECT_EQ(read("0,1,2\n3,4,5\n").rows(), 2);
  EXPECT_EQ(read("1,2,3\n4,5,6\n").rows(), 2);
  EXPECT_EQ(read("1900,2000\n1950,2100\n").rows(), 2);
}

TEST(Csv, ColumnsThatCountAreAskedAbout) {
  expect_bad("1,0.5,0.25\n2,1.5,0.5\n3,2.5,0.125\n", {"columns = 2-", "columns = 1-"});
  expect_bad("1,5\n2,5\n3,7\n", {"columns = 2-", "columns = 1-"});
  expect_bad("x,y\n0,5\n1,5\n2,7\n", {"columns = 2-", "columns = 1-"});
  expect_bad("id,a\n1,5\n2,6\n3,7\n", {"columns = 2-"});
  LoadOptions rest;
  rest.text.columns = "2-";
  EXPECT_EQ(dense(read("id,a\n1,5\n2,6\n3,7\n", rest)), matrix(3, 1, {5, 6, 7}));
  rest.text.columns = "b, 1";
  EXPECT_EQ(dense(read("a,b\n1,5\n2,6\n", rest)), matrix(2, 2, {5, 1, 6, 2}));
  for (const std::string_view wrong : {"3", "0", "x", "1,1", "2-9"}) {
    rest.text.columns = wrong;
    expect_bad("a,b\n1,5\n", {"columns"}, rest);
  }
}

TEST(Csv, SeparatorsAtTheEndsOfLines) {
  expect_bad("1,2,3,\n4,5,6,\n", {"columns = 1-3"}, with_unknown());
  expect_bad("1,2,3,\n4,5,6,\n", {"columns = 1-3"});
  const MatrixData read_without = read("a,b,c,\n1,2,3,\n4,5,6,\n", with_unknown());
  EXPECT_EQ(dense(read_without), matrix(2, 3, {1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(read_without.notes.size(), 1u);
  EXPECT_EQ(read("a,b,c\n1,2,\n4,5,\n", with_unknown()).cols(), 3) << "a named column may be unknown";
}

TEST(Csv, CommentsAreNoRows) {
  EXPECT_EQ(read("# a,b\n1,2\n# done\n3,4\n").rows(), 2);
  expect_bad("1,2\n#3,4\n5,6\n", {"line 2", "#"});
  EXPECT_EQ(read("#N/A,2\n#DIV/0!,4\n", with_unknown()).entries(), 2);
}

TEST(Csv, SeparatorsDecimalsAndMissingWords) {
  LoadOptions options;
  options.text.separator = ";";
  options.text.decimal = ',';
  EXPECT_EQ(dense(read("A;B;C\n1,1;2,2;3,3\n1,1;2,2;3,3\n", options)), matrix(2, 3, {1.1, 2.2, 3.3, 1.1, 2.2, 3.3}));
  expect_bad("1.5;2\n", {"line 1, column 1", "'1.5'", "decimal"}, options);
  options.text.separator = ",";
  expect_bad("1,2\n", {"separator", "decimal"}, options);
  LoadOptions blanks;
  blanks.text.separator = " ";
  EXPECT_EQ(dense(read(" 1  2\t3\n4 5 6 \n", blanks)), matrix(2, 3, {1, 2, 3, 4, 5, 6}));
  LoadOptions words = with_unknown();
  words.text.missing_values = {"-999", "-"};
  EXPECT_EQ(read("1,-999\n-,4\n", words).entries(), 2);
  expect_bad("1,NA\n", {"'NA'"}, words);
}

TEST(Csv, TripletsOfRatings) {
  const std::string ratings = "userId,movieId,rating,timestamp\n1,31,2.5,1260759144\n1,1029,3.0,1260759179\n";
  const MatrixData named = read(ratings, triplets(Missing::unknown));
  EXPECT_EQ(named.rows(), 1);
  EXPECT_EQ(named.cols(), 1029);
  ASSERT_EQ(named.notes.size(), 1u);
  EXPECT_NE(named.notes[0].find("'timestamp'"), std::string::npos);
  const std::string plain = "1\t2\t3\t881250949\n2\t1\t3\t891717742\n";
  expect_bad(plain, {"4 fields", "columns = 1,2,3"}, triplets(), '\t');
  LoadOptions columns = triplets();
  columns.text.columns = "1,2,3";
  EXPECT_EQ(read(plain, columns, '\t').entries(), 2);
  columns.text.columns = "rating,movieId";
  expect_bad(ratings, {"three"}, columns);
  columns.text.columns = "";
  columns.text.separator = "::";
  EXPECT_EQ(read("1::2::5\n2::1::4\n", columns).entries(), 2);
}

TEST(Csv, TripletsOfIds) {
  LoadOptions labels = triplets(Missing::unknown);
  labels.text.index_base = IndexBase::labels;
  const MatrixData loaded = read("user,item,rating\nada,\"The, book\",5\nbob,x,4\nada,x,3\n", labels);
  EXPECT_EQ(loaded.row_ids, (std::vector<std::string>{"ada", "bob"}));
  EXPECT_EQ(loaded.col_ids, (std::vector<std::string>{"The, book", "x"}));
  EXPECT_EQ(Matrix(sparse(loaded)), matrix(2, 2, {5, 3, 0, 4}));
  EXPECT_EQ(read("1000000001,31,2.5\n1,1029,3.0\n", labels).rows(), 2);
  expect_bad("a,b,1\n,b,2\n", {"line 2, column 1", "empty"}, labels);
  LoadOptions zero = triplets();
  zero.text.index_base = IndexBase::zero;
  EXPECT_EQ(Matrix(sparse(read("0,0,5\n0,1,3\n1,1,4\n", zero))), matrix(2, 2, {5, 3, 0, 4}));
  expect_bad("0,0,5\n", {"index_base = 0"}, triplets());
  expect_bad("4000000000,1,3\n1,4000000000,3\n", {"index_base = labels"}, triplets());
}

TEST(Csv, EntriesThatOccurTwice) {
  const std::string text = "1,1,5\n1,1,3\n2,1,4\n";
  expect_bad(text, {"twice", "duplicates"}, triplets());
  for (const auto& [duplicates, want] :
       {std::pair{Duplicates::sum, 8.0}, {Duplicates::mean, 4.0}, {Duplicates::last, 3.0}}) {
    LoadOptions options = triplets();
    options.duplicates = duplicates;
    const MatrixData loaded = read(text, options);
    EXPECT_EQ(sparse(loaded).coeff(0, 0), want);
    EXPECT_EQ(loaded.entries(), 2);
    ASSERT_EQ(loaded.notes.size(), 1u);
    EXPECT_NE(loaded.notes[0].find("1 entry"), std::string::npos);
  }
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
