// Reading what an experiment is told.
#include "equipoise/paper/experiment.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "equipoise/core/error.hpp"

namespace equipoise {
namespace {

std::optional<double> positive_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value) || !(value > 0))
    return std::nullopt;
  return value;
}

}  // namespace

double RelativeRate::value(double L, double S, double sigma1) const {
  switch (unit) {
    case Unit::over_L:
      return multiple / L;
    case Unit::h0:
      return multiple * (4 / (S + 8 * sigma1));
    case Unit::absolute:
      break;
  }
  return multiple;
}

std::optional<RelativeRate> relative_rate_from(std::string_view text) {
  RelativeRate rate{std::string(text), 0, RelativeRate::Unit::absolute};
  if (text.ends_with("/L")) {
    rate.unit = RelativeRate::Unit::over_L;
    text.remove_suffix(2);
  } else if (text.ends_with(" h0")) {
    rate.unit = RelativeRate::Unit::h0;
    text.remove_suffix(3);
  }
  const std::size_t slash = text.find('/');
  const std::optional<double> above = positive_number(text.substr(0, slash));
  const std::optional<double> below = slash == std::string_view::npos ? 1.0 : positive_number(text.substr(slash + 1));
  if (!above || !below) return std::nullopt;
  rate.multiple = *above / *below;
  return rate;
}

void ExperimentSettings::set(std::string key, Value value, Complain complain) {
  for (Entry& each : entries_) {
    if (each.key != key) continue;
    each.value = std::move(value);
    each.complain = std::move(complain);
    return;
  }
  entries_.push_back({std::move(key), std::move(value), std::move(complain)});
}

bool ExperimentSettings::has(std::string_view key) const {
  return std::any_of(entries_.begin(), entries_.end(), [key](const Entry& each) { return each.key == key; });
}

void ExperimentSettings::refuse(std::string_view key, std::string_view message) const {
  for (const Entry& each : entries_) {
    if (each.key == key && each.complain) each.complain(key, message);
  }
  if (complain_) complain_(key, message);
  throw Error(fmt::format("{}: {}", key, message));
}

const ExperimentSettings::Entry& ExperimentSettings::entry(std::string_view key, std::string_view what) const {
  asked_.emplace(key);
  for (const Entry& each : entries_) {
    if (each.key == key) return each;
  }
  refuse(key, fmt::format("[settings] has no {}; this procedure needs {}", key, what));
}

double ExperimentSettings::number(std::string_view key, double lowest, double highest) const {
  const std::string what = fmt::format("a number from {} to {}", lowest, highest);
  const double* value = std::get_if<double>(&entry(key, what).value);
  if (value == nullptr || !(*value >= lowest) || !(*value <= highest))
    refuse(key, fmt::format("{} should be {}", key, what));
  return *value;
}

std::uint64_t ExperimentSettings::whole(std::string_view key, std::uint64_t lowest, std::uint64_t highest) const {
  const std::string what = fmt::format("a whole number from {} to {}", lowest, highest);
  const double* value = std::get_if<double>(&entry(key, what).value);
  if (value == nullptr || !(*value >= static_cast<double>(lowest)) || !(*value <= static_cast<double>(highest)) ||
      *value != std::floor(*value)) {
    refuse(key, fmt::format("{} should be {}", key, what));
  }
  return static_cast<std::uint64_t>(*value);
}

std::vector<double> ExperimentSettings::numbers(std::string_view key, double lowest, double highest) const {
  const std::string what = fmt::format("a list of numbers from {} to {}", lowest, highest);
  const auto* values = std::get_if<std::vector<double>>(&entry(key, what).value);
  const auto fits = [&](double value) { return value >= lowest && value <= highest; };
  if (values == nullptr || values->empty() || !std::all_of(values->begin(), values->end(), fits)) {
    refuse(key, fmt::format("{} should be {}", key, what));
  }
  return *values;
}

std::vector<std::uint64_t> ExperimentSettings::wholes(std::string_view key, std::uint64_t lowest,
                                                      std::uint64_t highest) const {
  std::vector<std::uint64_t> result;
  for (const double value : numbers(key, static_cast<double>(lowest), static_cast<double>(highest))) {
    if (value != std::floor(value)) refuse(key, fmt::format("{} holds {}, which is no whole number", key, value));
    result.push_back(static_cast<std::uint64_t>(value));
  }
  return result;
}

std::string ExperimentSettings::text(std::string_view key) const {
  const auto* value = std::get_if<std::string>(&entry(key, "a text in quotes").value);
  if (value == nullptr || value->empty()) refuse(key, fmt::format("{} should be a text in quotes", key));
  return *value;
}

std::string ExperimentSettings::one_of(std::string_view key, const std::vector<std::string>& words) const {
  const std::string value = text(key);
  if (std::find(words.begin(), words.end(), value) == words.end()) {
    refuse(key, fmt::format("{} is '{}'; it should be one of {}", key, value, fmt::join(words, ", ")));
  }
  return value;
}

std::vector<std::string> ExperimentSettings::texts(std::string_view key) const {
  const auto* values = std::get_if<std::vector<std::string>>(&entry(key, "a list of texts").value);
  if (values == nullptr || values->empty()) refuse(key, fmt::format("{} should be a list of texts in quotes", key));
  return *values;
}

std::vector<StartNorms> ExperimentSettings::norms(std::string_view key) const {
  std::vector<StartNorms> result;
  for (const std::string& each : texts(key)) {
    const std::size_t comma = each.find(',');
    const std::optional<double> x = positive_number(std::string_view(each).substr(0, comma));
    const std::optional<double> y =
        comma == std::string::npos ? std::nullopt : positive_number(std::string_view(each).substr(comma + 1));
    if (!x || !y) refuse(key, fmt::format("'{}' is no pair of norms; write \"9,1\" for |X| = 9 and |Y| = 1", each));
    result.push_back({each, *x, *y});
  }
  return result;
}

std::vector<RelativeRate> ExperimentSettings::rates(std::string_view key) const {
  std::vector<RelativeRate> result;
  for (const std::string& each : texts(key)) {
    const std::optional<RelativeRate> rate = relative_rate_from(each);
    if (!rate) refuse(key, fmt::format("'{}' is no learning rate; write \"3.5/L\", \"7/7 h0\" or \"0.05\"", each));
    result.push_back(*rate);
  }
  return result;
}

void ExperimentSettings::require_same_length(std::string_view key, std::size_t length, std::string_view other_key,
                                             std::size_t other) const {
  if (length != other)
    refuse(key, fmt::format("{} has {} entries and {} has {}; each matrix needs one", key, length, other_key, other));
}

void ExperimentSettings::finish() const {
  for (const Entry& each : entries_) {
    if (!asked_.contains(each.key)) {
      refuse(each.key, fmt::format("this procedure has no setting '{}'; it has {}", each.key, fmt::join(asked_, ", ")));
    }
  }
}

std::vector<std::pair<std::string, std::string>> ExperimentSettings::as_text() const {
  std::vector<std::pair<std::string, std::string>> result;
  for (const Entry& each : entries_) {
    std::string text;
    if (const auto* number = std::get_if<double>(&each.value)) text = fmt::format("{}", *number);
    if (const auto* word = std::get_if<std::string>(&each.value)) text = *word;
    if (const auto* numbers = std::get_if<std::vector<double>>(&each.value))
      text = fmt::format("{}", fmt::join(*numbers, ", "));
    if (const auto* words = std::get_if<std::vector<std::string>>(&each.value))
      text = fmt::format("{}", fmt::join(*words, "; "));
    result.emplace_back(each.key, text);
  }
  return result;
}

}  // namespace equipoise
