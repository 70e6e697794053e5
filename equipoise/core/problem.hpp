// What descent needs to know of A: the loss, its gradient, and Hessian products.
#pragma once

#include <span>

#include "equipoise/core/factors.hpp"
#include "equipoise/core/space.hpp"

namespace equipoise {

/// What was seen at one iterate while a run passed through it.
struct StepTrace {
  double loss = 0;              ///< f(z)
  double gradient_squared = 0;  ///< |grad f(z)|^2, sum over all unknowns
  double norm_squared = 0;      ///< |z|^2; of factors |X|_F^2 + |Y|_F^2
};

/// What a problem says of its loss, so that theorems know whether they speak of it.
struct LossForm {
  /// The loss is exactly 1/2 |A - X Y^T|_F^2 over all rows * cols entries, plus the ridge. False with unknown entries
  /// or weights.
  bool every_entry = false;
  double ridge = 0;  ///< lambda of lambda/2 (|X|_F^2 + |Y|_F^2)
};

/// One way of holding A in f(X, Y) = 1/2 |A - X Y^T|_F^2 (over the observed entries where some are unknown).
///
/// Immutable after construction, hence safely shared between threads. Only problems know A: descent, sharpness and the
/// verdicts are built on these functions alone. With R = A - X Y^T (zero where A is unknown):
///   gradient               (-R Y, -R^T X)
///   Hessian product        (D Y - R V, D^T X - R^T U) in direction (U, V), where D = U Y^T + X V^T
/// `out` must not overlap an input. Shapes must agree: rows() x rank and cols() x rank; any rank >= 0 is legal.
class Problem {
 public:
  virtual ~Problem() = default;

  /// Rows and columns of A whose factors are held here; all of them unless space() says otherwise.
  virtual Index rows() const = 0;
  virtual Index cols() const = 0;
  /// Number of entries that the loss sums over: rows * cols where A is complete.
  virtual Index entries() const = 0;
  virtual LossForm form() const = 0;
  /// Most theorems speak of these only: every entry is known and there is no ridge.
  bool complete() const { return form().every_entry && form().ridge == 0; }

  /// Returns f(at), writes its gradient. Not finite where the arithmetic overflows; never throws for values.
  virtual double gradient(ConstFactors at, MutableFactors out) const = 0;

  /// Writes the Hessian of f at `at` applied to `direction`.
  virtual void hessian_product(ConstFactors at, ConstFactors direction, MutableFactors out) const = 0;

  /// About how long a gradient takes at this rank, in operations of the dense kernel (1e9 or some more a second), so
  /// that a budget of time can be one of Hessian products that is the same on every machine. By default as a full
  /// matrix.
  virtual double cost(Index rank) const { return 4 * static_cast<double>(entries()) * static_cast<double>(rank); }

  /// Takes trace.size() steps z <- z - h grad f(z) in place, both factors from the old values; trace[i] describes the
  /// iterate before step i. The default is built on gradient(); an override must give the same bits for any way of
  /// cutting a run into calls, since a run replays parts of itself.
  virtual void advance(MutableFactors z, double h, std::span<StepTrace> trace) const;

  /// Where the factors live.
  virtual const Space& space() const { return local_space(); }

  /// The problem that a ridge was added to, otherwise this one: the singular values of A are taken from it, since a
  /// difference with the ridge would lose them where the ridge is large.
  virtual const Problem& without_ridge() const { return *this; }
};

/// The trace of one iterate, from its loss, its gradient and the iterate itself; what advance() records.
StepTrace trace_of(double loss, ConstFactors gradient, ConstFactors at, const Space& space = local_space());

}  // namespace equipoise
