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
  SpectralProblem(Vector singular_values, Index rows, Index cols)
      : values_(std::move(singular_values)), rows_(rows), cols_(cols) {}

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
    double rest = 0;   // 2 f*
    double cross = 0;  // <S2, X2 Y2^T>
    for (Index i = leading; i < values_.size(); ++i) {
      rest += values_[i] * values_[i];
      cross += values_[i] * X.row(i).dot(Y.row(i));
    }
    const double off_diagonal = inner(gram_x1, gram_y2) + inner(gram_x2, gram_y1);
    // The last three terms are 1/2 |S2 - X2 Y2^T|^2: not negative but for rounding.
    double second = (inner(gram_x2, gram_y2) - cross) + (rest - cross);
    if (second < 0) second = 0;  // a NaN stays one
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

}  // namespace

std::unique_ptr<Problem> spectral_problem(Vector singular_values, Index rows, Index cols) {
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
  return std::make_unique<SpectralProblem>(std::move(singular_values), rows, cols);
}

SpectralCoordinates spectral_coordinates(const Matrix& A, ConstFactors start) {
  const Shape shape = start.shape();
  if (shape.rows != A.rows() || shape.cols != A.cols()) {
    throw Error(fmt::format("the start has {} rows in X and {} in Y; A is {} x {}, so they must be {} and {}",
                            shape.rows, shape.cols, A.rows(), A.cols(), A.rows(), A.cols()));
  }
  for (Index i = 0; i < A.rows(); ++i) {
    for (Index j = 0; j < A.cols(); ++j) require_finite(A(i, j), i, j);
  }
  Vector values;
  Matrix U = Matrix::Zero(A.rows(), 0), V = Matrix::Zero(A.cols(), 0);
  if (A.size() > 0) {
    const Svd svd = thin_svd(A);
    const Vector all = svd.values;
    const double least =
        static_cast<double>(std::max(A.rows(), A.cols())) * std::numeric_limits<double>::epsilon() * all[0];
    Index r = 0;
    while (r < all.size() && all[r] > least) ++r;
    values = all.head(r);
    U = svd.left.leftCols(r);
    V = svd.right.leftCols(r);
  }
  SpectralCoordinates result;
  result.left = completed_basis(U, start.X());
  result.right = completed_basis(V, start.Y());
  result.start = Factors(Matrix(result.left.transpose() * start.X()), Matrix(result.right.transpose() * start.Y()));
  result.problem = spectral_problem(std::move(values), result.left.cols(), result.right.cols());
  return result;
}

Factors SpectralCoordinates::restore(ConstFactors coordinates) const {
  if (coordinates.shape().rows != left.cols() || coordinates.shape().cols != right.cols()) {
    throw Error(fmt::format("the coordinates have {} rows in X and {} in Y; these need {} and {}",
                            coordinates.shape().rows, coordinates.shape().cols, left.cols(), right.cols()));
  }
  return Factors(Matrix(left * coordinates.X()), Matrix(right * coordinates.Y()));
}

}  // namespace equipoise
