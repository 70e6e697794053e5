// Lines, words and numbers of a text held in memory, and the few words with which an error points into it.
#include "equipoise/io/text.hpp"

#include <fast_float/fast_float.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <numeric>
#include <system_error>
#include <utility>

#include "equipoise/core/error.hpp"

namespace equipoise {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
// Not std::tolower: its answer depends on the locale.
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// fast_float takes neither a leading + nor Fortran's D. Returns false where `text` is more than a number.
bool parse_double(std::string_view text, double& value) {
  const auto [end, error] = fast_float::from_chars(text.data(), text.data() + text.size(), value);
  return (error == std::errc() || error == std::errc::result_out_of_range) && end == text.data() + text.size();
}

// Fortran leaves the letter out where an exponent has three digits: 1.5-103 is 1.5e-103. A decimal point must be there,
// or dates such as 2020-001 would be numbers.
std::optional<std::string> bare_exponent_spelled_out(std::string_view text) {
  const std::size_t sign = text.find_last_of("+-");
  if (sign == std::string_view::npos || sign < 2 || text.size() - sign != 4) return std::nullopt;
  const std::string_view digits = text.substr(sign + 1), mantissa = text.substr(0, sign);
  const bool whole = std::all_of(digits.begin(), digits.end(), is_digit);
  const bool point = mantissa.find('.') != std::string_view::npos;
  const bool plain = mantissa.find_first_not_of("+-.0123456789") == std::string_view::npos;
  if (!whole || !point || !plain) return std::nullopt;
  return std::string(mantissa) + "e" + std::string(text.substr(sign));
}

}  // namespace

void fail(const Document& document, std::string_view message) {
  throw Error(fmt::format("{}: {}", on_one_line(document.name), message));
}

void fail(const Document& document, std::uint64_t line, std::string_view message) {
  throw Error(fmt::format("{}: line {}: {}", on_one_line(document.name), line, message));
}

void fail(const Document& document, std::uint64_t line, std::uint64_t column, std::string_view message) {
  throw Error(fmt::format("{}: line {}, column {}: {}", on_one_line(document.name), line, column, message));
}

std::string on_one_line(std::string_view text) {
  std::string shown;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (code < 0x20 || code == 0x7f) {
      shown += fmt::format("\\x{:02x}", code);
    } else {
      shown += c;
    }
  }
  return shown;
}

std::string reason(int error) { return std::generic_category().message(error); }

std::string in_quotes(std::string_view text) {
  constexpr std::size_t longest = 40;
  std::string shown = "'";
  for (const char c : text.substr(0, longest)) {
    const auto code = static_cast<unsigned char>(c);
    // Bytes beyond ASCII too: a cut through the middle of a UTF-8 character would not be text.
    if (code < 0x20 || code >= 0x7f) {
      shown += fmt::format("\\x{:02x}", code);
    } else {
      shown += c;
    }
  }
  return shown + (text.size() > longest ? "...'" : "'");
}

bool Lines::next(std::string_view& line) {
  if (rest_.empty()) {
    return false;
  }
  ++number_;
  const std::size_t end = rest_.find('\n');
  line = rest_.substr(0, end);
  rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
  if (!line.empty() && line.back() == '\r') {
    line.remove_suffix(1);
  }
  return true;
}

std::string_view take_word(std::string_view& line) {
  std::size_t begin = 0;
  while (begin < line.size() && is_blank(line[begin])) {
    ++begin;
  }
  std::size_t end = begin;
  while (end < line.size() && !is_blank(line[end])) {
    ++end;
  }
  const std::string_view word = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return word;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_blank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

bool same_word(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), lower);
  return result;
}

std::string_view without_byte_order_mark(const Document& document) {
  if (document.bytes.starts_with("\xff\xfe") || document.bytes.starts_with("\xfe\xff")) {
    fail(document, "the text is in UTF-16; save it as UTF-8");
  }
  std::string_view text = document.bytes;
  if (text.starts_with("\xef\xbb\xbf")) {
    text.remove_prefix(3);
  }
  return text;
}

std::optional<double> number_from(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-') || text.starts_with('+')) {
      return std::nullopt;
    }
  }
  double value = 0;
  if (!text.empty() && parse_double(text, value)) {
    return value;
  }
  if (const std::optional<std::string> with_letter = bare_exponent_spelled_out(text)) {
    return parse_double(*with_letter, value) ? std::optional(value) : std::nullopt;
  }
  // Fortran's double precision exponent: 1.5D+03 is 1.5e+03.
  const std::size_t exponent = text.find_first_of("Dd");
  if (exponent == std::string_view::npos || exponent == 0 ||
      (!is_digit(text[exponent - 1]) && text[exponent - 1] != '.')) {
    return std::nullopt;
  }
  std::string rewritten(text);
  rewritten[exponent] = 'e';
  return parse_double(rewritten, value) ? std::optional(value) : std::nullopt;
}

std::optional<std::uint64_t> whole_number_from(std::string_view text) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) {
    return std::nullopt;
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? value : std::numeric_limits<std::uint64_t>::max();
}

}  // namespace equipoise
