// What the statements share: everything in units of the learning rate, and the exact state where there is one.
#pragma once

#include <optional>

#include "equipoise/theory/delta.hpp"
#include "equipoise/theory/isotropic.hpp"
#include "equipoise/theory/theory.hpp"

namespace equipoise {

/// The sizes of one point in units of the rate: all numbers are pure. NaN where they leave the range of double.
struct Sizes {
  double P = 0;           ///< h |X|_2^2
  double Q = 0;           ///< h |Y|_2^2
  double norm_x = 0;      ///< h |X|_F^2
  double norm_y = 0;      ///< h |Y|_F^2
  double difference = 0;  ///< h |X - Y|_F^2, where the shapes agree
  double S() const { return norm_x + norm_y; }
};

/// Everything that statements ask about a situation, found out once. Holds references into the situation.
struct Knowledge {
  explicit Knowledge(const Situation& situation);

  const Situation& situation;
  Shape shape;
  bool finite = false;    ///< start and rate are finite, and the rate is positive
  bool complete = false;  ///< the theory speaks of this problem, and it has unknowns
  bool usable() const { return finite && complete; }

  std::optional<Matrix> A;  ///< as given, for at most most_entries_for_theory entries
  Isotropy isotropy = Isotropy::no;
  std::optional<Delta> vector_state;     ///< A is 1 x 1
  std::optional<Delta> isotropic_state;  ///< A = mu O exactly, n >= 2, rank 1

  // Scaled by powers of two, X 2^k, A 4^k and h 4^-k with the scaled rate in [1/2, 2): the same descent, no unit left.
  int exponent = 0;
  double rate = 0;  ///< h 4^-k
  std::optional<Matrix> scaled_A;
  Factors scaled(ConstFactors at) const;
  /// h * value for a curvature or singular value, without leaving the range of double on the way.
  double in_units(double curvature) const;

  Sizes start;                     ///< sizes at the start
  double hs1 = 0;                  ///< h sigma_1
  double hs1_error = 0;            ///< how far it can be from the truth
  std::optional<Vector> singular;  ///< h s_i, all of them, descending
  double h_norm_A = 0;             ///< h |A|_F

  Sizes sizes(ConstFactors at) const;
  double mu() const { return (*A)(0, 0); }
};

/// Checks with their margins. `slack` widens the bound by what rounding and an unfinished limit may add.
Check less(std::string text, double value, double bound, double slack = 0);
Check equal(std::string text, double value, double bound, double slack);
Check fact(std::string text, Answer holds);
Check decided(std::string text, double value, double bound, Answer holds);
inline Answer answer(bool holds) { return holds ? Answer::yes : Answer::no; }

/// The assumptions common to all statements; false where one of them fails, so that nothing else can be said.
bool common_assumptions(const Knowledge& known, Finding& finding);

}  // namespace equipoise
