// The rows of a problem in four fixed pieces, held by 1, 2 or 4 threads: sums run in the same tree whoever holds them.
#pragma once

#include <array>
#include <barrier>
#include <cmath>
#include <functional>
#include <memory>
#include <vector>

#include "equipoise/core/start.hpp"
#include "equipoise/problems/dense.hpp"

namespace equipoise::space_test {
namespace {

constexpr int pieces = 4;  // of the rows of X and of Y, whoever holds them
constexpr Index piece_rows = 9, piece_cols = 7;
constexpr Index all_rows = pieces * piece_rows, all_cols = pieces * piece_cols;

// What the threads share: a barrier, and a slot for every piece.
struct World {
  explicit World(int threads) : parts(threads), barrier(threads) {}
  int parts;
  std::barrier<> barrier;
  std::array<Vector, pieces> slots;
  std::array<const double*, pieces> states;
  bool word = false;
};

// The sum of all slots, neighbours first: the same tree whoever filled them.
Vector tree_sum(const std::array<Vector, pieces>& slots) { return (slots[0] + slots[1]) + (slots[2] + slots[3]); }

// The part of one thread: its pieces of X, row by row, then those of Y. Arrays are told apart by their sizes: a piece
// has 16 k numbers of a state, 9 k of X, or 7 k of Y, with k <= 4.
class ThreadSpace final : public Space {
 public:
  ThreadSpace(World& world, int part) : world_(world), mine_(pieces / world.parts), first_(part * mine_) {}

  bool spread() const override { return true; }
  double dot(ConstState a, ConstState b) const override {
    return over_pieces(a.size(), [&](Index from, Index length) {
      double sum = 0;
      for (Index i = from; i < from + length; ++i) sum += a[i] * b[i];
      return sum;
    });
  }
  double squared_norm(ConstState a) const override { return dot(a, a); }
  double norm(ConstState a) const override {
    const double scale = largest(a);
    if (!(scale > 0) || !std::isfinite(scale)) return scale;
    return scale * std::sqrt(over_pieces(a.size(), [&](Index from, Index length) {
             double sum = 0;
             for (Index i = from; i < from + length; ++i) sum += (a[i] / scale) * (a[i] / scale);
             return sum;
           }));
  }
  bool finite(ConstState a) const override {
    return over_pieces(a.size(),
                       [&](Index from, Index length) { return a.segment(from, length).allFinite() ? 0.0 : 1.0; }) == 0;
  }
  double largest(ConstState a) const override {
    const double here = a.size() > 0 ? a.cwiseAbs().maxCoeff<Eigen::PropagateNaN>() : 0;
    publish([&](int) { return Vector::Constant(1, here); });
    double result = 0;
    for (const Vector& slot : world_.slots) result = slot[0] > result || std::isnan(slot[0]) ? slot[0] : result;
    world_.barrier.arrive_and_wait();
    return result;
  }
  Vector dots(const Eigen::Ref<const Eigen::MatrixXd>& columns, ConstState b) const override {
    Vector result(columns.cols());
    for (Index k = 0; k < columns.cols(); ++k) result[k] = dot(columns.col(k), b);
    return result;
  }
  Eigen::MatrixXd all_dots(const Eigen::Ref<const Eigen::MatrixXd>& a,
                           const Eigen::Ref<const Eigen::MatrixXd>& b) const override {
    Eigen::MatrixXd result(a.cols(), b.cols());
    for (Index k = 0; k < b.cols(); ++k) result.col(k) = dots(a, b.col(k));
    return result;
  }
  Eigen::MatrixXd gram(const Matrix& a, const Matrix& b) const override {
    const Index rows = a.rows() / mine_;
    publish([&](int piece) {
      Eigen::MatrixXd partial = Eigen::MatrixXd::Zero(a.cols(), b.cols());
      for (Index i = piece * rows; i < (piece + 1) * rows; ++i) partial += a.row(i).transpose() * b.row(i);
      return Vector(partial.reshaped());
    });
    const Vector sum = tree_sum(world_.slots);
    world_.barrier.arrive_and_wait();
    return sum.reshaped(a.cols(), b.cols());
  }
  void sum(std::span<double> partial) const override {
    // A partial sum of a thread is the sum of its pieces in an order of its own: the total depends on the threads.
    publish([&](int piece) {
      Vector values = Vector::Zero(static_cast<Index>(partial.size()));
      if (piece == 0) values = Eigen::Map<const Vector>(partial.data(), values.size());
      return values;
    });
    Eigen::Map<Vector>(partial.data(), static_cast<Index>(partial.size())) = tree_sum(world_.slots);
    world_.barrier.arrive_and_wait();
  }
  Index whole(Index here) const override { return here * world_.parts; }
  Index before(Index here) const override { return here * first_ / mine_; }
  bool decided(bool here) const override {
    if (first_ == 0) world_.word = here;
    world_.barrier.arrive_and_wait();
    const bool result = world_.word;
    world_.barrier.arrive_and_wait();
    return result;
  }
  void gaussian(State out, std::uint64_t seed) const override {
    const Index k = out.size() / (mine_ * (piece_rows + piece_cols));
    const Factors all = gaussian_factors({all_rows, all_cols, k}, seed);
    MutableFactors here({mine_ * piece_rows, mine_ * piece_cols, k}, out.data());
    here.X() = all.X().middleRows(first_ * piece_rows, mine_ * piece_rows);
    here.Y() = all.Y().middleRows(first_ * piece_cols, mine_ * piece_cols);
  }

  Factors mine(const Factors& all) const {
    return Factors(Matrix(all.X().middleRows(first_ * piece_rows, mine_ * piece_rows)),
                   Matrix(all.Y().middleRows(first_ * piece_cols, mine_ * piece_cols)));
  }
  int first() const { return first_; }
  int count() const { return mine_; }
  World& world() const { return world_; }

  // Fills the slots of this part's pieces and waits for the others.
  void publish(const std::function<Vector(int piece)>& value) const {
    for (int piece = 0; piece < mine_; ++piece) world_.slots[static_cast<std::size_t>(first_ + piece)] = value(piece);
    world_.barrier.arrive_and_wait();
  }

 private:
  double over_pieces(Index size, const std::function<double(Index from, Index length)>& of) const {
    const Index each = size / mine_, unit = piece_rows + piece_cols;
    const bool state = each % unit == 0;
    const Index k = state ? each / unit : 0;
    publish([&](int piece) {
      if (!state) return Vector::Constant(1, of(piece * each, each));
      const Index x = piece_rows * k, y = piece_cols * k;
      return Vector::Constant(1, of(piece * x, x) + of(mine_ * x + piece * y, y));
    });
    const double result = tree_sum(world_.slots)[0];
    world_.barrier.arrive_and_wait();
    return result;
  }

  World& world_;
  int mine_, first_;
};

// The rows of A that one thread holds. Y is gathered before a product, and its gradient summed over all pieces after
// it.
class ThreadProblem final : public Problem {
 public:
  ThreadProblem(const Matrix& A, const ThreadSpace& space) : space_(space) {
    for (int piece = 0; piece < space.count(); ++piece)
      rows_.push_back(dense_problem(A.middleRows((space.first() + piece) * piece_rows, piece_rows)));
  }
  Index rows() const override { return space_.count() * piece_rows; }
  Index cols() const override { return space_.count() * piece_cols; }
  Index entries() const override { return all_rows * all_cols; }
  LossForm form() const override { return {true, 0}; }
  const Space& space() const override { return space_; }

  double gradient(ConstFactors at, MutableFactors out) const override {
    const Matrix Y = gathered(at.Y());
    return together(out, [&](int piece, MutableFactors part) {
      const Factors here(Matrix(at.X().middleRows(piece * piece_rows, piece_rows)), Y);
      return rows_[static_cast<std::size_t>(piece)]->gradient(here, part);
    });
  }
  void hessian_product(ConstFactors at, ConstFactors direction, MutableFactors out) const override {
    const Matrix Y = gathered(at.Y());
    const Matrix V = gathered(direction.Y());
    together(out, [&](int piece, MutableFactors part) {
      const Factors here(Matrix(at.X().middleRows(piece * piece_rows, piece_rows)), Y);
      const Factors there(Matrix(direction.X().middleRows(piece * piece_rows, piece_rows)), V);
      rows_[static_cast<std::size_t>(piece)]->hessian_product(here, there, part);
      return 0.0;
    });
  }

 private:
  Matrix gathered(const Eigen::Ref<const Matrix>& mine) const {
    space_.publish([&](int piece) {
      const Matrix part = mine.middleRows(piece * piece_cols, piece_cols);
      return Vector(flat(part));
    });
    Matrix all(all_cols, mine.cols());
    for (int piece = 0; piece < pieces; ++piece) {
      all.middleRows(piece * piece_cols, piece_cols) = Eigen::Map<const Matrix>(
          space_.world().slots[static_cast<std::size_t>(piece)].data(), piece_cols, mine.cols());
    }
    space_.world().barrier.arrive_and_wait();
    return all;
  }

  double together(MutableFactors out, const std::function<double(int, MutableFactors)>& of_piece) const {
    const Index rank = out.shape().rank;
    space_.publish([&](int piece) {
      Factors part({piece_rows, all_cols, rank});
      const double loss = of_piece(piece, part);
      out.X().middleRows(piece * piece_rows, piece_rows) = part.X();
      Vector values(all_cols * rank + 1);
      values << part.flat().tail(all_cols * rank), loss;
      return values;
    });
    const Vector sum = tree_sum(space_.world().slots);
    space_.world().barrier.arrive_and_wait();
    const Eigen::Map<const Matrix> gradient_y(sum.data(), all_cols, rank);
    out.Y() = gradient_y.middleRows(space_.first() * piece_cols, space_.count() * piece_cols);
    return sum[all_cols * rank];
  }

  const ThreadSpace& space_;
  std::vector<std::unique_ptr<Problem>> rows_;
};

}  // namespace
}  // namespace equipoise::space_test
