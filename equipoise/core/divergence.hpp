// Lemma E: a sure, one-step test for divergence.
#pragma once

#include "equipoise/core/space.hpp"

namespace equipoise {

/// Both sides of Lemma E at one iterate, with every rounding error on the safe side.
/// With nu = h |X Y^T|_2, s = h |A|_2 and S = h (|X|_F^2 + |Y|_F^2):
///   nu >= 4 (1 + s) and nu^2 >= 4 S   imply   nu_{k+1} >= nu_k (1 + nu_k + s) >= 5 nu_k for ever.
/// It holds for every complete A, every shape and rank (docs/theory.md, any.divergence).
struct LemmaE {
  double nu_lower = 0;  ///< |X Y^T|_F / sqrt(min(rows, cols, rank)) from Grams, less the bound of its rounding error
  double s_upper = 0;
  double S_upper = 0;
  double needed = 0;  ///< what nu_lower is compared with: max(4 (1 + s), 2 sqrt(S))
  bool holds = false;
};

/// `norm_a_upper`: any upper bound of |A|_2, e.g. |A|_F. Cost O((rows + cols) rank^2). Not finite: does not hold.
LemmaE lemma_e(ConstFactors at, double h, double norm_a_upper, const Space& space = local_space());

/// Its sharper form for a 1 x 1 matrix mu, as tiny ensembles have it: with r = h (mu - u.v), p = h u.v and m = h |mu|,
///   |r| >= 4 + m and |r| |p| >= 2 S   imply   |r_{k+1}| >= 2 r_k^2 for ever.
/// nu_lower is that of |r|, s_upper that of m, `needed` max(4 + m, 2 S / |p|). `loss`: f at this iterate.
LemmaE lemma_e_of_one_number(ConstFactors at, double h, double mu_upper, double loss,
                             const Space& space = local_space());

}  // namespace equipoise
