// Tables of numbers as text: comma- or tab-separated, or lists of row, column, value.
#include "equipoise/io/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "equipoise/io/assemble.hpp"

namespace equipoise {

namespace {

// The lines of the table, each cut into fields.
class Table {
 public:
  Table(const Document& document, std::string_view text, char separator, const Spelling& spelling)
      : document_(document), lines_(text), separator_(separator), spelling_(spelling) {}

  // The next line that is neither blank nor a comment; false at the end.
  bool next() {
    std::string_view line;
    while (lines_.next(line)) {
      // With tabs between fields, a line of tabs alone is a row of missing fields.
      const std::string_view blanks = separator_ == '\t' ? " " : " \t";
      const std::size_t begin = line.find_first_not_of(blanks);
      if (begin != std::string_view::npos && line[begin] != '#') {
        split(line);
        return true;
      }
    }
    return false;
  }
  const std::vector<std::string_view>& fields() const { return fields_; }
  std::uint64_t line() const { return lines_.number(); }

  // NaN where the field is missing.
  double number(std::size_t column) const {
    const std::optional<double> value = number_or_missing(fields_[column]);
    if (!value) {
      fail(document_, line(), column + 1,
           fmt::format("{} is not a number{}", in_quotes(fields_[column]), advice(column)));
    }
    return *value;
  }

  // A first line without a single number names the columns.
  bool is_header() const {
    return std::none_of(
               fields_.begin(), fields_.end(),
               [](std::string_view field) { return number_or_missing(field).has_value() && !field.empty(); }) &&
           std::any_of(fields_.begin(), fields_.end(), [](std::string_view field) { return !field.empty(); });
  }

 private:
  static std::optional<double> number_or_missing(std::string_view field) {
    if (field.empty() || same_word(field, "NA")) {
      return std::numeric_limits<double>::quiet_NaN();
    }
    return number_from(field);
  }

  std::string advice(std::size_t column) const {
    const std::string_view field = fields_[column];
    if (field.find(';') != std::string_view::npos) {
      return "; fields should be separated by commas, or by tabs with " + spelling_("format", "tsv");
    }
    if (field.find('\t') != std::string_view::npos) {
      return "; tabs separate fields with " + spelling_("format", "tsv");
    }
    if (separator_ == '\t' && field.find(',') != std::string_view::npos) {
      return "; commas separate fields with " + spelling_("format", "csv");
    }
    return "";
  }

  void split(std::string_view line) {
    fields_.clear();
    while (true) {
      std::size_t begin = 0;
      while (begin < line.size() && line[begin] == ' ') {
        ++begin;
      }
      if (begin < line.size() && line[begin] == '"') {
        line.remove_prefix(begin + 1);
        take_quoted(line);
      } else {
        const std::size_t end = line.find(separator_);
        fields_.push_back(trimmed(line.substr(0, end)));
        line.remove_prefix(std::min(end, line.size()));
      }
      if (line.empty()) {
        return;
      }
      line.remove_prefix(1);
    }
  }

  // `line` begins after the opening quote; afterwards it is empty or begins with the separator.
  void take_quoted(std::string_view& line) {
    std::size_t end = line.find('"');
    while (end != std::string_view::npos && line.substr(end + 1).starts_with('"')) {
      end = line.find('"', end + 2);
    }
    if (end == std::string_view::npos) {
      fail(document_, lines_.number(), fields_.size() + 1, "the quotation mark is not closed on this line");
    }
    fields_.push_back(trimmed(line.substr(0, end)));
    line.remove_prefix(end + 1);
    while (line.starts_with(' ')) {
      line.remove_prefix(1);
    }
    if (!line.empty() && line.front() != separator_) {
      fail(document_, lines_.number(), fields_.size(), "something follows the closing quotation mark");
    }
  }

  const Document& document_;
  Lines lines_;
  char separator_;
  Spelling spelling_;
  std::vector<std::string_view> fields_;
};

// pandas writes its index unless told not to: an empty corner, then 0, 1, 2, ... across and down. As data it would be a
// wrong row and a wrong column.
bool has_index(const std::vector<double>& values, std::size_t width) {
  if (width < 2 || values.size() < 2 * width || !std::isnan(values[0])) {
    return false;
  }
  for (std::size_t col = 1; col < width; ++col) {
    if (values[col] != static_cast<double>(col - 1)) {
      return false;
    }
  }
  for (std::size_t row = 1; row * width < values.size(); ++row) {
    if (values[row * width] != static_cast<double>(row - 1)) {
      return false;
    }
  }
  return true;
}

MatrixData read_table(const Document& document, Table& table, bool has_line, const LoadOptions& options) {
  std::vector<double> values;
  const std::size_t width = table.fields().size();
  const std::uint64_t first_line = table.line();
  if (has_line && table.is_header()) {
    if (width > 1 && table.fields()[0].empty()) {
      fail(document, first_line, 1,
           "the header has no name for the first column, as where it holds the names of the rows; leave that column "
           "out");
    }
    has_line = table.next();
  }
  for (; has_line; has_line = table.next()) {
    const std::size_t found = table.fields().size();
    if (found != width) {
      fail(document, table.line(),
           fmt::format("the row has {} fields, that in line {} has {}", found, first_line, width));
    }
    for (std::size_t column = 0; column < width; ++column) {
      values.push_back(table.number(column));
    }
  }
  if (values.empty()) {
    fail(document, "the file has no rows; a matrix needs at least one row and one column");
  }
  if (has_index(values, width)) {
    fail(document, first_line,
         "the first line and column count 0, 1, 2, ... as pandas writes them; "
         "leave them out (to_csv with index=False, header=False)");
  }
  const std::uint64_t rows = values.size() / width;
  check_dense_size(document, rows, width, options);
  return assemble_dense(
      document, Eigen::Map<const Matrix>(values.data(), static_cast<Index>(rows), static_cast<Index>(width)), options);
}

std::uint32_t read_index(const Document& document, const Table& table, std::size_t column, std::string_view what) {
  const double value = table.number(column);
  // Also "1.0": tables of one type write their indices so.
  if (!(value >= 1 && value <= static_cast<double>(largest_dimension) && value == std::floor(value))) {
    fail(document, table.line(), column + 1,
         fmt::format("the {} is {}; it should be a whole number from 1 to {}", what, in_quotes(table.fields()[column]),
                     largest_dimension));
  }
  return static_cast<std::uint32_t>(value) - 1;
}

MatrixData read_triplets(const Document& document, std::string_view text, char separator, Table& table, bool has_line,
                         const LoadOptions& options) {
  if (has_line && table.is_header()) {
    has_line = table.next();
  }
  const std::uint64_t first_line = table.line();
  std::vector<Entry> entries;
  std::uint64_t rows = 0;
  std::uint64_t cols = 0;
  for (; has_line; has_line = table.next()) {
    if (table.fields().size() != 3) {
      fail(document, table.line(),
           fmt::format("the line has {} fields; a triplet has 3: row, column, value", table.fields().size()));
    }
    const std::uint32_t row = read_index(document, table, 0, "row");
    const std::uint32_t col = read_index(document, table, 1, "column");
    entries.push_back({row, col, table.number(2)});
    rows = std::max(rows, row + std::uint64_t{1});
    cols = std::max(cols, col + std::uint64_t{1});
  }
  if (entries.empty()) {
    fail(document, "the file has no triplets; a matrix needs at least one row and one column");
  }
  check_sparse_size(document, rows, cols, entries.size(), options);
  const auto place_of = [&](std::size_t n) {
    Table again(document, text, separator, options.spelling);
    while (again.next() && (again.line() < first_line || n-- > 0)) {
    }
    return fmt::format("line {}", again.line());
  };
  return assemble_sparse(document, rows, cols, Symmetry::general, std::move(entries), options, place_of);
}

}  // namespace

MatrixData read_csv(const Document& document, char separator, const LoadOptions& options) {
  const std::string_view text = without_byte_order_mark(document);
  Table table(document, text, separator, options.spelling);
  const bool has_line = table.next();
  return options.triplets ? read_triplets(document, text, separator, table, has_line, options)
                          : read_table(document, table, has_line, options);
}

}  // namespace equipoise
