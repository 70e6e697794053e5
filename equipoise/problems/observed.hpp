// A known only at some entries: the loss sums over those alone.
#pragma once

#include <memory>

#include "equipoise/problems/sparse.hpp"

namespace equipoise {

/// Entries absent from the sparse matrix are unknown; a stored zero is a known zero.
/// One gradient costs 6 entries rank flops.
std::unique_ptr<Problem> observed_problem(SparseMatrix A);

}  // namespace equipoise
