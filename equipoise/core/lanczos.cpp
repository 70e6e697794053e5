// The search for the ends of a spectrum, guarded against what makes a restarted solver fail: scale, clusters at zero,
// closed Krylov spaces, copies of an eigenvalue.
//
// Tested in equipoise/core/sharpness_test.cpp
#include "equipoise/core/lanczos.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <vector>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/lanczos_operator.hpp"
#include "equipoise/core/numbers.hpp"

namespace equipoise {

Pair measured(const WorkingOperator& op, const Vector& vector) {
  const Vector unit = vector / std::sqrt(op.space().squared_norm(vector));
  Vector image(op.rows());
  op.perform_op(unit.data(), image.data());
  const double value = op.space().dot(unit, image);
  return {value, unit, std::sqrt(op.space().squared_norm(image - value * unit))};
}

Index longest_basis(Index size, Index most_doubles) {
  return std::max<Index>(2 * most_doubles / (3 * std::max<Index>(size, 1)), 16);
}

namespace {

// Seeds of the vectors that Lanczos begins with: far from any seed that a user would give a start.
constexpr std::uint64_t first_seed = 0x9d2c5680f1e3a7b5U;

Vector normalised(const Space& space, const Vector& vector) { return vector / std::sqrt(space.squared_norm(vector)); }

Vector random_unit(Index size, const Space& space, std::uint64_t seed) {
  Vector vector(size);
  space.gaussian(vector, seed);
  return normalised(space, vector);
}

// The largest eigenpairs that converged, of B restarted from `first`.
std::vector<Pair> restarted(WorkingOperator& op, const Vector& first, Index count, double tolerance, int max_products) {
  if (!op.space().spread()) return by_spectra(op, first, count, tolerance, max_products);
  LanczosPlan plan{count, 0, true, tolerance, 0};
  plan.longest = std::max(std::min<Index>(longest_basis(op.whole(), usual_basis), 60), 2 * count + 10);
  LanczosResult result = lanczos(op, first, plan);
  if (result.enough) return std::move(result.pairs);
  op.remember(std::move(result.pairs));
  return {};
}

std::optional<Pair> largest(WorkingOperator& op, std::uint64_t seed, double tolerance, int max_products) {
  // A few Lanczos steps with full reorthogonalisation. Where few eigenvalues are distinct (A = I does that) the Krylov
  // space of a random vector closes after as many steps and contains an eigenvector of each, while a restarted solver
  // would divide by the rounding error that is left.
  const Vector first = random_unit(op.rows(), op.space(), seed);
  LanczosResult look =
      lanczos(op, first, {1, std::min(Index{24}, longest_basis(op.whole(), usual_basis)), false, tolerance, 0});
  if (look.pairs.empty()) return std::nullopt;
  const Vector best = look.pairs.front().vector;
  op.remember(std::move(look.pairs));
  if (look.enough) return measured(op, best);
  // A restarted solver would be left with nothing but rounding to go on with, were the Ritz vector alone nearly an
  // eigenvector.
  const Vector disturbed = best + 1e-2 * first;
  std::vector<Pair> pairs = restarted(op, normalised(op.space(), disturbed), 1, tolerance, max_products);
  if (!pairs.empty()) return std::move(pairs.front());
  constexpr Index whole_above = 2000;  // the dense solver as the last resort of a size that it can still do
  if (op.whole() > whole_above || op.products_left() <= op.whole()) return std::nullopt;
  const Eigen::MatrixXd whole = whole_matrix(
      op.rows(), [&op](const double* in, double* out) { op.perform_op(in, out); }, op.space());
  if (!whole.allFinite()) return std::nullopt;
  const SymmetricEigen eigen = symmetric_eigen(whole);
  return measured(op, held_here(op.space(), op.rows(), eigen.vectors.col(op.whole() - 1)));
}

Eigenpairs in_order(const WorkingOperator& op, const std::vector<Pair>& found, Index count, double tolerance) {
  std::vector<const Pair*> pairs;
  for (const Pair& pair : found) pairs.push_back(&pair);
  const auto unfinished = static_cast<std::size_t>(std::max<Index>(count - static_cast<Index>(found.size()), 0));
  for (std::size_t i = 0; i < std::min(unfinished, op.reached().size()); ++i) pairs.push_back(&op.reached()[i]);
  std::stable_sort(pairs.begin(), pairs.end(), [](const Pair* a, const Pair* b) { return a->value > b->value; });
  Eigenpairs result;
  result.vectors = Matrix::Constant(count, op.rows(), nan);
  for (Index i = 0; i < count; ++i) {
    const bool known = i < static_cast<Index>(pairs.size());
    const Pair* pair = known ? pairs[static_cast<std::size_t>(i)] : nullptr;
    result.values.push_back(known ? op.in_units_of_H(pair->value) : nan);
    result.residuals.push_back(known ? op.length_in_units_of_H(pair->residual) : nan);
    if (known) result.vectors.row(i) = pair->vector.transpose();
    result.converged = result.converged && known &&
                       (pair->certain || pair->residual <= 100 * tolerance * std::max(1.0, std::abs(pair->value)));
  }
  result.products = op.products();
  return result;
}

std::vector<Pair> whole_decomposition(const WorkingOperator& op, Index count) {
  const Eigen::MatrixXd whole = whole_matrix(
      op.rows(), [&op](const double* in, double* out) { op.perform_op(in, out); }, op.space());
  const SymmetricEigen eigen = symmetric_eigen(whole);
  std::vector<Pair> pairs;
  for (Index i = 0; i < count; ++i) {
    const Index from = op.whole() - 1 - i;
    pairs.push_back(measured(op, held_here(op.space(), op.rows(), eigen.vectors.col(from))));
  }
  return pairs;
}

// The smallest of the `count` largest that were found; below all numbers if there are not so many.
double worst_of(const WorkingOperator& op, Index count) {
  if (static_cast<Index>(op.found().size()) < count) return -std::numeric_limits<double>::infinity();
  std::vector<double> values;
  for (const Pair& pair : op.found()) values.push_back(pair.value);
  std::nth_element(values.begin(), values.begin() + (count - 1), values.end(), std::greater<>());
  return values[static_cast<std::size_t>(count - 1)];
}

// To the residual of the settings, for operators whose products cost little. What has been found is with the operator
// then.
void search(WorkingOperator& op, Index count, const SharpnessSettings& settings) {
  if (count > 1) {
    const Vector first = random_unit(op.rows(), op.space(), first_seed);
    for (Pair& pair : restarted(op, first, count, settings.tolerance, settings.max_products))
      op.move_away(std::move(pair));
  } else if (auto top = largest(op, first_seed, settings.tolerance, settings.max_products)) {
    op.move_away(std::move(*top));
  }

  // What the complement still holds above the worst of them was missed. A loose look comes first, since most often
  // there is nothing.
  for (std::uint64_t look = 1; op.products_left() > 0; ++look) {
    const bool enough = static_cast<Index>(op.found().size()) >= count;
    const double worst = worst_of(op, count);
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

// Most of the way along a guess; a third as much elsewhere, should it be a poor one.
Vector guessed(const Space& space, const Vector& guess, const Vector& elsewhere) {
  const double length = std::sqrt(space.squared_norm(guess));
  if (!(length > 0) || !std::isfinite(length)) return elsewhere;
  const Vector both = guess / length + elsewhere / 3;
  return normalised(space, both);
}

// For operators whose products are dear: one Krylov space, as long as memory and budget allow. A single value needs no
// second look, since a random vector has a part in every eigenvector, and no small basis has thrown one away; several
// values do, since a Krylov space holds only one eigenvector of each eigenvalue.
void thrifty_search(WorkingOperator& op, Index count, const SharpnessSettings& settings) {
  const Index memory = std::max(longest_basis(op.whole(), costly_basis), 2 * count + 10);
  for (std::uint64_t look = 0; op.products_left() > 0; ++look) {
    const Index missing = std::max<Index>(count - static_cast<Index>(op.found().size()), 0);
    const int affordable = missing > 0 ? op.products_left() : std::min(op.products_left(), settings.max_products / 4);
    LanczosPlan plan;
    plan.count = std::max<Index>(missing, 1);
    plan.longest = std::max(std::min<Index>(memory, affordable), plan.count + 2);
    plan.restarts = true;
    plan.tolerance = settings.tolerance;
    plan.value_tolerance = settings.value_tolerance;
    plan.most_products = affordable;
    Vector first = random_unit(op.rows(), op.space(), first_seed + look);
    // By the whole size: a part that holds nothing has an empty piece of a guess.
    if (look == 0 && op.space().whole(settings.guess.size()) == op.whole())
      first = guessed(op.space(), settings.guess, first);
    LanczosResult result = lanczos(op, first, plan);
    const double worst = worst_of(op, count);
    bool more = false;
    std::vector<Pair> unfinished;
    for (Pair& pair : result.pairs) {
      if (pair.value <= worst * (1 + 10 * settings.tolerance)) continue;
      // Unfinished ones count if they show that something larger was missed.
      if (!result.enough && missing > 0) {
        unfinished.push_back(std::move(pair));
        continue;
      }
      pair.certain = pair.certain || result.enough;
      // What was moved away is not orthogonal to the last bit, and H has it still.
      for (const Pair& other : op.found())
        pair.residual += std::abs((other.value + WorkingOperator::shift) * op.space().dot(other.vector, pair.vector));
      op.move_away(std::move(pair));
      more = true;
    }
    op.remember(std::move(unfinished));
    if (!more || (count == 1 && !result.closed)) return;
  }
}

}  // namespace

Vector held_here(const Space& space, Index size, const Vector& whole) {
  // The rest of what is held here, should there be any, is no unknown.
  const Index before = space.before(size), held = std::min(size, whole.size() - before);
  Vector here = Vector::Zero(size);
  here.head(held) = whole.segment(before, held);
  return here;
}

Eigen::MatrixXd whole_matrix(Index size, const SymmetricProduct& product, const Space& space) {
  const Index whole_size = space.whole(size), before = space.before(size);
  Eigen::MatrixXd whole = Eigen::MatrixXd::Zero(whole_size, whole_size);
  const Index held = std::min(size, whole_size - before);
  Vector unit = Vector::Zero(size), image(size);
  for (Index j = 0; j < whole_size; ++j) {
    const bool here = j >= before && j < before + held;
    if (here) unit[j - before] = 1;
    product(unit.data(), image.data());
    whole.col(j).segment(before, held) = image.head(held);
    if (here) unit[j - before] = 0;
  }
  space.sum({whole.data(), static_cast<std::size_t>(whole.size())});
  return (whole + whole.transpose()) / 2;
}

Eigenpairs extreme_eigenpairs_of(Index size, const SymmetricProduct& product, Index count, SpectrumEnd end,
                                 const SharpnessSettings& settings, const Space& space) {
  const Index whole = space.whole(size);
  count = std::min(count, whole);
  if (whole == 0 || count <= 0) return {};
  Vector image(size);
  product(random_unit(size, space, first_seed).data(), image.data());
  const double norm = space.norm(image);
  WorkingOperator op(size, product, end, settings, space, 1);
  if (!std::isfinite(norm)) return in_order(op, {}, count, settings.tolerance);
  // A norm of zero: a random vector is not in the kernel of anything but zero, and zero needs no scale.
  if (norm > 0) op.set_exponent(std::ilogb(norm));
  try {
    if (whole <= std::max<Index>(settings.dense_below, count + 2) && op.products_left() >= whole + count)
      return in_order(op, whole_decomposition(op, count), count, settings.tolerance);
    if (settings.value_tolerance > 0 && norm > 0) {
      thrifty_search(op, count, settings);
    } else {
      search(op, count, settings);
    }
  } catch (const WorkingOperator::Halt&) {
    // What was found and what was reached stands.
  }
  return in_order(op, op.found(), count, settings.tolerance);
}

}  // namespace equipoise
