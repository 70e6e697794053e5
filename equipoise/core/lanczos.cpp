// Lanczos through Spectra, guarded against what makes a restarted solver fail: scale, clusters at zero, closed Krylov
// spaces.
#include "equipoise/core/lanczos.hpp"

#include <Spectra/SymEigsSolver.h>
#include <algorithm>
#include <cmath>
#include <exception>
#include <functional>
#include <limits>
#include <optional>
#include <vector>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/core/start.hpp"

namespace equipoise {
namespace {

using ColumnMatrix = Eigen::MatrixXd;

// Seeds of the vectors that Lanczos begins with: far from any seed that a user would give a start.
constexpr std::uint64_t first_seed = 0x9d2c5680f1e3a7b5U;

Vector random_unit(Index size, std::uint64_t seed) { return gaussian_factors({size, 0, 1}, seed).flat().normalized(); }

// A unit vector with its Rayleigh quotient and what is left of an eigenvector's equation.
struct Pair {
  double value;
  Vector vector;
  double residual;
};

// B = +-H / 2^exponent + shift I, whose largest eigenvalues are wanted whichever end of H that is. Spectra's stopping
// rule is relative to |eigenvalue| with an absolute floor: without the power of two anything would pass at a norm of
// 1e-150, and without the shift the eigenvalues of H near zero would never pass. What has been found is moved away to
// -shift.
class WorkingOperator {
 public:
  using Scalar = double;
  WorkingOperator(Index size, const SymmetricProduct& product, SpectrumEnd end)
      : size_(size), product_(product), sign_(end == SpectrumEnd::largest ? 1 : -1) {}

  Index rows() const { return size_; }
  Index cols() const { return size_; }
  void perform_op(const double* in, double* out) const {
    product_(in, out);
    ++products_;
    const Eigen::Map<const Vector> x(in, size_);
    Eigen::Map<Vector> y(out, size_);
    if (exponent_ != 0) y = y.unaryExpr([this](double value) { return std::scalbn(value, -exponent_); });
    y = sign_ * y + shift * x;
    for (const Pair& pair : found_) y -= (pair.value + shift) * pair.vector.dot(x) * pair.vector;
  }

  void set_exponent(int exponent) { exponent_ = exponent; }
  void move_away(Pair pair) { found_.push_back(std::move(pair)); }
  const std::vector<Pair>& found() const { return found_; }
  double in_units_of_H(double value) const { return std::scalbn(sign_ * (value - shift), exponent_); }
  double length_in_units_of_H(double length) const { return std::scalbn(length, exponent_); }
  int products() const { return products_; }

  static constexpr double shift =
      8;  // H has norm about 1 on a random vector; its largest eigenvalue is seldom far above

 private:
  Index size_;
  const SymmetricProduct& product_;
  double sign_;
  int exponent_ = 0;
  mutable int products_ = 0;
  std::vector<Pair> found_;
};

Pair measured(const WorkingOperator& op, const Vector& vector) {
  const Vector unit = vector.normalized();
  Vector image(op.rows());
  op.perform_op(unit.data(), image.data());
  const double value = unit.dot(image);
  return {value, unit, (image - value * unit).norm()};
}

// The most vectors that a basis may hold: 32 MiB with the half of it that a restart copies, but no fewer than restarts
// need to get on. 16 take an eighth more products than 20 do where eigenvalues lie close together; 12 take twice as
// many.
Index longest_basis(Index size) {
  constexpr Index most_doubles = Index{1} << 22;
  return std::max<Index>(2 * most_doubles / (3 * std::max<Index>(size, 1)), 16);
}

// What a few Lanczos steps found: an eigenpair, or else only where to go on from.
struct FirstLook {
  std::optional<Pair> pair;
  Vector best;  // the Ritz vector of the largest Ritz value; empty where the products are not finite
};

// A few Lanczos steps with full reorthogonalisation. Where few eigenvalues are distinct (A = I does that) the Krylov
// space of a random vector closes after as many steps and contains an eigenvector of each, while a restarted solver
// would divide by the rounding error that is left.
FirstLook first_look(const WorkingOperator& op, const Vector& first, double tolerance) {
  const Index longest = std::min({Index{24}, longest_basis(op.rows()), op.rows()});
  ColumnMatrix basis(op.rows(), longest);
  basis.col(0) = first;
  ColumnMatrix projected = ColumnMatrix::Zero(longest, longest);
  Vector image(op.rows());
  for (Index k = 0; k < longest; ++k) {
    op.perform_op(basis.col(k).data(), image.data());
    const double size = image.norm();
    for (int pass = 0; pass < 2; ++pass) {
      const Vector along = basis.leftCols(k + 1).transpose() * image;
      projected.col(k).head(k + 1) += along;
      image -= basis.leftCols(k + 1) * along;
    }
    const double left = image.norm();
    if (!std::isfinite(left)) return {};
    const bool closed = left <= 1e-13 * std::max(1.0, size);
    if (closed || k + 1 == longest) {
      const ColumnMatrix small = projected.topLeftCorner(k + 1, k + 1);
      const SymmetricEigen eigen = symmetric_eigen((small + small.transpose()) / 2);
      const Vector best = basis.leftCols(k + 1) * eigen.vectors.col(k);
      const double of_H = std::abs(eigen.values[k] - WorkingOperator::shift);
      const bool converged = left * std::abs(eigen.vectors(k, k)) <= tolerance * of_H;
      if (closed || converged) return {measured(op, best), {}};
      return {std::nullopt, best};
    }
    projected(k + 1, k) = left;
    basis.col(k + 1) = image / left;
  }
  return {};
}

// Up to `count` of the largest eigenpairs of B, fewer where they did not converge within the budget.
std::vector<Pair> by_spectra(WorkingOperator& op, const Vector& first, Index count, double tolerance,
                             int max_products) {
  const Index longest = std::min(std::max(longest_basis(op.rows()), 2 * count + 10), op.rows());
  // A small basis is cheapest for a well separated end; where restarts do not get there, larger ones do. The largest
  // that there may be has the rest of the budget.
  for (Index basis = std::max<Index>(2 * count + 10, 20);; basis *= 3) {
    basis = std::min(basis, longest);
    const bool last = basis == longest || basis > 1000;
    std::vector<Pair> pairs;
    try {
      Spectra::SymEigsSolver<WorkingOperator> solver(op, count, basis);
      solver.init(first.data());
      const Index affordable = (max_products - op.products()) / std::max<Index>(1, basis - std::max(count, basis / 2));
      const Index restarts = std::clamp<Index>(affordable, 1, last ? max_products : 60);
      const Index found =
          solver.compute(Spectra::SortRule::LargestAlge, restarts, tolerance, Spectra::SortRule::LargestAlge);
      for (Index i = 0; i < found; ++i) {
        const Pair pair = measured(op, solver.eigenvectors().col(i));
        if (pair.residual <= 100 * tolerance * std::abs(pair.value)) pairs.push_back(pair);
      }
    } catch (const std::exception&) {
      pairs.clear();  // a breakdown inside Spectra: the callers go on with what converged
    }
    if (static_cast<Index>(pairs.size()) == count || op.products() >= max_products || last) return pairs;
  }
}

std::optional<Pair> largest(WorkingOperator& op, std::uint64_t seed, double tolerance, int max_products) {
  FirstLook look = first_look(op, random_unit(op.rows(), seed), tolerance);
  if (look.pair) return std::move(look.pair);
  if (look.best.size() == 0) return std::nullopt;
  // Spectra would be left with nothing but rounding to go on with, were the Ritz vector alone nearly an eigenvector.
  look.best += 1e-2 * random_unit(op.rows(), seed);
  look.best.normalize();
  std::vector<Pair> pairs = by_spectra(op, look.best, 1, tolerance, max_products);
  if (!pairs.empty()) return std::move(pairs.front());
  constexpr Index whole_above = 2000;  // the dense solver as the last resort of a size that it can still do
  if (op.rows() > whole_above) return std::nullopt;
  const ColumnMatrix whole = whole_matrix(op.rows(), [&op](const double* in, double* out) { op.perform_op(in, out); });
  if (!whole.allFinite()) return std::nullopt;
  const SymmetricEigen eigen = symmetric_eigen(whole);
  return measured(op, eigen.vectors.col(op.rows() - 1));
}

Eigenpairs in_order(const WorkingOperator& op, const std::vector<Pair>& found, Index count, double tolerance) {
  std::vector<const Pair*> pairs;
  for (const Pair& pair : found) pairs.push_back(&pair);
  std::stable_sort(pairs.begin(), pairs.end(), [](const Pair* a, const Pair* b) { return a->value > b->value; });
  Eigenpairs result;
  result.vectors = Matrix::Constant(count, op.rows(), nan);
  for (Index i = 0; i < count; ++i) {
    const bool known = i < static_cast<Index>(pairs.size());
    const Pair* pair = known ? pairs[static_cast<std::size_t>(i)] : nullptr;
    result.values.push_back(known ? op.in_units_of_H(pair->value) : nan);
    result.residuals.push_back(known ? op.length_in_units_of_H(pair->residual) : nan);
    if (known) result.vectors.row(i) = pair->vector.transpose();
    result.converged =
        result.converged && known && pair->residual <= 100 * tolerance * std::max(1.0, std::abs(pair->value));
  }
  result.products = op.products();
  return result;
}

std::vector<Pair> whole_decomposition(const WorkingOperator& op, Index count) {
  const ColumnMatrix whole = whole_matrix(op.rows(), [&op](const double* in, double* out) { op.perform_op(in, out); });
  const SymmetricEigen eigen = symmetric_eigen(whole);
  std::vector<Pair> pairs;
  for (Index i = 0; i < count; ++i) {
    const Index from = op.rows() - 1 - i;
    pairs.push_back(measured(op, eigen.vectors.col(from)));
  }
  return pairs;
}

// What has been found is with the operator then.
void search(WorkingOperator& op, Index count, const SharpnessSettings& settings) {
  if (count > 1) {
    const Vector first = random_unit(op.rows(), first_seed);
    for (Pair& pair : by_spectra(op, first, count, settings.tolerance, settings.max_products))
      op.move_away(std::move(pair));
  } else if (auto top = largest(op, first_seed, settings.tolerance, settings.max_products)) {
    op.move_away(std::move(*top));
  }

  // What the complement still holds above the worst of them was missed. A loose look comes first, since most often
  // there is nothing.
  for (std::uint64_t look = 1;; ++look) {
    const bool enough = static_cast<Index>(op.found().size()) >= count;
    std::vector<double> values;
    for (const Pair& pair : op.found()) values.push_back(pair.value);
    if (enough) std::nth_element(values.begin(), values.begin() + (count - 1), values.end(), std::greater<>());
    const double worst =
        enough ? values[static_cast<std::size_t>(count - 1)] : -std::numeric_limits<double>::infinity();
    const int budget = op.products() + settings.max_products / 4;
    const std::uint64_t seed = first_seed + look;
    if (enough) {
      const std::optional<Pair> rough = largest(op, seed, std::max(1e-4, settings.tolerance), budget);
      if (!rough || rough->value <= worst * (1 + 10 * settings.tolerance)) return;
    }
    std::optional<Pair> next = largest(op, seed, settings.tolerance, budget);
    if (!next || (enough && next->value <= worst * (1 + 10 * settings.tolerance))) return;
    op.move_away(std::move(*next));
  }
}

Vector image_of_random_unit(Index size, const SymmetricProduct& product) {
  Vector image(size);
  product(random_unit(size, first_seed).data(), image.data());
  return image;
}

}  // namespace

Eigen::MatrixXd whole_matrix(Index size, const SymmetricProduct& product) {
  ColumnMatrix whole(size, size);
  Vector unit = Vector::Zero(size);
  for (Index j = 0; j < size; ++j) {
    unit[j] = 1;
    product(unit.data(), whole.col(j).data());
    unit[j] = 0;
  }
  return (whole + whole.transpose()) / 2;
}

Eigenpairs extreme_eigenpairs_of(Index size, const SymmetricProduct& product, Index count, SpectrumEnd end,
                                 const SharpnessSettings& settings) {
  count = std::min(count, size);
  if (size == 0 || count <= 0) return {};
  const double norm = image_of_random_unit(size, product).stableNorm();
  WorkingOperator op(size, product, end);
  if (!std::isfinite(norm)) return in_order(op, {}, count, settings.tolerance);
  // A norm of zero: a random vector is not in the kernel of anything but zero, and zero needs no scale.
  if (norm > 0) op.set_exponent(std::ilogb(norm));
  if (size <= std::max<Index>(settings.dense_below, count + 2))
    return in_order(op, whole_decomposition(op, count), count, settings.tolerance);
  search(op, count, settings);
  return in_order(op, op.found(), count, settings.tolerance);
}

}  // namespace equipoise
