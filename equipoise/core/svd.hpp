// The singular value decomposition of a small or middling dense matrix; compiled once, since Eigen's costs a minute a file.
#pragma once

#include "equipoise/core/factors.hpp"

namespace equipoise {

/// A = left diag(values) right^T with k = min(rows, cols): left rows x k, right cols x k, values descending.
struct Svd {
  Eigen::MatrixXd left;
  Vector values;
  Eigen::MatrixXd right;
};

/// Divide and conquer, O(rows cols k). Works on a copy of A. Every entry must be finite.
Svd thin_svd(const Eigen::Ref<const Eigen::MatrixXd>& A);
/// The singular values alone, descending.
Vector singular_values(const Eigen::Ref<const Eigen::MatrixXd>& A);

}  // namespace equipoise
