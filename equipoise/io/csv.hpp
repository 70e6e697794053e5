// Tables of numbers as text: comma- or tab-separated, or lists of row, column, value.
#pragma once

#include "equipoise/io/files.hpp"
#include "equipoise/io/text.hpp"

namespace equipoise {

/// Reads a table, or with options.triplets a sparse matrix whose size is that of its largest row and column. Fields may
/// stand in double quotes; an empty field, NA and NaN are missing. A first line without a single number is a header.
/// Blank lines and lines that begin with # are passed over. Throws Error for everything else, and for rows of different
/// lengths.
MatrixData read_csv(const Document& document, char separator, const LoadOptions& options);

}  // namespace equipoise
