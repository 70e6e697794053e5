// The tests of any.divergence at one iterate: lemma E, its sharper form for one number, and the short test for rank
// one.
#pragma once

#include "equipoise/core/divergence.hpp"
#include "equipoise/theory/knowledge.hpp"

namespace equipoise {

/// Which of the three tests of docs/theory.md, section 9, fire at an iterate. Each proves that descent from there
/// diverges.
struct SureDivergence {
  LemmaE lemma;           ///< any shape and rank, bounds with rounding included
  bool number = false;    ///< 1 x 1: |r| >= 4 + m and |r p| >= 2 S, decided exactly
  bool rank_one = false;  ///< h min(|x|^2, |y|^2) > 2 + h |A|_2
  double smaller = 0;     ///< rank one: h min(|x|^2, |y|^2)
  double bound_A = 0;     ///< an upper bound of h |A|_2
  bool any() const { return lemma.holds || number || rank_one; }
};
/// Needs a usable situation (Knowledge::usable); `at` has its shape and is finite. Cost: O((rows + cols) rank^2).
SureDivergence sure_divergence(const Knowledge& known, ConstFactors at);

}  // namespace equipoise
