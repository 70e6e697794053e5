// One setting of a program: its name, limits, words, default and help, and how a text becomes its value.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "equipoise/core/spelling.hpp"

namespace equipoise {

/// A row of a table of settings: flags, help, files, records and checks all read it.
struct Setting {
  enum class Kind { whole, number, word, text };
  std::string key;  ///< as in record.json: max_steps; the command's flag is --max-steps
  std::string unit;
  Kind kind = Kind::text;
  double lowest = 0, highest = 0;  ///< inclusive, of wholes and numbers
  std::vector<std::string> words;  ///< all that a word can be
  std::string standard;            ///< the default, empty where there is none
  std::string help;
};

/// Help, unit and default in one line, as the command shows them.
std::string help_line(const Setting& setting);
/// The row of that key. Throws Error, with the nearest key, if there is none.
const Setting& setting_in(const std::vector<std::span<const Setting>>& tables, std::string_view key);

/// A text as a value; each throws Error "<name> '<text>' is ...; write ..." if it is none, or out of range. `name` is
/// the setting as messages write it. A whole number may be written as 1e5, if it is one to the last digit.
std::int64_t whole_number_in(std::string_view name, std::string_view text, std::int64_t lowest, std::int64_t highest);
double number_in(std::string_view name, std::string_view text, double lowest, double highest);
std::string word_of(std::string_view name, std::string_view text, const std::vector<std::string>& words);

/// Throws Error for a value that is out of range.
void require_between(std::string_view name, std::int64_t value, std::int64_t lowest, std::int64_t highest);
void require_between(std::string_view name, std::uint64_t value, std::int64_t lowest, std::int64_t highest);
void require_between(std::string_view name, double value, double lowest, double highest);

/// The limit of a row as a whole number: 2^63 and more mean all of them.
std::int64_t whole_limit(double bound);

}  // namespace equipoise
