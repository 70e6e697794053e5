// Lists of row, column, value: ratings, edges, sparse matrices as databases write them.
#pragma once

#include <string_view>

#include "equipoise/io/cell.hpp"
#include "equipoise/io/files.hpp"
#include "equipoise/io/text.hpp"

namespace equipoise {

/// A sparse matrix of the size of its largest row and column, or with IndexBase::labels of as many as there are ids.
/// Which columns are row, column and value: options.text.columns, else the names in the header (user, item, rating and
/// their like), else the first three of three. Throws Error where more columns could be meant.
MatrixData read_triplets(const Document& document, std::string_view text, std::string_view separator,
                         const CellFormat& format, const LoadOptions& options);

}  // namespace equipoise
