// Steps on a dense A: from its products where the loss is large, from the residual where it is small; a plain loop
// where A is tiny.
#include "equipoise/problems/dense.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "equipoise/core/error.hpp"
#include "equipoise/problems/dense_passes.hpp"
#include "equipoise/problems/grams.hpp"

namespace equipoise {

namespace {

/// Below this many entries a loop over scalars beats the preparation of the vector kernel. It is also the form that
/// treats X and Y alike: a start with X = -Y stays exactly so on a symmetric A.
constexpr Index kTiny = 64;
/// Products save a third of the flops of a pass, 2 rows cols rank, and need Grams and products with them, 4 (rows +
/// cols) rank^2 flops at a few times the cost, and a few microseconds: they pay where rows cols is this many times
/// (rows + cols) (rank + 8). Measured at the edge: a sixth at 400 x 400 and rank 8, an eighth at 800 x 800 and rank 32.
constexpr double kProductsPay = 10;
template <class Scalar>
class DenseProblem final : public Problem {
 public:
  explicit DenseProblem(DenseView<Scalar> A) : A_(std::move(A)) {
    if (A_.rows < 0 || A_.cols < 0 || A_.stride < A_.cols) {
      throw Error(fmt::format("a matrix cannot be {} x {} with rows {} entries apart", A_.rows, A_.cols, A_.stride));
    }
    for (Index i = 0; i < A_.rows; ++i) {
      const Scalar* row = A_.data + i * A_.stride;
      const double squares = interleaved_inner(row, row, A_.cols);
      squared_norm_ += squares;
      if (std::isfinite(squares)) continue;  // else some entry is not, or the squares overflow
      for (Index j = 0; j < A_.cols; ++j) require_finite(static_cast<double>(row[j]), i, j);
    }
  }

  Index rows() const override { return A_.rows; }
  Index cols() const override { return A_.cols; }
  Index entries() const override { return A_.rows * A_.cols; }
  LossForm form() const override { return {true, 0}; }

  double gradient(ConstFactors at, MutableFactors out) const override {
    if (tiny()) return tiny_gradient(at, out);
    DensePasses<Scalar> passes(A_, at.shape().rank);
    bool small = false;
    return gradient(at, out, passes, small);
  }

  void hessian_product(ConstFactors at, ConstFactors direction, MutableFactors out) const override {
    if (tiny()) return tiny_hessian_product(at, direction, out);
    DensePasses<Scalar> passes(A_, at.shape().rank);
    if (products_pay(at.shape().rank)) {
      passes.products(direction, out);
      // D Y - R V = U (Y^T Y) + X (V^T Y + Y^T V) - A V, and the mirror image
      const Matrix mixed_x = gram(direction.X(), at.X()), mixed_y = gram(direction.Y(), at.Y());
      add_product(at.X(), mixed_y + mixed_y.transpose(), out.X());
      add_product(at.Y(), mixed_x + mixed_x.transpose(), out.Y());
    } else {
      passes.residual_products(at, direction, out);
      // D Y = U (Y^T Y) + X (V^T Y) and D^T X = V (X^T X) + Y (U^T X)
      add_product(at.X(), gram(direction.Y(), at.Y()), out.X());
      add_product(at.Y(), gram(direction.X(), at.X()), out.Y());
    }
    add_product(direction.X(), gram(at.Y(), at.Y()), out.X());
    add_product(direction.Y(), gram(at.X(), at.X()), out.Y());
  }

  /// The default's steps bit for bit, with the memory of one of them, and knowing at each what the one before it was.
  void advance(MutableFactors z, double h, std::span<StepTrace> trace) const override {
    Factors gradient_at_z(z.shape());
    if (tiny()) {
      for (StepTrace& seen : trace) {
        seen = trace_of(tiny_gradient(z, gradient_at_z), gradient_at_z, z);
        z.flat() -= h * gradient_at_z.flat();
      }
      return;
    }
    DensePasses<Scalar> passes(A_, z.shape().rank);
    bool small = false;
    for (StepTrace& seen : trace) {
      seen = trace_of(gradient(z, gradient_at_z, passes, small), gradient_at_z, z);
      z.flat() -= h * gradient_at_z.flat();
    }
  }

 private:
  bool tiny() const { return A_.rows * A_.cols < kTiny; }
  bool products_pay(Index rank) const {
    const double rows = static_cast<double>(A_.rows), cols = static_cast<double>(A_.cols);
    return rows * cols >= kProductsPay * (rows + cols) * (static_cast<double>(rank) + 8);
  }

  /// Products where the loss that they give is large enough, else the residual: which, depends on the iterate alone.
  /// `small` only foresees it, from the iterate before, and learns how it was.
  double gradient(ConstFactors at, MutableFactors out, DensePasses<Scalar>& passes, bool& small) const {
    if (!products_pay(at.shape().rank)) return passes.residual_products(at, at, out) / 2;
    const double least = least_loss_of_products(squared_norm_, at);
    if (small) {
      // Both forms agree to far better than a thousandth where they are near `least`.
      const double loss = passes.residual_products(at, at, out) / 2;
      if (!std::isfinite(loss) || loss < least * (1 - 1e-3)) return loss;
    }
    const double loss = product_gradient(at, out, passes);
    small = !(std::isfinite(loss) && loss >= least);
    return small ? passes.residual_products(at, at, out) / 2 : loss;
  }

  /// (X Y^T Y - A Y, Y X^T X - A^T X) and 1/2 (|A|^2 - 2 <A Y, X> + <X^T X, Y^T Y>)
  double product_gradient(ConstFactors at, MutableFactors out, DensePasses<Scalar>& passes) const {
    passes.products(at, out);
    const double minus_overlap = inner(ConstFactors(out).X(), at.X());
    const Matrix gram_x = gram(at.X(), at.X()), gram_y = gram(at.Y(), at.Y());
    add_product(at.X(), gram_y, out.X());
    add_product(at.Y(), gram_x, out.Y());
    return (squared_norm_ + 2 * minus_overlap + inner(gram_x, gram_y)) / 2;
  }

  double tiny_gradient(ConstFactors at, MutableFactors out) const {
    const Index m = A_.rows, n = A_.cols, d = at.shape().rank;
    const double* x = at.data();
    const double* y = x + m * d;
    double* gx = out.data();
    double* gy = gx + m * d;
    std::fill(gx, gx + (m + n) * d, 0.0);
    double squares = 0;
    for (Index i = 0; i < m; ++i) {
      for (Index j = 0; j < n; ++j) {
        const double r = residual(x + i * d, y + j * d, i, j, d);
        squares += r * r;
        for (Index k = 0; k < d; ++k) {
          gx[i * d + k] -= r * y[j * d + k];
          gy[j * d + k] -= r * x[i * d + k];
        }
      }
    }
    return squares / 2;
  }

  void tiny_hessian_product(ConstFactors at, ConstFactors direction, MutableFactors out) const {
    const Index m = A_.rows, n = A_.cols, d = at.shape().rank;
    const double *x = at.data(), *y = x + m * d;
    const double *u = direction.data(), *v = u + m * d;
    double *out_x = out.data(), *out_y = out_x + m * d;
    std::fill(out_x, out_x + (m + n) * d, 0.0);
    for (Index i = 0; i < m; ++i) {
      for (Index j = 0; j < n; ++j) {
        const double r = residual(x + i * d, y + j * d, i, j, d);
        double change = 0;  // entry of D = U Y^T + X V^T
        for (Index k = 0; k < d; ++k) change += u[i * d + k] * y[j * d + k] + x[i * d + k] * v[j * d + k];
        for (Index k = 0; k < d; ++k) {
          out_x[i * d + k] += change * y[j * d + k] - r * v[j * d + k];
          out_y[j * d + k] += change * x[i * d + k] - r * u[i * d + k];
        }
      }
    }
  }

  double residual(const double* x, const double* y, Index i, Index j, Index d) const {
    double r = static_cast<double>(A_.data[i * A_.stride + j]);
    for (Index k = 0; k < d; ++k) r -= x[k] * y[k];
    return r;
  }

  DenseView<Scalar> A_;
  double squared_norm_ = 0;
};

class PlainDenseProblem final : public Problem {
 public:
  explicit PlainDenseProblem(Matrix A) : A_(std::move(A)) {}

  Index rows() const override { return A_.rows(); }
  Index cols() const override { return A_.cols(); }
  Index entries() const override { return A_.size(); }
  LossForm form() const override { return {true, 0}; }

  double gradient(ConstFactors at, MutableFactors out) const override {
    const Matrix R = A_ - at.X() * at.Y().transpose();
    out.X() = -R * at.Y();
    out.Y() = -R.transpose() * at.X();
    return R.squaredNorm() / 2;
  }

  void hessian_product(ConstFactors at, ConstFactors direction, MutableFactors out) const override {
    const Matrix R = A_ - at.X() * at.Y().transpose();
    const Matrix D = direction.X() * at.Y().transpose() + at.X() * direction.Y().transpose();
    out.X() = D * at.Y() - R * direction.Y();
    out.Y() = D.transpose() * at.X() - R.transpose() * direction.X();
  }

 private:
  Matrix A_;
};

// A view of a matrix that the view itself keeps.
template <class Entries>
DenseView<typename Entries::Scalar> owned(Entries A) {
  const auto kept = std::make_shared<const Entries>(std::move(A));
  return {kept->data(), kept->rows(), kept->cols(), kept->cols(), kept};
}

}  // namespace

std::unique_ptr<Problem> dense_problem(DenseView<double> A) {
  return std::make_unique<DenseProblem<double>>(std::move(A));
}
std::unique_ptr<Problem> dense_problem(DenseView<float> A) {
  return std::make_unique<DenseProblem<float>>(std::move(A));
}
std::unique_ptr<Problem> dense_problem(Matrix A) { return dense_problem(owned(std::move(A))); }
std::unique_ptr<Problem> single_precision_dense_problem(MatrixF A) { return dense_problem(owned(std::move(A))); }
std::unique_ptr<Problem> plain_dense_problem(Matrix A) { return std::make_unique<PlainDenseProblem>(std::move(A)); }

}  // namespace equipoise
