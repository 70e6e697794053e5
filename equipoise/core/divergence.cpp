// Lemma E in double precision with explicit error bounds.
#include "equipoise/core/divergence.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace equipoise {

LemmaE lemma_e(ConstFactors at, double h, double norm_a_upper, const Space& space) {
  constexpr double eps = std::numeric_limits<double>::epsilon();
  LemmaE result;
  const Index rows = space.whole(at.shape().rows), cols = space.whole(at.shape().cols), rank = at.shape().rank;
  const double root_h = std::sqrt(h);
  // Scaled by sqrt(h) everything is a pure number, so no unit can make a square overflow before the test has fired.
  const Matrix X = root_h * at.X();
  const Matrix Y = root_h * at.Y();
  const double norm_x = space.squared_norm(flat(X));
  const double norm_y = space.squared_norm(flat(Y));
  const double gram_product = space.gram(X, X).cwiseProduct(space.gram(Y, Y)).sum();
  // |<X'X, Y'Y>| rounding: each Gram entry errs by at most (length + 4) eps |x_i| |x_j|, the sum by rank^2 eps more,
  // and sum |G_x| |G_y| <= |X|^2 |Y|^2. The factor 2 covers products of these small terms.
  const double terms = static_cast<double>(rows + cols + rank * rank + 16);
  const double error = 2 * terms * eps * norm_x * norm_y;
  const auto smallest_side = static_cast<double>(std::max<Index>(1, std::min({rows, cols, rank})));
  result.nu_lower = std::sqrt(std::max(0.0, gram_product - error) / smallest_side) * (1 - 8 * eps);
  result.s_upper = h * norm_a_upper * (1 + 8 * eps);
  result.S_upper = (norm_x + norm_y) * (1 + 2 * terms * eps);
  result.needed = std::max(4 * (1 + result.s_upper), 2 * std::sqrt(result.S_upper)) * (1 + 8 * eps);
  result.holds = std::isfinite(result.nu_lower) && std::isfinite(result.needed) && result.nu_lower >= result.needed;
  return result;
}

LemmaE lemma_e_of_one_number(ConstFactors at, double h, double mu_upper, double loss, const Space& space) {
  constexpr double eps = std::numeric_limits<double>::epsilon();
  LemmaE result;
  const double root_h = std::sqrt(h);
  const Vector u = root_h * flat(Matrix(at.X())), v = root_h * flat(Matrix(at.Y()));
  const double terms = static_cast<double>(space.whole(u.size()) + 16);
  const double squares = space.squared_norm(u) + space.squared_norm(v);
  result.s_upper = h * mu_upper * (1 + 8 * eps);
  result.S_upper = squares * (1 + 2 * terms * eps);
  // |u| |v| <= S / 2 bounds the products that are summed in u.v.
  const double error = terms * eps * (result.S_upper + result.s_upper);
  result.nu_lower = h * std::sqrt(2 * loss) * (1 - 8 * eps) - error;
  const double p_lower = std::abs(space.dot(u, v)) - error;
  result.needed = p_lower > 0 ? std::max(4 + result.s_upper, 2 * result.S_upper / p_lower) * (1 + 8 * eps)
                              : std::numeric_limits<double>::infinity();
  result.holds = std::isfinite(result.nu_lower) && std::isfinite(result.needed) && result.nu_lower >= result.needed;
  return result;
}

}  // namespace equipoise
