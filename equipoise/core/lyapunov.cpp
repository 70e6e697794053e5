// The tangent vector, its batches, and the standard error of its mean growth.
//
// Tested in equipoise/core/run_test.cpp
#include "equipoise/core/lyapunov.hpp"

#include <algorithm>
#include <cmath>

#include "equipoise/core/descent.hpp"
#include "equipoise/core/numbers.hpp"

namespace equipoise {
namespace {
constexpr std::size_t most_batches = 4096;
}  // namespace

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
  open_batch_ += log_of_growth;
  ++steps_;
  if (steps_ % batch_length_ != 0) return;
  batches_.push_back(open_batch_);
  open_batch_ = 0;
  if (batches_.size() < most_batches) return;
  for (std::size_t i = 0; i < most_batches / 2; ++i) batches_[i] = batches_[2 * i] + batches_[2 * i + 1];
  batches_.resize(most_batches / 2);
  batch_length_ *= 2;
}

LyapunovEstimate Tangent::second_half() const {
  const std::size_t used = batches_.size() - batches_.size() / 2;
  if (used == 0) return {nan, nan, 0};
  // Up to 32 groups: long enough to be nearly independent, enough of them for a spread.
  const std::size_t groups = std::min<std::size_t>(32, used);
  const std::size_t group_size = used / groups;
  const auto steps_in_group = static_cast<double>(group_size * batch_length_);
  std::vector<double> means(groups, 0.0);
  auto batch = batches_.end() - static_cast<std::ptrdiff_t>(groups * group_size);
  for (double& mean : means) {
    for (std::size_t i = 0; i < group_size; ++i) mean += *batch++;
    mean /= steps_in_group;
  }
  double exponent = 0;
  for (const double mean : means) exponent += mean / static_cast<double>(groups);
  double squares = 0;
  for (const double mean : means) squares += (mean - exponent) * (mean - exponent);
  const auto count = static_cast<double>(groups);
  const double error = groups >= 8 ? std::sqrt(squares / (count * (count - 1))) : nan;
  return {exponent, error, groups * group_size * batch_length_};
}

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
