// From the numbers that a reader found to a matrix: sizes, doubled entries and missing values are judged here, once.
//
// Tested in equipoise/io/matrix_market_test.cpp
#include "equipoise/io/assemble.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <tuple>
#include <utility>

namespace equipoise {

namespace {

void check_has_rows_and_columns(const Document& document, std::uint64_t rows, std::uint64_t cols) {
  if (rows == 0 || cols == 0) {
    fail(document, fmt::format("the matrix is {} x {}; a matrix needs at least one row and one column", rows, cols));
  }
}

[[noreturn]] void fail_too_large(const Document& document, std::uint64_t rows, std::uint64_t cols,
                                 const LoadOptions& options) {
  fail(document,
       fmt::format("a matrix of {} x {} does not fit in {} bytes of memory", rows, cols, memory_limit(options)));
}

// True where count * size > limit, without forming the product.
bool exceeds(std::uint64_t count, std::uint64_t size, std::uint64_t limit) { return count > limit / size; }

// Throws for the values that are never data; true for NaN, which is then unknown. Row and column from 0.
bool is_unknown(const Document& document, Index row, Index col, double value, const LoadOptions& options) {
  if (std::isfinite(value)) {
    return false;
  }
  if (std::isinf(value)) {
    fail(document, fmt::format("row {}, column {} is infinite or beyond the range of a double; entries must be finite",
                               row + 1, col + 1));
  }
  if (options.missing == Missing::zero) {
    fail(document, fmt::format("row {}, column {} is NaN or missing; entries must be numbers "
                               "({} reads such entries as unknown)",
                               row + 1, col + 1, options.spelling("missing", "unknown")));
  }
  return true;
}

void check_something_is_known(const Document& document, std::size_t known, const LoadOptions& options) {
  if (options.missing == Missing::unknown && known == 0) {
    fail(document,
         fmt::format("no entry is known; with {} a matrix needs at least one", options.spelling("missing", "unknown")));
  }
}

std::string positions(const std::vector<Entry>& entries, std::uint32_t row, std::uint32_t col, Symmetry symmetry,
                      const PlaceOf& place_of) {
  std::string text;
  int found = 0;
  for (std::size_t i = 0; i < entries.size() && found < 2; ++i) {
    const bool same = entries[i].row == row && entries[i].col == col;
    const bool mirrored = symmetry != Symmetry::general && entries[i].row == col && entries[i].col == row;
    if (same || mirrored) {
      text += (found++ == 0 ? "" : " and ") + place_of(i);
    }
  }
  return text;
}

// The value of an entry that occurs several times, in the order of the file; NaN if all of them are unknown.
double combined(std::span<const double> values, Duplicates duplicates) {
  double sum = 0, last = std::numeric_limits<double>::quiet_NaN();
  double count = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    last = value;
    ++count;
  }
  if (count == 0 || duplicates == Duplicates::last) return last;
  return duplicates == Duplicates::mean ? sum / count : sum;
}

}  // namespace

std::uint64_t memory_limit(const LoadOptions& options) {
  return options.memory_limit != 0 ? options.memory_limit : memory_of_this_machine();
}

std::uint64_t memory_of_this_machine() {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page_size = sysconf(_SC_PAGE_SIZE);
  constexpr std::uint64_t when_unknown = std::uint64_t{1} << 40;
  return pages > 0 && page_size > 0 ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_size)
                                    : when_unknown;
}

void check_dense_size(const Document& document, std::uint64_t rows, std::uint64_t cols, const LoadOptions& options) {
  check_has_rows_and_columns(document, rows, cols);
  if (exceeds(rows, cols, memory_limit(options) / sizeof(double))) {
    fail_too_large(document, rows, cols, options);
  }
}

void check_sparse_size(const Document& document, std::uint64_t rows, std::uint64_t cols, std::uint64_t entries,
                       const LoadOptions& options) {
  check_has_rows_and_columns(document, rows, cols);
  const std::uint64_t limit = memory_limit(options);
  if (rows > largest_dimension || cols > largest_dimension || exceeds(rows + 1, sizeof(Index), limit)) {
    fail_too_large(document, rows, cols, options);
  }
  // Nothing is done with a matrix without some thirty vectors of its sides: the basis of an eigensolver alone has
  // twenty. To read on would be minutes of clearing memory for an answer that is no.
  constexpr std::uint64_t bytes_a_side = 30 * sizeof(double);
  if (options.memory_limit == 0 && exceeds(rows + cols, bytes_a_side, limit)) {
    fail(document, fmt::format("work on a matrix of {} x {} needs about {} bytes for vectors of its sides, and this "
                               "machine has {} bytes of memory",
                               rows, cols, (rows + cols) * bytes_a_side, limit));
  }
  const std::uint64_t left = limit - (rows + 1) * sizeof(Index);
  if (exceeds(entries, sizeof(Index) + sizeof(double), left)) {
    fail(document, fmt::format("{} entries do not fit in {} bytes of memory", entries, limit));
  }
}

MatrixData assemble_sparse(const Document& document, std::uint64_t rows, std::uint64_t cols, Symmetry symmetry,
                           std::vector<Entry> entries, const LoadOptions& options, const PlaceOf& place_of) {
  // A doubled entry is an Error even where one of the two is NaN, so unknown ones are dropped after the check below.
  std::uint64_t stored = 0;
  for (const Entry& entry : entries) {
    is_unknown(document, entry.row, entry.col, entry.value, options);
    stored += symmetry != Symmetry::general && entry.row != entry.col ? 2 : 1;
  }
  check_sparse_size(document, rows, cols, stored, options);

  SparseMatrix matrix(static_cast<Index>(rows), static_cast<Index>(cols));
  matrix.resizeNonZeros(static_cast<Index>(stored));
  Index* const start = matrix.outerIndexPtr();
  Index* const column = matrix.innerIndexPtr();
  double* const value = matrix.valuePtr();

  // Counting sort by row: start[r + 1] is first the number of entries in row r, then where the next one goes.
  const auto for_each = [&](auto&& visit) {
    for (const Entry& entry : entries) {
      visit(entry.row, entry.col, entry.value);
      if (symmetry != Symmetry::general && entry.row != entry.col) {
        visit(entry.col, entry.row, symmetry == Symmetry::skew ? -entry.value : entry.value);
      }
    }
  };
  for_each([&](std::uint32_t row, std::uint32_t, double) { ++start[row + std::size_t{1}]; });
  Index before = 0;
  for (std::uint64_t row = 0; row < rows; ++row) {
    before += std::exchange(start[row + 1], before);
  }
  for_each([&](std::uint32_t row, std::uint32_t col, double entry) {
    const Index position = start[row + std::size_t{1}]++;
    column[position] = col;
    value[position] = entry;
  });

  Index kept = 0;
  Index begin = 0;
  std::uint64_t doubled = 0;
  std::vector<std::pair<Index, double>> in_order;
  for (std::uint64_t row = 0; row < rows; ++row) {
    const Index end = start[row + 1];
    if (!std::is_sorted(column + begin, column + end)) {
      in_order.clear();
      for (Index i = begin; i < end; ++i) {
        in_order.emplace_back(column[i], value[i]);
      }
      // Stable: of several values of an entry the last one is the last in the file.
      std::stable_sort(in_order.begin(), in_order.end(),
                       [](const auto& left, const auto& right) { return left.first < right.first; });
      for (Index i = begin; i < end; ++i) {
        std::tie(column[i], value[i]) = in_order[static_cast<std::size_t>(i - begin)];
      }
    }
    for (Index i = begin; i < end;) {
      Index next = i + 1;
      while (next < end && column[next] == column[i]) ++next;
      if (next > i + 1 && options.duplicates == Duplicates::error) {
        const auto col = static_cast<std::uint32_t>(column[i]);
        fail(document, fmt::format("the entry in row {}, column {} occurs twice: {}; {} says which to take", row + 1,
                                   col + std::uint64_t{1},
                                   positions(entries, static_cast<std::uint32_t>(row), col, symmetry, place_of),
                                   options.spelling("duplicates", "sum, mean or last")));
      }
      if (next > i + 1) ++doubled;
      const double taken = next == i + 1 ? value[i] : combined({value + i, value + next}, options.duplicates);
      if (!std::isnan(taken)) {
        column[kept] = column[i];
        value[kept++] = taken;
      }
      i = next;
    }
    begin = end;
    start[row + 1] = kept;
  }
  matrix.resizeNonZeros(kept);

  check_something_is_known(document, static_cast<std::size_t>(kept), options);
  // rows and cols are below 2^32, so the product fits.
  const bool every_entry = static_cast<std::uint64_t>(kept) == rows * cols;
  MatrixData result{std::move(matrix), options.missing == Missing::unknown && !every_entry, std::string(document.name)};
  if (doubled > 0) {
    constexpr std::string_view words[] = {"", "their sum is", "their mean is", "the last value is"};
    result.notes.push_back(fmt::format("{} entr{} more than once in the file; {} taken", doubled,
                                       doubled == 1 ? "y occurs" : "ies occur",
                                       words[static_cast<std::size_t>(options.duplicates)]));
  }
  return result;
}

MatrixData assemble_dense(const Document& document, Matrix values, const LoadOptions& options) {
  check_has_rows_and_columns(document, static_cast<std::uint64_t>(values.rows()),
                             static_cast<std::uint64_t>(values.cols()));
  Index unknown = 0;
  for (Index row = 0; row < values.rows(); ++row) {
    for (Index col = 0; col < values.cols(); ++col) {
      unknown += is_unknown(document, row, col, values(row, col), options) ? 1 : 0;
    }
  }
  if (unknown == 0) {
    return {std::move(values), false, std::string(document.name)};
  }
  check_something_is_known(document, static_cast<std::size_t>(values.size() - unknown), options);
  SparseMatrix known(values.rows(), values.cols());
  known.resizeNonZeros(values.size() - unknown);
  Index position = 0;
  for (Index row = 0; row < values.rows(); ++row) {
    for (Index col = 0; col < values.cols(); ++col) {
      if (!std::isnan(values(row, col))) {
        known.innerIndexPtr()[position] = col;
        known.valuePtr()[position++] = values(row, col);
      }
    }
    known.outerIndexPtr()[row + 1] = position;
  }
  return {std::move(known), true, std::string(document.name)};
}

}  // namespace equipoise
