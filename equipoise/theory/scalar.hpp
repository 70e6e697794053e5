// Scalar and vector problems, f = 1/2 (mu - u.v)^2: exceptional starts found exactly, and the cycles beyond h |mu| = 1.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "equipoise/theory/delta.hpp"

namespace equipoise {

/// Where a start lies, decided exactly (docs/theory.md, theorem 2).
enum class Region {
  converges,  ///< m < 1 and delta < 2
  marginal,   ///< m = 1 and delta < 2: bounded, no claim of convergence
  beyond,     ///< 1 < m < 2 and delta < 2: bounded, no stable minimiser
  curve,      ///< m < 2 and delta = 2: stays on the ellipse E = 0
  outside,    ///< delta > max(2, m)
  silent      ///< m >= 2 and delta = m, a balanced start: theory is silent
};
Region region(const Delta& state, double h);

/// An exact event in the first steps of a start, in exact arithmetic on the given doubles.
struct Landing {
  enum class Where {
    minimiser,   ///< u.v = mu: descent stops here, whatever the curvature
    saddle_line  ///< u + v = 0 (u - v = 0 if mu < 0): from here on descent tends to the saddle at zero if it converges
  };
  Where where = Where::minimiser;
  std::uint64_t step = 0;
};

/// Follows a = |u + v|^2 and b = |u - v|^2, a+ = (1 + r)^2 a, b+ = (1 - r)^2 b, r = h (mu - (a - b)/4), through `steps`
/// steps without rounding; the numbers get three times as long at each step, and beyond `longest` bits nothing more is
/// claimed. Such starts are a null set, but they exist among doubles: mu = 1/2 from (1, 3/2) at h = 1 is one.
std::optional<Landing> landing(double mu, Eigen::Ref<const Vector> u, Eigen::Ref<const Vector> v, double h,
                               std::uint64_t steps = 4, std::size_t longest = 40000);

/// Lemma E for one number (docs/theory.md): |r| >= 4 + m and |r| |p| >= 2 S, scaled by h, make |r| at least double its
/// square at every step for ever. Decided exactly.
bool surely_diverges(double mu, Eigen::Ref<const Vector> u, Eigen::Ref<const Vector> v, double h);

/// The period-2 orbit x = y = sqrt(q) of the balanced map for m = h |mu| > 1, h |u.v| alternating between the two
/// q = ((m + 1) -+ sqrt((m + 3)(m - 1))) / 2, whose product is 1; its multiplier is 9 - 2 (1 + m)^2.
struct TwoCycle {
  double lower = 1, upper = 1;
  double multiplier = 1;
};
TwoCycle two_cycle(double m);

}  // namespace equipoise
