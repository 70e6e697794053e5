// Very many tiny independent descents in lockstep: the same verdicts as run(), a lane of a SIMD vector each.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "equipoise/core/factors.hpp"
#include "equipoise/core/run.hpp"
#include "equipoise/core/verdict.hpp"

namespace equipoise {

/// One tiny problem with its start, in natural units. Made by tiny_scalar(), tiny_vector() or tiny_isotropic().
///
/// A run takes place on sqrt(h) times the factors, where the rate is 1 and m = h |mu| (y changes sign with mu):
///   pair       r = m - x y,  x+ = x + r y,  y+ = y + r x                         three fused multiply-adds
///   isotropic  x+ = x + m y - |y|^2 x,  y+ = y + m x - |x|^2 y,  x, y in R^2     twelve operations
/// each of them rounded once where step() in rules.hpp says fma: that form defines the result, bit for bit.
struct TinyRun {
  enum class Kind : std::uint8_t {
    pair,      ///< f = 1/2 (mu - x y)^2, and every f = 1/2 (mu - u.v)^2 after its reduction
    isotropic  ///< f = 1/2 |mu I - x y^T|^2 for n >= 2, in orthonormal coordinates of the plane of x and y
  };
  Kind kind = Kind::pair;
  double mu = 0;
  double h = 0;          ///< learning rate
  double x[2] = {0, 0};  ///< pair: x[0] alone
  double y[2] = {0, 0};
  double shape = 1;  ///< pair: cosine between u + v and u - v (1: a scalar); isotropic: n
  std::uint64_t max_steps = RunSettings{}.max_steps;
  double tolerance = RunSettings{}.tolerance;  ///< as in RunSettings
};

/// f = 1/2 (mu - x y)^2 from (x, y).
TinyRun tiny_scalar(double mu, double x, double y, double h);
/// f = 1/2 (mu - u.v)^2 from (u, v). u + v keeps its direction and so does u - v; only their lengths (with a sign)
/// move, and they move as x + y and x - y of the scalar problem. The reduction x +- y = |u +- v| is therefore exact for
/// real numbers, loss and sharpness included; two square roots of the start are rounded. The angle between u + v and u
/// - v never changes: it enters the imbalance and the ratio alone. Throws Error where the lengths differ.
TinyRun tiny_vector(double mu, Eigen::Ref<const Vector> u, Eigen::Ref<const Vector> v, double h);
/// f = 1/2 |mu I - x y^T|^2 from (x, y), n = their length. x and y never leave their plane, so four coordinates in it
/// carry the run. They cost what the three Gram scalars |x|^2, |y|^2, x.y would, without squaring the condition: |x|^2
/// |y|^2 - (x.y)^2 is a squared determinant here and a cancellation there. Throws Error where the lengths differ or are
/// zero.
TinyRun tiny_isotropic(double mu, Eigen::Ref<const Vector> x, Eigen::Ref<const Vector> y, double h);
/// The same from norms: |x|, |y| and the cosine of their angle, in [-1, 1].
TinyRun tiny_isotropic(double mu, double n, double norm_x, double norm_y, double cosine, double h);

/// The largest Hessian eigenvalue at the start, in natural units (closed form, docs/theory.md 1); h is not looked at.
double tiny_sharpness(const TinyRun& run);

/// Runs that share most of their numbers, as the cells of a grid do: a column of `count` values, one a run, for each
/// number in which they differ. Columns belong to the caller. 8 bytes a run and column, where a TinyRun takes 80.
struct TinyColumns {
  TinyRun shared;  ///< the kind, max_steps, and every number without a column
  std::size_t count = 0;
  const double* mu = nullptr;
  const double* h = nullptr;
  const double* x[2] = {nullptr, nullptr};
  const double* y[2] = {nullptr, nullptr};
  const double* shape = nullptr;
  const double* tolerance = nullptr;

  TinyRun run(std::size_t i) const;  ///< i < count
};

/// How a tiny run ended. Numbers are NaN where they are not known; beyond the range of double they are infinite.
struct TinyEnd {
  Outcome outcome = Outcome::exhausted;
  Limit limit = Limit::undetermined;
  bool proved =
      false;  ///< diverged: Lemma E holds at `steps`; otherwise the next iterate is outside the range of double
  std::uint32_t period = 0;  ///< periodic: 2 to 64
  std::uint64_t steps = 0;   ///< the step at which the verdict was reached; max_steps where none was
  // At the iterate of that step, which is the last that is looked at:
  double loss = 0;
  double sharpness = 0;  ///< largest Hessian eigenvalue (closed form, docs/theory.md, section 3); NaN after divergence
  double ratio = 0;      ///< |X| / |Y|; 1 where both are zero
  double imbalance = 0;  ///< |X^T X - Y^T Y|_F
  double product = 0;    ///< u.v or x.y; <X, Y> of any square problem, NaN of others
  double norm_x = 0, norm_y = 0;
  /// Largest Lyapunov exponent per step. Converged: log max |1 - h lambda| over the Hessian, which is 0 at every stable
  /// minimiser since the Hessian has zero eigenvalues there. Periodic: log |multiplier| / period. Chaotic: measured.
  /// Else NaN.
  double lyapunov = 0;
  double lyapunov_error = 0;  ///< chaotic: its standard error; else NaN
  double multiplier = 0;      ///< converged or periodic: the largest non-neutral multiplier of one turn; else NaN
};

struct BatchSettings {
  std::string target;    ///< one of batch_targets(); empty: the first of them
  bool measures = true;  ///< false leaves loss to norm_y at NaN, which saves about as much as 50 steps a run
  /// Set by another thread or a signal: run_batch() then returns within some blocks of 64 steps, and ends that were not
  /// reached are as they were.
  const std::atomic<bool>* stop = nullptr;
};

/// The ways of computing that this processor has, best first; the last is always "scalar", the plain loop that is the
/// oracle of the others. All give the same bits. A SIMD target is listed where it has fused multiply-adds: without them
/// only "scalar" is left, in which std::fma is emulated exactly, and slowly.
std::vector<std::string> batch_targets();

/// Runs every cell to its verdict on the calling thread. ends[i] depends on runs[i] alone: not on the target, on its
/// neighbours or on how a grid is cut into spans. Lanes are refilled as runs end, so a span should hold some thousands
/// of cells; memory is a few hundred kilobytes.
///
/// The rules are those of run(), looked at every 64 steps, with the exact step found afterwards:
/// - diverged: the first step at which Lemma E holds (docs/theory.md, section 9), or after which an iterate leaves the
///   range of double.
/// - converged: |grad f| <= tolerance |A|_F max(|z|, |A|_F^(1/2)), of A = 0 tolerance |z_0|^2 |z|. The step is the
/// first
///   of the stretch that lasts until the look. An unstable point must hold for as long as a rounding error needs to
///   leave it.
/// - periodic: looked for at 256, 512, 1024, ... steps, and at the end; pairs with m < 1 have no attracting cycle
///   (theorem 2).
/// - chaotic: 1 < m <= 2 alone, where no minimiser is stable and runs may stay bounded for ever; exponent above 0.02
///   and three standard errors over at least 10^4 steps that end at 20032, 40256, ... or at max_steps (so never before
///   19968). Chaotic transients below m = 1 go on.
/// Throws Error, before the first step, for a number that is not finite, h <= 0, a tolerance outside [0, 1], n < 1, an
/// unknown target, or spans of different lengths.
void run_batch(std::span<const TinyRun> runs, std::span<TinyEnd> ends, const BatchSettings& settings = {});
/// The same ends from columns.
void run_batch(const TinyColumns& runs, std::span<TinyEnd> ends, const BatchSettings& settings = {});

/// The products u.v (x.y) of the last `last` iterates of each run, those of steps max_steps - last + 1 to max_steps,
/// into orbits[i * last ...]: what a bifurcation diagram shows. Nothing ends a run early; beyond the range of double it
/// is NaN. Throws Error as run_batch() does, and where last > max_steps + 1.
void record_orbits(std::span<const TinyRun> runs, std::size_t last, std::span<double> orbits,
                   const BatchSettings& settings = {});

/// The largest Lyapunov exponent of each run along the second half of its steps: the mean logarithmic growth per step
/// of a tangent vector that has turned with the first half. What lies under a bifurcation diagram: it is measured
/// everywhere, at a minimiser (where a neutral direction makes it 0) as well as in chaos. Nothing ends a run early;
/// beyond the range of double, and for fewer than 2 steps, it is NaN. One plain loop, hence the same bits on every
/// target. Throws Error as run_batch() does.
void lyapunov_exponents(std::span<const TinyRun> runs, std::span<double> exponents);

/// The same row for a run of any other problem. Small matrices have lanes of their own (small/ensemble.hpp); larger
/// ones go through run(), cell by cell: their step is thousands of operations, which fill the vectors of one run.
TinyEnd tiny_end(const Record& record);

}  // namespace equipoise
