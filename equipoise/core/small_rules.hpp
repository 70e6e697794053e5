// What defines the runs of small_batch.hpp: the map, the tests on an iterate, and what is decided at a look. For
// small_*.cpp alone.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "equipoise/core/batch_rules.hpp"
#include "equipoise/core/problem.hpp"
#include "equipoise/core/small_batch.hpp"

namespace equipoise::small {

using tiny::never;
inline constexpr std::uint64_t look_every = 16;  ///< steps between looks at a run
inline constexpr std::size_t most_width = largest_small_rank;
/// Steps over which a return is looked for after a candidate was kept.
inline constexpr std::uint64_t watch_for = tiny::largest_period;
/// Two iterates of which an entry is further apart than this, times the length of one, are no return at the tolerance
/// of cycles; with room for rounding.
inline constexpr double return_room = 2e-12;

/// Entries below this become zero where a block begins. What decays for ever, such as rows beyond the rank of A, would
/// come to where a processor takes a hundred times as long for an operation; squares of what is left are normal
/// numbers.
inline constexpr double vanishing = 0x1p-450;

/// What the runs share. States are rows of `width` doubles, those of X and then those of Y; columns beyond the rank are
/// zero and stay so. Grams are width x width, X^T X and then Y^T Y.
struct Form {
  std::size_t rows, cols, rank, width;
  std::vector<double> values;        ///< positive, descending
  std::vector<double> squares_from;  ///< sums of their squares from each on, and of those at rest
  double norm = 0;                   ///< |A|_F
  double least_rise = 0;             ///< the least positive f - f* of a critical point
  /// Entries that tell whether an iterate has come back: of the last row that a minimiser keeps and of the first that
  /// it does not, between which what arrives last goes on for longest.
  std::vector<std::size_t> telling;
  // Lemma E on Grams, every rounding error on the safe side: h^2 |X Y^T|_2^2 >= share (<G_x, G_y> - error |X|^2 |Y|^2).
  double error = 0, share = 0, sum_factor = 0;
  const Problem* problem = nullptr;

  std::size_t pairs() const { return values.size(); }
  std::size_t entries() const { return (rows + cols) * width; }
  std::size_t gram() const { return width * width; }
};
Form form_of(const Problem& problem, Shape shape, const Vector& values, double at_rest);

/// The numbers of a run that its looks need.
struct Limits {
  double slope2 = -1, low2 = -1;  ///< near where |g|^2 <= max(slope2 |z|^2, low2); below zero nothing is near
  double needed2 = 0;             ///< Lemma E: (4 (1 + h |A|))^2
};
/// With nothing near: for a run that has left, whatever it passed.
inline Limits far_from_all(const Limits& limits) { return {-1, -1, limits.needed2}; }

/// The plain loop, on one state. The same order of operations as in the lanes.
void grams_of(const Form& form, const double* z, double* grams);
/// Sets to zero what is vanishing.
void drop_vanishing(const Form& form, double* z);
/// `steps` steps in place; `grams` are those of z before and after.
void advance(const Form& form, double h, double* z, double* grams, std::uint64_t steps);
double gradient_squared(const Form& form, double h, const double* z, const double* grams);
/// The Hessian's product with w, scaled by h.
void hessian_product(const Form& form, double h, const double* z, const double* grams, const double* w, double* out);
/// w becomes the image of a tangent vector over the step that leaves z.
void step_tangent(const Form& form, double h, const double* z, const double* grams, double* w);
/// Sums of squares over the columns of each factor, and these added up.
double sum_of_squares(const Form& form, const double* w);
/// |z|^2 from Grams.
double squared_length(const Form& form, const double* grams);
bool diverges(const Form& form, const Limits& limits, const double* grams);

/// `steps` steps without looks, of a run that has taken `taken` and began at 0: as blocks take them. `w`, where there
/// is one, follows as a tangent vector.
void advance_by_blocks(const Form& form, double h, double* z, double* grams, double* w, std::uint64_t taken,
                       std::uint64_t steps);

/// Where steps from `taken` on pause for the tangent to be normalised: the end of the block, of the first half, of all.
inline std::uint64_t end_of_stretch(std::uint64_t taken, std::uint64_t half, std::uint64_t all) {
  const std::uint64_t end = std::min(taken - taken % look_every + look_every, all);
  return taken < half ? std::min(end, half) : end;
}

/// A run in progress.
struct Follow {
  std::vector<double> z, before;  ///< the iterate of `step`, and the one at which the last block began
  double h = 1, m = 0;            ///< m = h s_1
  Limits limits;
  std::uint64_t step = 0, before_step = 0, max_steps = 0;
  std::uint64_t event =
      0;  ///< the next step at which look() is due whatever the iterate: a multiple of 16, or max_steps
  std::uint64_t cycle_look = never, growth_look = never;
  std::vector<double> candidate;  ///< the iterate whose returns are watched
  std::uint64_t candidate_step = never;
  bool lingers = false;  ///< at an unstable point, to see whether the run stays
  Limit visited = Limit::undetermined;
  double visited_multiplier = 0;
  std::uint64_t arrived = 0, lingers_until = 0;
  std::vector<double> tangent;
  double open_growth = 0;                ///< of the 64 steps in progress
  std::unique_ptr<tiny::Growth> growth;  ///< there from growth_look on

  bool follows_tangent() const { return growth != nullptr; }
};

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

/// A unit vector without symmetry, the same for every run.
std::vector<double> first_tangent(const Form& form);

/// Starts a run: scales it, and plans its first event.
void begin(const Form& form, const SmallRun& run, Follow& follow);
/// Takes the steps up to the next look, at most 16.
void take_block(const Form& form, Follow& follow);

/// What the last 16 steps before a look are found to hold, by a walk through them.
struct Event {
  enum class Kind : std::uint8_t { nothing, near, proved_divergence, out_of_range };
  Kind kind = Kind::nothing;
  std::uint64_t after = 0;              ///< steps from the start of the walk; z is the iterate there
  double squared[look_every + 1] = {};  ///< |g|^2 of the iterates up to there
};
/// Walks from z, which becomes the iterate of the event, at most `length` steps.
Event walk(const Form& form, double h, const Limits& limits, double* z, std::uint64_t length);
/// True where `event` at z, of a walk that began at step `first`, ends the run. False for an unstable point, where the
/// run may stay or not.
bool ends_with(const Form& form, double h, const Event& event, std::uint64_t first, const double* z, Ending& ending);

/// What is decided at a look. `may_end_here` false: it is known that the iterate is near nothing and leaves no bounded
/// set (never for a run that lingers). `may_return` false: it is known that no iterate came back to the candidate.
bool look(const Form& form, Follow& follow, Ending& ending, bool may_end_here = true, bool may_return = true);

/// `measures` and `sharpness` as in SmallSettings; `overlap` as in SmallStart.
void report(const Form& form, const Ending& ending, const Matrix& overlap, bool measures, bool sharpness, TinyEnd& end);

}  // namespace equipoise::small
