// How messages write the name of a setting, and the word that a misspelt one was meant to be.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace equipoise {

/// Settings are named as the caller knows them: `max_steps = 10` in code, `--max-steps 10` on a command line.
struct Spelling {
  std::string_view before = "";
  char between_words = '_';
  std::string_view assigns = " = ";

  /// The name alone; `key` is written with underscores.
  std::string operator()(std::string_view key) const;
  /// The name with a value.
  std::string operator()(std::string_view key, std::string_view value) const;
};
inline constexpr Spelling as_keys{};
inline constexpr Spelling as_flags{"--", '-', " "};

/// The candidate with the smallest edit distance, where that is at most a third of its length rounded up, and not all
/// of it.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace equipoise
