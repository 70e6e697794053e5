// Reductions over a state: the sums and maxima that must be the same for all who hold a part of it.
#pragma once

#include <cstdint>
#include <span>

#include "equipoise/core/factors.hpp"

namespace equipoise {

using ConstState = Eigen::Ref<const Vector>;
using State = Eigen::Ref<Vector>;

/// Where the numbers of a state live. By default all of them are here, and a reduction is Eigen's. A state that is
/// spread over threads or machines overrides these functions: every part calls the same ones in the same order, and all
/// get the same bits. All code of core that reduces over a state goes through its objective's Space.
class Space {
 public:
  virtual ~Space() = default;

  /// True if states are not whole here. Solvers that reduce by themselves then give way to our own.
  virtual bool spread() const { return false; }
  virtual double dot(ConstState a, ConstState b) const { return a.dot(b); }
  virtual double squared_norm(ConstState a) const { return a.squaredNorm(); }
  /// |a| without overflow or underflow on the way.
  virtual double norm(ConstState a) const { return a.stableNorm(); }
  virtual bool finite(ConstState a) const { return a.allFinite(); }
  /// The largest |a_i|, 0 if there is none.
  virtual double largest(ConstState a) const { return a.size() > 0 ? a.cwiseAbs().maxCoeff() : 0; }
  /// A^T b, if the columns of A are states: a dot product each.
  virtual Vector dots(const Eigen::Ref<const Eigen::MatrixXd>& columns, ConstState b) const {
    return columns.transpose() * b;
  }
  /// A^T B, if the columns of both are states.
  virtual Eigen::MatrixXd all_dots(const Eigen::Ref<const Eigen::MatrixXd>& a,
                                   const Eigen::Ref<const Eigen::MatrixXd>& b) const {
    return a.transpose() * b;
  }
  /// A^T B of tall factors whose rows are spread as those of a state: X^T X, Y^T Y.
  virtual Eigen::MatrixXd gram(const Matrix& a, const Matrix& b) const { return a.transpose() * b; }
  /// Partial sums that were formed here become sums over all parts.
  virtual void sum(std::span<double> partial) const { static_cast<void>(partial); }
  /// How many there are in all, if `here` of them are held here: numbers of a state, rows of a factor.
  virtual Index whole(Index here) const { return here; }
  /// How many numbers the parts before this one hold, where `here` of them are held here.
  virtual Index before(Index here) const { return static_cast<void>(here), 0; }
  /// What the first part says: clocks and users must not be heard by one part alone.
  virtual bool decided(bool here) const { return here; }
  /// Independent standard normals, the same numbers however the state is spread: those of gaussian_factors(seed).
  virtual void gaussian(State out, std::uint64_t seed) const;
};

/// Everything is here. One object, for as long as the program runs.
const Space& local_space();

}  // namespace equipoise
