// Text cut into lines and cells: separators, quotation marks, comments.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "equipoise/io/cell.hpp"
#include "equipoise/io/text.hpp"

namespace equipoise {

/// Walks through a table line by line. Views into the text: it must outlive the table.
class Table {
 public:
  /// `separator` may be longer than a character, such as "::"; " " stands for any run of blanks.
  Table(const Document& document, std::string_view text, std::string_view separator, const CellFormat& format)
      : document_(document), lines_(text), separator_(separator), format_(format) {}

  /// The next line that is neither blank nor a comment; false at the end. A line that begins with # is a comment,
  /// unless its first cell is a missing value such as #N/A. Behind the first row, a line that begins with # and has as
  /// many cells as a row is an Error: it may be a row.
  bool next();
  const std::vector<std::string_view>& cells() const { return cells_; }
  /// The number of the line, from 1.
  std::uint64_t line() const { return lines_.number(); }
  const CellFormat& format() const { return format_; }

  CellKind kind(std::size_t column) const { return kind_of(cells_[column], format_); }
  /// NaN where the cell is missing. Throws Error naming line and column for a cell that is no number.
  double number(std::size_t column) const;
  /// "; if semicolons separate the cells, say ..." if a cell of this line suggests it, as the end of a message.
  std::string advice_about_separators() const;
  /// A line of which every cell is a name, but perhaps the first, which may be empty.
  bool is_header() const;
  /// True if the first cell is empty, the others are not, and all of them are names or numbers.
  bool has_empty_corner() const;

 private:
  bool is_comment(std::string_view line) const;
  void split(std::string_view line);
  void take_quoted(std::string_view& line);
  std::size_t end_of_cell(std::string_view line) const;
  std::string advice(std::size_t column) const;
  std::string advice_about_separators(std::string_view text) const;

  const Document& document_;
  Lines lines_;
  std::string separator_;
  CellFormat format_;
  std::vector<std::string_view> cells_;
  std::size_t width_ = 0;  ///< cells of the first line; 0 before it
  std::uint64_t first_line_ = 0;
};

}  // namespace equipoise
