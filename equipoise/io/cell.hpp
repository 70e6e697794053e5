// One cell of a table of text: a number, a missing value, something that may be meant as a value, or a name.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "equipoise/core/spelling.hpp"

namespace equipoise {

/// How numbers are written, and which words stand for "no value".
struct CellFormat {
  CellFormat(char decimal_mark, std::vector<std::string> missing_words, const Spelling& names = as_keys);

  char decimal;
  std::vector<std::string> missing;  ///< beside the empty cell; compared without regard to case
  bool numbers_are_missing;          ///< one of them is a number, such as -999
  Spelling spelling;                 ///< of the settings that advice names
};

/// Words that programs write for a missing value: NA, N/A, #N/A, <NA>, NaN and its variants, null, nil, None, \N, . and
/// ?.
const std::vector<std::string>& usual_missing_values();

enum class CellKind {
  number,
  missing,
  value_like,  ///< no number as it is written, but it may be meant as one: 1,234  5%  2020-01-01  True  -
  name
};
CellKind kind_of(std::string_view cell, const CellFormat& format);

/// The number, NaN for a missing value, nothing for anything else. A minus sign of Unicode (U+2212) is one.
std::optional<double> value_of(std::string_view cell, const CellFormat& format);

/// What to do about a cell that is no number, as the end of a message; empty where there is no advice.
std::string advice_about(std::string_view cell, const CellFormat& format);

}  // namespace equipoise
