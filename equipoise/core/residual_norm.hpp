// The spectral norm of the residual, which decides the curvature at critical points and the sharpness at rank one.
#pragma once

#include "equipoise/core/sharpness.hpp"

namespace equipoise {

struct SpectralNorm {
  double value = 0;
  double residual = 0;  ///< a singular value lies within this distance of value
};

/// |A - X Y^T|_2 over the entries of the loss, by Lanczos to 1e-8, or as far as SharpnessSettings::for_the_record
/// allows. Cost: tens of gradients of rank + 1. Not above the norm but for rounding.
SpectralNorm residual_spectral_norm(const Problem& problem, ConstFactors at,
                                    const std::function<bool()>& keep_going = {});

}  // namespace equipoise
