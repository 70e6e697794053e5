// Cycles of the descent map: the shortest period, confirmed on three returns, and its multiplier.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "equipoise/core/objective.hpp"

namespace equipoise {

struct Cycle {
  std::uint32_t period = 0;
  double return_distance = 0;  ///< the largest of three |z_{k+p} - z_k| / |z|
  double multiplier =
      0;  ///< largest non-neutral multiplier of one turn, by the rule of core/multiplier; NaN if not found
  std::vector<double> losses;  ///< the loss at each point of the cycle
};

/// Looks for a cycle through `at` by the rule of shortest_period(): the smallest period up to 64 with three returns
/// within `tolerance` of |z|. Cost: up to 64 steps; with a return of period p, 3 p more and the memory of
/// p states; with a cycle, some tens of turns of Hessian products for its multiplier (core/multiplier). Nothing is
/// found if keep_going says false on the way.
std::optional<Cycle> find_cycle(const Objective& objective, ConstState at, double h, double tolerance,
                                const KeepGoing& keep_going = {});
std::optional<Cycle> find_cycle(const Problem& problem, ConstFactors at, double h, double tolerance);

}  // namespace equipoise
