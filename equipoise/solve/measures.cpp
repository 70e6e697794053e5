// Lanczos with the budgets of a start.
//
// Tested in equipoise/solve/session_test.cpp
#include "equipoise/solve/measures.hpp"

#include <cmath>

namespace equipoise {

SingularTriplets first_singular_triplet(const Problem& problem, const std::function<bool()>& keep_going) {
  SharpnessSettings settings = SharpnessSettings::for_a_scale(problem.without_ridge().cost(1));
  settings.keep_going = keep_going;
  return top_singular_triplets(problem, 1, settings);
}

double first_value(const SingularTriplets& triplets) { return triplets.values.size() > 0 ? triplets.values[0] : 0; }

Sharpness sharpness_for_a_rate(const Problem& problem, ConstFactors at, const SingularTriplets& first,
                               const std::function<bool()>& keep_going) {
  SharpnessSettings settings = SharpnessSettings::for_a_rate(problem.cost(at.shape().rank));
  if (settings.value_tolerance > 0) settings.guess = guess_along(problem, first, at);
  settings.keep_going = keep_going;
  return sharpness(problem, at, settings);
}

double norm_of(const Problem& problem) {
  Factors none(Shape{problem.rows(), problem.cols(), 0});
  Factors gradient(none.shape());
  return std::sqrt(2 * problem.without_ridge().gradient(none, gradient));
}

StartMeasures measures_for_a_run(const Problem& problem, ConstFactors start) {
  const SingularTriplets first = first_singular_triplet(problem);
  return {sharpness_for_a_rate(problem, start, first), first_value(first), norm_of(problem)};
}

}  // namespace equipoise
