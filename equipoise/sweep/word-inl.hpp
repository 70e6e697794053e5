// One of a list of words, for the enumerations of grid files.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "equipoise/core/error.hpp"

namespace equipoise {

/// The enumerator at the word's place in the list. Throws Error with all of them for any other word.
template <class Enum, std::size_t N>
Enum from_word(std::string_view word, const std::array<std::string_view, N>& names, std::string_view what) {
  const auto found = std::find(names.begin(), names.end(), word);
  if (found == names.end())
    throw Error(fmt::format("{} '{}' is not known; write {}", what, word, fmt::join(names, ", ")));
  return static_cast<Enum>(found - names.begin());
}

}  // namespace equipoise
