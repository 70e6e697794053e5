// Names of settings as different callers know them.
#include "equipoise/core/spelling.hpp"

#include <gtest/gtest.h>

namespace equipoise::spelling_test {
namespace {

TEST(Spelling, NamesSettingsAsTheCallerKnowsThem) {
  EXPECT_EQ(as_keys("max_steps"), "max_steps");
  EXPECT_EQ(as_flags("max_steps"), "--max-steps");
  EXPECT_EQ(as_keys("precision", "float32"), "precision = float32");
  EXPECT_EQ(as_flags("top_eigenvalues", "2"), "--top-eigenvalues 2");
  EXPECT_EQ(as_flags(""), "--");
}

TEST(Spelling, FindsTheNearestWord) {
  EXPECT_EQ(nearest("spectal", {"auto", "plain", "spectral"}), "spectral");
  EXPECT_EQ(nearest("xyz", {"auto", "plain", "spectral"}), std::nullopt);
  EXPECT_EQ(nearest("", {"a"}), std::nullopt);
  EXPECT_EQ(nearest("word", {}), std::nullopt);
}

}  // namespace
}  // namespace equipoise::spelling_test
