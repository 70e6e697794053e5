// Texts of settings: what is a value, and what refusals say.
#include "equipoise/core/setting.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "equipoise/core/test_refusal.hpp"

namespace equipoise::setting_test {
namespace {

using test_refusal::refusal;
constexpr std::int64_t any = std::numeric_limits<std::int64_t>::max();

TEST(Setting, WholeNumbersAsPeopleWriteThem) {
  for (const auto& [text, value] : {std::pair{"0", 0L}, std::pair{"100000", 100000L}, std::pair{"1e5", 100000L},
                                    std::pair{"1E+5", 100000L}, std::pair{"2.5e3", 2500L}, std::pair{"12.0", 12L},
                                    std::pair{"9007199254740992", 1L << 53}, std::pair{"9223372036854775807", any}}) {
    EXPECT_EQ(whole_number_in("steps", text, 0, any), value) << text;
  }
}

TEST(Setting, WhatIsNoWholeNumber) {
  // 1e17 is past 2^53: nobody can say which whole number a double there was.
  for (const char* const text : {"", " ", "1.5", "1e-1", "1e5x", "0x10", "1e17", "1e400", "nan", "inf", "1_000",
                                 "1,000", "9223372036854775808", "--3"}) {
    EXPECT_NE(refusal([&] { whole_number_in("steps", text, 0, any); }).find("is not a whole number"), std::string::npos)
        << text;
  }
  EXPECT_EQ(refusal([] { whole_number_in("steps", "-1", 0, 9); }),
            "steps -1 is out of range; write a whole number from 0 to 9");
  EXPECT_EQ(refusal([] { whole_number_in("steps", "1e1", 0, 9); }),
            "steps 10 is out of range; write a whole number from 0 to 9");
}

TEST(Setting, Numbers) {
  EXPECT_EQ(number_in("ridge", "1e-3", 0, 1), 1e-3);
  EXPECT_EQ(refusal([] { number_in("ridge", "nan", 0, 1); }), "ridge 'nan' is not a number; write one from 0 to 1");
  EXPECT_EQ(refusal([] { number_in("ridge", "1,5", 0, 1); }), "ridge '1,5' is not a number; write one from 0 to 1");
  EXPECT_EQ(refusal([] { number_in("ridge", "inf", 0, 1); }), "ridge inf is out of range; write a number from 0 to 1");
}

TEST(Setting, Words) {
  EXPECT_EQ(word_of("header", "yes", {"auto", "yes", "no"}), "yes");
  EXPECT_EQ(refusal([] {
              word_of("header", "autp", {"auto", "yes", "no"});
            }),
            "header 'autp' is not known; write auto or yes or no (did you mean auto?)");
}

TEST(Setting, HelpTellsUnitAndDefaultOnce) {
  Setting row;
  row.help = "time that a run may take";
  row.unit = "s";
  row.standard = "inf";
  EXPECT_EQ(help_line(row), "time that a run may take [s] (default inf)");
  row.help = "auto (default): a formula";
  EXPECT_EQ(help_line(row), "auto (default): a formula [s]");
}

}  // namespace
}  // namespace equipoise::setting_test
