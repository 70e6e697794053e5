// Search for a cycle by comparing states, and its multiplier.
//
// Tested in equipoise/core/run_test.cpp
#include "equipoise/core/cycle.hpp"

#include <algorithm>
#include <utility>

#include "equipoise/core/descent.hpp"
#include "equipoise/core/endings.hpp"
#include "equipoise/core/factor_objective.hpp"
#include "equipoise/core/multiplier.hpp"
#include "equipoise/core/returns.hpp"

namespace equipoise {
namespace {

double relative_distance(const Space& space, ConstState a, ConstState b) {
  const double scale = space.norm(a);
  return scale > 0 ? space.norm(a - b) / scale : (space.largest(b) == 0 ? 0 : 1);
}

// The states of a walk along a run, for shortest_period(). Asks keep_going between steps.
class StateWalk {
 public:
  StateWalk(const Objective& objective, ConstState at, double h, const KeepGoing& keep_going)
      : space_(objective.space()), stepper_(objective, at, h), keep_going_(keep_going), states_{Vector(at)} {}

  bool take_step() {
    if (keep_going_ && !keep_going_()) return false;
    stepper_.step();
    return space_.finite(stepper_.at());
  }
  void keep(std::uint32_t k) {
    if (k < states_.size()) states_[k] = stepper_.at();
    else states_.push_back(stepper_.at());
  }
  bool returned_to(std::uint32_t k, double tolerance) {
    const double distance = relative_distance(space_, states_[k], stepper_.at());
    if (!(distance <= tolerance)) return false;
    farthest_ = std::max(farthest_, distance);
    return true;
  }
  bool closes_at(std::uint32_t k, double tolerance) const {
    return relative_distance(space_, states_[0], states_[k]) < tolerance;
  }

  double farthest_return() const { return farthest_; }
  // The states of one turn; the walk ends with it.
  std::vector<Vector> turn(std::uint32_t period) {
    states_.resize(period);
    return std::move(states_);
  }

 private:
  const Space& space_;
  Stepper stepper_;
  const KeepGoing& keep_going_;
  std::vector<Vector> states_;
  double farthest_ = 0;
};

// Most runs do not: they are told before states are kept, of which there can be 64.
bool returns_at_all(const Objective& objective, ConstState at, double h, double tolerance,
                    const KeepGoing& keep_going) {
  Stepper stepper(objective, at, h);
  for (std::uint32_t k = 1; k <= endings::largest_period; ++k) {
    if (keep_going && !keep_going()) return false;
    stepper.step();
    if (!objective.space().finite(stepper.at())) return false;
    if (relative_distance(objective.space(), at, stepper.at()) <= tolerance) return k > 1;
  }
  return false;
}

// Two unknowns are those of f = 1/2 (mu - x y)^2, where no direction is neutral.
TurnMultiplier multiplier_of_states(const Objective& objective, const std::vector<Vector>& states, double h,
                                    double tolerance, const KeepGoing& keep_going) {
  Vector image(states.front().size());
  const TurnProduct turn = [&](State w) {
    for (const Vector& state : states) {
      objective.hessian_product(state, w, image);
      w -= h * image;
    }
    return !keep_going || keep_going();
  };
  const Index size = states.front().size();
  const double room = objective.space().whole(size) > 2 ? endings::neutral_room(tolerance) : 0;
  return largest_multiplier(size, turn, room, objective.space());
}

}  // namespace

std::optional<Cycle> find_cycle(const Objective& objective, ConstState at, double h, double tolerance,
                                const KeepGoing& keep_going) {
  if (!returns_at_all(objective, at, h, tolerance, keep_going)) return std::nullopt;
  StateWalk walk(objective, at, h, keep_going);
  Cycle cycle;
  cycle.period = shortest_period(walk, tolerance);
  if (cycle.period == 0) return std::nullopt;
  cycle.return_distance = walk.farthest_return();
  const std::vector<Vector> states = walk.turn(cycle.period);
  const TurnMultiplier found = multiplier_of_states(objective, states, h, tolerance, keep_going);
  if (found.given_up) return std::nullopt;
  cycle.multiplier = found.largest;
  Vector gradient(at.size());
  for (const Vector& state : states) cycle.losses.push_back(objective.gradient(state, gradient));
  return cycle;
}

std::optional<Cycle> find_cycle(const Problem& problem, ConstFactors at, double h, double tolerance) {
  require_start(problem, at, h);
  return find_cycle(FactorObjective(problem, at.shape()), at.flat(), h, tolerance);
}

}  // namespace equipoise
