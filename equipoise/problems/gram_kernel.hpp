// Gram matrices of tall blocks and products with small matrices, by the widest vectors the processor has.
#pragma once

#include <cstddef>

namespace equipoise {

/// Rows of `rank` doubles, one after another. No alignment is needed, and nothing beyond them is touched.
struct TallRows {
  const double* data;
  std::ptrdiff_t count, rank;
};

/// out = P^T Q, row-major, for P and Q with as many rows. 2 rows P.rank Q.rank flops. The same bits on every target.
void gram_rows(const TallRows& P, const TallRows& Q, double* out);
/// out += P G, with G row-major, P.rank x cols; out has rows of `cols` doubles. 2 rows rank cols flops. The same bits
/// on every target.
void add_product_rows(const TallRows& P, const double* G, std::ptrdiff_t cols, double* out);

}  // namespace equipoise
