// From the cells of a matrix grid to their ends: in lanes where the factors are small, run by run elsewhere.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "equipoise/core/factors.hpp"
#include "equipoise/core/units.hpp"
#include "equipoise/ensemble/tiny/ensemble.hpp"
#include "equipoise/problems/spectral.hpp"
#include "equipoise/sweep/cells.hpp"

namespace equipoise {

/// A matrix, decomposed once for all cells, in units in which squares stay in range.
struct SweptMatrix {
  Units units;
  SpectralBasis basis;  ///< in these units

  /// The largest singular value, in the user's.
  double sigma1() const { return basis.values.size() > 0 ? units.matrix_to_users(basis.values[0]) : 0; }
};
/// Throws Error where A has no entry or one that is not finite.
SweptMatrix swept_matrix(const Matrix& A);

/// The most rows of both factors that are kept of a rows x cols matrix at that rank, and the rank kept.
Shape most_kept(Index rows, Index cols, Index rank);

/// One thread's way through the cells. Not safe for several threads.
class MatrixCells {
 public:
  struct Settings {
    std::string target;     ///< as in TinySettings
    bool measures = false;  ///< any number but what the verdict says
    bool sharpness = false, product = false;
    const std::atomic<bool>* stop = nullptr;
  };
  MatrixCells(const GridCells& cells, const SweptMatrix& matrix, Settings settings);
  ~MatrixCells();

  /// The ends of the cells from `first` on, in the user's units, and their learning rates; false where `stop` said so.
  bool run(std::uint64_t first, std::span<TinyEnd> ends, std::span<double> rates);

  /// The last `last` values of u_1^T X Y^T v_1 of each, and the Lyapunov exponents, as record_small_orbits() and
  /// small_lyapunov_exponents() have them; the steps that were taken.
  std::uint64_t orbits(std::uint64_t first, std::size_t last, std::span<double> values, std::span<double> exponents);

 private:
  class Work;
  std::unique_ptr<Work> work_;
};

/// Throws Error where orbits of the grid would make no sense: a zero matrix, one whose largest singular value is not
/// simple, factors that are not small.
void require_orbits(const Grid& grid, const SweptMatrix& matrix);

}  // namespace equipoise
