// Triplets: the roles of the columns, the numbering of rows and columns, and the entries.
//
// Tested in equipoise/io/csv_test.cpp
#include "equipoise/io/triplets.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "equipoise/core/error.hpp"
#include "equipoise/io/assemble.hpp"
#include "equipoise/io/columns.hpp"
#include "equipoise/io/table.hpp"

namespace equipoise {
namespace {

using Roles = std::array<std::size_t, 3>;  // the columns of row, column, value

// What headers call a row, a column and a value; words between blanks.
constexpr std::array<std::string_view, 3> usual_names = {
    " row i user userid user_id uid customer customerid customer_id source from ",
    " col column j item itemid item_id iid movie movieid movie_id product productid product_id book bookid isbn track "
    "artist target to ",
    " value val x v rating score count rank stars data "};

bool is_usual(std::string_view name, std::size_t role) {
  return !name.empty() && name.find(' ') == std::string_view::npos &&
         usual_names[role].find(" " + lower_case(name) + " ") != std::string_view::npos;
}

std::optional<Roles> roles_by_name(const std::vector<std::string>& header) {
  Roles roles{};
  for (std::size_t role = 0; role < 3; ++role) {
    std::size_t found = 0;
    for (std::size_t column = 0; column < header.size(); ++column) {
      if (!is_usual(trimmed(header[column]), role)) continue;
      roles[role] = column;
      ++found;
    }
    if (found != 1) return std::nullopt;
  }
  return roles;
}

Roles roles_of(const Document& document, const Table& table, const std::vector<std::string>& header,
               const std::string& columns, const Spelling& spelling, std::vector<std::string>& notes) {
  const std::size_t count = table.cells().size();
  if (!columns.empty()) {
    const ColumnChoice choice(document, columns, header, count, spelling);
    if (choice.columns().size() != 3)
      fail(document, fmt::format("{} should name three: row, column, value", spelling("columns", columns)));
    return {choice.columns()[0], choice.columns()[1], choice.columns()[2]};
  }
  const std::optional<Roles> named = roles_by_name(header);
  if (named) {
    std::vector<std::string> ignored;
    for (std::size_t column = 0; column < header.size(); ++column) {
      if (std::find(named->begin(), named->end(), column) == named->end())
        ignored.push_back(std::string(in_quotes(header[column])));
    }
    if (!ignored.empty()) notes.push_back(fmt::format("not read: the column {}", fmt::join(ignored, ", ")));
    return *named;
  }
  if (count == 3) return {0, 1, 2};
  fail(document, table.line(),
       fmt::format("the line has {} fields; a triplet has 3: row, column, value{}", count,
                   count > 3 ? fmt::format(" ({} reads the first three; columns may be named as in the header)",
                                           spelling("columns", "1,2,3"))
                             : ""));
}

// Rows or columns: numbers, or ids that are numbered as they come.
class Numbering {
 public:
  Numbering(const Document& document, IndexBase base, std::string_view what)
      : document_(document), base_(base), what_(what) {}

  std::uint32_t number(const Table& table, std::size_t column) {
    const std::string_view cell = table.cells()[column];
    const std::uint32_t found =
        base_ == IndexBase::labels ? labelled(table, column, cell) : counted(table, column, cell);
    size_ = std::max(size_, found + std::uint64_t{1});
    return found;
  }
  std::uint64_t size() const { return size_; }
  std::vector<std::string> take_ids() { return std::move(ids_); }

 private:
  std::uint32_t counted(const Table& table, std::size_t column, std::string_view cell) const {
    // Also "1.0": tables of one type write their indices so.
    const double value = value_of(cell, table.format()).value_or(std::nan(""));
    const double least = base_ == IndexBase::one ? 1 : 0;
    const double most = static_cast<double>(largest_dimension) - 1 + least;
    if (!(value >= least && value <= most && value == std::floor(value))) {
      const Spelling& spelling = table.format().spelling;
      const std::string way = base_ == IndexBase::one && value == 0
                                  ? fmt::format("; {} counts from 0", spelling("index_base", "0"))
                                  : fmt::format("; {} takes any text for an id", spelling("index_base", "labels"));
      fail(document_, table.line(), column + 1,
           fmt::format("the {} is {}; it should be a whole number from {} to {}{}", what_, in_quotes(cell), least, most,
                       way));
    }
    return static_cast<std::uint32_t>(value - least);
  }

  std::uint32_t labelled(const Table& table, std::size_t column, std::string_view cell) {
    if (cell.empty()) fail(document_, table.line(), column + 1, fmt::format("the id of the {} is empty", what_));
    const auto [place, is_new] = known_.try_emplace(cell, static_cast<std::uint32_t>(ids_.size()));
    if (is_new) {
      if (ids_.size() >= largest_dimension) fail(document_, table.line(), fmt::format("there are too many {}s", what_));
      ids_.emplace_back(cell);
    }
    return place->second;
  }

  const Document& document_;
  IndexBase base_;
  std::string_view what_;
  std::uint64_t size_ = 0;
  std::vector<std::string> ids_;
  std::unordered_map<std::string_view, std::uint32_t> known_;  // views into the document
};

// A matrix of some entries and billions of rows is nearly always a list of ids.
void check_not_ids(const Document& document, std::uint64_t rows, std::uint64_t cols, std::size_t entries,
                   const LoadOptions& options) {
  if (options.text.index_base == IndexBase::labels) return;
  try {
    check_sparse_size(document, rows, cols, entries, options);
  } catch (const Error& error) {
    throw Error(fmt::format("{}; if the numbers are ids, {} renumbers them", error.what(),
                            options.spelling("index_base", "labels")));
  }
}

}  // namespace

MatrixData read_triplets(const Document& document, std::string_view text, std::string_view separator,
                         const CellFormat& format, const LoadOptions& options) {
  Table table(document, text, separator, format);
  bool has_line = table.next();
  std::vector<std::string> header, notes;
  const Header asked = options.text.header;
  if (has_line && asked != Header::no && (asked == Header::yes || table.is_header())) {
    header.assign(table.cells().begin(), table.cells().end());
  }
  const std::size_t width = has_line ? table.cells().size() : 0;
  Roles roles{};
  if (has_line) roles = roles_of(document, table, header, options.text.columns, options.spelling, notes);
  if (has_line && !header.empty()) has_line = table.next();
  const std::uint64_t first_line = table.line();
  std::vector<Entry> entries;
  Numbering rows(document, options.text.index_base, "row"), cols(document, options.text.index_base, "column");
  for (; has_line; has_line = table.next()) {
    if (table.cells().size() != width) {
      fail(document, table.line(),
           fmt::format(
               "the line has {} fields{}", table.cells().size(),
               (width == 3 ? "; a triplet has 3: row, column, value" : fmt::format(", the first has {}", width)) +
                   table.advice_about_separators()));
    }
    const std::uint32_t row = rows.number(table, roles[0]);
    entries.push_back({row, cols.number(table, roles[1]), table.number(roles[2])});
  }
  if (entries.empty()) {
    fail(document, "the file has no triplets; a matrix needs at least one row and one column");
  }
  check_not_ids(document, rows.size(), cols.size(), entries.size(), options);
  const auto place_of = [&](std::size_t n) {
    Table again(document, text, separator, format);
    while (again.next() && (again.line() < first_line || n-- > 0)) {
    }
    return fmt::format("line {}", again.line());
  };
  MatrixData matrix =
      assemble_sparse(document, rows.size(), cols.size(), Symmetry::general, std::move(entries), options, place_of);
  matrix.notes.insert(matrix.notes.begin(), notes.begin(), notes.end());
  matrix.row_ids = rows.take_ids();
  matrix.col_ids = cols.take_ids();
  return matrix;
}

}  // namespace equipoise
