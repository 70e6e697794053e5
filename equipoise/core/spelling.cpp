// Names of settings in messages, and edit distances between words.
#include "equipoise/core/spelling.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace equipoise {
namespace {

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

std::string Spelling::operator()(std::string_view key) const {
  std::string name(before);
  for (const char c : key) name += c == '_' ? between_words : c;
  return name;
}

std::string Spelling::operator()(std::string_view key, std::string_view value) const {
  return (*this)(key).append(assigns).append(value);
}

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::optional<std::string> best;
  std::size_t best_distance = 0;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance <= (candidate.size() + 2) / 3 && distance < candidate.size() && (!best || distance < best_distance)) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace equipoise
