// Texts of settings as whole numbers, numbers and words, each refused in one line that says what would be right.
#include "equipoise/core/setting.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "equipoise/core/error.hpp"

namespace equipoise {
namespace {

template <class Number>
std::optional<Number> parsed(std::string_view text) {
  Number value{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// 1e5 is a whole number, too. Past 2^53 a double may not be the number that was written.
std::optional<std::int64_t> parsed_whole(std::string_view text) {
  if (const auto value = parsed<std::int64_t>(text)) return value;
  const auto value = parsed<double>(text);
  if (!value || std::floor(*value) != *value || std::abs(*value) > 0x1p53) return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

template <class Whole>
void require_whole_between(std::string_view name, Whole value, std::int64_t lowest, std::int64_t highest) {
  if (std::cmp_less(value, lowest) || std::cmp_greater(value, highest)) {
    throw Error(fmt::format("{} {} is out of range; write a whole number from {} to {}", name, value, lowest, highest));
  }
}

}  // namespace

std::string help_line(const Setting& row) {
  const std::string unit = row.unit.empty() ? "" : fmt::format(" [{}]", row.unit);
  const bool told = row.standard.empty() || row.help.find("(default") != std::string::npos;
  return fmt::format("{}{}{}", row.help, unit, told ? "" : fmt::format(" (default {})", row.standard));
}

const Setting& setting_in(const std::vector<std::span<const Setting>>& tables, std::string_view key) {
  std::vector<std::string> known;
  for (const std::span<const Setting> rows : tables) {
    for (const Setting& row : rows) {
      if (row.key == key) return row;
      known.push_back(row.key);
    }
  }
  const std::optional<std::string> close = nearest(key, known);
  throw Error(fmt::format("there is no setting '{}'{}; there are {}", key,
                          close ? fmt::format(" (did you mean {}?)", *close) : "", fmt::join(known, ", ")));
}

std::int64_t whole_number_in(std::string_view name, std::string_view text, std::int64_t lowest, std::int64_t highest) {
  const std::optional<std::int64_t> value = parsed_whole(text);
  if (!value)
    throw Error(fmt::format("{} '{}' is not a whole number; write one from {} to {}", name, text, lowest, highest));
  require_between(name, *value, lowest, highest);
  return *value;
}

double number_in(std::string_view name, std::string_view text, double lowest, double highest) {
  const std::optional<double> value = parsed<double>(text);
  if (!value || std::isnan(*value))
    throw Error(fmt::format("{} '{}' is not a number; write one from {} to {}", name, text, lowest, highest));
  require_between(name, *value, lowest, highest);
  return *value;
}

std::string word_of(std::string_view name, std::string_view text, const std::vector<std::string>& words) {
  if (std::find(words.begin(), words.end(), text) != words.end()) return std::string(text);
  const std::optional<std::string> close = nearest(text, words);
  throw Error(fmt::format("{} '{}' is not known; write {}{}", name, text, fmt::join(words, " or "),
                          close ? fmt::format(" (did you mean {}?)", *close) : ""));
}

void require_between(std::string_view name, std::int64_t value, std::int64_t lowest, std::int64_t highest) {
  require_whole_between(name, value, lowest, highest);
}

void require_between(std::string_view name, std::uint64_t value, std::int64_t lowest, std::int64_t highest) {
  require_whole_between(name, value, lowest, highest);
}

void require_between(std::string_view name, double value, double lowest, double highest) {
  if (value < lowest || value > highest) {
    throw Error(fmt::format("{} {} is out of range; write a number from {} to {}", name, value, lowest, highest));
  }
}

std::int64_t whole_limit(double bound) {
  return bound >= 0x1p63 ? std::numeric_limits<std::int64_t>::max() : static_cast<std::int64_t>(bound);
}

}  // namespace equipoise
