// The Gram form of the loss and of the gradient, from the products of an operator.
#include "equipoise/problems/operator.hpp"

#include <fmt/format.h>

#include <cmath>

#include "equipoise/core/error.hpp"
#include "equipoise/problems/grams.hpp"

namespace equipoise {

namespace {

class OperatorProblem final : public Problem {
 public:
  explicit OperatorProblem(OperatorProducts A) : A_(std::move(A)) {
    if (A_.rows < 0 || A_.cols < 0) {
      throw Error(fmt::format("the operator says that it is {} x {}; no size can be negative", A_.rows, A_.cols));
    }
    if (!std::isfinite(A_.norm_squared) || A_.norm_squared < 0) {
      throw Error(
          fmt::format("the operator's norm_squared() is {}; it must be finite and not negative", A_.norm_squared));
    }
  }

  Index rows() const override { return A_.rows; }
  Index cols() const override { return A_.cols; }
  Index entries() const override { return A_.rows * A_.cols; }
  LossForm form() const override { return {true, 0}; }
  double cost(Index rank) const override {
    return A_.flops_of_products > 0 ? A_.flops_of_products * static_cast<double>(rank) : Problem::cost(rank);
  }

  double gradient(ConstFactors at, MutableFactors out) const override {
    const Matrix gram_x = gram(at.X(), at.X());
    const Matrix gram_y = gram(at.Y(), at.Y());
    const Matrix AY = times(at.Y());
    out.X() = -AY;
    out.Y() = -transpose_times(at.X());
    add_product(at.X(), gram_y, out.X());
    add_product(at.Y(), gram_x, out.Y());
    const double cross = AY.cwiseProduct(at.X()).sum();
    const double twice = (A_.norm_squared - cross) + (inner(gram_x, gram_y) - cross);
    return twice < 0 ? 0 : twice / 2;  // a NaN stays one
  }

  void hessian_product(ConstFactors at, ConstFactors direction, MutableFactors out) const override {
    const Matrix mixed_y = gram(direction.Y(), at.Y());
    const Matrix mixed_x = gram(direction.X(), at.X());
    out.X() = -times(direction.Y());
    out.Y() = -transpose_times(direction.X());
    // D Y - R V = U (Y^T Y) + X (V^T Y + Y^T V) - A V, and the mirror image
    add_product(direction.X(), gram(at.Y(), at.Y()), out.X());
    add_product(at.X(), mixed_y + mixed_y.transpose(), out.X());
    add_product(direction.Y(), gram(at.X(), at.X()), out.Y());
    add_product(at.Y(), mixed_x + mixed_x.transpose(), out.Y());
  }

 private:
  Matrix times(const Matrix& V) const { return checked(A_.times(V), "times", A_.rows, V.cols()); }
  Matrix transpose_times(const Matrix& U) const {
    return checked(A_.transpose_times(U), "transpose_times", A_.cols, U.cols());
  }
  static Matrix checked(Matrix product, const char* name, Index rows, Index cols) {
    if (product.rows() != rows || product.cols() != cols) {
      throw Error(fmt::format("the operator's {}() returned a {} x {} matrix; it must be {} x {}", name, product.rows(),
                              product.cols(), rows, cols));
    }
    return product;
  }

  OperatorProducts A_;
};

}  // namespace

std::unique_ptr<Problem> operator_problem(OperatorProducts A) {
  return std::make_unique<OperatorProblem>(std::move(A));
}

}  // namespace equipoise
