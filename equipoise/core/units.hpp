// An exact change of units by powers of two, for matrices whose squares would leave the range of double.
#pragma once

#include "equipoise/core/run.hpp"

namespace equipoise {

/// Descent is the same in every unit: with A = 4^e A', X = 2^e X', Y = 2^e Y' and h = h' / 4^e, every step of (A', h')
/// is the step of (A, h), and since powers of two are exact, it is so bit by bit. A run on entries of 1e150 is
/// therefore done on entries near 1.
struct Units {
  int exponent = 0;  ///< e above; 0: nothing changes

  double matrix(double in_users) const;  ///< an entry of A, in run units; also sharpness, sigma_1, S, imbalance
  double factor(double in_users) const;  ///< an entry of X or Y, or their norms
  double rate(double in_users) const;    ///< a learning rate
  double matrix_to_users(double in_run) const;
  double factor_to_users(double in_run) const;
};

/// Units for a problem whose largest |entry of A| is `largest_a` and whose start has the largest |entry| `largest_z` (0
/// where the start is still to be made). e = 0 unless a fourth power of what a run forms could overflow or vanish:
/// outside 1e-50 .. 1e50.
Units natural_units(double largest_a, double largest_z);

/// The factors and the record in the user's units.
Factors in_users_units(const Factors& factors, Units units);
Record in_users_units(Record record, Units units);

}  // namespace equipoise
