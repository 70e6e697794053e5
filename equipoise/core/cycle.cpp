// Search for a cycle by comparing states, and power iteration for its multiplier.
#include "equipoise/core/cycle.hpp"

#include <algorithm>
#include <cmath>

#include "equipoise/core/descent.hpp"
#include "equipoise/core/start.hpp"

namespace equipoise {
namespace {

double relative_distance(ConstFactors a, ConstFactors b) {
  const double scale = a.flat().stableNorm();
  return scale > 0 ? (a.flat() - b.flat()).stableNorm() / scale : (b.flat().isZero(0) ? 0 : 1);
}

// One turn of the tangent map along the stored states of the cycle.
void turn(const Problem& problem, const std::vector<Factors>& states, double h, Factors& vector) {
  Factors image(vector.shape());
  for (const Factors& state : states) {
    problem.hessian_product(state, vector, image);
    vector.flat() -= h * image.flat();
  }
}

double largest_multiplier(const Problem& problem, const std::vector<Factors>& states, double h) {
  const Factors random = gaussian_factors(states.front().shape(), 3);
  Factors vector = random;
  turn(problem, states, h, vector);
  vector.flat() -= random.flat();
  std::vector<double> norms = {vector.flat().stableNorm()};
  double sign = 1;
  // Below 1e-8 of the beginning the neutral part that rounding left behind would show.
  while (norms.size() <= 64 && norms.back() > 1e-8 * norms.front()) {
    const Factors before = vector;
    turn(problem, states, h, vector);
    norms.push_back(vector.flat().stableNorm());
    sign = before.flat().dot(vector.flat()) < 0 ? -1 : 1;
  }
  const std::size_t last = norms.size() - 1;
  if (last == 0 || norms[last] == 0) return 0;
  const std::size_t from = last / 2;
  return sign * std::pow(norms[last] / norms[from], 1.0 / static_cast<double>(last - from));
}

}  // namespace

std::optional<Cycle> find_cycle(const Problem& problem, ConstFactors at, double h, double tolerance,
                                std::uint32_t largest_period) {
  Descent descent(problem, Factors(at), h);
  std::vector<Factors> states = {Factors(at)};
  Cycle cycle;
  while (cycle.period == 0) {
    if (states.size() > largest_period) return std::nullopt;
    descent.step();
    if (!descent.at().flat().allFinite()) return std::nullopt;
    if (relative_distance(at, descent.at()) <= tolerance) {
      cycle.period = static_cast<std::uint32_t>(states.size());
    } else {
      states.emplace_back(descent.at());
    }
  }
  if (cycle.period == 1) return std::nullopt;

  Factors previous(at);
  for (int turn_number = 0; turn_number < 3; ++turn_number) {
    if (turn_number > 0) descent.step(cycle.period);
    const double distance = relative_distance(previous, descent.at());
    if (!(distance <= tolerance)) return std::nullopt;
    cycle.return_distance = std::max(cycle.return_distance, distance);
    previous = Factors(descent.at());
  }
  // A spiral into a point of a shorter period closes slowly and would pass the test above: its states are close, too.
  for (std::uint32_t shorter = 1; shorter < cycle.period; ++shorter) {
    if (cycle.period % shorter == 0 && relative_distance(at, states[shorter]) < 1e3 * tolerance) return std::nullopt;
  }
  cycle.multiplier = largest_multiplier(problem, states, h);
  Factors gradient(at.shape());
  for (const Factors& state : states) cycle.losses.push_back(problem.gradient(state, gradient));
  return cycle;
}

}  // namespace equipoise
