// Lines into cells, and what may be a header.
//
// Tested in equipoise/io/csv_test.cpp
#include "equipoise/io/table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace equipoise {

bool Table::next() {
  std::string_view line;
  while (lines_.next(line)) {
    // With tabs between cells, a line of tabs alone is a row of missing cells.
    const std::string_view blanks = separator_ == "\t" ? " " : " \t";
    const std::size_t begin = line.find_first_not_of(blanks);
    if (begin == std::string_view::npos) continue;
    if (line[begin] == '#' && is_comment(line.substr(begin))) {
      if (width_ < 2) continue;
      split(line);
      if (cells_.size() != width_) continue;
      fail(document_, lines_.number(),
           "the line begins with # and has as many cells as a row; remove it if it is a comment, and the # if it is a "
           "row");
    }
    split(line);
    if (width_ == 0) {
      width_ = cells_.size();
      first_line_ = lines_.number();
    }
    return true;
  }
  return false;
}

bool Table::is_comment(std::string_view line) const {
  const std::string_view first = trimmed(line.substr(0, end_of_cell(line)));
  return kind_of(first, format_) != CellKind::missing;
}

double Table::number(std::size_t column) const {
  const std::optional<double> value = value_of(cells_[column], format_);
  if (!value) {
    fail(document_, line(), column + 1, fmt::format("{} is not a number{}", in_quotes(cells_[column]), advice(column)));
  }
  return *value;
}

bool Table::is_header() const {
  std::size_t names = 0;
  for (std::size_t column = 0; column < cells_.size(); ++column) {
    const bool corner = column == 0 && cells_.size() > 1 && cells_[0].empty();
    if (kind(column) == CellKind::name) {
      ++names;
    } else if (!corner && !(cells_[column].empty() && column + 1 == cells_.size())) {
      return false;
    }
  }
  return names > 0;
}

bool Table::has_empty_corner() const {
  if (cells_.size() < 2 || !cells_[0].empty()) return false;
  for (std::size_t column = 1; column < cells_.size(); ++column) {
    if (kind(column) != CellKind::name && kind(column) != CellKind::number) return false;
  }
  return true;
}

// Of a cell or of whole lines.
std::string Table::advice_about_separators(std::string_view text) const {
  if (text.find(';') != std::string_view::npos && separator_ != ";")
    return fmt::format("; if semicolons separate the cells, say {}", format_.spelling("separator", "';'"));
  if (text.find('\t') != std::string_view::npos && separator_ != "\t")
    return fmt::format("; if tabs separate the cells, say {}", format_.spelling("format", "tsv"));
  return "";
}

std::string Table::advice_about_separators() const {
  for (const std::string_view cell : cells_) {
    if (std::string advice = advice_about_separators(cell); !advice.empty()) return advice;
  }
  return "";
}

std::string Table::advice(std::size_t column) const {
  const std::string_view cell = cells_[column];
  if (std::string about_separators = advice_about_separators(cell); !about_separators.empty()) return about_separators;
  if (separator_ == "\t" && std::count(cell.begin(), cell.end(), ',') > 1)
    return fmt::format("; if commas separate the cells, say {}", format_.spelling("format", "csv"));
  std::string about = advice_about(cell, format_);
  if (separator_ == "\t" && cell.find(',') != std::string_view::npos)
    about = fmt::format("; if commas separate the cells, say {}; for decimal commas there is {}",
                        format_.spelling("format", "csv"), format_.spelling("decimal", ","));
  if (!about.empty()) return about;
  if (line() == first_line_)
    return fmt::format("; if the line names the columns, say {}", format_.spelling("header", "yes"));
  if (column == 0 && cells_.size() > 1)
    return fmt::format("; if the column names the rows, {} leaves it out", format_.spelling("columns", "2-"));
  return "";
}

std::size_t Table::end_of_cell(std::string_view line) const {
  return separator_ == " " ? line.find_first_of(" \t") : line.find(separator_);
}

void Table::split(std::string_view line) {
  cells_.clear();
  const bool by_blanks = separator_ == " ";
  if (by_blanks) line = trimmed(line);
  while (true) {
    std::size_t begin = 0;
    while (begin < line.size() && line[begin] == ' ') ++begin;
    if (begin < line.size() && line[begin] == '"') {
      line.remove_prefix(begin + 1);
      take_quoted(line);
    } else {
      const std::size_t end = end_of_cell(line);
      cells_.push_back(trimmed(line.substr(0, end)));
      line.remove_prefix(std::min(end, line.size()));
    }
    if (line.empty()) return;
    line.remove_prefix(by_blanks ? line.find_first_not_of(" \t") : separator_.size());
  }
}

// `line` begins after the opening quotation mark; afterwards it is empty or begins with the separator.
void Table::take_quoted(std::string_view& line) {
  std::size_t end = line.find('"');
  while (end != std::string_view::npos && line.substr(end + 1).starts_with('"')) end = line.find('"', end + 2);
  if (end == std::string_view::npos) {
    fail(document_, lines_.number(), cells_.size() + 1, "the quotation mark is not closed on this line");
  }
  cells_.push_back(trimmed(line.substr(0, end)));
  line.remove_prefix(end + 1);
  if (separator_ == " ") return;
  while (line.starts_with(' ')) line.remove_prefix(1);
  if (!line.empty() && !line.starts_with(separator_)) {
    fail(document_, lines_.number(), cells_.size(), "something follows the closing quotation mark");
  }
}

}  // namespace equipoise
