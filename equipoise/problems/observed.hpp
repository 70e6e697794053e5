// A known only at some entries: the loss sums over those alone.
#pragma once

#include <memory>

#include "equipoise/problems/sparse.hpp"

namespace equipoise {

/// Entries absent from the sparse matrix are unknown; a stored zero is a known zero. f is 1/2 the sum of (a - x.y)^2
/// over the stored entries, accurate where it is small. A is kept by row and by column and the residual is formed
/// twice, which is faster than scattering it: one gradient costs 8 entries rank flops, 24 bytes an entry from memory,
/// and a row of X and of Y from a cache. Any number of entries that fits into memory. Same bits for any number of
/// threads. complete() only where every entry is stored. What is read in place and what is kept: as sparse_problem().
/// Throws Error for a stored entry that is not finite, and for a view whose arrays contradict themselves.
std::unique_ptr<Problem> observed_problem(SparseView A);
std::unique_ptr<Problem> observed_problem(const SparseMatrix& A);
std::unique_ptr<Problem> observed_problem(SparseMatrix&& A);

/// The same with a weight for each known entry: f = 1/2 sum of w (a - x.y)^2. `weights` is stored exactly where A is; a
/// weight of 0 makes an entry count for nothing. Never complete(): no theorem speaks of weights. Throws Error where the
/// patterns differ or a weight is negative or not finite.
std::unique_ptr<Problem> observed_problem(const SparseMatrix& A, const SparseMatrix& weights);

/// The plain loops over stored entries: the oracle that the fast kernels are tested against.
std::unique_ptr<Problem> plain_observed_problem(SparseMatrix A);

}  // namespace equipoise
