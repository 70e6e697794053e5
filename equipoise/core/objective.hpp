// Anything that descent runs on: a flat state, a loss, its gradient and its Hessian products.
#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "equipoise/core/problem.hpp"
#include "equipoise/core/space.hpp"

namespace equipoise {

/// Evidence that a run leaves every bounded set from an iterate on.
struct SureDivergence {
  double evidence = 0, threshold = 0;  ///< evidence >= threshold decided
  std::string why;                     ///< one sentence, with the theorem
};

/// What theory knows of an objective before a run. By default nothing: endings then rest on heuristics, and say so.
struct Laws {
  /// True if f is exactly 1/2 |A - X Y^T|_F^2, over all entries of A, plus `ridge`/2 (|X|_F^2 + |Y|_F^2).
  bool every_entry = false;
  double ridge = 0;
  /// Above this rate no minimiser is stable, so that a bounded run that does not settle may be called chaotic.
  double largest_stable_rate = std::numeric_limits<double>::infinity();
  /// From here on almost every run is unbounded, however long it wanders first.
  double largest_bounded_rate = std::numeric_limits<double>::infinity();
  /// Empty: no theorem; a run is then given up at a bound that is a heuristic.
  std::function<std::optional<SureDivergence>(ConstState at, double h)> surely_diverges;
  /// What |grad f| is compared with, from |z| and |z| at the start; empty: max(|grad f| at the start, ...) is used.
  std::function<double(double norm, double start_norm)> gradient_scale;
};

/// A function of a flat array of numbers. size(), gradient() and hessian_product() are all that must be written: runs,
/// verdicts, cycles, exponents and sharpness then work. Immutable, hence safely shared between threads.
class Objective {
 public:
  virtual ~Objective() = default;

  /// Unknowns that are held here; all of them unless space() says otherwise.
  virtual Index size() const = 0;
  /// Returns f(at), writes its gradient. Not finite where the arithmetic overflows; never throws for values.
  virtual double gradient(ConstState at, State out) const = 0;
  /// Writes the Hessian of f at `at` applied to `direction`.
  virtual void hessian_product(ConstState at, ConstState direction, State out) const = 0;

  /// Takes trace.size() steps z <- z - h grad f(z) in place; trace[i] describes the iterate before step i. An override
  /// must give the same bits for any way of cutting a run into calls.
  virtual void advance(State z, double h, std::span<StepTrace> trace) const;
  virtual Laws laws() const { return {}; }
  virtual const Space& space() const { return local_space(); }
  /// The numbers of a sample beside loss and gradient: their names, and their values at an iterate.
  virtual std::vector<std::string> measure_names() const { return {}; }
  virtual void measure(ConstState at, std::span<double> out) const { static_cast<void>(at), static_cast<void>(out); }
};

/// A problem at a shape, as an objective whose state is a pair of factors. Both must outlive it.
class FactorObjective : public Objective {
 public:
  FactorObjective(const Problem& problem, Shape shape) : problem_(problem), shape_(shape) {}

  const Problem& problem() const { return problem_; }
  const Shape& shape() const { return shape_; }
  Index size() const override { return shape_.size(); }
  double gradient(ConstState at, State out) const override {
    return problem_.gradient({shape_, at.data()}, {shape_, out.data()});
  }
  void hessian_product(ConstState at, ConstState direction, State out) const override {
    problem_.hessian_product({shape_, at.data()}, {shape_, direction.data()}, {shape_, out.data()});
  }
  void advance(State z, double h, std::span<StepTrace> trace) const override {
    problem_.advance({shape_, z.data()}, h, trace);
  }

 private:
  const Problem& problem_;
  Shape shape_;
};

}  // namespace equipoise
