// Learning rates as people write them, and what they become.
#include "equipoise/core/rate.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "equipoise/core/error.hpp"

namespace equipoise::rate_test {
namespace {

TEST(Rate, ReadsWhatPeopleWrite) {
  EXPECT_EQ(parse_rate("auto").kind, Rate::Kind::automatic);
  EXPECT_EQ(parse_rate("0.05").number, 0.05);
  EXPECT_EQ(parse_rate("1e-300").number, 1e-300);
  EXPECT_EQ(parse_rate("3.5/L").kind, Rate::Kind::over_L);
  EXPECT_EQ(parse_rate("3.5/L").number, 3.5);
}

TEST(Rate, RefusesTheRestInOneLine) {
  for (const char* text :
       {"", "0", "-0.1", "nan", "inf", "3.5/M", "3.5/", "/L", "0/L", "-1/L", "abc", "0.1 ", "1e999", "0x1p3", "Auto"}) {
    try {
      parse_rate(text);
      ADD_FAILURE() << "'" << text << "' was accepted";
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("write auto"), std::string::npos);
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    }
  }
}

TEST(Rate, Resolves) {
  const LearningRate multiple = resolve_rate(parse_rate("3.5/L"), "3.5/L", {7, 1, 10});
  EXPECT_EQ(multiple.value, 0.5);
  EXPECT_EQ(multiple.times_L, 3.5);
  EXPECT_EQ(multiple.limit_2_over_L, 2.0 / 7);
  EXPECT_EQ(resolve_rate(parse_rate("0.25"), "0.25", {8, 1, 10}).times_L, 2);
  EXPECT_DOUBLE_EQ(resolve_rate(parse_rate("auto"), "auto", {8, 1, 5}).value, 0.9 * 4 / 9);
  EXPECT_EQ(resolve_rate(parse_rate("auto"), "auto", {0, 0, 0}).value, 1);
  EXPECT_DOUBLE_EQ(resolve_rate(parse_rate("auto"), "auto", {8, 1, 5, 100}).value, 0.9 * 4 / 409);
  EXPECT_NE(resolve_rate(parse_rate("auto"), "auto", {8, 1, 5, 0, false}).why.find("heuristic"), std::string::npos);
  EXPECT_TRUE(std::isinf(resolve_rate(parse_rate("0.25"), "0.25", {0, 0, 0}).limit_2_over_L));
  EXPECT_THROW(resolve_rate(parse_rate("3.5/L"), "3.5/L", {0, 1, 1}), Error);
  EXPECT_THROW(resolve_rate(parse_rate("3.5/L"), "3.5/L", {NAN, 1, 1}), Error);
  EXPECT_THROW(resolve_rate(parse_rate("1e300/L"), "1e300/L", {1e-300, 1, 1}), Error);
}

}  // namespace
}  // namespace equipoise::rate_test
