// The spectral norm of A - X Y^T by Lanczos, through a problem whose matrix is the residual.
//
// Tested in equipoise/core/sharpness_test.cpp
#include "equipoise/core/residual_norm.hpp"

namespace equipoise {
namespace {

// The residual of a fixed pair of factors as a problem of its own, so that its singular values come from the same place
// as those of A: with X and Y widened by the columns of a second pair, R is kept and the new columns see it as their A.
class ResidualProblem final : public Problem {
 public:
  ResidualProblem(const Problem& base, ConstFactors at) : base_(base), at_(at) {}

  Index rows() const override { return base_.rows(); }
  Index cols() const override { return base_.cols(); }
  Index entries() const override { return base_.entries(); }
  LossForm form() const override { return base_.form(); }
  double cost(Index rank) const override { return base_.cost(at_.shape().rank + rank); }
  const Space& space() const override { return base_.space(); }

  double gradient(ConstFactors at, MutableFactors out) const override {
    const Shape wide{rows(), cols(), at_.shape().rank + at.shape().rank};
    Factors both(wide);
    Factors gradient_of_both(wide);
    both.X() << at_.X(), at.X();
    both.Y() << at_.Y(), at.Y();
    const double loss = base_.gradient(both, gradient_of_both);
    out.X() = gradient_of_both.X().rightCols(at.shape().rank);
    out.Y() = gradient_of_both.Y().rightCols(at.shape().rank);
    return loss;
  }
  void hessian_product(ConstFactors at, ConstFactors direction, MutableFactors out) const override {
    const Shape wide{rows(), cols(), at_.shape().rank + at.shape().rank};
    Factors both(wide);
    Factors wide_direction(wide);
    Factors product(wide);
    both.X() << at_.X(), at.X();
    both.Y() << at_.Y(), at.Y();
    wide_direction.X().rightCols(at.shape().rank) = direction.X();
    wide_direction.Y().rightCols(at.shape().rank) = direction.Y();
    base_.hessian_product(both, wide_direction, product);
    out.X() = product.X().rightCols(at.shape().rank);
    out.Y() = product.Y().rightCols(at.shape().rank);
  }

 private:
  const Problem& base_;
  ConstFactors at_;
};

}  // namespace

SpectralNorm residual_spectral_norm(const Problem& problem, ConstFactors at, const std::function<bool()>& keep_going) {
  const ResidualProblem residual(problem.without_ridge(), at);
  SharpnessSettings settings = SharpnessSettings::for_the_record(residual.cost(1));
  settings.tolerance = 1e-8;
  settings.keep_going = keep_going;
  const SingularTriplets top = top_singular_triplets(residual, 1, settings);
  if (top.values.size() == 0) return {};
  return {top.values[0], top.residual};
}

}  // namespace equipoise
