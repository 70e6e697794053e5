// What is done at every stored entry, by the widest vectors the processor has.
#pragma once

#include <cstddef>
#include <cstdint>

#include "equipoise/problems/blocked_entries.hpp"

namespace equipoise {

enum class EntryWork {
  multiply,          ///< out_i -= a q_j. 2 rank flops an entry
  multiply_measure,  ///< the same; residuals += (a - p_i.q_j)^2 and products += (p_i.q_j)^2. 4 rank flops
  residual,          ///< r = a - p_i.q_j; out_i -= w r q_j, residuals += w r^2. 4 rank flops
  hessian            ///< D = u_i.q_j + p_i.v_j; out_i += w (D q_j - r v_j). 10 rank flops
};

struct EntrySums {
  double residuals = 0, products = 0;
};

/// One tile and the factors beside it. p, u and out begin at the first row of the run, q and v at the first column of
/// the block; their rows are `stride` doubles apart, and the stride is that of entry_stride(rank). What lies between
/// the rank and the stride is zero in p, q, u, v; in out it is changed. Entries move 12 bytes from memory (20 with
/// weights) and a row of q (and of v) from a cache.
struct EntryPass {
  EntryWork work;
  std::ptrdiff_t stride;
  const Segment *first_segment, *last_segment;
  const double* values;
  const double* weights;  ///< null: all are 1
  const std::uint32_t* columns;
  const double *p, *q, *u, *v;  ///< those that the work names; the others may be null
  double* out;
};

/// The rank rounded up to what vectors take: itself up to 2, then to a multiple of 4, beyond 4 to one of 8.
inline std::ptrdiff_t entry_stride(std::ptrdiff_t rank) {
  return rank <= 2 ? rank : rank <= 4 ? 4 : (rank + 7) / 8 * 8;
}

/// Sums in a fixed order on each target; targets may differ in the last bits.
EntrySums entry_pass(const EntryPass& pass);

}  // namespace equipoise
