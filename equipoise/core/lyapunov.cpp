// The tangent vector and its mean growth.
//
// Tested in equipoise/core/run_test.cpp
#include "equipoise/core/lyapunov.hpp"

#include <cmath>

#include "equipoise/core/descent.hpp"
#include "equipoise/core/numbers.hpp"

namespace equipoise {

void Tangent::advance(const Objective& objective, ConstState at, double h) {
  if (!alive_) return;
  const Space& space = objective.space();
  if (!begun_) {
    direction_.resize(at.size());
    space.gaussian(direction_, 2);
    direction_ /= std::sqrt(space.squared_norm(direction_));
    image_.resize(at.size());
    begun_ = true;
  }
  objective.hessian_product(at, direction_, image_);
  image_ = direction_ - h * image_;
  const double growth = space.norm(image_);
  if (!std::isfinite(growth) || growth == 0) {
    alive_ = false;
    return;
  }
  direction_ = image_ / growth;
  const double log_of_growth = std::log(growth);
  log_growth_ += log_of_growth;
  growth_.add(log_of_growth);
  ++steps_;
}

LyapunovEstimate Tangent::second_half() const { return growth_.mean_of_last(growth_.count() - growth_.count() / 2, 1); }

LyapunovEstimate lyapunov(const Objective& objective, ConstState start, double h, std::uint64_t steps) {
  Stepper stepper(objective, start, h);
  Tangent tangent(objective.space().whole(objective.size()));
  for (std::uint64_t i = 0; i < steps && tangent.alive(); ++i) {
    tangent.advance(objective, stepper.at(), h);
    stepper.step();
  }
  return tangent.alive() ? tangent.second_half() : LyapunovEstimate{nan, nan, 0};
}

LyapunovEstimate lyapunov(const Problem& problem, const Factors& start, double h, std::uint64_t steps) {
  require_start(problem, start, h);
  return lyapunov(FactorObjective(problem, start.shape()), start.flat(), h, steps);
}

}  // namespace equipoise
