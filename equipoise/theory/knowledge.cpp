// Scaling by powers of two, and the sizes that statements compare.
//
// Tested in equipoise/theory/theory_test.cpp
#include "equipoise/theory/knowledge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/error.hpp"
#include "equipoise/core/numbers.hpp"

namespace equipoise {
namespace {

// A where it is given, small and finite.
std::optional<Matrix> usable_matrix(const Situation& given) {
  if (given.A == nullptr || !given.A->allFinite()) return std::nullopt;
  const Index rows = given.A->rows(), cols = given.A->cols();
  if (rows != given.problem.rows() || cols != given.problem.cols()) {
    throw Error(
        fmt::format("A is {} x {} and the problem is {} x {}", rows, cols, given.problem.rows(), given.problem.cols()));
  }
  if (rows > 0 && cols > most_entries_for_theory / rows) return std::nullopt;
  return *given.A;
}

double largest_gram_eigenvalue(Eigen::Ref<const Matrix> M) {
  if (M.size() == 0) return 0;
  const Eigen::MatrixXd gram =
      M.rows() < M.cols() ? Eigen::MatrixXd(M * M.transpose()) : Eigen::MatrixXd(M.transpose() * M);
  if (!gram.allFinite()) return nan;
  if (gram.size() == 1) return gram(0, 0);
  return std::max(0.0, symmetric_eigenvalues(gram).maxCoeff());
}

double finite_or_nan(double value) { return std::isfinite(value) ? value : nan; }

}  // namespace

Knowledge::Knowledge(const Situation& given) : situation(given), shape(given.start.shape()) {
  const Problem& problem = given.problem;
  if (shape.rows != problem.rows() || shape.cols != problem.cols()) {
    throw Error(fmt::format("the start is for a {} x {} matrix and the problem is {} x {}", shape.rows, shape.cols,
                            problem.rows(), problem.cols()));
  }
  finite = given.start.flat().allFinite() && std::isfinite(given.learning_rate) && given.learning_rate > 0;
  complete = problem.complete() && shape.rows > 0 && shape.cols > 0 && shape.rank > 0;
  if (!complete) return;
  A = usable_matrix(given);
  if (A) isotropy = equipoise::isotropy(*A);

  if (given.start.flat().allFinite() && A) {
    if (A->size() == 1) {
      vector_state =
          Delta::of_vectors((*A)(0, 0), given.start.X().row(0).transpose(), given.start.Y().row(0).transpose());
    } else if (isotropy == Isotropy::exactly && shape.rank == 1) {
      isotropic_state = Delta::of_isotropic(*A, given.start.X().col(0), given.start.Y().col(0));
    }
  }
  if (!finite) return;

  // h = f 2^e with f in [1/2, 1): k = floor(e / 2) leaves the scaled rate in [1/2, 2).
  int e = 0;
  std::frexp(given.learning_rate, &e);
  exponent = e >= 0 ? e / 2 : -((1 - e) / 2);
  rate = std::ldexp(given.learning_rate, -2 * exponent);
  if (A) {
    scaled_A = A->unaryExpr([this](double entry) { return std::ldexp(entry, 2 * exponent); });
    if (!scaled_A->allFinite()) scaled_A.reset();
  }
  start = sizes(given.start);

  if (given.singular_values && given.singular_values->allFinite() && given.singular_values->size() > 0) {
    singular = given.singular_values->unaryExpr([this](double value) { return in_units(value); });
  } else if (scaled_A) {
    singular = rate * singular_values(*scaled_A);
  }
  hs1 = singular ? (*singular)[0] : in_units(given.sigma1);
  if (scaled_A) {
    h_norm_A = rate * scaled_A->norm();
    hs1_error = 64 * static_cast<double>(shape.rows + shape.cols) * std::numeric_limits<double>::epsilon() * hs1;
    if (!singular->allFinite()) singular.reset();
  } else {
    // f(0, 0) = |A|_F^2 / 2. Singular values of a matrix that is not at hand are trusted to ten digits.
    Factors zero(Shape{shape.rows, shape.cols, 1});
    Factors ignored(zero.shape());
    h_norm_A = in_units(std::sqrt(2 * problem.gradient(zero, ignored)));
    hs1_error = 1e-10 * hs1;
  }
}

Factors Knowledge::scaled(ConstFactors at) const {
  Factors result(at);
  result.flat() = result.flat().unaryExpr([this](double entry) { return std::ldexp(entry, exponent); }).eval();
  return result;
}

double Knowledge::in_units(double curvature) const { return finite_or_nan(rate * std::ldexp(curvature, 2 * exponent)); }

Sizes Knowledge::sizes(ConstFactors at) const {
  const Factors z = scaled(at);
  Sizes result;
  result.P = finite_or_nan(rate * largest_gram_eigenvalue(z.X()));
  result.Q = finite_or_nan(rate * largest_gram_eigenvalue(z.Y()));
  result.norm_x = finite_or_nan(rate * z.X().squaredNorm());
  result.norm_y = finite_or_nan(rate * z.Y().squaredNorm());
  result.difference = shape.rows == shape.cols ? finite_or_nan(rate * (z.X() - z.Y()).squaredNorm()) : nan;
  return result;
}

Check less(std::string text, double value, double bound, double slack) {
  Check check{std::move(text), value, bound, nan, Answer::unknown};
  if (std::isnan(value) || std::isnan(bound)) return check;
  check.margin = bound == 0 || !std::isfinite(bound) ? bound - value : (bound - value) / std::abs(bound);
  check.holds = answer(value <= bound + slack);
  return check;
}

Check equal(std::string text, double value, double bound, double slack) {
  Check check{std::move(text), value, bound, nan, Answer::unknown};
  const double distance = std::abs(value - bound);
  if (std::isnan(distance) || std::isnan(slack)) return check;
  check.margin = bound == 0 ? slack - distance : (slack - distance) / std::abs(bound);
  check.holds = answer(distance <= slack);
  return check;
}

Check fact(std::string text, Answer holds) { return {std::move(text), nan, nan, nan, holds}; }

Check decided(std::string text, double value, double bound, Answer holds) {
  Check check = less(std::move(text), value, bound);
  // The sign was decided elsewhere, possibly where these doubles cannot: the margin follows it.
  check.margin = holds == Answer::no ? -std::abs(check.margin) : std::abs(check.margin);
  check.holds = holds;
  return check;
}

bool common_assumptions(const Knowledge& known, Finding& finding) {
  const Problem& problem = known.situation.problem;
  finding.assumptions.push_back(fact("every entry of A is known and there is no ridge", answer(problem.complete())));
  finding.assumptions.push_back(fact("A and the factors have at least one entry",
                                     answer(known.shape.size() > 0 && known.shape.rows > 0 && known.shape.cols > 0)));
  finding.assumptions.push_back(
      fact("the start is finite, and the learning rate finite and positive", answer(known.finite)));
  return known.usable();
}

}  // namespace equipoise
