// Lanczos by itself: every vector is made orthogonal to all others, and every sum over unknowns is the Space's.
//
// Tested in equipoise/core/sharpness_test.cpp
#include <algorithm>
#include <cmath>
#include <limits>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/lanczos_operator.hpp"

namespace equipoise {
namespace {

using Columns = Eigen::MatrixXd;

// The factorisation B V = V T + left * next * e_k^T, T symmetric and nearly tridiagonal, and its Ritz pairs.
class Krylov {
 public:
  Krylov(const WorkingOperator& op, const Vector& first, Index longest)
      : op_(op), basis_(op.rows(), longest), projected_(Columns::Zero(longest, longest)), image_(op.rows()) {
    basis_.col(0) = first;
  }

  Index size() const { return size_; }
  double left() const { return left_; }
  bool closed() const { return closed_; }

  // One product. May throw Halt, and then leaves the factorisation as it was.
  void extend() {
    const Index k = size_;
    op_.perform_op(basis_.col(k).data(), image_.data());
    const double length = std::sqrt(op_.space().squared_norm(image_));
    for (int pass = 0; pass < 2; ++pass) {
      const Vector along = op_.space().dots(basis_.leftCols(k + 1), image_);
      projected_.col(k).head(k + 1) += along;
      image_ -= basis_.leftCols(k + 1) * along;
    }
    left_ = std::sqrt(op_.space().squared_norm(image_));
    closed_ = left_ <= 1e-13 * std::max(1.0, length);
    ++size_;
  }

  // The next vector of the basis; there must be room for it, and something left.
  void append() {
    projected_(size_, size_ - 1) = left_;
    basis_.col(size_) = image_ / left_;
  }

  SymmetricEigen ritz() const {
    const Columns small = projected_.topLeftCorner(size_, size_);
    return symmetric_eigen((small + small.transpose()) / 2);
  }

  // The i-th largest. Where a product was not made, what couples the basis to the vector waiting for it is in its row.
  Pair pair(const SymmetricEigen& eigen, Index i, bool waiting) const {
    const Index at = size_ - 1 - i;
    const double residual = waiting ? std::abs(projected_.row(size_).head(size_).dot(eigen.vectors.col(at)))
                                    : left_ * std::abs(eigen.vectors(size_ - 1, at));
    return {eigen.values[at], basis_.leftCols(size_) * eigen.vectors.col(at), residual};
  }

  void restart(const SymmetricEigen& eigen, Index keep) {
    const auto kept = eigen.vectors.rightCols(keep);
    const Columns best = basis_.leftCols(size_) * kept;
    basis_.leftCols(keep) = best;
    const Vector coupling = left_ * kept.row(size_ - 1).transpose();
    projected_.setZero();
    projected_.topLeftCorner(keep, keep).diagonal() = eigen.values.tail(keep);
    projected_.row(keep).head(keep) = coupling.transpose();
    basis_.col(keep) = image_ / left_;
    size_ = keep;
  }

 private:
  const WorkingOperator& op_;
  Columns basis_, projected_;
  Vector image_;
  Index size_ = 0;
  double left_ = 0;
  bool closed_ = false;
};

// Whether the largest Ritz values are what was asked for, judged by residuals, gaps and the change since the last look.
class Judge {
 public:
  explicit Judge(const LanczosPlan& plan) : plan_(plan) {}

  bool satisfied(const SymmetricEigen& eigen, double left, bool closed) {
    const Index size = eigen.values.size(), wanted = std::min(plan_.count, size);
    const auto value = [&](Index i) { return eigen.values[size - 1 - i]; };
    const auto residual = [&](Index i) { return left * std::abs(eigen.vectors(size - 1, size - 1 - i)); };
    converged_ = certain_ = wanted == plan_.count || closed;
    const double scale = std::abs(value(0) - WorkingOperator::shift);
    double change = 0;
    for (Index i = 0; i < wanted; ++i) {
      converged_ = converged_ && residual(i) <= plan_.tolerance * std::abs(value(i) - WorkingOperator::shift);
      // |value - eigenvalue| <= residual^2 / gap (Kato and Temple), if the neighbours stand for the rest of the
      // spectrum.
      double gap = std::numeric_limits<double>::infinity();
      if (i > 0) gap = value(i - 1) - value(i);
      if (i + 1 < size) gap = std::min(gap, value(i) - value(i + 1));
      const double error = residual(i) < gap ? residual(i) * residual(i) / gap : residual(i);
      certain_ = certain_ && error <= plan_.value_tolerance * scale;
      const bool known = i < static_cast<Index>(before_.size());
      change = std::max(change, known ? std::abs(value(i) - before_[static_cast<std::size_t>(i)])
                                      : std::numeric_limits<double>::infinity());
    }
    // A value may stand still close to a smaller eigenvalue while a larger one is not yet seen; seldom for so long.
    certain_ = plan_.value_tolerance > 0 && certain_ && change <= plan_.value_tolerance * scale;
    before_.clear();
    for (Index i = 0; i < wanted; ++i) before_.push_back(value(i));
    return converged_ || certain_ || closed;
  }
  bool certain() const { return certain_; }

 private:
  const LanczosPlan& plan_;
  std::vector<double> before_;
  bool converged_ = false, certain_ = false;
};

}  // namespace

LanczosResult lanczos(const WorkingOperator& op, const Vector& first, const LanczosPlan& plan) {
  constexpr Index steps_between_looks = 4;
  const Index longest = std::min(plan.longest, op.whole());
  Krylov krylov(op, first, longest);
  Judge judge(plan);
  LanczosResult result;
  const auto take = [&](const SymmetricEigen& eigen, bool waiting) {
    for (Index i = 0; i < std::min(plan.count, krylov.size()); ++i) {
      result.pairs.push_back(krylov.pair(eigen, i, waiting));
      result.pairs.back().certain = judge.certain();
    }
  };
  try {
    for (int products = 1;; ++products) {
      krylov.extend();
      if (!std::isfinite(krylov.left())) return {};
      const bool full = krylov.size() == longest;
      result.closed = krylov.closed() || krylov.size() == op.whole();
      const bool looks = plan.restarts && krylov.size() % steps_between_looks == 0;
      const bool last = products >= plan.most_products || (full && !plan.restarts);
      if (full || result.closed || looks || last) {
        const SymmetricEigen eigen = krylov.ritz();
        result.enough = judge.satisfied(eigen, krylov.left(), result.closed);
        if (result.enough || last) {
          take(eigen, false);
          return result;
        }
        if (full) {
          krylov.restart(eigen, std::min(plan.count + (longest - plan.count) / 2, longest - 1));
          continue;
        }
      }
      krylov.append();
    }
  } catch (const WorkingOperator::Halt&) {
    if (krylov.size() > 0) take(krylov.ritz(), true);
  }
  return result;
}

}  // namespace equipoise
