// Extreme eigenpairs of a symmetric operator that is known by its products.
#pragma once

#include <Eigen/Core>
#include <functional>

#include "equipoise/core/sharpness.hpp"
#include "equipoise/core/space.hpp"

namespace equipoise {

/// out = H in, for arrays of the operator's size.
using SymmetricProduct = std::function<void(const double* in, double* out)>;

/// The work behind extreme_eigenpairs(), whose documentation holds: dense for few unknowns, else restarted Lanczos,
/// followed by a search in the orthogonal complement of what was found. That search sees the further copies of a
/// multiple eigenvalue, which a Krylov space contains once, and an eigenvalue that the first start vector missed.
/// Spectra's Lanczos serves a state that is held here whole; our own serves one that is spread over parts, and the
/// settings with a tolerance of values. `size`: unknowns held here. All parts of a spread state call this together and
/// get the same values to the bit, each its piece of the vectors. Memory: 16 to some hundred vectors, at most 32 MiB
/// beyond 16.
Eigenpairs extreme_eigenpairs_of(Index size, const SymmetricProduct& product, Index count, SpectrumEnd end,
                                 const SharpnessSettings& settings, const Space& space = local_space());

/// The operator as a matrix, symmetrised, whole for every part: as many products as there are unknowns in all.
Eigen::MatrixXd whole_matrix(Index size, const SymmetricProduct& product, const Space& space = local_space());

/// The piece of a vector of all unknowns that belongs to the `size` unknowns held here.
Vector held_here(const Space& space, Index size, const Vector& whole);

}  // namespace equipoise
