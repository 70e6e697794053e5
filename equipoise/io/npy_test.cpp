// NumPy arrays: every type, order and version against numbers written by hand, and every way in which a file can be
// broken.
#include "equipoise/io/npy.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "equipoise/io/test_support.hpp"

namespace equipoise::npy_test {
namespace {

using testing::dense;
using testing::expect_error;
using testing::sparse;
using testing::with_unknown;

// A .npy of any version around a dictionary as it is given.
std::string npy(const std::string& dictionary, const std::string& data, int version = 1) {
  std::string bytes = "\x93NUMPY";
  bytes += static_cast<char>(version);
  bytes += '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) {
    bytes += static_cast<char>(dictionary.size() >> (8 * i) & 0xff);
  }
  return bytes + dictionary + data;
}

std::string dictionary(const std::string& type, const std::string& shape, bool fortran = false) {
  return "{'descr': '" + type + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': " + shape + ", }\n";
}

template <class T>
std::string bytes(const std::vector<T>& values, bool reversed = false) {
  std::string result;
  for (const T value : values) {
    std::string item(sizeof(T), '\0');
    std::memcpy(item.data(), &value, sizeof(T));
    if (reversed) {
      std::reverse(item.begin(), item.end());
    }
    result += item;
  }
  return result;
}

MatrixData read(const std::string& file, const LoadOptions& options = {}) { return read_npy({file, "a.npy"}, options); }
void expect_bad(const std::string& file, std::initializer_list<std::string_view> words,
                const LoadOptions& options = {}) {
  expect_error([&] { read(file, options); }, {"a.npy: "});
  expect_error([&] { read(file, options); }, words);
}
Matrix matrix(Index rows, Index cols, std::initializer_list<double> values) {
  return Eigen::Map<const Matrix>(values.begin(), rows, cols);
}

template <class T>
void expect_type(const std::string& type) {
  SCOPED_TRACE(type);
  const T low = std::numeric_limits<T>::lowest();
  const T high = std::numeric_limits<T>::max();
  const std::vector<T> values = {T{1}, T{2}, low, high, T{5}, T{6}};
  const auto d = [](T value) { return static_cast<double>(value); };
  const Matrix c_order = matrix(2, 3, {1, 2, d(low), d(high), 5, 6});
  const Matrix f_order = matrix(2, 3, {1, d(low), 5, 2, d(high), 6});
  for (const bool big : {false, true}) {
    const std::string full = (big ? ">" : sizeof(T) == 1 ? "|" : "<") + type;
    EXPECT_EQ(dense(read(npy(dictionary(full, "(2, 3)"), bytes(values, big)))), c_order);
    EXPECT_EQ(dense(read(npy(dictionary(full, "(2, 3)", true), bytes(values, big)))), f_order);
  }
}

TEST(Npy, TypesOrdersAndByteOrders) {
  expect_type<double>("f8");
  expect_type<float>("f4");
  expect_type<std::int8_t>("i1");
  expect_type<std::int16_t>("i2");
  expect_type<std::int32_t>("i4");
  expect_type<std::int64_t>("i8");
  expect_type<std::uint8_t>("u1");
  expect_type<std::uint16_t>("u2");
  expect_type<std::uint32_t>("u4");
  expect_type<std::uint64_t>("u8");
  EXPECT_EQ(dense(read(npy(dictionary("|b1", "(1, 3)"), std::string("\0\1\2", 3)))), matrix(1, 3, {0, 1, 1}));
  EXPECT_EQ(dense(read(npy(dictionary("=f8", "(1, 1)"), bytes<double>({2.5})))), matrix(1, 1, {2.5}));
}

TEST(Npy, VersionsAndSpellingsOfTheHeader) {
  const std::string data = bytes<double>({1, 2});
  for (const int version : {1, 2, 3}) {
    EXPECT_EQ(dense(read(npy(dictionary("<f8", "(1, 2)"), data, version))), matrix(1, 2, {1, 2}));
  }
  EXPECT_EQ(dense(read(npy("{\"shape\":(1L,2L),\"fortran_order\":True,\"descr\":\"<f8\"}", data))),
            matrix(1, 2, {1, 2}));
  EXPECT_EQ(dense(read(npy(dictionary("<f8", "( 1 , 2 , )"), data))), matrix(1, 2, {1, 2}));
  expect_bad(npy(dictionary("<f8", "(1, 2)"), data, 4), {"version 4", "1, 2 and 3"});
}

TEST(Npy, OneDimensionIsAColumn) {
  for (const bool fortran : {false, true}) {
    EXPECT_EQ(dense(read(npy(dictionary("<f8", "(3,)", fortran), bytes<double>({1, 2, 3})))), matrix(3, 1, {1, 2, 3}));
  }
}

TEST(Npy, OtherDimensions) {
  expect_bad(npy(dictionary("<f8", "()"), bytes<double>({1})), {"0 dimensions", "()", "two"});
  expect_bad(npy(dictionary("<f8", "(1, 1, 2)"), bytes<double>({1, 2})), {"3 dimensions", "(1, 1, 2)"});
}

TEST(Npy, OtherTypes) {
  const std::string data(64, '\0');
  expect_bad(npy(dictionary("|O", "(1, 1)"), data), {"objects", "float64"});
  expect_bad(npy(dictionary("<c16", "(2, 2)"), data), {"complex", "'<c16'"});
  expect_bad(npy("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1, 1), }", data), {"records"});
  expect_bad(npy(dictionary("<f16", "(2, 2)"), data), {"'<f16'"});
  expect_bad(npy(dictionary("<i3", "(1, 1)"), data), {"'<i3'"});
  expect_bad(npy(dictionary("|V8", "(2, 4)"), data), {"'|V8'"});
  expect_bad(npy(dictionary("<M8[ns]", "(2, 4)"), data), {"'<M8[ns]'"});
  expect_bad(npy(dictionary("<U2", "(2, 4)"), data), {"text"});
  expect_bad(npy(dictionary("|S8", "(2, 4)"), data), {"text"});
  expect_bad(npy(dictionary("f3", "(2, 4)"), data), {"'f3'", "float16, float32, float64"});
  expect_bad(npy(dictionary("", "(2, 4)"), data), {"''"});
  expect_bad(npy(dictionary("<f0", "(2, 4)"), data), {"'<f0'"});
  expect_bad(npy(dictionary("|S0", "(2, 4)"), data), {"'|S0'"});
  expect_bad(npy(dictionary("<U99999999999999999999", "(2, 4)"), data), {"type"});
}

TEST(Npy, EveryTruncationIsAnError) {
  const std::string whole = npy(dictionary("<f8", "(2, 2)"), bytes<double>({1, 2, 3, 4}));
  EXPECT_EQ(dense(read(whole)), matrix(2, 2, {1, 2, 3, 4}));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    SCOPED_TRACE(size);
    expect_bad(whole.substr(0, size), {".npy"});
  }
  expect_bad(whole.substr(0, whole.size() - 1), {"truncated", "(2, 2)", "31 bytes"});
  expect_bad(whole + "x", {"1 bytes more", "(2, 2)"});
}

TEST(Npy, BrokenHeaders) {
  const std::string data = bytes<double>({1});
  expect_bad("not a npy", {"NUMPY"});
  expect_bad(npy("", data), {"broken", "its end"});
  expect_bad(npy("{}", data), {"needs the fields"});
  expect_bad(npy("{'descr': '<f8'}", data), {"needs the fields"});
  expect_bad(npy("{'descr': '<f8', 'descr': '<f8'}", data), {"'descr'", "should not have"});
  expect_bad(npy("{'color': 'red'}", data), {"'color'", "should not have"});
  expect_bad(npy(dictionary("<f8", "(1, 1") + "}", data), {"broken"});
  expect_bad(npy(dictionary("<f8", "(-1, 1)"), data), {"broken", "'-1"});
  expect_bad(npy(dictionary("<f8", "(1, 1)") + "x", data), {"broken", "'x'"});
  expect_bad(npy("{'descr': '<f8', 'fortran_order': Maybe, 'shape': (1,1)}", data), {"broken", "'Maybe"});
  expect_bad(npy("{'descr: <f8}", data), {"broken"});
}

TEST(Npy, NoRowsOrNoColumns) {
  for (const char* shape : {"(0,)", "(0, 3)", "(3, 0)", "(0, 0)"}) {
    SCOPED_TRACE(shape);
    expect_bad(npy(dictionary("<f8", shape), ""), {"at least one row and one column"});
  }
  expect_bad(npy(dictionary("<f8", "(0, 3)"), "x"), {"1 bytes more"});
  expect_bad(npy(dictionary("<f8", "(0, 99999999999999999999)"), ""), {"too large"});
  const std::string empty = npy(dictionary("<f8", "(3, 0)"), "");
  EXPECT_EQ(read_npy_matrix({empty, "a.npy"}, {}).rows(), 3) << "factors of rank 0";
}

TEST(Npy, SizesThatCannotFit) {
  expect_bad(npy(dictionary("<f8", "(1000000000000000000, 1)"), "12345678"), {"truncated"});
  expect_bad(npy(dictionary("<f8", "(4294967296, 4294967296)"), "12345678"), {"truncated"});
  expect_bad(npy(dictionary("<f8", "(2305843009213693952, 8)"), ""), {"truncated"});
  LoadOptions small;
  small.memory_limit = 100;
  expect_bad(npy(dictionary("|i1", "(5, 5)"), std::string(25, 'x')), {"5 x 5", "100 bytes"}, small);
}

TEST(Npy, NanAndInfinity) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  const std::string with_nan = npy(dictionary("<f8", "(2, 2)"), bytes<double>({1, 2, nan, 4}));
  expect_bad(with_nan, {"row 2, column 1", "NaN", "missing = unknown"});
  expect_bad(npy(dictionary("<f8", "(2, 2)", true), bytes<double>({1, 2, nan, 4})), {"row 1, column 2"});
  const MatrixData loaded = read(with_nan, with_unknown());
  EXPECT_TRUE(loaded.has_unknown);
  EXPECT_EQ(Matrix(sparse(loaded)), matrix(2, 2, {1, 2, 0, 4}));
  EXPECT_EQ(loaded.entries(), 3);
  expect_bad(npy(dictionary("<f8", "(1, 2)"), bytes<double>({nan, -infinity})), {"row 1, column 2", "infinite"},
             with_unknown());
  expect_bad(npy(dictionary("<f8", "(1, 1)"), bytes<double>({nan})), {"no entry is known"}, with_unknown());
  expect_bad(npy(dictionary("<f4", "(1, 1)"), bytes<float>({std::numeric_limits<float>::infinity()})), {"infinite"});
  expect_error([&] { read_npy_matrix({with_nan, "a.npy"}, {}); }, {"a.npy", "row 2, column 1", "NaN"});
}

TEST(Npy, HeaderIsAlignedAndReadsBack) {
  for (const auto& [rows, cols] : {std::pair<Index, Index>{1, 1}, {123456789, 987654321}, {0, 5}}) {
    const std::string header = npy_header(rows, cols);
    EXPECT_EQ(header.size() % 64, 0u);
    EXPECT_EQ(header.back(), '\n');
  }
  const std::string file = npy_header(1, 2) + bytes<double>({-0.0, 5e-324});
  EXPECT_EQ(dense(read(file)), matrix(1, 2, {0, 5e-324}));
}

}  // namespace
}  // namespace equipoise::npy_test
