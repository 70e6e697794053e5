// Spectra's restarted Lanczos, with a basis that grows where restarts do not get there.
//
// Tested in equipoise/core/sharpness_test.cpp
#include <Spectra/SymEigsSolver.h>

#include <algorithm>
#include <cmath>
#include <exception>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/lanczos_operator.hpp"

namespace equipoise {
namespace {

class SpectraSolver : public Spectra::SymEigsSolver<WorkingOperator> {
 public:
  using SymEigsSolver::SymEigsSolver;

  // The Ritz pairs of an unfinished factorisation: of the columns whose entry on the diagonal is there. B is positive
  // but for what was moved away, and that is never met to the last bit.
  std::vector<Pair> reached(Eigen::Index count) const {
    const Eigen::MatrixXd& projected = m_fac.matrix_H();
    Eigen::Index size = 0;
    while (size < projected.rows() && projected(size, size) != 0) ++size;
    if (size == 0 || !projected.topLeftCorner(size, size).allFinite()) return {};
    const double left = size < projected.rows() ? projected(size, size - 1) : m_fac.f_norm();
    const SymmetricEigen eigen = symmetric_eigen(projected.topLeftCorner(size, size));
    std::vector<Pair> pairs;
    for (Eigen::Index at = size - 1; at >= std::max<Eigen::Index>(size - count, 0); --at) {
      pairs.push_back({eigen.values[at], m_fac.matrix_V().leftCols(size) * eigen.vectors.col(at),
                       std::abs(left * eigen.vectors(size - 1, at))});
    }
    return pairs;
  }
};

}  // namespace

std::vector<Pair> by_spectra(WorkingOperator& op, const Vector& first, Index count, double tolerance,
                             int max_products) {
  const Index longest = std::min(std::max(longest_basis(op.rows(), usual_basis), 2 * count + 10), op.rows());
  // A small basis is cheapest for a well separated end; where restarts do not get there, larger ones do. The largest
  // that there may be has the rest of the budget.
  for (Index basis = std::max<Index>(2 * count + 10, 20);; basis *= 3) {
    basis = std::min(basis, longest);
    const bool last = basis == longest || basis > 1000;
    std::vector<Pair> pairs;
    try {
      SpectraSolver solver(op, count, basis);
      try {
        solver.init(first.data());
        const Index affordable =
            (max_products - op.products()) / std::max<Index>(1, basis - std::max(count, basis / 2));
        const Index restarts = std::clamp<Index>(affordable, 1, last ? max_products : 60);
        const Index found =
            solver.compute(Spectra::SortRule::LargestAlge, restarts, tolerance, Spectra::SortRule::LargestAlge);
        for (Index i = 0; i < found; ++i) {
          const Pair pair = measured(op, solver.eigenvectors().col(i));
          if (pair.residual <= 100 * tolerance * std::abs(pair.value)) pairs.push_back(pair);
        }
      } catch (const WorkingOperator::Halt&) {
      }
      if (static_cast<Index>(pairs.size()) < count) op.remember(solver.reached(count));
    } catch (const std::exception&) {
      pairs.clear();  // a breakdown inside Spectra: the callers go on with what converged
    }
    if (static_cast<Index>(pairs.size()) == count || op.products() >= max_products || op.products_left() == 0 || last)
      return pairs;
  }
}

}  // namespace equipoise
