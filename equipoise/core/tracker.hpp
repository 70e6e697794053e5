// The sharpness along a run: each measurement begins with the eigenvector of the last one.
#pragma once

#include <cstdint>

#include "equipoise/core/objective.hpp"

namespace equipoise {

/// The largest Hessian eigenvalue of one objective at a sequence of nearby points, by a locally optimal
/// conjugate-gradient iteration (LOBPCG) of three vectors that starts where the last measurement ended. A smooth
/// stretch costs one Hessian product a measurement, a violent one some more. The first measurement is made from scratch
/// by Lanczos, and so is one that does not settle. Every `look_every`-th time a second climb begins at a random vector,
/// so that an eigenvalue that overtakes the one followed is not missed for long.
///
/// The value is a Rayleigh quotient, hence never above the largest eigenvalue but for rounding, and is off by about the
/// square of the residual over the gap to the next eigenvalue: with a residual of 1e-3 of the value, some 1e-6 of it.
/// A value of its own, without a reference to the objective: copying it copies where the search stands.
class EigenvalueTracker {
 public:
  explicit EigenvalueTracker(double tolerance = 1e-3, int look_every = 64)
      : tolerance_(tolerance), look_every_(look_every) {}

  /// The largest eigenvalue at this point, with its residual; NaN if the Hessian is not finite. If keep_going says
  /// false on the way, what was reached.
  Sharpness measure(const Objective& objective, ConstState at, const KeepGoing& keep_going = {});
  /// Hessian products spent so far.
  int products() const { return products_; }

 private:
  Sharpness from_scratch(const Objective& objective, ConstState at, const KeepGoing& keep_going);

  double tolerance_;
  int look_every_;
  int since_look_ = 0;
  std::uint64_t looks_ = 0;
  int products_ = 0;
  Vector eigenvector_;  ///< of the last measurement
  bool found_ = false;  ///< there is one
};

/// The same for the factors of one problem, which must outlive it.
class SharpnessTracker {
 public:
  explicit SharpnessTracker(const Problem& problem, double tolerance = 1e-3, int look_every = 64)
      : problem_(problem), tracker_(tolerance, look_every) {}

  Sharpness measure(ConstFactors at);
  int products() const { return tracker_.products(); }

 private:
  const Problem& problem_;
  EigenvalueTracker tracker_;
};

}  // namespace equipoise
