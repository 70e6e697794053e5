// Cycles of the descent map: the shortest period, confirmed on two returns, and its multiplier.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "equipoise/core/objective.hpp"

namespace equipoise {

struct Cycle {
  std::uint32_t period = 0;
  double return_distance = 0;  ///< the largest of three |z_{k+p} - z_k| / |z|
  double multiplier = 0;       ///< largest non-neutral multiplier of one turn; its sign where it is real
  std::vector<double> losses;  ///< the loss at each point of the cycle
};

/// Looks for the smallest p in 2..largest_period whose states return three times in a row within `tolerance` of |z|,
/// starting at `at`; a return of p = 1 (a fixed point, or a slow approach to one) is no cycle. States are compared,
/// never losses: a cycle may have equal losses. Cost: up to 4 largest_period steps, and with a cycle 65 turns of
/// Hessian products. Nothing is found if keep_going says false on the way.
///
/// Multiplier: with J the Jacobian of one turn, power iteration from (J - I) w. The neutral directions of the problem
/// (X C, -Y C^T), multiplier 1, are in the kernel of J - I and drop out.
std::optional<Cycle> find_cycle(const Objective& objective, ConstState at, double h, double tolerance,
                                std::uint32_t largest_period = 64, const KeepGoing& keep_going = {});
std::optional<Cycle> find_cycle(const Problem& problem, ConstFactors at, double h, double tolerance,
                                std::uint32_t largest_period = 64);

}  // namespace equipoise
