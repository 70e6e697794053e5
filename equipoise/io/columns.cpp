// Numbers, ranges and names of columns.
//
// Tested in equipoise/io/csv_test.cpp
#include "equipoise/io/columns.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <optional>

namespace equipoise {
namespace {

std::size_t number_of(const Document& document, std::string_view text, std::size_t count, const Spelling& spelling) {
  const auto number = whole_number_from(text);
  if (!number || *number < 1 || *number > count) {
    fail(document, fmt::format("{}: the table has the columns 1 to {}", spelling("columns", text), count));
  }
  return static_cast<std::size_t>(*number) - 1;
}

std::optional<std::size_t> named(const std::vector<std::string>& header, std::string_view name) {
  const auto found =
      std::find_if(header.begin(), header.end(), [&](const std::string& each) { return same_word(each, name); });
  if (found == header.end()) return std::nullopt;
  return static_cast<std::size_t>(found - header.begin());
}

}  // namespace

ColumnChoice::ColumnChoice(const Document& document, const std::string& text, const std::vector<std::string>& header,
                           std::size_t count, const Spelling& spelling) {
  if (text.empty()) {
    columns_.resize(count);
    std::iota(columns_.begin(), columns_.end(), std::size_t{0});
    return;
  }
  std::string_view rest = text;
  for (bool more = true; more;) {
    const std::size_t comma = rest.find(',');
    more = comma != std::string_view::npos;
    const std::string_view part = trimmed(rest.substr(0, comma));
    if (more) rest.remove_prefix(comma + 1);
    const std::size_t dash = part.find('-');
    const bool starts_with_digit = !part.empty() && part.front() >= '0' && part.front() <= '9';
    if (const auto column = named(header, part); column && !starts_with_digit) {
      columns_.push_back(*column);
    } else if (starts_with_digit && dash != std::string_view::npos) {
      const std::size_t from = number_of(document, part.substr(0, dash), count, spelling);
      const std::size_t to =
          dash + 1 == part.size() ? count - 1 : number_of(document, part.substr(dash + 1), count, spelling);
      for (std::size_t i = from; i <= to; ++i) columns_.push_back(i);
    } else if (starts_with_digit) {
      columns_.push_back(number_of(document, part, count, spelling));
    } else if (header.empty()) {
      fail(document,
           fmt::format("{}: the table has no header; name columns by number, from 1", spelling("columns", part)));
    } else {
      fail(document, fmt::format("{}: there is no column {}; the header has {}", spelling("columns"), in_quotes(part),
                                 on_one_line(fmt::format("{}", fmt::join(header, ", "))).substr(0, 200)));
    }
  }
  std::vector<std::size_t> sorted = columns_;
  std::sort(sorted.begin(), sorted.end());
  if (sorted.empty() || std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
    fail(document, fmt::format("{} should name each column once", spelling("columns", text)));
  }
}

void ColumnChoice::leave_out(std::size_t column) {
  columns_.erase(std::remove(columns_.begin(), columns_.end(), column), columns_.end());
}

}  // namespace equipoise
