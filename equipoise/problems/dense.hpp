// A held as a full matrix, in double or single precision.
#pragma once

#include <memory>

#include "equipoise/core/problem.hpp"

namespace equipoise {

using MatrixF = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Every entry of A known. Takes ownership of A and makes no copy of it. Throws Error for an entry that is not finite.
/// One gradient reads A once, 8 rows cols bytes. Large matrices with a large loss: 4 rows cols rank + 4 (rows + cols)
/// rank^2 flops, the loss as a difference of squares to about 13 digits (docs/performance.md says what is large).
/// Otherwise 6 rows cols rank flops: the residual is formed, so that the loss stays accurate where it is small. A large
/// loss that was not foreseen to become small, and the other way round, costs both. The gradient's error is of the
/// order eps |A| |Y|. A Hessian product costs 4 or 6 rows cols rank flops, by the shape alone. Same bits for any number
/// of threads; another processor may round the last bits otherwise, since the widest vectors and fused multiply-adds
/// that it has are used. Below 64 entries a plain loop takes over, whose bits are the same everywhere.
std::unique_ptr<Problem> dense_problem(Matrix A);
/// The same with A kept in single precision, half the memory traffic; factors and arithmetic are double.
std::unique_ptr<Problem> single_precision_dense_problem(MatrixF A);

/// Entries in memory that something else keeps: a mapped file, another library's array. Row i begins `stride` entries
/// after row i - 1; `owner` lives as long as the problem.
template <class Scalar>
struct DenseView {
  const Scalar* data = nullptr;
  Index rows = 0, cols = 0, stride = 0;
  std::shared_ptr<const void> owner;

  auto matrix() const {
    using Entries = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    return Eigen::Map<const Entries, Eigen::Unaligned, Eigen::OuterStride<>>(data, rows, cols,
                                                                             Eigen::OuterStride<>(stride));
  }
};
/// The same problems on entries that are read in place and never copied. Throws Error also for a negative size or a
/// stride below cols.
std::unique_ptr<Problem> dense_problem(DenseView<double> A);
std::unique_ptr<Problem> dense_problem(DenseView<float> A);

/// The plain implementation, a few Eigen expressions: the oracle that the fast one is tested against.
std::unique_ptr<Problem> plain_dense_problem(Matrix A);

}  // namespace equipoise
