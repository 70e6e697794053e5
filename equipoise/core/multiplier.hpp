// The multipliers of one turn of a cycle: by what a small displacement is multiplied from turn to turn.
#pragma once

#include <Eigen/Core>
#include <complex>
#include <functional>
#include <span>

#include "equipoise/core/space.hpp"

namespace equipoise {

/// The rule for run() and for every ensemble. The multipliers of a cycle are the eigenvalues of J, the Jacobian of one
/// turn: the product of I - h H over its states. Those within endings::neutral_room() of 1 are neutral: they belong to
/// directions along which the cycle is one of a family (rotations X O, Y O of the columns at rank >= 2, rotations of
/// the plane if A is a multiple of the identity, X C, Y C^-T of columns that are at rest), and say nothing of how fast
/// runs come to the family. Of all others the one of largest magnitude is reported: with its sign if it is real, by its
/// magnitude, a positive number, if it is one of a complex pair. Of two that differ in sign alone the positive one.
///
/// A pair whose imaginary part is below 1e-6 of its magnitude counts as real: rounding makes such pairs of two equal
/// real multipliers. 1 if all are neutral: nothing attracts then. NaN if there is none, or one is not finite.
double largest_multiplier(std::span<const std::complex<double>> multipliers, double neutral_room);
/// Of a problem of two unknowns, f = 1/2 (mu - x y)^2, which has no neutral direction: in closed form.
double largest_multiplier(const Eigen::Matrix2d& turn);

/// w becomes J w. Sizes are those of the state. False gives up.
using TurnProduct = std::function<bool(State w)>;

struct TurnMultiplier {
  double largest = 0;   ///< as above; NaN if the iteration did not find it
  double residual = 0;  ///< |J v - largest v| with |v| = 1, of what an iteration found; 0 if J was decomposed whole
  bool given_up = false;
};

/// Up to 64 unknowns, held here whole, J is formed by as many turns and decomposed. Beyond that, and for a state that
/// is spread, by Arnoldi's method from (J - I) w, which holds no neutral direction: until the eigenpair's residual is
/// below 1e-8 of it, from two independent starts, the larger of which is taken. What is missed then is a multiplier
/// that neither random start has a part of. Costs some tens of turns and memory for 16 to 40 states.
TurnMultiplier largest_multiplier(Index size, const TurnProduct& turn, double neutral_room, const Space& space);

}  // namespace equipoise
