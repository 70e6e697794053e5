// The ridge adds lambda z to the gradient and lambda times the direction to the Hessian product.
#include "equipoise/problems/ridge.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "equipoise/core/error.hpp"

namespace equipoise {

namespace {

class RidgeProblem final : public Problem {
 public:
  RidgeProblem(std::unique_ptr<Problem> base, double lambda) : base_(std::move(base)), lambda_(lambda) {}

  Index rows() const override { return base_->rows(); }
  Index cols() const override { return base_->cols(); }
  Index entries() const override { return base_->entries(); }
  LossForm form() const override { return {base_->form().every_entry, base_->form().ridge + lambda_}; }
  double cost(Index rank) const override { return base_->cost(rank); }
  const Space& space() const override { return base_->space(); }
  const Problem& without_ridge() const override { return base_->without_ridge(); }

  double gradient(ConstFactors at, MutableFactors out) const override {
    const double loss = base_->gradient(at, out);
    out.flat() += lambda_ * at.flat();
    return loss + lambda_ * (space().squared_norm(at.flat()) / 2);
  }

  void hessian_product(ConstFactors at, ConstFactors direction, MutableFactors out) const override {
    base_->hessian_product(at, direction, out);
    out.flat() += lambda_ * direction.flat();
  }

 private:
  std::unique_ptr<Problem> base_;
  double lambda_;
};

}  // namespace

std::unique_ptr<Problem> ridge_problem(std::unique_ptr<Problem> base, double lambda) {
  if (base == nullptr) throw Error("a ridge needs a problem to be added to; none was given");
  if (!std::isfinite(lambda) || lambda < 0) {
    throw Error(fmt::format("the ridge is {}; it must be a finite number, zero or more", lambda));
  }
  if (lambda == 0) return base;
  return std::make_unique<RidgeProblem>(std::move(base), lambda);
}

}  // namespace equipoise
