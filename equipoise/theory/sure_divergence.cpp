// The three sure tests for divergence, in units of the rate.
//
// Tested in equipoise/theory/forecast_test.cpp
#include "equipoise/theory/sure_divergence.hpp"

#include <algorithm>

#include "equipoise/theory/scalar.hpp"

namespace equipoise {

SureDivergence sure_divergence(const Knowledge& known, ConstFactors at) {
  SureDivergence result;
  // |A|_2 where all of A was decomposed, and |A|_F, which is no smaller, elsewhere.
  result.bound_A = known.singular && known.scaled_A ? known.hs1 + known.hs1_error : known.h_norm_A * (1 + 1e-12);
  result.lemma = lemma_e(known.scaled(at), known.rate, result.bound_A / known.rate);
  if (known.vector_state) {
    result.number = surely_diverges(known.mu(), at.X().row(0).transpose(), at.Y().row(0).transpose(),
                                    known.situation.learning_rate);
  }
  if (known.shape.rank == 1) {
    const Sizes sizes = known.sizes(at);
    result.smaller = std::min(sizes.norm_x, sizes.norm_y);
    result.rank_one = result.smaller * (1 - 1e-12) > 2 + result.bound_A * (1 + 1e-12);
  }
  return result;
}

}  // namespace equipoise
