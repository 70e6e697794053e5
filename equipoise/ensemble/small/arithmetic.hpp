// What defines the steps of ensemble.hpp: the form that runs share, the map, its tangent, and tests on an iterate.
// For small ensembles alone.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "equipoise/core/numbers.hpp"
#include "equipoise/core/problem.hpp"
#include "equipoise/ensemble/small/ensemble.hpp"

namespace equipoise::small {

inline constexpr std::uint64_t look_every = 16;  ///< steps between looks at a run
inline constexpr std::size_t most_width = largest_small_rank;
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
/// Gives w the length 1; returns the logarithm of what it had.
double normalise(const Form& form, double* w);
/// |z|^2 from Grams.
double squared_length(const Form& form, const double* grams);
inline bool is_finite(double squared_length) { return squared_length <= largest_double; }
bool diverges(const Form& form, const Limits& limits, const double* grams);
/// False if neither this iterate nor one up to 16 steps before it diverges: where the lemma's own numbers are beyond
/// the range of double, it held some steps before.
bool may_have_left(const Form& form, const Limits& limits, const double* grams);

/// `steps` steps without looks, of a run that has taken `taken` and began at 0: as blocks take them. `w`, where there
/// is one, follows as a tangent vector.
void advance_by_blocks(const Form& form, double h, double* z, double* grams, double* w, std::uint64_t taken,
                       std::uint64_t steps);

/// Where steps from `taken` on pause for the tangent to be normalised: the end of the block, of the first half, of all.
inline std::uint64_t end_of_stretch(std::uint64_t taken, std::uint64_t half, std::uint64_t all) {
  const std::uint64_t end = std::min(taken - taken % look_every + look_every, all);
  return taken < half ? std::min(end, half) : end;
}

}  // namespace equipoise::small
