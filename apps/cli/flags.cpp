// Reading numbers and words from flags.
#include "apps/cli/flags.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "equipoise/core/error.hpp"

namespace equipoise::cli {
namespace {

template <class Number>
std::optional<Number> whole_text(std::string_view text) {
  Number value{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::int64_t whole_number(std::string_view flag, std::string_view text, std::int64_t lowest, std::int64_t highest) {
  const std::optional<std::int64_t> value = whole_text<std::int64_t>(text);
  if (!value)
    throw Error(fmt::format("{} '{}' is not a whole number; write one from {} to {}", flag, text, lowest, highest));
  if (*value < lowest || *value > highest) {
    throw Error(fmt::format("{} {} is out of range; write a whole number from {} to {}", flag, text, lowest, highest));
  }
  return *value;
}

double number(std::string_view flag, std::string_view text, double lowest, double highest) {
  const std::optional<double> value = whole_text<double>(text);
  if (!value || std::isnan(*value)) {
    throw Error(fmt::format("{} '{}' is not a number; write one from {} to {}", flag, text, lowest, highest));
  }
  if (*value < lowest || *value > highest) {
    throw Error(fmt::format("{} {} is out of range; write a number from {} to {}", flag, text, lowest, highest));
  }
  return *value;
}

std::pair<double, double> two_numbers(std::string_view flag, std::string_view text, double lowest) {
  const std::size_t comma = text.find(',');
  if (comma == std::string_view::npos) {
    throw Error(fmt::format("{} '{}' is not two numbers; write them with a comma, such as 9,1", flag, text));
  }
  constexpr double highest = std::numeric_limits<double>::max();
  return {number(flag, text.substr(0, comma), lowest, highest), number(flag, text.substr(comma + 1), lowest, highest)};
}

std::string one_of(std::string_view flag, std::string_view text, const std::vector<std::string>& words) {
  if (std::find(words.begin(), words.end(), text) != words.end()) return std::string(text);
  const std::optional<std::string> close = nearest(text, words);
  throw Error(fmt::format("{} '{}' is not known; write {}{}", flag, text, fmt::join(words, " or "),
                          close ? fmt::format(" (did you mean {}?)", *close) : ""));
}

}  // namespace equipoise::cli
