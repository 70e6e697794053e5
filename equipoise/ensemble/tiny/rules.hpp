// What defines the runs of ensemble.hpp: the map, the tests on an iterate, and what is decided at a look. For the two
// ensembles alone.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "equipoise/core/endings.hpp"
#include "equipoise/core/growth.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/ensemble/tiny/ensemble.hpp"

namespace equipoise::tiny {

// Kernels compiled for wider processors call these functions, too. Inlined they get that processor's fused
// multiply-add; a call of std::fma has the same bits and takes longer.
#define EQUIPOISE_TINY [[gnu::always_inline]] inline

using endings::never;
inline constexpr std::uint64_t look_every = endings::growth_stretch;  ///< steps between looks at a run
inline constexpr std::uint64_t mark_every = 16;  ///< steps between the iterates that are kept for finding an exact step
inline constexpr std::size_t most_marks = look_every / mark_every;
inline constexpr double stable_sharpness = 1 + endings::stable_multiplier;  ///< at a minimiser, scaled
inline constexpr double below_one = 1 - 16 * std::numeric_limits<double>::epsilon();

/// x, y of a pair; x1, x2, y1, y2 of an isotropic run. Scaled by sqrt(h).
template <std::size_t S>
using State = std::array<double, S>;

template <std::size_t S>
struct Map {
  double m = 1;
  double near = -1;     ///< below zero: nothing is near
  double near_low = 0;  ///< isotropic: h |A|_F; pair: |x y| is no more where the saddle is near
};

EQUIPOISE_TINY double residual(const Map<2>& map, const State<2>& z) { return std::fma(-z[0], z[1], map.m); }
EQUIPOISE_TINY double squared(double a, double b) { return std::fma(b, b, a * a); }

EQUIPOISE_TINY void step(const Map<2>& map, State<2>& z) {
  const auto [x, y] = z;
  const double r = residual(map, z);
  z = {std::fma(r, y, x), std::fma(r, x, y)};
}
EQUIPOISE_TINY void step(const Map<4>& map, State<4>& z) {
  const auto [x1, x2, y1, y2] = z;
  const double P = squared(x1, x2);
  const double Q = squared(y1, y2);
  z = {std::fma(map.m, y1, std::fma(-Q, x1, x1)), std::fma(map.m, y2, std::fma(-Q, x2, x2)),
       std::fma(map.m, x1, std::fma(-P, y1, y1)), std::fma(map.m, x2, std::fma(-P, y2, y2))};
}

/// w becomes the image of a tangent vector over the step that leaves z.
EQUIPOISE_TINY void step_tangent(const Map<2>& map, const State<2>& z, State<2>& w) {
  const auto [x, y] = z;
  const auto [a, b] = w;
  const double r = residual(map, z);
  const double q = std::fma(x, b, y * a);
  w = {std::fma(r, b, std::fma(-q, y, a)), std::fma(r, a, std::fma(-q, x, b))};
}
EQUIPOISE_TINY void step_tangent(const Map<4>& map, const State<4>& z, State<4>& w) {
  const auto [x1, x2, y1, y2] = z;
  const auto [a1, a2, b1, b2] = w;
  const double P = squared(x1, x2);
  const double Q = squared(y1, y2);
  const double half_dQ = std::fma(y2, b2, y1 * b1);
  const double half_dP = std::fma(x2, a2, x1 * a1);
  const double dQ = half_dQ + half_dQ;
  const double dP = half_dP + half_dP;
  w = {std::fma(map.m, b1, std::fma(-dQ, x1, std::fma(-Q, a1, a1))),
       std::fma(map.m, b2, std::fma(-dQ, x2, std::fma(-Q, a2, a2))),
       std::fma(map.m, a1, std::fma(-dP, y1, std::fma(-P, b1, b1))),
       std::fma(map.m, a2, std::fma(-dP, y2, std::fma(-P, b2, b2)))};
}
EQUIPOISE_TINY double length(const State<2>& w) { return std::sqrt(squared(w[0], w[1])); }
EQUIPOISE_TINY double length(const State<4>& w) { return std::sqrt(squared(w[0], w[1]) + squared(w[2], w[3])); }

EQUIPOISE_TINY double sum_of_squares(const State<2>& z) { return squared(z[0], z[1]); }
EQUIPOISE_TINY double sum_of_squares(const State<4>& z) { return squared(z[0], z[1]) + squared(z[2], z[3]); }

EQUIPOISE_TINY double product(const State<2>& z) { return z[0] * z[1]; }
EQUIPOISE_TINY double product(const State<4>& z) { return std::fma(z[1], z[3], z[0] * z[2]); }

template <std::size_t S>
EQUIPOISE_TINY bool finite(const State<S>& z) {
  bool all = true;
  for (const double each : z) all = all && std::isfinite(each);
  return all;
}

/// Lemma E (docs/theory.md, section 9) with its rounding errors on the safe side. Once it holds it holds at every later
/// iterate, and |r| >= 4, or |x| |y| >= 4, goes with it: the looks may be far apart.
EQUIPOISE_TINY bool diverges(const Map<2>& map, const State<2>& z) {
  const double r = std::abs(residual(map, z)) * below_one;
  const double S2 = 2 * sum_of_squares(z);
  return r >= 4 + map.m && r * std::abs(z[0] * z[1]) >= S2 && S2 <= std::numeric_limits<double>::max();
}
EQUIPOISE_TINY bool diverges(const Map<4>& map, const State<4>& z) {
  const double P = squared(z[0], z[1]);
  const double Q = squared(z[2], z[3]);
  const double squared_product = P * Q * below_one;
  const double needed = 4 * (1 + map.near_low);
  const double S4 = 4 * (P + Q);
  return squared_product >= needed * needed && squared_product >= S4 && S4 <= std::numeric_limits<double>::max();
}

/// What an iterate is close to, by the tolerance.
enum class Near : std::uint8_t { nothing, minimiser, saddle };

EQUIPOISE_TINY Near near(const Map<2>& map, const State<2>& z) {
  const double r = std::abs(residual(map, z));
  if (r <= map.near) return Near::minimiser;
  const double S = sum_of_squares(z);
  return S < map.m && r * std::sqrt(S) <= map.near * std::sqrt(map.m) ? Near::saddle : Near::nothing;
}
/// No |x y| is larger where near() says saddle: |r| > m/2 there, since 2 |x y| <= S < m, so that S <= 4 tolerance^2 m.
/// With room for the rounding of r.
inline constexpr double saddle_room = 4 * std::numeric_limits<double>::epsilon();
EQUIPOISE_TINY double most_near_saddle(double tolerance, double m) {
  return m * (2.00001 * tolerance * tolerance + saddle_room);
}
/// The gradient, scaled as the state is.
EQUIPOISE_TINY State<4> gradient(const Map<4>& map, const State<4>& z) {
  const double P = squared(z[0], z[1]);
  const double Q = squared(z[2], z[3]);
  return {std::fma(-Q, z[0], map.m * z[2]), std::fma(-Q, z[1], map.m * z[3]), std::fma(-P, z[2], map.m * z[0]),
          std::fma(-P, z[3], map.m * z[1])};
}
/// |g| <= tolerance |A| max(|z|, |A|^(1/2)), squared: the squares of smaller tolerances would vanish.
inline constexpr double least_near = 1e-150;
EQUIPOISE_TINY Near near(const Map<4>& map, const State<4>& z) {
  const double S = sum_of_squares(z);
  const double bound = map.near * map.near * std::max(S, map.near_low);
  if (!(sum_of_squares(gradient(map, z)) <= bound) || map.near < 0) return Near::nothing;
  return S < map.m ? Near::saddle : Near::minimiser;
}
/// near(...) == Near::minimiser.
EQUIPOISE_TINY bool arrived(const Map<2>& map, const State<2>& z) { return std::abs(residual(map, z)) <= map.near; }
EQUIPOISE_TINY bool arrived(const Map<4>& map, const State<4>& z) { return near(map, z) == Near::minimiser; }
EQUIPOISE_TINY bool no_gradient(const Map<2>& map, const State<2>& z) {
  return (z[0] == 0 && z[1] == 0) || residual(map, z) == 0;
}
EQUIPOISE_TINY bool no_gradient(const Map<4>& map, const State<4>& z) { return gradient(map, z) == State<4>{}; }

/// The iterates at the start of a block and every 16 steps after that.
template <std::size_t S>
struct Marks {
  std::array<State<S>, most_marks> at;
  std::size_t count = 1;
  std::uint64_t first_step = 0;
};

/// A run in progress.
template <std::size_t S>
struct Follow {
  State<S> z{};
  Map<S> map;
  std::uint64_t step = 0;
  std::uint64_t event =
      0;  ///< the next step at which look() is due whatever the iterate: a multiple of 64, or max_steps
  std::uint64_t max_steps = 0;
  std::uint64_t cycle_look = never;
  std::uint64_t growth_look = never;
  bool lingers = false;  ///< at an unstable point, to see whether the run stays
  Near visited = Near::nothing;
  std::uint64_t arrived = 0, lingers_until = 0;
  State<S> tangent{};
  std::unique_ptr<Growth> growth;  ///< there from growth_look on

  bool follows_tangent() const { return growth != nullptr; }
};

/// How a run ended, scaled.
template <std::size_t S>
struct Ending {
  State<S> z{};
  Outcome outcome = Outcome::exhausted;
  Limit limit = Limit::undetermined;
  bool proved = false;
  std::uint32_t period = 0;
  std::uint64_t step = 0;
  double lyapunov = std::numeric_limits<double>::quiet_NaN();
  double lyapunov_error = std::numeric_limits<double>::quiet_NaN();
  double multiplier = std::numeric_limits<double>::quiet_NaN();
};

/// The minimiser at which a run arrived, stable or landed on exactly.
template <std::size_t S>
EQUIPOISE_TINY Ending<S> at_stable_minimiser(const State<S>& z, std::uint64_t step) {
  Ending<S> ending;
  ending.z = z;
  ending.outcome = Outcome::converged;
  ending.limit = Limit::minimiser;
  ending.step = step;
  ending.multiplier = 1 - sum_of_squares(z);
  ending.lyapunov = 0;
  return ending;
}
template <std::size_t S>
EQUIPOISE_TINY Ending<S> divergence(const State<S>& z, std::uint64_t step, bool proved) {
  Ending<S> ending;
  ending.z = z;
  ending.outcome = Outcome::diverged;
  ending.step = step;
  ending.proved = proved;
  return ending;
}

/// Starts a run: scales it, and plans its first event. True where it ends at the start, with `ending` filled.
template <std::size_t S>
bool begin(const TinyRun& run, Follow<S>& follow, Ending<S>& ending);

/// Cycles are looked for at 256, 512, 1024, ... steps: those before follow.step are over.
template <std::size_t S>
EQUIPOISE_TINY void catch_up(Follow<S>& follow) {
  if (follow.cycle_look == never) return;
  while (follow.cycle_look < follow.step) follow.cycle_look = endings::next_cycle_look(follow.cycle_look);
}

/// Takes the steps up to the next look, at most 64, by the plain loop.
template <std::size_t S>
void take_block(Follow<S>& follow, Marks<S>& marks);

/// What is decided at a look: at every multiple of 64 steps at which the iterate is near something or has left every
/// bounded orbit, and at every event. True where the run ended, with `ending` filled. `marks` is the block that led
/// here. `may_return` false: it is known that none of the next 64 iterates has every component within reach() of this
/// one's, for cycle_tolerance.
template <std::size_t S>
bool look(Follow<S>& follow, const Marks<S>& marks, Ending<S>& ending, bool may_return = true);

/// How far apart two components can be where the iterates are within a tolerance relative to their length.
EQUIPOISE_TINY double reach(double tolerance, double length) { return tolerance * length * (1 + 1e-6); }

/// |b - a| / |a|; NaN at zero.
template <std::size_t S>
EQUIPOISE_TINY double distance(const State<S>& a, const State<S>& b) {
  State<S> difference;
  for (std::size_t i = 0; i < S; ++i) difference[i] = b[i] - a[i];
  const double scale = sum_of_squares(a);
  return std::sqrt(sum_of_squares(difference) / scale);  // no cycle at zero
}

/// Whether an iterate is within a distance of another, relative to that one's length. Nearly all are told by their
/// components, without a root and a quotient: one that is far, or all of them close.
template <std::size_t S>
class Within {
 public:
  EQUIPOISE_TINY Within(const State<S>& at, double tolerance) : at_(at), tolerance_(tolerance) {
    const double length_of_state = length(at);
    far_ = reach(tolerance, length_of_state);
    constexpr double share = S == 2 ? 0.7071 : 0.4999;                             // below 1 / sqrt(S)
    close_ = length_of_state > 1e-100 ? share * tolerance * length_of_state : -1;  // squares of smaller ones vanish
  }
  EQUIPOISE_TINY bool operator()(const State<S>& z) const {
    bool close = true;
    for (std::size_t i = 0; i < S; ++i) {
      const double apart = std::abs(z[i] - at_[i]);
      if (apart > far_) return false;
      close = close && apart <= close_;
    }
    return close || distance(at_, z) <= tolerance_;
  }

 private:
  State<S> at_;
  double tolerance_, far_, close_;
};

/// Everything but the measures, which become NaN. Of either ensemble.
template <class AnyEnding>
EQUIPOISE_TINY void report_ending(const AnyEnding& ending, TinyEnd& end) {
  end.outcome = ending.outcome;
  end.limit = ending.limit;
  end.proved = ending.proved;
  end.period = ending.period;
  end.steps = ending.step;
  end.loss = end.sharpness = end.ratio = end.imbalance = end.product = end.norm_x = end.norm_y = nan;
  end.lyapunov = ending.lyapunov;
  end.lyapunov_error = ending.lyapunov_error;
  end.multiplier = ending.multiplier;
}

/// The measures, in natural units, of the scaled iterate z.
template <std::size_t S>
void report_measures(const TinyRun& run, const State<S>& z, TinyEnd& end);

}  // namespace equipoise::tiny
