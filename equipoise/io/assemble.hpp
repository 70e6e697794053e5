// From the numbers that a reader found to a matrix: sizes, doubled entries and missing values are judged here, once.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "equipoise/io/files.hpp"
#include "equipoise/io/text.hpp"

namespace equipoise {

/// One stored entry, indices from 0. 16 bytes, since files of 10^8 entries are read through an array of these.
struct Entry {
  std::uint32_t row;
  std::uint32_t col;
  double value;
};
/// Rows or columns that an Entry can number.
inline constexpr std::uint64_t largest_dimension = 0xffffffffu;

/// What the entries of a file stand for: themselves, or themselves and their mirror images.
enum class Symmetry { general, symmetric, skew };

/// Names the place of the n-th entry (from 0) in the file, such as "line 12"; called only for a message.
using PlaceOf = std::function<std::string(std::size_t)>;

/// options.memory_limit, or the memory of this machine where that is 0.
std::uint64_t memory_limit(const LoadOptions& options);

/// Throws Error unless the matrix has a row and a column, and its rows * cols doubles are within the limit
/// (no product overflows on the way).
void check_dense_size(const Document& document, std::uint64_t rows, std::uint64_t cols, const LoadOptions& options);
/// The same for a sparse one, whose memory is that of its row index and its entries.
void check_sparse_size(const Document& document, std::uint64_t rows, std::uint64_t cols, std::uint64_t entries,
                       const LoadOptions& options);

/// The compressed matrix of `entries`, all within rows x cols (checked by the reader). Throws Error for an entry that
/// occurs twice, for Inf, for NaN unless it is unknown, and where nothing is known. O(rows + entries log entries).
MatrixData assemble_sparse(const Document& document, std::uint64_t rows, std::uint64_t cols, Symmetry symmetry,
                           std::vector<Entry> entries, const LoadOptions& options, const PlaceOf& place_of);

/// The matrix itself, or the sparse one of its known entries where some are NaN and may be unknown. Throws as above.
MatrixData assemble_dense(const Document& document, Matrix values, const LoadOptions& options);

}  // namespace equipoise
