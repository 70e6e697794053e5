// NumPy's .npy: a short header in Python's syntax, then the numbers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "equipoise/io/files.hpp"
#include "equipoise/io/text.hpp"

namespace equipoise {

/// A .npy in memory, header understood and length checked, numbers not yet converted. It points into the document.
struct NpyArray {
  char kind = 'f';  ///< f float, i int, u unsigned int, b bool, S bytes, U UCS-4 text
  std::size_t item_size = 8;
  bool big_endian = false;
  bool fortran_order = false;
  std::vector<std::uint64_t> shape;
  std::uint64_t size = 1;  ///< product of the shape
  std::string_view data;   ///< size * item_size bytes

  /// The i-th item in the order of the file, rounded to the nearest double. Numbers only.
  double number(std::uint64_t i) const;
  /// The i-th item in the order of the file; a value that is not a whole number from 0 to 2^63 - 1 gives 2^64 - 1.
  std::uint64_t index(std::uint64_t i) const;
  bool is_number() const { return kind != 'S' && kind != 'U'; }
};

/// Reads versions 1 to 3 of the format (NumPy enhancement proposal 1). Throws Error for arrays of objects, records,
/// complex or half-precision numbers, and unless the data is as long as the header says.
NpyArray parse_npy(const Document& document);

/// The dense matrix in a .npy of one (a column) or two dimensions.
MatrixData read_npy(const Document& document, const LoadOptions& options);
/// The same where no rows or no columns are legal and every number must be finite.
Matrix read_npy_matrix(const Document& document, const LoadOptions& options);

/// The bytes before the numbers of an array in C order and the byte order of this machine, a multiple of 64: `kind` is
/// f for floats or u for unsigned integers. Its length depends on the shape alone.
std::string npy_header(char kind, std::size_t item_size, const std::vector<std::uint64_t>& shape);
/// Of a float64 matrix.
std::string npy_header(Index rows, Index cols);

}  // namespace equipoise
