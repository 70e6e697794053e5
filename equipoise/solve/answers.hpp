// What a session answers without a run: what theory says before it, the Hessian at its start, the singular values of A.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "equipoise/core/sharpness.hpp"
#include "equipoise/solve/session.hpp"
#include "equipoise/theory/theory.hpp"

namespace equipoise {

/// Rates in the user's units.
struct Prediction {
  std::vector<CriticalRate> critical_rates;
  Forecast forecast;
  std::vector<Finding> findings;
};
Prediction predict(Session& session);

/// Every eigenvalue of a Hessian, ascending, each within `error`, and where they come from.
struct WholeSpectrum {
  std::vector<double> values;
  std::string from;
  double error = 0;
};

/// Eigenvalues of the Hessian at the start, in the user's units.
struct HessianAnswer {
  std::vector<double> largest, largest_residuals;  ///< descending; an eigenvalue lies within its residual of each
  bool converged = true;
  double smallest = 0, smallest_residual = 0;
  int products = 0;                      ///< Hessian products spent
  std::optional<Sharpness> closed_form;  ///< rank1.sharpness, where it applies
  std::optional<WholeSpectrum> spectrum;
};
/// The `top` largest eigenvalues and the smallest; `whole`: all of them, by forming the Hessian for up to 4000
/// unknowns, beyond that in closed form near a global minimiser. Throws Error where neither is possible.
HessianAnswer hessian_at_start(Session& session, Index top, bool whole);

/// The largest singular values of A, of the observed operator where entries are unknown; in the user's units.
struct SingularAnswer {
  std::vector<double> values;  ///< descending
  double residual = 0;         ///< a singular value lies within this distance of each
  bool converged = true;  ///< false: the budget of products ended first; each value is then within `residual` of one
};
SingularAnswer largest_singular_values(Session& session, Index top);

}  // namespace equipoise
