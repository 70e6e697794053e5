// Reading numbers and words from flags.
#include "apps/cli/flags.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

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

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::int64_t whole_number(std::string_view flag, std::string_view text, std::int64_t lowest, std::int64_t highest) {
  const std::optional<std::int64_t> value = whole_text<std::int64_t>(text);
  if (!value) throw Error(fmt::format("{} '{}' is not a whole number; write one from {} to {}", flag, text, lowest, highest));
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

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::optional<std::string> best;
  std::size_t best_distance = 0;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance <= (candidate.size() + 2) / 3 && (!best || distance < best_distance)) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace equipoise::cli
