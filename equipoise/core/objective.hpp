// Anything that descent runs on: a flat state, a loss, its gradient and its Hessian products.
#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "equipoise/core/curvature.hpp"
#include "equipoise/core/problem.hpp"
#include "equipoise/core/space.hpp"

namespace equipoise {

/// Evidence that a run leaves every bounded set from an iterate on.
struct DivergenceProof {
  double evidence = 0, threshold = 0;  ///< evidence >= threshold decided
  std::string why;                     ///< one sentence, with the theorem
};

/// What theory knows of an objective before a run. By default nothing: endings then rest on heuristics, and say so.
struct Laws {
  /// True if f is exactly 1/2 |A - X Y^T|_F^2, over all entries of A, plus `ridge`/2 (|X|_F^2 + |Y|_F^2).
  bool every_entry = false;
  double ridge = 0;
  /// Above this rate no minimiser is stable, so that a bounded run that does not settle may be called chaotic.
  /// Infinity: not known, and no run is called chaotic.
  double largest_stable_rate = std::numeric_limits<double>::infinity();
  /// From here on almost every run is unbounded, however long it wanders first.
  double largest_bounded_rate = std::numeric_limits<double>::infinity();
  /// Sentences say a rate h as "rate_name = h * rate_unit".
  std::string rate_name = "h";
  double rate_unit = 1;
  /// Empty: no theorem; a run is then given up at a bound of `extent` that is a heuristic.
  std::function<std::optional<DivergenceProof>(ConstState at, double h)> surely_diverges;
  /// Cheap: false if surely_diverges cannot hold at an iterate with this trace. Empty: it is asked at every iterate.
  std::function<bool(const StepTrace& seen, double h)> may_diverge;
  /// A pure number that grows without bound as a run diverges, and its name in sentences. Empty: the smaller of
  /// |z| / (1 + |z_0|) and |grad f(z)| / (1 + |grad f(z_0)|).
  std::function<double(double norm_squared, double h)> extent;
  std::string extent_name;
  /// What |grad f| is compared with, from |z|^2 and |z_0|^2. Empty: the largest |grad f| seen so far.
  std::function<double(double norm_squared, double start_norm_squared)> gradient_scale;
};

/// A function of a flat array of numbers. size(), gradient() and hessian_product() are all that must be written: runs,
/// verdicts, cycles, exponents and sharpness then work. Immutable, hence safely shared between threads. A whole
/// program, with the quadratic 1/2 (a^2 + 3 b^2):
///
///   struct Bowl : equipoise::Objective {  // using namespace equipoise
///     Index size() const override { return 2; }
///     double gradient(ConstState z, State out) const override { out << z[0], 3 * z[1]; return z.dot(out) / 2; }
///     void hessian_product(ConstState, ConstState v, State out) const override { out << v[0], 3 * v[1]; }
///   };
///   const auto record = equipoise::run(Bowl(), equipoise::Vector::Ones(2), 0.5);
///   std::cout << record.verdict.why << '\n';
class Objective {
 public:
  virtual ~Objective() = default;

  /// Unknowns that are held here; all of them unless space() says otherwise.
  virtual Index size() const = 0;
  /// Returns f(at), writes its gradient. Not finite if the arithmetic overflows; never throws for values. `out` does
  /// not overlap `at`.
  virtual double gradient(ConstState at, State out) const = 0;
  /// Writes the Hessian of f at `at` applied to `direction`.
  virtual void hessian_product(ConstState at, ConstState direction, State out) const = 0;

  /// Takes trace.size() steps z <- z - h grad f(z) in place; trace[i] describes the iterate before step i. An override
  /// must give the same bits for any way of cutting a run into calls, since a run replays parts of itself.
  virtual void advance(State z, double h, std::span<StepTrace> trace) const;
  /// Asked once a run, before its first step.
  virtual Laws laws() const { return {}; }
  virtual const Space& space() const { return local_space(); }
  /// The numbers of a sample beside loss and gradient: their names, and their values at an iterate, in that order.
  virtual std::vector<std::string> measure_names() const { return {}; }
  virtual void measure(ConstState at, std::span<double> out) const { static_cast<void>(at), static_cast<void>(out); }
  /// Multiplications of one gradient, roughly: decides how many steps are taken between two looks at the clock, and
  /// whether following neighbouring runs is cheap.
  virtual double work() const;
  /// About how long a gradient takes, as Problem::cost(): decides the budgets of measurements. By default 4 work().
  virtual double cost() const { return 4 * work(); }
  /// Both ends of the Hessian's spectrum at a (numerically) critical point; by default curvature_by_lanczos().
  virtual Curvature curvature(ConstState at, const KeepGoing& keep_going) const;
};

}  // namespace equipoise
