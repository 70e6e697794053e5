// Numbers as people write them, and the words that are none.
//
// Tested in equipoise/io/csv_test.cpp
#include "equipoise/io/cell.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "equipoise/io/text.hpp"

namespace equipoise {
namespace {

constexpr std::string_view unicode_minus = "\xe2\x88\x92";
constexpr std::array<std::string_view, 3> other_dashes = {"\xe2\x80\x90", "\xe2\x80\x93", "\xe2\x80\x94"};
constexpr std::array<std::string_view, 3> currencies = {"$", "\xe2\x82\xac", "\xc2\xa3"};

bool digit(char c) { return c >= '0' && c <= '9'; }

bool is_missing(std::string_view cell, const CellFormat& format) {
  return cell.empty() || std::any_of(format.missing.begin(), format.missing.end(),
                                     [&](const std::string& word) { return same_word(cell, word); });
}

// The cell with a decimal point and an ASCII minus; nothing if its decimal mark is another one.
std::optional<std::string> in_plain_form(std::string_view cell, char decimal) {
  const bool dash = cell.starts_with(unicode_minus);
  std::string plain = dash ? "-" : "";
  plain += cell.substr(dash ? unicode_minus.size() : 0);
  if (decimal == '.') return plain;
  if (plain.find('.') != std::string::npos) return std::nullopt;
  std::replace(plain.begin(), plain.end(), decimal, '.');
  return plain;
}

std::optional<double> written_value(std::string_view cell, char decimal) {
  if (decimal == '.' && !cell.starts_with(unicode_minus)) return number_from(cell);
  const std::optional<std::string> plain = in_plain_form(cell, decimal);
  return plain ? number_from(*plain) : std::nullopt;
}

// Without what may stand before the digits of a value: signs, brackets, currencies.
std::string_view without_prefix(std::string_view cell) {
  bool shorter = true;
  const auto drop = [&](std::string_view prefix) {
    if (!cell.starts_with(prefix)) return;
    cell.remove_prefix(prefix.size());
    shorter = true;
  };
  while (shorter) {
    shorter = false;
    for (const std::string_view prefix : {"+", "-", "(", " ", "."}) drop(prefix);
    drop(unicode_minus);
    for (const std::string_view prefix : other_dashes) drop(prefix);
    for (const std::string_view prefix : currencies) drop(prefix);
  }
  return cell;
}

bool has_letter(std::string_view cell) {
  return std::any_of(cell.begin(), cell.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
  });
}

// 1,234 or 1,234,567: groups of three.
bool has_thousands(std::string_view cell, char mark) {
  std::size_t at = cell.find(mark);
  if (at == 0 || at == std::string_view::npos || at > 4) return false;
  while (at < cell.size() && cell[at] == mark) {
    if (cell.size() - at < 4 || !std::all_of(cell.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                                             cell.begin() + static_cast<std::ptrdiff_t>(at) + 4, digit))
      return false;
    at += 4;
  }
  return at == cell.size() || !digit(cell[at]);
}

}  // namespace

const std::vector<std::string>& usual_missing_values() {
  static const std::vector<std::string> words = {
      "NA",     "N/A",     "#N/A",    "#NA",      "<NA>",  "NaN",    "-NaN",  "nan(ind)", "-nan(ind)",
      "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN", "null",  "nil",    "None",  "\\N",      ".",
      "?",      "NaT",     "#DIV/0!", "#VALUE!",  "#NUM!", "#NULL!", "#REF!", "#NAME?"};
  return words;
}

CellFormat::CellFormat(char decimal_mark, std::vector<std::string> missing_words, const Spelling& names)
    : decimal(decimal_mark),
      missing(std::move(missing_words)),
      numbers_are_missing(
          std::any_of(missing.begin(), missing.end(),
                      [&](const std::string& word) { return written_value(word, decimal_mark).has_value(); })),
      spelling(names) {}

std::optional<double> value_of(std::string_view cell, const CellFormat& format) {
  const std::optional<double> value = written_value(cell, format.decimal);
  // Nearly every cell is a number, and the list of words is long.
  if (value && !format.numbers_are_missing) return value;
  return is_missing(cell, format) ? std::numeric_limits<double>::quiet_NaN() : value;
}

CellKind kind_of(std::string_view cell, const CellFormat& format) {
  if (is_missing(cell, format)) return CellKind::missing;
  if (value_of(cell, format)) return CellKind::number;
  if (same_word(cell, "true") || same_word(cell, "false")) return CellKind::value_like;
  const std::string_view rest = without_prefix(cell);
  if (!rest.empty() && digit(rest.front())) return CellKind::value_like;
  return has_letter(cell) ? CellKind::name : CellKind::value_like;
}

std::string advice_about(std::string_view cell, const CellFormat& format) {
  if (same_word(cell, "true") || same_word(cell, "false")) return "; write 1 and 0";
  if (cell.ends_with('%')) return "; percentages are not read, write fractions";
  for (const std::string_view dash : other_dashes) {
    if (cell.starts_with(dash)) return "; its minus sign is a dash";
  }
  if (format.decimal == '.' && has_thousands(cell, ',')) return "; thousands are written without separators";
  if (format.decimal == '.' && std::count(cell.begin(), cell.end(), ',') == 1) {
    std::string plain(cell);
    std::replace(plain.begin(), plain.end(), ',', '.');
    if (number_from(plain)) return fmt::format("; for decimal commas there is {}", format.spelling("decimal", ","));
  }
  if (format.decimal != '.' && cell.find('.') != std::string_view::npos)
    return fmt::format("; its decimal mark is not the '{}' of {}", format.decimal, format.spelling("decimal"));
  if (!cell.empty() && !has_letter(cell) && std::none_of(cell.begin(), cell.end(), digit))
    return fmt::format("; if it stands for a missing value, name it in {}", format.spelling("missing_values"));
  return "";
}

}  // namespace equipoise
