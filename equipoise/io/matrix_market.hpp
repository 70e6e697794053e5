// Matrix Market: the text format of sparse and dense matrices.
#pragma once

#include "equipoise/io/files.hpp"
#include "equipoise/io/text.hpp"

namespace equipoise {

/// Reads coordinate and array files of real, integer and pattern (ones) entries, general, symmetric and skew-symmetric,
/// as R. Boisvert, R. Pozo and K. Remington define them (NISTIR 5935, 1996). Comments and blank lines may stand
/// anywhere after the banner; of a symmetric coordinate matrix either triangle may be given, but each pair once. Throws
/// Error for everything else.
MatrixData read_matrix_market(const Document& document, const LoadOptions& options);

}  // namespace equipoise
