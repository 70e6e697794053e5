// Decompositions of small or middling dense matrices; compiled once, since Eigen's cost up to a minute a file.
#pragma once

#include <complex>
#include <vector>

#include "equipoise/core/factors.hpp"

namespace equipoise {

/// Column-major, as Eigen's decompositions work; a row-major matrix is copied on the way in.
using AnyMatrix = Eigen::Ref<const Eigen::MatrixXd>;

/// A = left diag(values) right^T with k = min(rows, cols): left rows x k, right cols x k, values descending.
struct Svd {
  Eigen::MatrixXd left;
  Vector values;
  Eigen::MatrixXd right;
};

/// Divide and conquer, checked against A and done again by Jacobi where it fails. O(rows cols k). Every entry must be
/// finite.
Svd thin_svd(const AnyMatrix& A);
/// The singular values alone, descending; no cheaper, since only the vectors can show that they are right.
Vector singular_values(const AnyMatrix& A);

/// S = vectors diag(values) vectors^T, values ascending.
struct SymmetricEigen {
  Vector values;
  Eigen::MatrixXd vectors;
};

/// Of a symmetric matrix, whose lower triangle is read. O(size^3). Every entry must be finite.
SymmetricEigen symmetric_eigen(const AnyMatrix& S);
/// The eigenvalues alone, ascending.
Vector symmetric_eigenvalues(const AnyMatrix& S);

/// A = vectors diag(values) vectors^-1, unit vectors, in no order.
struct GeneralEigen {
  Eigen::VectorXcd values;
  Eigen::MatrixXcd vectors;
};

/// Of any square matrix. O(size^3), some 25 of them. Every entry must be finite; NaN in the rare case of no
/// convergence.
GeneralEigen general_eigen(const AnyMatrix& A);
/// The eigenvalues alone, in a third of the time.
std::vector<std::complex<double>> general_eigenvalues(const AnyMatrix& A);

/// A = orthonormal triangle with k = min(rows, cols): rows x k with orthonormal columns, also where A lacks full rank,
/// times k x cols.
struct Qr {
  Eigen::MatrixXd orthonormal;
  Eigen::MatrixXd triangle;
};

/// Householder, O(rows cols k).
Qr thin_qr(const AnyMatrix& A);

}  // namespace equipoise
