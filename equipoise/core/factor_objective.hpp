// A problem at a shape, as an objective whose state is a pair of factors.
#pragma once

#include <optional>

#include "equipoise/core/balance.hpp"
#include "equipoise/core/objective.hpp"

namespace equipoise {

/// What the laws of a factorization are made of.
struct MatrixSize {
  double sigma1 = 0;  ///< largest singular value of A
  double norm = 0;    ///< |A|_F over the entries of the loss
};
/// Cost: some tens of rank-1 gradients.
MatrixSize measure_matrix(const Problem& problem, const SharpnessSettings& settings = {});

/// f(X, Y) as a function of the flat array of Factors. The measures of a sample are norm_x, norm_y and imbalance. The
/// laws are those of docs/theory.md: Lemma E, 1/sigma_1 and 2/sigma_1 if every entry is known and there is no ridge.
/// Refers to the problem, which must outlive it.
class FactorObjective : public Objective {
 public:
  /// Without a size of A, laws() measures it.
  FactorObjective(const Problem& problem, Shape shape, std::optional<MatrixSize> size = std::nullopt)
      : problem_(problem), shape_(shape), matrix_(size) {}

  const Problem& problem() const { return problem_; }
  const Shape& shape() const { return shape_; }
  ConstFactors factors(ConstState at) const { return {shape_, at.data()}; }

  Index size() const override { return shape_.size(); }
  double gradient(ConstState at, State out) const override {
    return problem_.gradient(factors(at), {shape_, out.data()});
  }
  void hessian_product(ConstState at, ConstState direction, State out) const override {
    problem_.hessian_product(factors(at), factors(direction), {shape_, out.data()});
  }
  void advance(State z, double h, std::span<StepTrace> trace) const override {
    problem_.advance({shape_, z.data()}, h, trace);
  }
  Laws laws() const override;
  const Space& space() const override { return problem_.space(); }
  std::vector<std::string> measure_names() const override { return {"norm_x", "norm_y", "imbalance"}; }
  void measure(ConstState at, std::span<double> out) const override;
  /// entries * rank
  double work() const override;
  double cost() const override { return problem_.cost(shape_.rank); }
  Curvature curvature(ConstState at, const KeepGoing& keep_going) const override {
    return curvature_at_critical_point(problem_, factors(at), keep_going);
  }

 private:
  const Problem& problem_;
  Shape shape_;
  std::optional<MatrixSize> matrix_;
};

}  // namespace equipoise
