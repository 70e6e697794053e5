// Tables of numbers as text: which lines and columns are data, and a question where that could be meant in two ways.
#include "equipoise/io/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "equipoise/io/assemble.hpp"
#include "equipoise/io/columns.hpp"
#include "equipoise/io/table.hpp"
#include "equipoise/io/triplets.hpp"

namespace equipoise {
namespace {

// What is written in a table, before it is known what of it is data.
struct Cells {
  std::vector<double> values;          // row by row, the columns that are read
  std::vector<bool> written_as_whole;  // each of them without a decimal point or an exponent
  std::vector<std::uint64_t> lines;    // of each row
  std::size_t width = 0;

  std::size_t rows() const { return lines.size(); }
  double at(std::size_t row, std::size_t column) const { return values[row * width + column]; }
  bool whole(std::size_t row, std::size_t column) const { return written_as_whole[row * width + column]; }
};

bool is_written_as_whole(std::string_view cell) {
  return !cell.empty() &&
         std::all_of(cell.begin(), cell.end(), [](char c) { return (c >= '0' && c <= '9') || c == '-'; });
}

// The common difference is 1, and the first is `from`.
template <class At>
bool counts(std::size_t size, double from, const At& at) {
  for (std::size_t i = 0; i < size; ++i) {
    if (at(i) != from + static_cast<double>(i)) return false;
  }
  return size > 0;
}

// True unless an entry outside the first row (or column) is written as a whole number: then row (or column) one differs
// from the rest in the way it is written, as labels do.
bool rest_is_fractional(const Cells& cells, std::size_t first_row, std::size_t first_column) {
  bool any = false;
  for (std::size_t row = first_row; row < cells.rows(); ++row) {
    for (std::size_t column = first_column; column < cells.width; ++column) {
      if (std::isnan(cells.at(row, column))) continue;
      if (cells.whole(row, column)) return false;
      any = true;
    }
  }
  return any;
}

// Every entry counts on from the one before, as in a matrix that was made to try something: then no line differs.
bool counts_throughout(const Cells& cells) {
  for (std::size_t i = 0; i < cells.values.size(); ++i) {
    if (!std::isnan(cells.values[i]) && cells.values[i] != cells.values[0] + static_cast<double>(i)) return false;
  }
  return true;
}

// 0, 1, 2, ..., as pandas numbers columns; 1, 2, 3, ...; or years.
bool may_be_header(const Cells& cells) {
  if (cells.rows() < 2 || counts_throughout(cells)) return false;
  const auto first = [&](std::size_t column) { return cells.at(0, column); };
  for (std::size_t column = 0; column < cells.width; ++column) {
    if (!cells.whole(0, column)) return false;
  }
  const bool fractional = rest_is_fractional(cells, 1, 0);
  if (fractional && counts(cells.width, first(0), first)) return true;
  if (counts(cells.width, 0, first)) return true;
  if (cells.width < 2) return false;
  if (counts(cells.width, 1, first)) return true;
  if (!(first(0) >= 1800 && first(0) <= 2200) || !counts(cells.width, first(0), first)) return false;
  return !std::all_of(cells.values.begin() + static_cast<std::ptrdiff_t>(cells.width), cells.values.end(),
                      [](double value) { return value >= 1800 && value <= 2200; });
}

// Rows that are numbered down the first column.
bool may_be_index(const Cells& cells) {
  if (cells.width < 2 || cells.rows() < 3) return false;
  for (std::size_t row = 0; row < cells.rows(); ++row) {
    if (!cells.whole(row, 0)) return false;
  }
  const auto down = [&](std::size_t row) { return cells.at(row, 0); };
  return counts(cells.rows(), 0, down) || counts(cells.rows(), 1, down);
}

// An empty corner, whole numbers across and down: both may be labels.
bool may_be_labels(const Cells& cells) {
  if (cells.width < 2 || cells.rows() < 2 || !std::isnan(cells.at(0, 0))) return false;
  const auto across = [&](std::size_t i) { return cells.at(0, i + 1); };
  if (!counts(cells.width - 1, across(0), across) || !cells.whole(0, 1)) return false;
  std::vector<double> down;
  for (std::size_t row = 1; row < cells.rows(); ++row) {
    if (!cells.whole(row, 0)) return false;
    down.push_back(cells.at(row, 0));
  }
  std::sort(down.begin(), down.end());
  return std::adjacent_find(down.begin(), down.end()) == down.end();
}

bool is_total(std::string_view label) {
  for (const std::string_view word : {"total", "totals", "sum", "mean", "average", "grand total", "subtotal", "all"}) {
    if (same_word(label, word)) return true;
  }
  return false;
}

bool names_an_index(std::string_view name) {
  for (const std::string_view word : {"unnamed: 0", "index", "id", "rowid", "row_id", "row", "rownames", "no", "nr"}) {
    if (same_word(name, word)) return true;
  }
  return false;
}

class TableReader {
 public:
  TableReader(const Document& document, Table& table, bool has_line, const LoadOptions& options)
      : document_(document), table_(table), has_line_(has_line), options_(options) {}

  MatrixData read() {
    const std::uint64_t first_line = table_.line();
    const std::size_t all = table_.cells().size();
    if (has_line_) read_header();
    ColumnChoice choice(document_, options_.text.columns, header_, all, options_.spelling);
    if (labels_down_ && options_.text.columns.empty()) choice.leave_out(0);
    nameless_last_ = all > 1 && header_.size() == all && header_.back().empty();
    read_rows(choice.columns(), all, first_line);
    if (cells_.rows() == 0) fail(document_, "the file has no rows; a matrix needs at least one row and one column");
    ask(first_line);
    check_dense_size(document_, cells_.rows(), cells_.width, options_);
    MatrixData matrix = assemble_dense(document_,
                                       Eigen::Map<const Matrix>(cells_.values.data(), static_cast<Index>(cells_.rows()),
                                                                static_cast<Index>(cells_.width)),
                                       options_);
    matrix.notes.insert(matrix.notes.begin(), notes_.begin(), notes_.end());
    matrix.row_ids = std::move(row_ids_);
    if (!header_.empty()) {
      for (std::size_t i = 0; i < cells_.width; ++i) matrix.col_ids.push_back(header_[choice.columns()[i]]);
    }
    return matrix;
  }

 private:
  void read_header() {
    const Header asked = options_.text.header;
    if (asked == Header::no) return;
    if (asked == Header::automatic && !table_.is_header()) return;
    for (const std::string_view cell : table_.cells()) header_.emplace_back(cell);
    labels_down_ = header_.size() > 1 && header_[0].empty();
    if (labels_down_)
      notes_.emplace_back("the first column has no name in the header: it is read as the names of the rows");
    has_line_ = table_.next();
  }

  void read_rows(const std::vector<std::size_t>& columns, std::size_t all, std::uint64_t first_line) {
    cells_.width = columns.size();
    bool ends_empty = true;
    for (; has_line_; has_line_ = table_.next()) {
      const std::size_t found = table_.cells().size();
      if (found != all) {
        fail(document_, table_.line(),
             fmt::format("the row has {} fields, that in line {} has {}{}", found, first_line, all,
                         table_.advice_about_separators()));
      }
      ends_empty = ends_empty && table_.cells().back().empty();
      for (const std::size_t column : columns) {
        cells_.values.push_back(table_.number(column));
        cells_.written_as_whole.push_back(is_written_as_whole(table_.cells()[column]));
      }
      cells_.lines.push_back(table_.line());
      if (!labels_down_) continue;
      if (is_total(table_.cells()[0])) {
        fail(document_, table_.line(),
             fmt::format("the row is named {}: remove it if it sums up others, or rename it",
                         in_quotes(table_.cells()[0])));
      }
      row_ids_.emplace_back(table_.cells()[0]);
    }
    empty_last_ = ends_empty && all > 1 && !columns.empty() && columns.back() + 1 == all;
  }

  // What could be meant in two ways.
  void ask(std::uint64_t first_line) {
    if (empty_last_ && options_.text.columns.empty() && cells_.width > 1) {
      if (!nameless_last_ && (options_.missing == Missing::zero || header_.empty())) {
        fail(document_, first_line,
             fmt::format("every row ends with a separator: {} leaves the empty last column out",
                         options_.spelling("columns", fmt::format("1-{}", cells_.width - 1 + (labels_down_ ? 1 : 0)))));
      }
      if (nameless_last_) drop_last();
    }
    if (options_.text.header == Header::automatic && header_.empty()) {
      const std::string with_header = options_.spelling("header", "yes"),
                        without_header = options_.spelling("header", "no");
      if (may_be_labels(cells_)) {
        fail(document_, first_line,
             fmt::format("the first line and column look like names under an empty corner, as pandas writes them: {} "
                         "reads them so, {} as data (to_csv with index=False, header=False leaves them out)",
                         with_header, without_header));
      }
      if (may_be_header(cells_)) {
        fail(document_, first_line,
             fmt::format("the line counts or names years, as a header does: {} leaves it out, {} reads it as a row",
                         with_header, without_header));
      }
    }
    if (!options_.text.columns.empty() || labels_down_) return;
    const bool named = !header_.empty() && names_an_index(header_[0]) && counts_down();
    if (named || may_be_index(cells_)) {
      fail(document_, first_line,
           fmt::format("the first column counts the rows, as an index does: {} leaves it out, {} reads it as data",
                       options_.spelling("columns", "2-"), options_.spelling("columns", "1-")));
    }
  }

  bool counts_down() const {
    const auto down = [&](std::size_t row) { return cells_.at(row, 0); };
    return cells_.width > 1 && (counts(cells_.rows(), 0, down) || counts(cells_.rows(), 1, down));
  }

  void drop_last() {
    Cells kept;
    kept.width = cells_.width - 1;
    kept.lines = cells_.lines;
    for (std::size_t row = 0; row < cells_.rows(); ++row) {
      for (std::size_t column = 0; column < kept.width; ++column) {
        kept.values.push_back(cells_.at(row, column));
        kept.written_as_whole.push_back(cells_.whole(row, column));
      }
    }
    cells_ = std::move(kept);
    notes_.emplace_back("every line ends with a separator: the last column, without a name or a value, is left out");
  }

  const Document& document_;
  Table& table_;
  bool has_line_;
  const LoadOptions& options_;
  std::vector<std::string> header_, row_ids_, notes_;
  bool labels_down_ = false, nameless_last_ = false, empty_last_ = false;
  Cells cells_;
};

}  // namespace

MatrixData read_csv(const Document& document, char separator, const LoadOptions& options) {
  const std::string_view text = without_byte_order_mark(document);
  const TextOptions& written = options.text;
  const CellFormat format(written.decimal,
                          written.missing_values.empty() ? usual_missing_values() : written.missing_values,
                          options.spelling);
  const std::string between = written.separator.empty() ? std::string(1, separator) : written.separator;
  if (between == std::string(1, written.decimal))
    fail(document, fmt::format("{} cannot be both {} and {}", in_quotes(between), options.spelling("separator"),
                               options.spelling("decimal")));
  if (options.triplets) return read_triplets(document, text, between, format, options);
  Table table(document, text, between, format);
  const bool has_line = table.next();
  return TableReader(document, table, has_line, options).read();
}

}  // namespace equipoise
