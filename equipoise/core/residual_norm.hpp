// The spectral norm of the residual, which decides the curvature at critical points and the sharpness at rank one.
#pragma once

#include "equipoise/core/sharpness.hpp"

namespace equipoise {

struct SpectralNorm {
  double value = 0;
  double residual = 0;  ///< a singular value lies within this distance of value
};

/// |A - X Y^T|_2 over the entries of the loss, by Lanczos to 1e-8. Cost: tens of gradients of rank + 1.
SpectralNorm residual_spectral_norm(const Problem& problem, ConstFactors at);

}  // namespace equipoise
