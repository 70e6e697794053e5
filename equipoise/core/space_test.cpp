// Reductions go through the Space: a state with an entry that is not a number, which none may see, and one that is
// spread over threads, whose run must not depend on how many they are.
#include "equipoise/core/space.hpp"

#include <gtest/gtest.h>

#include <array>
#include <barrier>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "equipoise/core/run.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/problems/dense.hpp"

namespace equipoise::space_test {
namespace {

// --- a ghost ---------------------------------------------------------------------------------------------------------

// A whole state with one row of Y more than the problem has, which is no part of it and holds NaN. Every reduction that
// goes round the Space gives NaN. Counts what it is asked.
class GhostSpace final : public Space {
 public:
  GhostSpace(Index rows, Index cols) : rows_(rows), cols_(cols) {}

  bool spread() const override { return true; }
  double dot(ConstState a, ConstState b) const override { return ++calls["dot"], real(a).dot(real(b)); }
  double squared_norm(ConstState a) const override { return ++calls["squared_norm"], real(a).squaredNorm(); }
  double norm(ConstState a) const override { return ++calls["norm"], real(a).stableNorm(); }
  bool finite(ConstState a) const override { return ++calls["finite"], real(a).allFinite(); }
  double largest(ConstState a) const override { return ++calls["largest"], Space::largest(real(a)); }
  Vector dots(const Eigen::Ref<const Eigen::MatrixXd>& columns, ConstState b) const override {
    ++calls["dots"];
    return columns.topRows(real(b).size()).transpose() * real(b);
  }
  Eigen::MatrixXd all_dots(const Eigen::Ref<const Eigen::MatrixXd>& a,
                           const Eigen::Ref<const Eigen::MatrixXd>& b) const override {
    ++calls["all_dots"];
    const Index size = real(a.col(0)).size();
    return a.topRows(size).transpose() * b.topRows(size);
  }
  Eigen::MatrixXd gram(const Matrix& a, const Matrix& b) const override {
    ++calls["gram"];
    const Index rows = a.rows() == cols_ + 1 ? cols_ : a.rows();
    return a.topRows(rows).transpose() * b.topRows(rows);
  }
  Index whole(Index here) const override { return here - ghosts(here); }
  bool decided(bool here) const override { return ++calls["decided"], here; }
  void gaussian(State out, std::uint64_t seed) const override {
    ++calls["gaussian"];
    out.setConstant(NAN);
    Space::gaussian(out.head(whole(out.size())), seed);
  }

  mutable std::map<std::string, int> calls;

 private:
  // A state has (rows + cols + 1) k numbers, X rows * k, and Y (cols + 1) k, where none of these sizes is another's.
  Index ghosts(Index size) const {
    for (const Index unit : {rows_ + cols_ + 1, cols_ + 1}) {
      if (size % unit == 0) return size / unit;
    }
    return 0;
  }
  Eigen::Ref<const Vector> real(const ConstState& a) const { return a.head(whole(a.size())); }

  Index rows_, cols_;
};

class GhostProblem final : public Problem {
 public:
  explicit GhostProblem(const Matrix& A) : base_(dense_problem(A)), space_(A.rows(), A.cols()) {}
  Index rows() const override { return base_->rows(); }
  Index cols() const override { return base_->cols() + 1; }
  Index entries() const override { return base_->entries(); }
  LossForm form() const override { return base_->form(); }
  const Space& space() const override { return space_; }
  const std::map<std::string, int>& calls() const { return space_.calls; }

  double gradient(ConstFactors at, MutableFactors out) const override {
    Factors real = without(at);
    Factors gradient(real.shape());
    const double loss = base_->gradient(real, gradient);
    put(gradient, out);
    return loss;
  }
  void hessian_product(ConstFactors at, ConstFactors direction, MutableFactors out) const override {
    Factors product(without(at).shape());
    base_->hessian_product(without(at), without(direction), product);
    put(product, out);
  }
  static Factors with_ghost(const Factors& real) {
    Factors result({real.shape().rows, real.shape().cols + 1, real.shape().rank});
    put(real, result);
    return result;
  }

 private:
  static Factors without(ConstFactors at) {
    return Factors(Matrix(at.X()), Matrix(at.Y().topRows(at.shape().cols - 1)));
  }
  static void put(const Factors& real, MutableFactors out) {
    out.flat().setConstant(NAN);
    out.X() = real.X();
    out.Y().topRows(real.shape().cols) = real.Y();
  }

  std::unique_ptr<Problem> base_;
  GhostSpace space_;
};

RunSettings busy(std::uint64_t max_steps) {
  RunSettings settings;
  settings.max_steps = max_steps;
  settings.sharpness_every = 10;
  return settings;
}

TEST(Space, NoReductionOfARunGoesRoundIt) {
  // More than 48 unknowns at rank 1, so that Lanczos is asked and not a dense solver.
  const Matrix A = gaussian_factors({40, 0, 22}, 5).X();
  const auto plain = dense_problem(A);
  const Factors start = with_norms(gaussian_factors({40, 22, 2}, 6), 2, 3);
  const StartMeasures known = measure_start(*plain, start);
  const double sigma1 = known.sigma1;
  for (const double times : {0.3, 0.9, 1.15, 3.0}) {  // of 1/sigma_1
    SCOPED_TRACE(times);
    const double h = times / sigma1;
    const GhostProblem ghost(A);
    const Record there = run(ghost, GhostProblem::with_ghost(start), h, busy(1500));
    const Record here = run(*plain, start, h, busy(1500));
    EXPECT_EQ(there.verdict.outcome, here.verdict.outcome) << there.verdict.why << '\n' << here.verdict.why;
    EXPECT_EQ(there.steps, here.steps);
    EXPECT_EQ(there.verdict.limit, here.verdict.limit);
    EXPECT_EQ(there.verdict.proved, here.verdict.proved);
    EXPECT_EQ(there.last.X(), here.last.X());
    EXPECT_NEAR(there.sigma1, here.sigma1, 1e-10 * sigma1);
    EXPECT_NEAR(there.sharpness_start.value, here.sharpness_start.value, 1e-9 * here.sharpness_start.value);
    ASSERT_EQ(there.samples.size(), here.samples.size());
    for (std::size_t i = 0; i < here.samples.size(); ++i) {
      EXPECT_EQ(there.samples[i].gradient_norm, here.samples[i].gradient_norm);
      EXPECT_EQ(there.samples[i].norm_y, here.samples[i].norm_y);
      EXPECT_EQ(there.samples[i].imbalance, here.samples[i].imbalance);
      ASSERT_EQ(there.samples[i].eigenvalues.size(), here.samples[i].eigenvalues.size());
      for (std::size_t k = 0; k < here.samples[i].eigenvalues.size(); ++k) {
        EXPECT_NEAR(there.samples[i].eigenvalues[k], here.samples[i].eigenvalues[k],
                    2e-3 * std::abs(here.samples[i].eigenvalues[k]));
      }
    }
    const auto& calls = ghost.calls();
    const int steps = static_cast<int>(there.steps);
    EXPECT_GE(calls.at("squared_norm"), 2 * steps);  // the traces
    EXPECT_GE(calls.at("norm"), steps);              // the tangent vector
    EXPECT_GE(calls.at("finite"), steps);
    EXPECT_GE(calls.at("gram"), 2);  // imbalance, Lemma E
    EXPECT_GE(calls.at("gaussian"), 1);
    EXPECT_GE(calls.at("decided"), steps);
  }
}

// --- threads ---------------------------------------------------------------------------------------------------------

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

struct Spread {
  std::vector<Record> records;  // one a thread
  Factors last;                 // put together
};

Spread run_in_threads(int threads, const Matrix& A, const Factors& start, double h, const RunSettings& settings) {
  World world(threads);
  Spread result;
  result.records.resize(static_cast<std::size_t>(threads));
  std::vector<std::thread> all;
  for (int part = 0; part < threads; ++part) {
    all.emplace_back([&, part] {
      const ThreadSpace space(world, part);
      const ThreadProblem problem(A, space);
      result.records[static_cast<std::size_t>(part)] = run(problem, space.mine(start), h, settings);
    });
  }
  for (std::thread& each : all) each.join();
  result.last = start;
  Index x = 0, y = 0;
  for (const Record& record : result.records) {
    result.last.X().middleRows(x, record.last.X().rows()) = record.last.X();
    result.last.Y().middleRows(y, record.last.Y().rows()) = record.last.Y();
    x += record.last.X().rows();
    y += record.last.Y().rows();
  }
  return result;
}

bool same_number(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

void expect_same_bits(const Record& a, const Record& b) {
  EXPECT_EQ(a.verdict.outcome, b.verdict.outcome);
  EXPECT_EQ(a.verdict.why, b.verdict.why);
  EXPECT_EQ(a.steps, b.steps);
  EXPECT_TRUE(same_number(a.verdict.multiplier, b.verdict.multiplier));
  EXPECT_TRUE(same_number(a.verdict.lyapunov, b.verdict.lyapunov));
  EXPECT_TRUE(same_number(a.verdict.growth, b.verdict.growth));
  EXPECT_EQ(a.sigma1, b.sigma1);
  EXPECT_EQ(a.sharpness_start.value, b.sharpness_start.value);
  EXPECT_TRUE(same_number(a.sharpness_end.value, b.sharpness_end.value));
  EXPECT_EQ(a.balance_end.imbalance, b.balance_end.imbalance);
  EXPECT_EQ(a.loss_end, b.loss_end);
  ASSERT_EQ(a.samples.size(), b.samples.size());
  for (std::size_t i = 0; i < a.samples.size(); ++i) {
    EXPECT_EQ(a.samples[i].gradient_norm, b.samples[i].gradient_norm);
    EXPECT_EQ(a.samples[i].imbalance, b.samples[i].imbalance);
    EXPECT_EQ(a.samples[i].eigenvalues, b.samples[i].eigenvalues);
  }
}

TEST(Space, ARunInThreadsDoesNotDependOnHowManyTheyAre) {
  const Matrix A = gaussian_factors({all_rows, 0, all_cols}, 11).X() * 0.1;
  const auto plain = dense_problem(A);
  const Factors start = with_norms(gaussian_factors({all_rows, all_cols, 2}, 12), 1, 1.5);
  const double sigma1 = measure_start(*plain, start).sigma1;
  for (const double times : {0.4, 1.1, 4.0}) {  // of 1/sigma_1: a minimiser, a cycle, divergence
    SCOPED_TRACE(times);
    const double h = times / sigma1;
    RunSettings settings = busy(3000);
    const Record alone = run(*plain, start, h, settings);
    const Spread one = run_in_threads(1, A, start, h, settings);
    EXPECT_EQ(one.records[0].verdict.outcome, alone.verdict.outcome) << one.records[0].verdict.why << '\n'
                                                                     << alone.verdict.why;
    EXPECT_EQ(one.records[0].verdict.limit, alone.verdict.limit);
    EXPECT_EQ(one.records[0].steps, alone.steps);
    EXPECT_NEAR(one.records[0].sigma1, sigma1, 1e-12);
    EXPECT_LT((one.last.flat() - alone.last.flat()).norm(), 1e-8 * alone.last.flat().norm());
    for (const int threads : {2, 4}) {
      SCOPED_TRACE(threads);
      const Spread spread = run_in_threads(threads, A, start, h, settings);
      for (const Record& record : spread.records) expect_same_bits(record, one.records[0]);
      EXPECT_EQ(spread.last.flat(), one.last.flat());
    }
  }
}

}  // namespace
}  // namespace equipoise::space_test
