// Search for a cycle by comparing states, and power iteration for its multiplier.
#include "equipoise/core/cycle.hpp"

#include <algorithm>
#include <cmath>

#include "equipoise/core/descent.hpp"
#include "equipoise/core/factor_objective.hpp"

namespace equipoise {
namespace {

double relative_distance(const Space& space, ConstState a, ConstState b) {
  const double scale = space.norm(a);
  return scale > 0 ? space.norm(a - b) / scale : (space.largest(b) == 0 ? 0 : 1);
}

// One turn of the tangent map along the stored states of the cycle.
void turn(const Objective& objective, const std::vector<Vector>& states, double h, Vector& vector) {
  Vector image(vector.size());
  for (const Vector& state : states) {
    objective.hessian_product(state, vector, image);
    vector -= h * image;
  }
}

// Empty if keep_going said false.
std::optional<double> largest_multiplier(const Objective& objective, const std::vector<Vector>& states, double h,
                                         const KeepGoing& keep_going) {
  const Space& space = objective.space();
  Vector random(states.front().size());
  space.gaussian(random, 3);
  Vector vector = random;
  turn(objective, states, h, vector);
  vector -= random;
  std::vector<double> norms = {space.norm(vector)};
  double sign = 1;
  // Below 1e-8 of the beginning the neutral part that rounding left behind would show.
  while (norms.size() <= 64 && norms.back() > 1e-8 * norms.front()) {
    if (keep_going && !keep_going()) return std::nullopt;
    const Vector before = vector;
    turn(objective, states, h, vector);
    norms.push_back(space.norm(vector));
    sign = space.dot(before, vector) < 0 ? -1 : 1;
  }
  const std::size_t last = norms.size() - 1;
  if (last == 0 || norms[last] == 0) return 0;
  const std::size_t from = last / 2;
  return sign * std::pow(norms[last] / norms[from], 1.0 / static_cast<double>(last - from));
}

}  // namespace

std::optional<Cycle> find_cycle(const Objective& objective, ConstState at, double h, double tolerance,
                                std::uint32_t largest_period, const KeepGoing& keep_going) {
  const Space& space = objective.space();
  Stepper stepper(objective, at, h);
  std::vector<Vector> states = {at};
  Cycle cycle;
  while (cycle.period == 0) {
    if (states.size() > largest_period || (keep_going && !keep_going())) return std::nullopt;
    stepper.step();
    if (!space.finite(stepper.at())) return std::nullopt;
    if (relative_distance(space, at, stepper.at()) <= tolerance) {
      cycle.period = static_cast<std::uint32_t>(states.size());
    } else {
      states.push_back(stepper.at());
    }
  }
  if (cycle.period == 1) return std::nullopt;

  Vector previous = at;
  for (int turn_number = 0; turn_number < 3; ++turn_number) {
    if (turn_number > 0) stepper.step(cycle.period);
    const double distance = relative_distance(space, previous, stepper.at());
    if (!(distance <= tolerance)) return std::nullopt;
    cycle.return_distance = std::max(cycle.return_distance, distance);
    previous = stepper.at();
  }
  // A spiral into a point of a shorter period closes slowly and would pass the test above: its states are close, too.
  for (std::uint32_t shorter = 1; shorter < cycle.period; ++shorter) {
    if (cycle.period % shorter == 0 && relative_distance(space, at, states[shorter]) < 1e3 * tolerance)
      return std::nullopt;
  }
  const std::optional<double> multiplier = largest_multiplier(objective, states, h, keep_going);
  if (!multiplier) return std::nullopt;
  cycle.multiplier = *multiplier;
  Vector gradient(at.size());
  for (const Vector& state : states) cycle.losses.push_back(objective.gradient(state, gradient));
  return cycle;
}

std::optional<Cycle> find_cycle(const Problem& problem, ConstFactors at, double h, double tolerance,
                                std::uint32_t largest_period) {
  require_start(problem, at, h);
  return find_cycle(FactorObjective(problem, at.shape()), at.flat(), h, tolerance, largest_period);
}

}  // namespace equipoise
