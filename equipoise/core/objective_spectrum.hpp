// The largest and smallest Hessian eigenvalues of any objective.
#pragma once

#include "equipoise/core/lanczos.hpp"
#include "equipoise/core/objective.hpp"

namespace equipoise {

/// As extreme_eigenpairs() of a problem.
inline Eigenpairs extreme_eigenpairs(const Objective& objective, ConstState at, Index count, SpectrumEnd end,
                                     const SharpnessSettings& settings = {}) {
  const Index size = objective.size();
  const SymmetricProduct product = [&objective, &at, size](const double* in, double* out) {
    objective.hessian_product(at, Eigen::Map<const Vector>(in, size), Eigen::Map<Vector>(out, size));
  };
  return extreme_eigenpairs_of(size, product, count, end, settings);
}

inline Sharpness sharpness(const Objective& objective, ConstState at, const SharpnessSettings& settings = {}) {
  if (objective.space().whole(objective.size()) == 0) return {};
  const Eigenpairs top = extreme_eigenpairs(objective, at, 1, SpectrumEnd::largest, settings);
  return {top.values[0], top.residuals[0]};
}

}  // namespace equipoise
