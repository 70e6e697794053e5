// A-posteriori tests for convergence to a global minimiser: theorems G and P, evaluated in double precision.
#pragma once

#include "equipoise/core/factors.hpp"

namespace equipoise {

/// Theorem G (docs/theory.md, basin.gradient) at one point: kappa < 1 and reach = h g / (1 - kappa) <= radius.
struct GradientBasin {
  double kappa = 0;   ///< factor by which the gradient falls at every step; NaN where it cannot be evaluated
  double reach = 0;   ///< farthest that the iterates can go from here
  double radius = 0;  ///< within which kappa holds
  bool holds = false;
};
/// Theorem P (basin.exact-fit): |R|_F < rho (1 - h beta / 2) (c - rho) for some rho.
struct ExactFitBasin {
  double residual = 0;       ///< |R|_F; NaN where it cannot be evaluated
  double allowed = 0;        ///< the largest right-hand side found
  double fall = 0;           ///< theta: the loss falls by this fraction at every step
  bool known_range = false;  ///< A's row or column space is known to fit into rank dimensions
  bool holds = false;
};

/// Both are evaluated in double precision with generous margins for rounding: strong evidence, not a certificate.
/// `at` and A should be scaled so that h is near one. Cost O(rows cols min(rows, cols)) for |A - X Y^T|_2.
GradientBasin gradient_basin(const Matrix& A, ConstFactors at, double h);
ExactFitBasin exact_fit_basin(const Matrix& A, ConstFactors at, double h);

}  // namespace equipoise
