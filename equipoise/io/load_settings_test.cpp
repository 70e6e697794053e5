// Texts of the settings that say how a matrix is read.
#include "equipoise/io/load_settings.hpp"

#include <gtest/gtest.h>

#include "equipoise/core/test_refusal.hpp"

namespace equipoise::load_settings_test {
namespace {

using test_refusal::refusal;

LoadOptions with(std::string_view key, std::string_view text) {
  LoadOptions options;
  set(options, key, text);
  return options;
}

TEST(LoadSettings, EveryRowSetsWhatItSays) {
  EXPECT_EQ(with("missing", "unknown").missing, Missing::unknown);
  EXPECT_EQ(with("format", "tsv").format, "tsv");
  EXPECT_TRUE(with("triplets", "yes").triplets);
  EXPECT_EQ(with("separator", ";").text.separator, ";");
  EXPECT_EQ(with("separator", "::").text.separator, "::");
  EXPECT_EQ(with("separator", "tab").text.separator, "\t");
  EXPECT_EQ(with("separator", "space").text.separator, " ");
  EXPECT_EQ(with("decimal", ",").text.decimal, ',');
  EXPECT_EQ(with("header", "no").text.header, Header::no);
  EXPECT_EQ(with("columns", "2-").text.columns, "2-");
  EXPECT_EQ(with("missing_values", "-, none").text.missing_values, (std::vector<std::string>{"-", "none"}));
  EXPECT_EQ(with("index_base", "labels").text.index_base, IndexBase::labels);
  EXPECT_EQ(with("duplicates", "mean").duplicates, Duplicates::mean);
}

TEST(LoadSettings, WordsOfTheTableAreAllKnownAndDefaultsAreThose) {
  const LoadOptions plain;
  for (const Setting& row : load_settings()) {
    for (const std::string& word : row.words) EXPECT_EQ(refusal([&] { with(row.key, word); }), "") << row.key;
  }
  EXPECT_EQ(with("index_base", "1").text.index_base, plain.text.index_base);
  EXPECT_EQ(with("duplicates", "error").duplicates, plain.duplicates);
  EXPECT_EQ(with("header", "auto").text.header, plain.text.header);
  EXPECT_EQ(with("decimal", ".").text.decimal, plain.text.decimal);
}

TEST(LoadSettings, MistakesNameTheSettingInItsSpelling) {
  LoadOptions options;
  options.spelling = as_flags;
  EXPECT_EQ(refusal([&] { set(options, "index_base", "2"); }), "--index-base '2' is not known; write 1 or 0 or labels");
  EXPECT_EQ(refusal([&] { set(options, "decimal", ";"); }), "--decimal ';' is not known; write . or ,");
  EXPECT_NE(refusal([&] { set(options, "separator", ""); }).find("--separator '' cannot separate cells"),
            std::string::npos);
  EXPECT_NE(refusal([&] { set(options, "sparator", ";"); }).find("did you mean separator?"), std::string::npos);
}

}  // namespace
}  // namespace equipoise::load_settings_test
