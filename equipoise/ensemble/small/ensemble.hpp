// Very many descents on one small matrix in lockstep: spectral coordinates, a lane of a SIMD vector for each run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "equipoise/core/factors.hpp"
#include "equipoise/core/problem.hpp"
#include "equipoise/ensemble/tiny/ensemble.hpp"

namespace equipoise {

namespace small {
struct Form;
}

/// The most numbers that the factors of a small problem may have, columns being counted in fours beyond four of them:
/// eight runs of so many take 128 KiB, which a second cache holds twice.
inline constexpr Index largest_small_problem = 2048;
inline constexpr Index largest_small_rank = 32;
/// Whether runs of that shape, which has no empty side, fit into lanes.
bool is_small(Shape shape);

/// What runs share: A = diag(values) padded with zeros to rows x cols, the values positive and descending, and the
/// squares of singular values that stand in the loss alone (`at_rest`, as in spectral_problem()).
///
/// A run takes place on sqrt(h) times the factors, where the rate is 1, with G_x = X^T X, G_y = Y^T Y and m_i = h s_i:
///   x_i+ = x_i + m_i y_i - G_y x_i,  y_i+ = y_i + m_i x_i - G_x y_i   for every row i
/// each number by fused multiply-adds in this order, its own column's first, then those of G by columns; Grams by fused
/// multiply-adds, row after row. That form defines the result, bit for bit. 3 d^2 + 3 d fused multiply-adds a pair of
/// rows and step.
class SmallFamily {
 public:
  /// `problem`: the same f in the same coordinates; the Hessian's eigenvalues come from it where no closed form gives
  /// them. Throws Error where the shape is not small or empty, or the values are not as above.
  SmallFamily(const Problem& problem, Shape shape, const Vector& values, double at_rest = 0);
  ~SmallFamily();
  SmallFamily(SmallFamily&&) noexcept;
  SmallFamily& operator=(SmallFamily&&) noexcept;

  const small::Form& form() const { return *form_; }

 private:
  std::unique_ptr<small::Form> form_;
};

/// Where runs begin, but for the lengths of the factors.
struct SmallStart {
  Factors factors;  ///< of the family's shape
  /// U^T V of the bases that the coordinates belong to, rows x cols: with it TinyEnd::product is <X, Y> of the factors
  /// themselves. 0 x 0: the product is NaN.
  Matrix overlap;
};

/// One run, from (scale_x X, scale_y Y).
struct SmallRun {
  const SmallStart* start = nullptr;
  double scale_x = 1, scale_y = 1;
  double h = 0;  ///< learning rate
  std::uint64_t max_steps = RunSettings{}.max_steps;
  double tolerance = RunSettings{}.tolerance;  ///< as in RunSettings
};

struct SmallSettings {
  std::string target;  ///< as in BatchSettings
  bool measures = true;
  bool sharpness =
      true;  ///< needs `measures`; where a run ends at no minimiser it takes as long as 10^4 steps of a lane and more
  const std::atomic<bool>* stop = nullptr;  ///< as in BatchSettings
};

/// Runs every cell to its verdict on the calling thread. ends[i] depends on runs[i] alone, as in run_batch().
/// The rules are those of run(), looked at every 16 steps, with the exact step found afterwards:
/// - diverged: the first step at which Lemma E holds, or after which |z|^2 leaves the range of double.
/// - converged: the first iterate at which |grad f| <= tolerance |A|_F max(|z|, |A|_F^(1/2)) (of
///   A = 0: tolerance |z_0|^2 |z|), looked for in the 16 steps before a look at which it holds. An unstable point must
///   hold for as long as a rounding error needs to leave it.
/// - periodic: looked for from step 256, 512, 1024, ... on, and at the end.
/// - chaotic: as in run_batch(), where 1 < h s_1 <= 2.
/// Throws Error, before the first step, for a start of another shape, numbers that are not finite, h <= 0, a tolerance
/// outside [0, 1], an unknown target, or spans of different lengths.
void run_small_batch(const SmallFamily& family, std::span<const SmallRun> runs, std::span<TinyEnd> ends,
                     const SmallSettings& settings = {});

/// u_1^T X Y^T v_1, how much of A's largest singular pair the product has, for the last `last` iterates of each run:
/// those of steps max_steps - last + 1 to max_steps, into orbits[i * last ...]. Of a 1 x 1 matrix that is x y; past the
/// edge it moves as x y does for mu = s_1 (docs/theory.md, section 8). Nothing ends a run early; beyond the range of
/// double it is NaN. Throws Error as run_small_batch() does, and where last > max_steps + 1.
void record_small_orbits(const SmallFamily& family, std::span<const SmallRun> runs, std::size_t last,
                         std::span<double> orbits, const SmallSettings& settings = {});

/// The largest Lyapunov exponent of each run along the second half of its steps, as lyapunov_exponents() has it.
void small_lyapunov_exponents(const SmallFamily& family, std::span<const SmallRun> runs, std::span<double> exponents,
                              const SmallSettings& settings = {});

}  // namespace equipoise
