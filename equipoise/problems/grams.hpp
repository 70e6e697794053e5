// Products of tall matrices with rank columns, through which a problem avoids forming X Y^T.
#pragma once

#include "equipoise/core/factors.hpp"

namespace equipoise {

using ConstBlock = Eigen::Map<const Matrix>;
using MutableBlock = Eigen::Map<Matrix>;

/// P^T Q for tall P and Q: 2 rows d^2 flops. Same bits for any number of threads.
Matrix gram(const ConstBlock& P, const ConstBlock& Q);

/// out += P G for tall P and small square G: 2 rows d^2 flops. Same bits for any number of threads.
void add_product(const ConstBlock& P, const Matrix& G, MutableBlock out);

/// <p, q> in eight interleaved sums: one alone would wait for its own latency. The same bits wherever the numbers lie.
template <class Scalar>
double interleaved_inner(const Scalar* p, const Scalar* q, Index size) {
  double sum[8] = {};
  Index at = 0;
  for (; at + 8 <= size; at += 8) {
    for (Index l = 0; l < 8; ++l) sum[l] += static_cast<double>(p[at + l]) * static_cast<double>(q[at + l]);
  }
  for (; at < size; ++at) sum[0] += static_cast<double>(p[at]) * static_cast<double>(q[at]);
  return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

/// <G, H>, sum of the products of their entries.
double inner(const Matrix& G, const Matrix& H);
/// The same for tall blocks: 2 rows d flops. Same bits for any number of threads.
double inner(const ConstBlock& P, const ConstBlock& Q);

/// The least loss that may be taken from products, 1/2 (|A|^2 - 2 <A Y, X> + <X^T X, Y^T Y>), at these factors: a
/// difference of squares, of whose sixteen digits it costs at most three. 1/1024 of (|A| + |X| |Y|)^2, in Frobenius
/// norms, which is all that it can be added up from, however much terms cancel. 2 (rows + cols) rank flops; the same
/// bits for any number of threads.
double least_loss_of_products(double squared_norm_of_A, ConstFactors at);

/// Throws Error unless the value is finite; the message names this entry of A, counted from 0.
void require_finite(double value, Index row, Index col);

}  // namespace equipoise
