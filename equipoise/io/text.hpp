// Lines, words and numbers of a text held in memory, and the few words with which an error points into it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "equipoise/core/spelling.hpp"

namespace equipoise {

/// What every reader works on: a whole file in memory, and the name that messages call it by.
struct Document {
  std::string_view bytes;
  std::string_view name;
};

/// Throws Error "NAME: MESSAGE".
[[noreturn]] void fail(const Document& document, std::string_view message);
/// Throws Error "NAME: line LINE: MESSAGE".
[[noreturn]] void fail(const Document& document, std::uint64_t line, std::string_view message);
/// Throws Error "NAME: line LINE, column COLUMN: MESSAGE".
[[noreturn]] void fail(const Document& document, std::uint64_t line, std::uint64_t column, std::string_view message);

/// `text` in single quotes on one line: control characters escaped, cut after 40 characters.
std::string in_quotes(std::string_view text);
/// `text` on one line, control characters escaped: for names of files.
std::string on_one_line(std::string_view text);

/// What the system says about an errno.
std::string reason(int error);

/// Walks through the lines of a text; a line ends with "\n" or "\r\n", the last one with the text.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  /// False at the end of the text; otherwise `line` is the next line without its end.
  bool next(std::string_view& line);
  /// Number of the line that next() gave last, from 1.
  std::uint64_t number() const { return number_; }
  /// What next() has not given yet.
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
  std::uint64_t number_ = 0;
};

/// Takes the next word (a run of anything but blanks and tabs) off the front of `line`; empty where there is none.
std::string_view take_word(std::string_view& line);
/// Without blanks, tabs and carriage returns at both ends.
std::string_view trimmed(std::string_view text);
/// True where both are the same up to the case of ASCII letters.
bool same_word(std::string_view left, std::string_view right);
std::string lower_case(std::string_view text);
/// Drops a UTF-8 byte-order mark; throws Error for the marks of UTF-16.
std::string_view without_byte_order_mark(const Document& document);

/// The whole of `text` as the nearest double, whatever the locale; empty where it is not a number. A leading +, the
/// Fortran exponents D and d, "nan" and "inf" are understood; a number beyond the range of double is an infinity.
std::optional<double> number_from(std::string_view text);
/// The whole of `text` as a whole number >= 0 in digits; the largest one where it is larger; empty where it is none.
std::optional<std::uint64_t> whole_number_from(std::string_view text);

}  // namespace equipoise
