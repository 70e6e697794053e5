// Search for a cycle by comparing states, and its multiplier.
#include "equipoise/core/cycle.hpp"

#include <algorithm>
#include <cmath>

#include "equipoise/core/descent.hpp"
#include "equipoise/core/endings.hpp"
#include "equipoise/core/multiplier.hpp"
#include "equipoise/core/returns.hpp"

namespace equipoise {
namespace {

double relative_distance(ConstFactors a, ConstFactors b) {
  const double scale = a.flat().stableNorm();
  return scale > 0 ? (a.flat() - b.flat()).stableNorm() / scale : (b.flat().isZero(0) ? 0 : 1);
}

// The states of a walk along a run, for shortest_period().
class FactorWalk {
 public:
  FactorWalk(const Problem& problem, ConstFactors at, double h)
      : descent_(problem, Factors(at), h), states_{Factors(at)} {}

  bool take_step() {
    descent_.step();
    return descent_.at().flat().allFinite();
  }
  void keep(std::uint32_t k) {
    if (k < states_.size()) states_[k] = Factors(descent_.at());
    else states_.emplace_back(descent_.at());
  }
  bool returned_to(std::uint32_t k, double tolerance) {
    distance_ = relative_distance(states_[k], descent_.at());
    farthest_ = std::max(farthest_, distance_ <= tolerance ? distance_ : 0);
    return distance_ <= tolerance;
  }
  bool closes_at(std::uint32_t k, double tolerance) const {
    return relative_distance(states_[0], states_[k]) < tolerance;
  }

  double farthest_return() const { return farthest_; }
  // The states of one turn.
  std::vector<Factors> turn(std::uint32_t period) {
    states_.resize(period);
    return std::move(states_);
  }

 private:
  Descent descent_;
  std::vector<Factors> states_;
  double distance_ = 0, farthest_ = 0;
};

// All directions are counted: without rank or with one unknown of a side there is no family of cycles.
double multiplier_of_turn(const Problem& problem, const std::vector<Factors>& states, double h, double tolerance) {
  const Shape shape = states.front().shape();
  Factors direction(shape), image(shape);
  const TurnProduct turn = [&](State w) {
    direction.flat() = w;
    for (const Factors& state : states) {
      problem.hessian_product(state, direction, image);
      direction.flat() -= h * image.flat();
    }
    w = direction.flat();
  };
  const double room = shape.size() > 2 ? endings::neutral_room(tolerance) : 0;
  return largest_multiplier(shape.size(), turn, room, local_space()).largest;
}

}  // namespace

std::optional<Cycle> find_cycle(const Problem& problem, ConstFactors at, double h, double tolerance) {
  FactorWalk walk(problem, at, h);
  Cycle cycle;
  cycle.period = shortest_period(walk, tolerance);
  if (cycle.period == 0) return std::nullopt;
  cycle.return_distance = walk.farthest_return();
  const std::vector<Factors> states = walk.turn(cycle.period);
  cycle.multiplier = multiplier_of_turn(problem, states, h, tolerance);
  Factors gradient(at.shape());
  for (const Factors& state : states) cycle.losses.push_back(problem.gradient(state, gradient));
  return cycle;
}

}  // namespace equipoise
