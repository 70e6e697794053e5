// Multipliers of a turn: which one is reported, the whole Jacobian of a small problem, and Arnoldi's method for others.
#include "equipoise/core/multiplier.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/numbers.hpp"

namespace equipoise {
namespace {

constexpr Index most_unknowns_decomposed = 64;
constexpr double same_magnitude = 1e-8;  // two multipliers that differ by less differ in sign alone
constexpr double enough_of_a_pair = 1e-8;

bool is_real(std::complex<double> value) { return std::abs(value.imag()) <= 1e-6 * std::abs(value); }
double signed_magnitude(std::complex<double> value) {
  return is_real(value) && value.real() < 0 ? -std::abs(value) : std::abs(value);
}
bool is_neutral(std::complex<double> value, double room) { return std::abs(value - 1.0) <= room; }

double larger_multiplier(double one, double other) {
  if (std::abs(std::abs(one) - std::abs(other)) <= same_magnitude * std::abs(one)) return std::max(one, other);
  return std::abs(one) > std::abs(other) ? one : other;
}

TurnMultiplier not_found(bool given_up) { return {nan, nan, given_up}; }

TurnMultiplier by_decomposition(Index size, const TurnProduct& turn, double neutral_room) {
  Eigen::MatrixXd J = Eigen::MatrixXd::Identity(size, size);
  Vector column(size);
  for (Index j = 0; j < size; ++j) {
    column = J.col(j);
    if (!turn(column)) return not_found(true);
    J.col(j) = column;
  }
  if (!J.allFinite()) return not_found(false);
  return {largest_multiplier(general_eigenvalues(J), neutral_room), 0, false};
}

// A Krylov basis that grows by a turn at a time, and the projection of J on it.
class KrylovBasis {
 public:
  KrylovBasis(Index size, Index most, const TurnProduct& turn, const Space& space)
      : turn_(turn), space_(space), vectors_(size, most + 1), projected_(Eigen::MatrixXd::Zero(most + 1, most)) {}

  void begin(const Vector& unit) {
    vectors_.col(0) = unit;
    count_ = 0;
  }
  // False if the space is closed, or a number is not finite.
  bool grow() {
    Vector image = vectors_.col(count_);
    given_up_ = !turn_(image);
    if (given_up_) return false;
    const double size = space_.norm(image);
    projected_.col(count_).setZero();
    for (int pass = 0; pass < 2; ++pass) {
      for (Index i = 0; i <= count_; ++i) {
        const double along = space_.dot(vectors_.col(i), image);
        projected_(i, count_) += along;
        image -= along * vectors_.col(i);
      }
    }
    left_ = space_.norm(image);
    ++count_;
    finite_ = std::isfinite(left_);
    if (!finite_ || left_ <= 1e-13 * size) {
      left_ = 0;
      return false;
    }
    projected_(count_, count_ - 1) = left_;
    vectors_.col(count_) = image / left_;
    return true;
  }

  Index count() const { return count_; }
  bool finite() const { return finite_; }
  bool given_up() const { return given_up_; }
  double left() const { return left_; }
  Eigen::MatrixXd projected() const { return projected_.topLeftCorner(count_, count_); }
  Vector combined(const Vector& weights) const { return vectors_.leftCols(count_) * weights; }

 private:
  const TurnProduct& turn_;
  const Space& space_;
  Eigen::MatrixXd vectors_, projected_;
  Index count_ = 0;
  double left_ = 0;
  bool finite_ = true, given_up_ = false;
};

// The largest non-neutral Ritz value with its residual, and where a restart goes on from.
struct Ritz {
  std::optional<std::complex<double>> value;
  double residual = 0;
  Vector onward;
};
Ritz ritz_of(const KrylovBasis& basis, double neutral_room) {
  const GeneralEigen pairs = general_eigen(basis.projected());
  std::vector<Index> order;
  for (Index i = 0; i < pairs.values.size(); ++i) {
    if (!is_neutral(pairs.values[i], neutral_room)) order.push_back(i);
  }
  Ritz result;
  if (order.empty()) return result;
  std::stable_sort(order.begin(), order.end(),
                   [&](Index a, Index b) { return std::abs(pairs.values[a]) > std::abs(pairs.values[b]); });
  Index chosen = order.front();
  for (const Index each : order) {  // by the rule for two of one magnitude
    const double one = signed_magnitude(pairs.values[chosen]), other = signed_magnitude(pairs.values[each]);
    if (larger_multiplier(one, other) != one) chosen = each;
  }
  const Index last = basis.count() - 1;
  result.value = pairs.values[chosen];
  result.residual = basis.left() * std::abs(pairs.vectors(last, chosen));
  Vector weights = Vector::Zero(basis.count());
  for (std::size_t i = 0; i < std::min<std::size_t>(order.size(), 6); ++i)
    weights += pairs.vectors.col(order[i]).real() + pairs.vectors.col(order[i]).imag();
  result.onward = basis.combined(weights);
  return result;
}

// The largest non-neutral multiplier that a start has a part of. NaN if it was not found.
TurnMultiplier by_arnoldi(Vector w, const TurnProduct& turn, double neutral_room, const Space& space) {
  constexpr Index most_doubles = Index{1} << 22;
  constexpr int most_restarts = 12;
  const Index whole = space.whole(w.size());
  const Index longest = std::min(std::clamp<Index>(most_doubles / std::max<Index>(whole, 1), 16, 40), whole);
  KrylovBasis basis(w.size(), longest, turn, space);
  for (int restart = 0; restart < most_restarts; ++restart) {
    const double before = space.norm(w);
    Vector moved = w;
    if (!turn(moved)) return not_found(true);
    moved -= w;  // no neutral direction is left in it
    const double length = space.norm(moved);
    if (!std::isfinite(length)) return not_found(false);
    if (length <= 1e-9 * before) return {1, length / before, false};  // J = I as far as the start can tell
    basis.begin(moved / length);
    Ritz best;
    for (bool open = true; open && basis.count() < longest;) {
      open = basis.grow();
      if (basis.given_up() || !basis.finite()) return not_found(basis.given_up());
      const bool look = !open || basis.count() == longest || (basis.count() >= 8 && basis.count() % 4 == 0);
      if (!look) continue;
      best = ritz_of(basis, neutral_room);
      if (!best.value) continue;
      const double magnitude = std::abs(*best.value);
      if (best.residual <= enough_of_a_pair * std::max(magnitude, 1e-6))
        return {signed_magnitude(*best.value), best.residual, false};
    }
    if (!best.value) return {1, 0, false};
    w = best.onward;
  }
  return not_found(false);
}

}  // namespace

double largest_multiplier(std::span<const std::complex<double>> multipliers, double neutral_room) {
  if (multipliers.empty()) return nan;
  double largest = 0;
  bool any = false;
  for (const std::complex<double> each : multipliers) {
    if (!std::isfinite(each.real()) || !std::isfinite(each.imag())) return nan;
    if (is_neutral(each, neutral_room)) continue;
    largest = any ? larger_multiplier(largest, signed_magnitude(each)) : signed_magnitude(each);
    any = true;
  }
  return any ? largest : 1;
}

double largest_multiplier(const Eigen::Matrix2d& turn) {
  const double half_trace = turn.trace() / 2;
  const double determinant = turn(0, 0) * turn(1, 1) - turn(0, 1) * turn(1, 0);
  const double discriminant = half_trace * half_trace - determinant;
  // Below, the pair is complex, and not by rounding alone.
  if (discriminant < -1e-12 * half_trace * half_trace) return std::sqrt(determinant);
  const double root = std::sqrt(std::max(0.0, discriminant));
  if (std::abs(half_trace) <= same_magnitude / 2 * root) return root + std::abs(half_trace);
  return std::copysign(std::abs(half_trace) + root, half_trace);
}

TurnMultiplier largest_multiplier(Index size, const TurnProduct& turn, double neutral_room, const Space& space) {
  const Index whole = space.whole(size);
  if (whole == 0) return not_found(false);
  // Of a spread state Arnoldi alone, however many hold it, so that the bits do not depend on how many.
  if (!space.spread() && size <= most_unknowns_decomposed) return by_decomposition(size, turn, neutral_room);
  TurnMultiplier best = not_found(false);
  for (const std::uint64_t seed : {3U, 4U}) {
    Vector start(size);
    space.gaussian(start, seed);
    const TurnMultiplier found = by_arnoldi(std::move(start), turn, neutral_room, space);
    if (std::isnan(found.largest)) return found;
    const bool first = std::isnan(best.largest);
    // 1 stands for "all neutral": whatever another start found goes before it.
    if (first || best.largest == 1 ||
        (found.largest != 1 && larger_multiplier(best.largest, found.largest) != best.largest))
      best = found;
  }
  return best;
}

}  // namespace equipoise
