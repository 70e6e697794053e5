// Numbers and lines: what is read must be the nearest double, whatever surrounds it.
#include "equipoise/io/text.hpp"

#include <gtest/gtest.h>

#include <clocale>
#include <cmath>
#include <limits>
#include <vector>

#include "equipoise/io/test_support.hpp"

namespace equipoise::text_test {
namespace {

using testing::expect_error;

TEST(Text, NumbersAreTheNearestDouble) {
  EXPECT_EQ(number_from("0.1"), 0.1);
  EXPECT_EQ(number_from("+1.5"), 1.5);
  EXPECT_EQ(number_from("-1.5e-300"), -1.5e-300);
  EXPECT_EQ(number_from(".5"), 0.5);
  EXPECT_EQ(number_from("5."), 5.0);
  EXPECT_EQ(number_from("9007199254740993"), 9007199254740992.0) << "halfway goes to even";
  EXPECT_EQ(number_from("4.9406564584124654e-324"), std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(number_from("1e-400"), 0.0);
  EXPECT_EQ(number_from("1e400"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(number_from("-1e400"), -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::signbit(number_from("-0").value()));
}

TEST(Text, FortranExponentsAreUnderstood) {
  EXPECT_EQ(number_from("1.5D+03"), 1500.0);
  EXPECT_EQ(number_from("-2.d-1"), -0.2);
  EXPECT_EQ(number_from("+3D0"), 3.0);
  for (const char* text : {"D3", "1D", "1DD3", "1eD3", "x1D3", "1D3x", "D"}) {
    EXPECT_FALSE(number_from(text)) << text;
  }
}

TEST(Text, WhatIsNotANumberIsNone) {
  for (const char* text :
       {"", "abc", "1,5", "1.5x", "0x10", "+-1", "++1", "--1", "1 2", " 1", "1 ", "e5", "-", ".", "+"}) {
    EXPECT_FALSE(number_from(text)) << text;
  }
  EXPECT_TRUE(std::isnan(number_from("NaN").value()));
  EXPECT_TRUE(std::isinf(number_from("-Infinity").value()));
}

TEST(Text, NumbersDoNotDependOnTheLocale) {
  // Where the locale is not installed this test says nothing, and does not fail.
  const std::string before = std::setlocale(LC_ALL, nullptr);
  std::setlocale(LC_ALL, "de_DE.UTF-8");
  EXPECT_EQ(number_from("1.5"), 1.5);
  EXPECT_FALSE(number_from("1,5"));
  std::setlocale(LC_ALL, before.c_str());
}

TEST(Text, WholeNumbersSaturate) {
  EXPECT_EQ(whole_number_from("0"), 0u);
  EXPECT_EQ(whole_number_from("007"), 7u);
  EXPECT_EQ(whole_number_from("18446744073709551615"), 18446744073709551615u);
  EXPECT_EQ(whole_number_from("99999999999999999999999"), 18446744073709551615u);
  for (const char* text : {"", "-1", "+1", "1.0", "1e3", "a"}) {
    EXPECT_FALSE(whole_number_from(text)) << text;
  }
}

TEST(Text, LinesEndWithOrWithoutReturn) {
  Lines lines("a\r\nb\n\nc");
  std::vector<std::string> found;
  for (std::string_view line; lines.next(line);) {
    found.emplace_back(line);
  }
  EXPECT_EQ(found, (std::vector<std::string>{"a", "b", "", "c"}));
  EXPECT_EQ(lines.number(), 4u);
}

TEST(Text, MessagesStayOnOneLine) {
  EXPECT_EQ(in_quotes("a\nb\xff"), "'a\\x0ab\\xff'");
  EXPECT_EQ(in_quotes(std::string(100, 'x')), "'" + std::string(40, 'x') + "...'");
  expect_error([] { fail({{}, "a\nb"}, 3, 4, "bad"); }, {"a\\x0ab: line 3, column 4: bad"});
}

TEST(Text, ByteOrderMarks) {
  EXPECT_EQ(without_byte_order_mark({"\xef\xbb\xbf"
                                     "1,2",
                                     "x"}),
            "1,2");
  expect_error(
      [] {
        without_byte_order_mark({std::string_view("\xff\xfe\x31\x00", 4), "x"});
      },
      {"x", "UTF-16", "UTF-8"});
}

}  // namespace
}  // namespace equipoise::text_test
