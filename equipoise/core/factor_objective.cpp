// The laws and the measures of a factorization.
//
// Tested in equipoise/core/objective_test.cpp
#include "equipoise/core/factor_objective.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "equipoise/core/divergence.hpp"

namespace equipoise {

MatrixSize measure_matrix(const Problem& problem, const SharpnessSettings& settings) {
  MatrixSize result;
  const SingularTriplets top = top_singular_triplets(problem, 1, settings);
  result.sigma1 = top.values.size() > 0 ? top.values[0] : 0;
  const Shape none{problem.rows(), problem.cols(), 0};
  Factors empty(none);
  Factors gradient(none);
  result.norm = std::sqrt(2 * problem.gradient(empty, gradient));
  return result;
}

Laws FactorObjective::laws() const {
  const auto [sigma1, norm] = matrix_ ? *matrix_ : measure_matrix(problem_);
  Laws laws;
  laws.every_entry = problem_.form().every_entry;
  laws.ridge = problem_.form().ridge;
  laws.rate_name = "h * sigma_1";
  laws.rate_unit = sigma1;
  laws.extent = [](double norm_squared, double h) { return h * norm_squared; };
  laws.extent_name = "h (|X|^2 + |Y|^2)";
  // |A|_F max(|z|, |A|_F^(1/2)) has the dimension of a gradient and is what its rounding errors are proportional to;
  // for A = 0 the start gives the scale.
  laws.gradient_scale = [a = norm](double norm_squared, double start_norm_squared) {
    return a == 0 ? start_norm_squared * std::sqrt(norm_squared) : a * std::max(std::sqrt(norm_squared), std::sqrt(a));
  };
  if (!problem_.complete()) return laws;
  laws.largest_stable_rate = 1 / sigma1;
  // Beyond h sigma_1 = 2 the scalar map is unbounded for almost every start (theorem 2c).
  laws.largest_bounded_rate = 2 / sigma1;
  // Lemma E asks for h |X Y^T|_2 >= 4 + 4 h |A|_F, and |X Y^T|_2 <= |A|_F + |R|_F with |R|_F^2 twice the loss.
  laws.may_diverge = [](const StepTrace& seen, double h) { return h * std::sqrt(2 * seen.loss) >= 3.99; };
  laws.surely_diverges = [this, a = norm](ConstState at, double h) -> std::optional<DivergenceProof> {
    if (space().whole(shape_.rows) == 1 && space().whole(shape_.cols) == 1) {
      Factors unused(shape_);
      const LemmaE evidence = lemma_e_of_one_number(factors(at), h, a, problem_.gradient(factors(at), unused), space());
      if (!evidence.holds) return std::nullopt;
      return DivergenceProof{evidence.nu_lower, evidence.needed,
                             fmt::format("diverges for ever from this iterate on, by Lemma E: h |mu - u.v| >= {:.6g}, "
                                         "which is at least {:.6g}",
                                         evidence.nu_lower, evidence.needed)};
    }
    const LemmaE evidence = lemma_e(factors(at), h, a, space());
    if (!evidence.holds) return std::nullopt;
    return DivergenceProof{evidence.nu_lower, evidence.needed,
                           fmt::format("diverges for ever from this iterate on, by Lemma E: h |X Y^T|_2 >= {:.6g}, "
                                       "which is at least {:.6g}",
                                       evidence.nu_lower, evidence.needed)};
  };
  return laws;
}

void FactorObjective::measure(ConstState at, std::span<double> out) const {
  const Balance now = balance(factors(at), space());
  out[0] = now.norm_x;
  out[1] = now.norm_y;
  out[2] = now.imbalance;
}

double FactorObjective::work() const {
  return static_cast<double>(problem_.entries()) * static_cast<double>(std::max<Index>(1, shape_.rank));
}

}  // namespace equipoise
