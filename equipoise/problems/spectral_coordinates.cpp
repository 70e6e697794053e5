// The way to spectral coordinates and back, with only the rows, pairs and columns that move.
//
// Tested in equipoise/problems/spectral_test.cpp
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/error.hpp"
#include "equipoise/problems/grams.hpp"
#include "equipoise/problems/spectral.hpp"

namespace equipoise {

namespace {

/// Orthonormal columns: first `singular` (rows x r), then a basis of what `factor` has outside their span, or any basis
/// orthogonal to them where it has nothing there. min(rows, r + rank) columns.
Matrix completed_basis(const Matrix& singular, const ConstBlock& factor) {
  const Index rows = singular.rows(), r = singular.cols();
  const Index size = std::min(rows, r + factor.cols());
  Matrix basis(rows, size);
  basis.leftCols(r) = singular;
  if (size == r) return basis;
  Matrix beyond = factor;
  // Twice: what the first subtraction leaves of the span by rounding may be all there is.
  for (int pass = 0; pass < 2; ++pass) beyond -= singular * (singular.transpose() * beyond);
  // To order 1, so that the squares in the QR neither underflow nor overflow.
  const double largest = beyond.cwiseAbs().maxCoeff();
  if (largest > 0 && std::isfinite(largest)) beyond /= largest;
  Eigen::MatrixXd joined(rows, r + factor.cols());
  joined << singular, beyond;
  // The QR of both together is orthogonal to machine precision even where `beyond` is zero or nearly dependent.
  basis.rightCols(size - r) = thin_qr(joined).orthonormal.rightCols(size - r);
  return basis;
}

/// The singular pairs in which the factors move, as orthonormal combinations of all: new pairs = old pairs * rotation.
struct MovingPairs {
  Vector values;
  Matrix rotation;  ///< old pairs x new pairs
  double at_rest = 0;
};

/// To order 1, so that the squares in a QR neither underflow nor overflow.
void scale_to_one(Eigen::MatrixXd& joined, Index first, Index count) {
  auto block = joined.middleCols(first, count);
  const double largest = block.size() > 0 ? block.cwiseAbs().maxCoeff() : 0;
  if (largest > 0 && std::isfinite(largest)) block /= largest;
}

/// 2 d + 1 orthonormal directions that span the columns of X and of Y; the last is any direction at all, at rest where
/// it is not in the others.
Matrix moving_directions(const Matrix& X, const Matrix& Y) {
  const Index d = X.cols();
  Eigen::MatrixXd joined(X.rows(), 2 * d + 1);
  joined << X, Y, Vector::Unit(X.rows(), X.rows() - 1);
  scale_to_one(joined, 0, d);
  scale_to_one(joined, d, d);
  return thin_qr(joined).orthonormal;
}

/// `slack`: how far apart computed singular values of the same exact value may be.
MovingPairs pairs_that_move(const Vector& values, double slack, const Matrix& X, const Matrix& Y) {
  const Index r = values.size(), most = 2 * X.cols() + 1;
  MovingPairs result;
  result.values = Vector(r);
  result.rotation = Matrix::Zero(r, r);
  Index kept = 0;
  for (Index first = 0, count = 0; first < r; first += count) {
    count = 1;
    while (first + count < r && values[first] - values[first + count] <= slack) ++count;
    if (count <= most) {
      result.values.segment(kept, count) = values.segment(first, count);
      result.rotation.block(first, kept, count, count).setIdentity();
      kept += count;
      continue;
    }
    const double value = values.segment(first, count).mean();
    result.values.segment(kept, most).setConstant(value);
    result.rotation.block(first, kept, count, most) =
        moving_directions(X.middleRows(first, count), Y.middleRows(first, count));
    result.at_rest += static_cast<double>(count - most) * value * value;
    kept += most;
  }
  result.values.conservativeResize(kept);
  result.rotation.conservativeResize(Eigen::NoChange, kept);
  return result;
}

/// The rows of A = mu I in which the factors move: those of pairs_that_move() with U = I and V = sign(mu) I.
SpectralCoordinates identity_coordinates(double mu, ConstFactors start) {
  const double sign = mu < 0 ? -1 : 1;
  const Shape shape = start.shape();
  SpectralCoordinates result;
  result.left = moving_directions(start.X(), sign * start.Y());
  result.right = sign * result.left;
  result.pairs_at_rest = shape.rows - result.left.cols();
  result.start = Factors(Matrix(result.left.transpose() * start.X()), Matrix(result.right.transpose() * start.Y()));
  result.squares_at_rest = static_cast<double>(result.pairs_at_rest) * mu * mu;
  result.values = Vector::Constant(result.left.cols(), std::abs(mu));
  result.problem = spectral_problem(result.values, result.left.cols(), result.left.cols(), result.squares_at_rest);
  return result;
}

/// Rotates the columns so that as few as possible are in use, where there are more than rows.
void keep_columns_in_use(SpectralCoordinates& coordinates) {
  const Shape shape = coordinates.start.shape();
  const Index needed = shape.rows + shape.cols + 1;
  if (shape.rank <= needed) return;
  // A column for every row, and any other, in which nothing moves: it keeps the Hessian's eigenvalues between used and
  // unused ones.
  Eigen::MatrixXd joined(shape.rank, needed);
  joined << coordinates.start.X().transpose(), coordinates.start.Y().transpose(),
      Vector::Unit(shape.rank, shape.rank - 1);
  scale_to_one(joined, 0, shape.rows);
  scale_to_one(joined, shape.rows, shape.cols);
  coordinates.columns = thin_qr(joined).orthonormal;
  coordinates.start =
      Factors(Matrix(coordinates.start.X() * coordinates.columns), Matrix(coordinates.start.Y() * coordinates.columns));
}

}  // namespace

std::optional<double> multiple_of_identity(const Matrix& A) {
  if (A.rows() != A.cols() || A.rows() == 0 || A(0, 0) == 0 || !std::isfinite(A(0, 0))) return std::nullopt;
  for (Index i = 0; i < A.rows(); ++i) {
    for (Index j = 0; j < A.cols(); ++j) {
      if (A(i, j) != (i == j ? A(0, 0) : 0)) return std::nullopt;
    }
  }
  return A(0, 0);
}

SpectralBasis spectral_basis(const Matrix& A) {
  for (Index i = 0; i < A.rows(); ++i) {
    for (Index j = 0; j < A.cols(); ++j) require_finite(A(i, j), i, j);
  }
  SpectralBasis basis;
  basis.left = Matrix::Zero(A.rows(), 0);
  basis.right = Matrix::Zero(A.cols(), 0);
  if (A.size() == 0) return basis;
  const Svd svd = thin_svd(A);
  basis.least =
      static_cast<double>(std::max(A.rows(), A.cols())) * std::numeric_limits<double>::epsilon() * svd.values[0];
  Index r = 0;
  while (r < svd.values.size() && svd.values[r] > basis.least) ++r;
  basis.values = svd.values.head(r);
  basis.all_values = svd.values;
  basis.left = svd.left.leftCols(r);
  basis.right = svd.right.leftCols(r);
  return basis;
}

SpectralCoordinates spectral_coordinates(const SpectralBasis& basis, ConstFactors start) {
  const Shape shape = start.shape();
  const Matrix& U = basis.left;
  const Matrix& V = basis.right;
  if (shape.rows != U.rows() || shape.cols != V.rows()) {
    throw Error(fmt::format("the start has {} rows in X and {} in Y; A is {} x {}, so they must be {} and {}",
                            shape.rows, shape.cols, U.rows(), V.rows(), U.rows(), V.rows()));
  }
  const Vector& values = basis.values;
  SpectralCoordinates result;
  const Matrix left = completed_basis(U, start.X());
  const Matrix right = completed_basis(V, start.Y());
  const MovingPairs moving = pairs_that_move(values, basis.least, U.transpose() * start.X(), V.transpose() * start.Y());
  const auto kept = [&](const Matrix& completed) {
    Matrix rotated(completed.rows(), moving.rotation.cols() + completed.cols() - values.size());
    rotated << completed.leftCols(values.size()) * moving.rotation,
        completed.rightCols(completed.cols() - values.size());
    return rotated;
  };
  result.left = kept(left);
  result.right = kept(right);
  result.pairs_at_rest = values.size() - moving.values.size();
  result.start = Factors(Matrix(result.left.transpose() * start.X()), Matrix(result.right.transpose() * start.Y()));
  result.values = moving.values;
  result.squares_at_rest = moving.at_rest;
  result.problem = spectral_problem(moving.values, result.left.cols(), result.right.cols(), moving.at_rest);
  keep_columns_in_use(result);
  return result;
}

SpectralCoordinates spectral_coordinates(const Matrix& A, ConstFactors start) {
  const Shape shape = start.shape();
  if (const std::optional<double> mu = multiple_of_identity(A); mu && 2 * shape.rank + 1 < A.rows()) {
    if (shape.rows == A.rows() && shape.cols == A.cols()) return identity_coordinates(*mu, start);
  }
  return spectral_coordinates(spectral_basis(A), start);
}

Factors SpectralCoordinates::restore(ConstFactors coordinates) const {
  if (coordinates.shape() != start.shape()) {
    const Shape got = coordinates.shape(), want = start.shape();
    throw Error(fmt::format("the coordinates have {} rows in X, {} in Y and {} columns; these need {}, {} and {}",
                            got.rows, got.cols, got.rank, want.rows, want.cols, want.rank));
  }
  const Matrix X = left * coordinates.X(), Y = right * coordinates.Y();
  if (columns.size() == 0) return Factors(X, Y);
  return Factors(Matrix(X * columns.transpose()), Matrix(Y * columns.transpose()));
}

std::string SpectralCoordinates::reduction() const {
  const Shape kept = start.shape();
  std::string text;
  if (kept.rows < left.rows() || kept.cols < right.rows()) {
    text = fmt::format("{} of {} rows carry X and {} of {} carry Y, exactly", kept.rows, left.rows(), kept.cols,
                       right.rows());
    if (pairs_at_rest > 0)
      text += fmt::format("; {} of the singular pairs have equal values and are at rest", pairs_at_rest);
  }
  if (columns.size() > 0) {
    if (!text.empty()) text += "; ";
    text += fmt::format("{} of {} columns are in use, exactly", kept.rank, columns.rows());
  }
  return text;
}

}  // namespace equipoise
