// One-sided Jacobi in double-double with a ledger of its rounding errors.
//
// Why the bounds hold. sqrt(2 f*) is the distance of A to the matrices of that rank (for lambda > 0, 2 f* is |A|^2 less
// the square of a norm of the shrunken leading singular values): it changes by at most |dA|_F with A, and not at all
// with rotations. So the computed B, with B = (A + dA) Q, Q orthogonal, |dA|_F <= `drift`, has the same sqrt(2 f*) up
// to `drift`.
//
// f*(B) from its Gram matrix H, with diagonal d: let T hold its leading columns, N the others. For a pair p in T, q in
// N and any alpha > 0, [[0, h], [h, 0]] <= diag(h^2/alpha, alpha) as quadratic forms. So H lies below a block matrix
// whose diagonal is lifted, and sums of leading eigenvalues are monotone: the sum over T of d is at most the sum of the
// leading eigenvalues (Ky Fan), which is at most that plus all lifts in T plus what the eigenvalues in N exceed
// t = the least eigenvalue in T by. Gershgorin's radii bound eigenvalues of the blocks. See unfinished(), and section
// 12 of docs/theory.md.
//
// Tested in equipoise/exact/excess_test.cpp
#include "equipoise/exact/best_loss.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "equipoise/core/decompositions.hpp"

namespace equipoise {
namespace {

using error_bound::generous, error_bound::underflow, error_bound::unit;
/// A rotation below this cosine is not worth it: the inner product itself is hardly known better.
constexpr double negligible = 0x1p-98;
constexpr int most_sweeps = 20;

/// Reflectors I - 2 v v^T / |v|^2 whose product, in order, has the columns of an orthogonal matrix up to rounding and
/// signs: v[0] = 1, and the one at k acts on the rows from k on. Whatever its v rounds to, a reflector is orthogonal.
std::vector<Vector> reflectors(Eigen::MatrixXd orthogonal) {
  const Index n = orthogonal.cols();
  std::vector<Vector> result;
  for (Index k = 0; k + 1 < n; ++k) {
    auto rest = orthogonal.bottomRightCorner(n - k, n - k);
    Vector v = rest.col(0);
    v[0] += std::copysign(v.norm(), v[0]);  // never a cancellation, and at least 1 here
    v /= v[0];
    rest -= 2 / v.squaredNorm() * v * (v.transpose() * rest);
    result.push_back(std::move(v));
  }
  return result;
}

class Jacobi {
 public:
  Jacobi(const Eigen::Ref<const Eigen::MatrixXd>& A, Index rank, double lambda)
      : rank_(std::min(rank, A.cols())),
        lambda_(lambda),
        columns_(columns_of(A)),
        squares_(static_cast<std::size_t>(A.cols())),
        products_(Eigen::MatrixXd::Zero(A.cols(), A.cols())) {
    DoubleDouble sum;
    for (Index j = 0; j < count(); ++j) sum = sum + columns_.dot(j, j);
    norm_squared_ = sum;
    norm_ = std::sqrt(sum.high) * generous;
    sum_error_ = static_cast<double>(columns_.length() + count() + 16) * unit * generous;
  }

  Enclosed without_factors() const {
    return {scaled(norm_squared_, -1), 4 * sum_error_ * norm_squared_.high + underflow};
  }
  bool reflect(const Eigen::Ref<const Eigen::MatrixXd>& A);
  void rotate(double most_work);
  Enclosed best() const;

 private:
  Index count() const { return columns_.count(); }
  double square(Index j) const { return squares_[static_cast<std::size_t>(j)].high; }
  void sort();
  bool in_top(Index j) const { return top_[static_cast<std::size_t>(j)]; }
  bool worth_rotating(Index i, Index j, double product) const;
  void rotate_pair(Index i, Index j, const DoubleDouble& product);
  void measure();
  double unfinished() const;

  Index rank_;
  double lambda_;
  Columns columns_;
  DoubleDouble norm_squared_;
  double norm_ = 0;       // an upper bound of |A|_F
  double sum_error_ = 0;  // relative error of an inner product, against the product of norms, and of sums of them
  double drift_ = underflow;
  std::vector<DoubleDouble> squares_;  // of the columns' norms
  Eigen::MatrixXd products_;           // magnitudes of the columns' inner products, upper triangle
  std::vector<bool> top_;              // the leading columns, T
  Index top_count_ = 0;
  DoubleDouble lowest_top_;  // the least square in T, or lambda^2 where T is not full
  double highest_rest_ = 0;  // the largest in N
};

// From A to A V, up to signs and the rounding of the SVD in double.
bool Jacobi::reflect(const Eigen::Ref<const Eigen::MatrixXd>& A) {
  const Eigen::MatrixXd right = thin_svd(A).right;
  if (!right.allFinite()) return false;
  Columns image(columns_.length(), 1);
  for (const Vector& v : reflectors(right)) {
    const Index size = v.size();
    const Index k = count() - size;
    DoubleDouble v_squared;
    for (const double entry : v) v_squared = v_squared + double_double::two_product(entry, entry);
    const DoubleDouble tau = quotient(2.0, v_squared);
    const double tau_error =
        (std::abs((tau * v_squared - DoubleDouble(2)).high) / 2 + static_cast<double>(size + 6) * unit) * generous;
    image.clear(0);
    for (Index j = 0; j < size; ++j) image.add_multiple(0, v[j], columns_, k + j);
    for (Index j = 0; j < size; ++j) columns_.add_multiple(k + j, -(tau * DoubleDouble(v[j])), image, 0);
    // |image error| <= (size + 1) unit |v| |B|, and tau |v|^2 = 2.
    drift_ += (2.1 * static_cast<double>(size + 1) * unit + 2.1 * tau_error + 6 * unit) * norm_ * generous + underflow;
  }
  return true;
}

void Jacobi::sort() {
  const auto n = static_cast<std::size_t>(count());
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) {
    const DoubleDouble difference = squares_[i] - squares_[j];
    return difference.high > 0;
  });
  top_.assign(n, false);
  top_count_ = 0;
  const DoubleDouble lambda_squared = double_double::two_product(lambda_, lambda_);
  lowest_top_ = lambda_squared;
  for (const std::size_t i : order) {
    if (top_count_ == rank_ || (lambda_ > 0 && !((squares_[i] - lambda_squared).high > 0))) break;
    top_[i] = true;
    ++top_count_;
    if (top_count_ == rank_) lowest_top_ = squares_[i];
  }
  highest_rest_ =
      static_cast<std::size_t>(top_count_) < n ? squares_[order[static_cast<std::size_t>(top_count_)]].high : 0;
}

// A guess of what still counts in unfinished(), which decides nothing but the width of the bound.
bool Jacobi::worth_rotating(Index i, Index j, double product) const {
  const double h = std::abs(product);
  if (!(h > negligible * std::sqrt(square(i)) * std::sqrt(square(j)))) return false;
  const double n = static_cast<double>(count());
  if (in_top(i) != in_top(j)) {
    const double rest = in_top(i) ? square(j) : square(i);
    const double gap = lowest_top_.high - rest;
    const double cost = gap > 0 ? h * std::min(1.0, 2 * static_cast<double>(top_count_) * h / gap) : h;
    // The square of the drift is lost anyway.
    return cost > std::max(negligible * rest, drift_ * drift_ / (n * n));
  }
  if (!in_top(i)) return 4 * n * h > lowest_top_.high - std::max(square(i), square(j));
  return lambda_ > 0 || 4 * n * h > std::min(square(i), square(j)) - highest_rest_;
}

void Jacobi::rotate_pair(Index i, Index j, const DoubleDouble& product) {
  DoubleDouble& x = squares_[static_cast<std::size_t>(i)];
  DoubleDouble& y = squares_[static_cast<std::size_t>(j)];
  const double size = std::hypot(std::sqrt(x.high), std::sqrt(y.high)) * generous;
  const double zeta = (y - x).high / (2 * product.high);
  const double tangent = (zeta >= 0 ? 1 : -1) / (std::abs(zeta) + std::hypot(1.0, zeta));
  const DoubleDouble c = quotient(1.0, root(DoubleDouble(1) + double_double::two_product(tangent, tangent)));
  const DoubleDouble s = c * DoubleDouble(tangent);
  const double defect = std::abs((c * c + s * s - DoubleDouble(1)).high) + 8 * unit;
  columns_.rotate(i, j, c, -s);
  drift_ += (defect + 3.1 * unit) * size * generous + underflow;
  const DoubleDouble shift = product * DoubleDouble(tangent);
  x = x - shift;
  y = y + shift;
}

void Jacobi::rotate(double most_work) {
  const auto n = static_cast<double>(count());
  double left = most_work * n * n;
  for (int sweep = 0; sweep < most_sweeps; ++sweep) {
    for (Index j = 0; j < count(); ++j) squares_[static_cast<std::size_t>(j)] = columns_.dot(j, j);
    sort();
    bool rotated = false;
    for (Index i = 0; i < count(); ++i) {
      for (Index j = i + 1; j < count(); ++j) {
        const DoubleDouble product = columns_.dot(i, j);
        products_(i, j) = std::abs(product.high);
        if (!worth_rotating(i, j, product.high)) continue;
        rotate_pair(i, j, product);
        rotated = true;
        left -= 4;
      }
      left -= n / 2;
      if (left < 0) return measure();
    }
    if (!rotated) return;  // squares_ and products_ are those of the columns as they are
  }
  measure();
}

void Jacobi::measure() {
  for (Index i = 0; i < count(); ++i) {
    squares_[static_cast<std::size_t>(i)] = columns_.dot(i, i);
    for (Index j = i + 1; j < count(); ++j) products_(i, j) = std::abs(columns_.dot(i, j).high);
  }
  sort();
}

// How much more than the sum over T of the squares (or of their shrunken roots, whose slope is at most 1) the sum of
// leading eigenvalues of the Gram matrix can be.
double Jacobi::unfinished() const {
  const Index n = count();
  Vector radius = Vector::Zero(n);  // sum of |h| within the own block
  Vector across = Vector::Zero(n);  // and to the other one
  for (Index i = 0; i < n; ++i) {
    for (Index j = i + 1; j < n; ++j) {
      const double h = (products_(i, j) + sum_error_ * std::sqrt(square(i)) * std::sqrt(square(j))) * generous + 1e-300;
      (in_top(i) == in_top(j) ? radius : across)[i] += h;
      (in_top(i) == in_top(j) ? radius : across)[j] += h;
    }
  }
  double excess = 0;
  // Where there is no gap, differences of nearly equal squares count: they are taken in double-double.
  DoubleDouble level = lowest_top_;
  for (Index p = 0; p < n; ++p) {
    if (!in_top(p)) continue;
    DoubleDouble least = squares_[static_cast<std::size_t>(p)] * (DoubleDouble(1) - DoubleDouble(2 * sum_error_));
    if (lambda_ > 0) {
      excess += radius[p];  // by pairs with alpha = |h|: the block becomes diagonal
    } else {
      least = least - DoubleDouble(radius[p]);  // the block keeps its trace
    }
    if ((level - least).high > 0) level = least;
  }
  for (Index q = 0; q < n; ++q) {
    if (in_top(q)) continue;
    const DoubleDouble own = squares_[static_cast<std::size_t>(q)] * (DoubleDouble(1) + DoubleDouble(2 * sum_error_)) +
                             DoubleDouble(radius[q]);
    const double difference = (level - own).high;
    const double slack = difference - 0x1p-50 * std::abs(difference) - 16 * unit * (std::abs(level.high) + own.high);
    // Lifting q by kappa * across costs across / kappa in T; kappa = slack / across fills the slack.
    excess += slack > across[q] ? across[q] * (across[q] / slack) : across[q] + (across[q] - slack);
  }
  return excess * generous;
}

Enclosed Jacobi::best() const {
  const double delta = unfinished();
  const double lost = sum_error_ * 4;
  if (lambda_ == 0) {
    DoubleDouble rest;
    for (Index q = 0; q < count(); ++q) {
      if (!in_top(q)) rest = rest + squares_[static_cast<std::size_t>(q)];
    }
    const double distance = std::sqrt(rest.high) * generous;
    const double error = lost * rest.high + delta + 2 * distance * drift_ + drift_ * drift_;
    return {scaled(rest, -1), error / 2 * generous};
  }
  DoubleDouble shrunken;
  double root_errors = 0;
  for (Index p = 0; p < count(); ++p) {
    if (!in_top(p)) continue;
    const DoubleDouble& d = squares_[static_cast<std::size_t>(p)];
    const DoubleDouble s = root(d);
    const double error = std::abs((s * s - d).high) / s.high + (sum_error_ + 8 * unit) * s.high;
    root_errors += error * error;
    const DoubleDouble above = s - DoubleDouble(lambda_);
    shrunken = shrunken + above * above;
  }
  const double off = drift_ + std::sqrt(root_errors) * generous;
  const double length = std::sqrt(std::max(0.0, shrunken.high)) * generous;
  const double error = lost * (norm_squared_.high + shrunken.high) + delta + 2 * length * off + off * off;
  return {scaled(norm_squared_ - shrunken, -1), error / 2 * generous};
}

}  // namespace

Enclosed best_loss(const Vector& singular_values, Shape shape, double lambda) {
  // No theorem with a constant stands behind an SVD in double: the customary size + n, with a factor of 64.
  const double off = 64 * static_cast<double>(shape.rows + shape.cols) * std::numeric_limits<double>::epsilon() *
                     singular_values.norm();
  DoubleDouble loss;
  double lever = 0;  // of the derivative by the singular values
  for (Index i = 0; i < singular_values.size(); ++i) {
    const double s = singular_values[i];
    const double kept = i < shape.rank ? std::min(s, lambda) : s;
    // 1/2 s^2 - 1/2 (s - kept)^2
    loss = loss + double_double::two_product(kept, s - kept / 2);
    lever += kept * kept;
  }
  return {loss,
          (std::sqrt(lever) * off + off * off + 8 * std::numeric_limits<double>::epsilon() * loss.high) * generous};
}

Columns columns_of(const Eigen::Ref<const Eigen::MatrixXd>& A) {
  Columns columns(A.rows(), A.cols());
  for (Index j = 0; j < A.cols(); ++j) {
    for (Index i = 0; i < A.rows(); ++i) columns.set(i, j, A(i, j));
  }
  return columns;
}

Enclosed best_loss(const Eigen::Ref<const Eigen::MatrixXd>& A, Index rank, double lambda, double most_work) {
  if (A.size() == 0 || A.cwiseAbs().maxCoeff() == 0 || (rank >= A.cols() && lambda == 0)) return {0.0, 0.0};
  Jacobi jacobi(A, rank, lambda);
  if (rank == 0) return jacobi.without_factors();
  if (!jacobi.reflect(A)) return {};
  jacobi.rotate(most_work);
  return jacobi.best();
}

}  // namespace equipoise
