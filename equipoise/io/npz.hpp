// The .npz of scipy.sparse: a zip archive with one .npy for each array of a sparse matrix.
#pragma once

#include "equipoise/io/files.hpp"
#include "equipoise/io/text.hpp"

namespace equipoise {

/// Reads what scipy.sparse.save_npz writes for csr, csc and coo matrices, compressed or not. Throws Error for other
/// formats and archives, and where an entry occurs twice (SciPy's sum_duplicates() makes it unique).
MatrixData read_npz(const Document& document, const LoadOptions& options);

}  // namespace equipoise
