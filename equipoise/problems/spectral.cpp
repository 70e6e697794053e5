// Descent on a diagonal matrix, and the way there and back.
#include "equipoise/problems/spectral.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/error.hpp"
#include "equipoise/problems/grams.hpp"

namespace equipoise {

namespace {

ConstBlock top(const ConstBlock& P, Index count) { return {P.data(), count, P.cols()}; }
ConstBlock below(const ConstBlock& P, Index count) { return {P.data() + count * P.cols(), P.rows() - count, P.cols()}; }

class SpectralProblem final : public Problem {
 public:
  SpectralProblem(Vector singular_values, Index rows, Index cols, double at_rest)
      : values_(std::move(singular_values)), rows_(rows), cols_(cols), at_rest_(at_rest) {}

  Index rows() const override { return rows_; }
  Index cols() const override { return cols_; }
  Index entries() const override { return rows_ * cols_; }
  bool complete() const override { return true; }

  double gradient(ConstFactors at, MutableFactors out) const override {
    const Index rank = at.shape().rank;
    const Index p = std::min(rank, rows_), q = std::min(rank, cols_);
    const ConstBlock X = at.X(), Y = at.Y();
    const ConstBlock X1 = top(X, p), X2 = below(X, p), Y1 = top(Y, q), Y2 = below(Y, q);
    const Matrix gram_x1 = gram(X1, X1), gram_x2 = gram(X2, X2), gram_y1 = gram(Y1, Y1), gram_y2 = gram(Y2, Y2);

    out.flat().setZero();
    add_product(X, gram_y1 + gram_y2, out.X());
    add_product(Y, gram_x1 + gram_x2, out.Y());
    subtract_diagonal(Y, out.X());
    subtract_diagonal(X, out.Y());

    Matrix R1 = -(X1 * Y1.transpose());
    const Index leading = std::min({p, q, values_.size()});
    for (Index i = 0; i < leading; ++i) R1(i, i) += values_[i];
    double rest = at_rest_;  // 2 f*
    double cross = 0;  // <S2, X2 Y2^T>
    for (Index i = leading; i < values_.size(); ++i) {
      rest += values_[i] * values_[i];
      cross += values_[i] * X.row(i).dot(Y.row(i));
    }
    const double off_diagonal = inner(gram_x1, gram_y2) + inner(gram_x2, gram_y1);
    // The last three terms are 1/2 |S2 - X2 Y2^T|^2: not negative but for rounding.
    double second = (inner(gram_x2, gram_y2) - cross) + (rest - cross);
    if (second < at_rest_) second = at_rest_;  // a NaN stays one
    return (R1.squaredNorm() + off_diagonal + second) / 2;
  }

  void hessian_product(ConstFactors at, ConstFactors direction, MutableFactors out) const override {
    out.flat().setZero();
    // D Y - R V = U (Y^T Y) + X (V^T Y + Y^T V) - S V, and the mirror image
    const Matrix mixed_y = gram(direction.Y(), at.Y());
    const Matrix mixed_x = gram(direction.X(), at.X());
    add_product(direction.X(), gram(at.Y(), at.Y()), out.X());
    add_product(at.X(), mixed_y + mixed_y.transpose(), out.X());
    add_product(direction.Y(), gram(at.X(), at.X()), out.Y());
    add_product(at.Y(), mixed_x + mixed_x.transpose(), out.Y());
    subtract_diagonal(direction.Y(), out.X());
    subtract_diagonal(direction.X(), out.Y());
  }

 private:
  /// out -= S V; serves S^T as well, since both are the same diagonal.
  void subtract_diagonal(const ConstBlock& V, MutableBlock out) const {
    for (Index i = 0; i < values_.size(); ++i) out.row(i) -= values_[i] * V.row(i);
  }

  Vector values_;
  Index rows_, cols_;
  double at_rest_;
};

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
    // Scaled to order 1, as in completed_basis(); the last column is any direction at all, at rest where it is not in the others.
    Eigen::MatrixXd joined(count, most);
    joined << X.middleRows(first, count), Y.middleRows(first, count), Vector::Unit(count, count - 1);
    for (Index side = 0; side < 2; ++side) {
      auto block = joined.middleCols(side * X.cols(), X.cols());
      const double largest = block.size() > 0 ? block.cwiseAbs().maxCoeff() : 0;
      if (largest > 0 && std::isfinite(largest)) block /= largest;
    }
    const double value = values.segment(first, count).mean();
    result.values.segment(kept, most).setConstant(value);
    result.rotation.block(first, kept, count, most) = thin_qr(joined).orthonormal;
    result.at_rest += static_cast<double>(count - most) * value * value;
    kept += most;
  }
  result.values.conservativeResize(kept);
  result.rotation.conservativeResize(Eigen::NoChange, kept);
  return result;
}

}  // namespace

CoordinatesChoice choose_coordinates(Shape shape, std::uint64_t expected_steps) {
  // Measured on one machine (docs/performance.md): flops of the dense kernel that take as long as one of the SVD's, and the fixed
  // cost of a step in spectral coordinates, in the same currency.
  constexpr double svd_flops_per_entry_and_side = 80;
  constexpr double fixed_flops = 20000;
  constexpr double worth_flops = 2e9;  // some tens of milliseconds: below that nobody waits
  const auto rows = static_cast<double>(shape.rows), cols = static_cast<double>(shape.cols), rank = static_cast<double>(shape.rank);
  const double least = std::min(rows, cols);
  const double svd = svd_flops_per_entry_and_side * rows * cols * least;
  const double plain_step = 6 * rows * cols * rank;
  const double kept = std::min(rows, least + rank) + std::min(cols, least + rank);
  const double spectral_step = 10 * kept * rank * rank + fixed_flops;
  const double saved = (plain_step - spectral_step) * static_cast<double>(expected_steps) - svd;
  if (spectral_step >= plain_step) {
    return {false, fmt::format("plain coordinates: at {} x {} and rank {} a step is no cheaper in spectral ones", shape.rows, shape.cols, shape.rank)};
  }
  if (saved < worth_flops) {
    return {false, fmt::format("plain coordinates: over {} steps at most, one SVD would not be worth its time", expected_steps)};
  }
  return {true, fmt::format("spectral coordinates: one SVD costs about as much as {:.0f} steps, and makes each about {:.0f} times cheaper; {} were expected",
                            svd / plain_step, plain_step / spectral_step, expected_steps)};
}

std::unique_ptr<Problem> spectral_problem(Vector singular_values, Index rows, Index cols, double at_rest) {
  if (rows < 0 || cols < 0) throw Error(fmt::format("a matrix cannot be {} x {}", rows, cols));
  if (singular_values.size() > std::min(rows, cols)) {
    throw Error(fmt::format("{} singular values were given for a {} x {} matrix, which has at most {}",
                            singular_values.size(), rows, cols, std::min(rows, cols)));
  }
  for (Index i = 0; i < singular_values.size(); ++i) {
    if (!std::isfinite(singular_values[i]) || singular_values[i] < 0) {
      throw Error(fmt::format("singular value {} (counted from 0) is {}; it must be finite and not negative", i,
                              singular_values[i]));
    }
  }
  if (!std::isfinite(at_rest) || at_rest < 0) {
    throw Error(fmt::format("the sum of squares at rest is {}; it must be finite and not negative", at_rest));
  }
  return std::make_unique<SpectralProblem>(std::move(singular_values), rows, cols, at_rest);
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
    rotated << completed.leftCols(values.size()) * moving.rotation, completed.rightCols(completed.cols() - values.size());
    return rotated;
  };
  result.left = kept(left);
  result.right = kept(right);
  result.pairs_at_rest = values.size() - moving.values.size();
  result.start = Factors(Matrix(result.left.transpose() * start.X()), Matrix(result.right.transpose() * start.Y()));
  result.problem = spectral_problem(moving.values, result.left.cols(), result.right.cols(), moving.at_rest);
  return result;
}

SpectralCoordinates spectral_coordinates(const Matrix& A, ConstFactors start) {
  return spectral_coordinates(spectral_basis(A), start);
}

Factors SpectralCoordinates::restore(ConstFactors coordinates) const {
  if (coordinates.shape().rows != left.cols() || coordinates.shape().cols != right.cols()) {
    throw Error(fmt::format("the coordinates have {} rows in X and {} in Y; these need {} and {}",
                            coordinates.shape().rows, coordinates.shape().cols, left.cols(), right.cols()));
  }
  return Factors(Matrix(left * coordinates.X()), Matrix(right * coordinates.Y()));
}

}  // namespace equipoise
