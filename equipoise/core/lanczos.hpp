// Extreme eigenpairs of a symmetric operator that is known by its products.
#pragma once

#include <Eigen/Core>
#include <functional>

#include "equipoise/core/sharpness.hpp"

namespace equipoise {

/// out = H in, for arrays of the operator's size.
using SymmetricProduct = std::function<void(const double* in, double* out)>;

/// The work behind extreme_eigenpairs(), whose documentation holds: dense for few unknowns, else Spectra's restarted
/// Lanczos, followed by a search in the orthogonal complement of what was found. That search sees the further copies of
/// a multiple eigenvalue, which a Krylov space contains once, and an eigenvalue that the first start vector missed.
Eigenpairs extreme_eigenpairs_of(Index size, const SymmetricProduct& product, Index count, SpectrumEnd end,
                                 const SharpnessSettings& settings);

/// The operator as a matrix, symmetrised: `size` products.
Eigen::MatrixXd whole_matrix(Index size, const SymmetricProduct& product);

}  // namespace equipoise
