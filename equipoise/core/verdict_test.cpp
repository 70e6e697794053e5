// The words of the contract.
#include "equipoise/core/verdict.hpp"

#include <gtest/gtest.h>

#include "equipoise/core/error.hpp"
#include "equipoise/core/run.hpp"

namespace equipoise::verdict_test {
namespace {

TEST(Verdict, WordsReadBack) {
  for (const std::string_view word : {"converged", "periodic", "chaotic", "diverged", "exhausted", "stopped"}) {
    EXPECT_EQ(name(outcome_from(word)), word);
  }
  EXPECT_THROW(outcome_from("convergd"), Error);
  EXPECT_THROW(outcome_from(""), Error);
  EXPECT_EQ(name(Limit::minimiser), "minimiser");
  EXPECT_EQ(name(Limit::saddle), "saddle");
  EXPECT_EQ(name(Limit::undetermined), "undetermined");
}

TEST(Verdict, SensitivityWordsReadBack) {
  for (const std::string_view word : {"auto", "always", "never"}) EXPECT_EQ(name(sensitivity_from(word)), word);
  EXPECT_THROW(sensitivity_from("sometimes"), Error);
}

}  // namespace
}  // namespace equipoise::verdict_test
