// Where a run of a small problem ends: what the place is, and what is reported of it. For small ensembles alone.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "equipoise/core/endings.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/ensemble/small/arithmetic.hpp"
#include "equipoise/ensemble/tiny/ensemble.hpp"

namespace equipoise::small {

/// A critical point nearby: what it is, and the multiplier of largest magnitude that is not neutral, where it is
/// above 1.
struct Place {
  Limit limit = Limit::undetermined;
  double multiplier = 0;
  bool at_minimiser = false;
};
Place place_of(const Form& form, double h, const double* z);
inline bool is_stable(const Place& place) { return !(std::abs(place.multiplier) > endings::stable_multiplier); }

/// How a run ended, scaled.
struct Ending {
  std::vector<double> z;
  double h = 1;
  Outcome outcome = Outcome::exhausted;
  Limit limit = Limit::undetermined;
  bool proved = false;
  bool at_minimiser = false;  ///< a global minimiser: the sharpness has a closed form
  std::uint32_t period = 0;
  std::uint64_t step = 0;
  double lyapunov = nan, lyapunov_error = nan, multiplier = nan;
};

/// `measures` and `sharpness` as in SmallSettings; `overlap` as in SmallStart.
void report(const Form& form, const Ending& ending, const Matrix& overlap, bool measures, bool sharpness, TinyEnd& end);

}  // namespace equipoise::small
