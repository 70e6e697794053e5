// The kernels over stored entries: every target, every remainder, weights, several blocks and runs, sizes beyond 32
// bits.
#include "equipoise/problems/blocked_entries.hpp"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cmath>
#include <limits>

#include "equipoise/core/error.hpp"
#include "equipoise/problems/observed.hpp"
#include "equipoise/problems/test_only_target.hpp"
#include "equipoise/problems/test_problem_checks.hpp"

namespace equipoise::blocked_entries_test {
namespace {

using namespace equipoise::testing;

/// Roughly `density` of all entries, some of them zero; rows and columns divisible by 5 stay empty unless it is full.
SparseMatrix random_sparse(Index rows, Index cols, double density, std::mt19937_64& random) {
  std::vector<Eigen::Triplet<double, Index>> entries;
  std::uniform_real_distribution<double> uniform;
  std::normal_distribution<double> normal;
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < cols; ++j) {
      if (density < 1 && (i % 5 == 0 || j % 5 == 0)) continue;
      if (uniform(random) < density) entries.emplace_back(i, j, uniform(random) < 0.1 ? 0.0 : normal(random));
    }
  }
  SparseMatrix A(rows, cols);
  A.setFromTriplets(entries.begin(), entries.end());
  return A;
}

/// Loss, gradient and Hessian product of both, relative to what the entries could add up to.
void expect_agreement(const Problem& fast, const Problem& plain, ConstFactors at, ConstFactors direction, double norm) {
  const Shape shape = at.shape();
  Factors got(shape), want(shape);
  got.flat().setConstant(std::numeric_limits<double>::quiet_NaN());
  const double z = at.flat().norm(), scale = norm + z * z;
  const double loss = fast.gradient(at, got);
  EXPECT_NEAR(loss, plain.gradient(at, want), 1e-14 * scale * scale);
  EXPECT_LE((got.flat() - want.flat()).norm(), 1e-14 * scale * z);
  got.flat().setConstant(std::numeric_limits<double>::quiet_NaN());
  fast.hessian_product(at, direction, got);
  plain.hessian_product(at, direction, want);
  EXPECT_LE((got.flat() - want.flat()).norm(), 1e-14 * (scale + z * z) * direction.flat().norm());
}

TEST(StoredEntries, EveryTargetAgreesWithThePlainLoops) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    const OnlyTarget only(target);
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
      std::mt19937_64 random(seed);
      const auto pick = [&](Index least, Index most) {
        return std::uniform_int_distribution<Index>(least, most)(random);
      };
      // All ranks up to 20, then those of 3 to 9 vectors of eight and their neighbours.
      const Index rank = seed <= 20 ? static_cast<Index>(seed) : pick(21, 73);
      const Shape shape{pick(1, 40), pick(1, 60), rank};
      const double density = seed % 3 == 0 ? 1.0 : seed % 3 == 1 ? 0.4 : 0.05;
      SCOPED_TRACE(std::string(hwy::TargetName(target)) + " " + text(shape) + " seed " + std::to_string(seed));
      const SparseMatrix A = random_sparse(shape.rows, shape.cols, density, random);
      const Factors at = random_factors(shape, random), u = random_factors(shape, random);
      expect_agreement(*sparse_problem(A), *plain_sparse_problem(A), at, u, A.norm());
      expect_agreement(*observed_problem(A), *plain_observed_problem(A), at, u, A.norm());
    }
  }
}

TEST(StoredEntries, ThinShapesAndNothingAtAll) {
  for (const Shape shape : {Shape{1, 1, 1}, Shape{1, 90, 3}, Shape{90, 1, 8}, Shape{0, 4, 2}, Shape{4, 0, 2},
                            Shape{3, 4, 0}, Shape{2, 3, 30}, Shape{127, 131, 7}}) {
    for (const double density : {0.0, 1.0}) {
      SCOPED_TRACE(text(shape));
      std::mt19937_64 random(5);
      const SparseMatrix A = random_sparse(shape.rows, shape.cols, density, random);
      const double size = A.size() == 0 ? 0 : A.norm();  // Eigen refuses to sum nothing
      const Factors at = random_factors(shape, random), u = random_factors(shape, random);
      expect_agreement(*sparse_problem(A), *plain_sparse_problem(A), at, u, size);
      expect_agreement(*observed_problem(A), *plain_observed_problem(A), at, u, size);
    }
  }
}

TEST(StoredEntries, SeveralBlocksAndRuns) {
  std::mt19937_64 random(7);
  for (const Shape shape : {Shape{300, 30011, 5}, Shape{30011, 300, 16}}) {
    SCOPED_TRACE(text(shape));
    std::vector<Eigen::Triplet<double, Index>> entries;
    for (int k = 0; k < 60000; ++k) {
      entries.emplace_back(static_cast<Index>(random() % static_cast<std::uint64_t>(shape.rows)),
                           static_cast<Index>(random() % static_cast<std::uint64_t>(shape.cols)), 1.5);
    }
    SparseMatrix A(shape.rows, shape.cols);
    A.setFromTriplets(entries.begin(), entries.end());
    const BlockedEntries blocked(A, {});
    EXPECT_GT(blocked.runs(), 1);
    EXPECT_EQ(blocked.blocks(), shape.cols > 20000 ? 8 : 1);
    const Factors at = random_factors(shape, random), u = random_factors(shape, random);
    expect_agreement(*sparse_problem(A), *plain_sparse_problem(A), at, u, A.norm());
    expect_agreement(*observed_problem(A), *plain_observed_problem(A), at, u, A.norm());
    check_threads(*sparse_problem(A), at, u, 1e-6);
    check_threads(*observed_problem(A), at, u, 1e-6);
  }
}

// Walking through runs, blocks and segments meets every entry of A once, at its place.
TEST(StoredEntries, BlocksHoldEveryEntryOnce) {
  std::mt19937_64 random(8);
  SparseMatrix A(700, 20000);
  std::vector<Eigen::Triplet<double, Index>> entries;
  for (int k = 0; k < 30000; ++k) {
    entries.emplace_back(static_cast<Index>(random() % 700), static_cast<Index>(random() % 20000), 1.0 + k);
  }
  A.setFromTriplets(entries.begin(), entries.end());
  std::vector<double> weights(static_cast<std::size_t>(A.nonZeros()));
  for (std::size_t k = 0; k < weights.size(); ++k) weights[k] = 2 * A.valuePtr()[k];
  const BlockedEntries blocked(A, weights);
  Index met = 0;
  for (Index run = 0; run < blocked.runs(); ++run) {
    for (Index block = 0; block < blocked.blocks(); ++block) {
      const Tile tile = blocked.tile(run, block);
      Index at = tile.first_entry;
      for (Index s = tile.first_segment; s < tile.last_segment; ++s) {
        for (std::uint32_t k = 0; k < blocked.segments()[s].count; ++k, ++at, ++met) {
          const Index i = blocked.first_row(run) + blocked.segments()[s].row;
          const Index j = block * blocked.block_cols() + blocked.columns()[at];
          ASSERT_EQ(A.coeff(i, j), blocked.values()[at]);
          ASSERT_EQ(2 * blocked.values()[at], blocked.weights()[at]);
        }
      }
    }
  }
  EXPECT_EQ(met, A.nonZeros());
}

// No machine holds these; the arithmetic that cuts them must not overflow all the same.
TEST(StoredEntries, CutsBeyondThirtyTwoBits) {
  static_assert(sizeof(Tile::first_entry) == 8 && sizeof(SparseMatrix::StorageIndex) == 8);
  const Index most = Index{1} << 31;
  for (const Index rows : {Index{1}, Index{3'000'000'000}, Index{1} << 45}) {
    for (const Index cols : {Index{1}, Index{5'000'000'000}, Index{1} << 45}) {
      for (const Index stored : {Index{0}, Index{7'000'000'000}, Index{1} << 50}) {
        const BlockCut cut = block_cut(rows, cols, stored);
        EXPECT_GE(cut.block_cols, 1);
        EXPECT_LE(cut.block_cols, most);
        EXPECT_GE(cut.run_entries, 1);
        // A bounded number of runs, unless the rows alone force more.
        EXPECT_LE(static_cast<double>(stored) / static_cast<double>(cut.run_entries), 64.0);
      }
    }
  }
  // More columns than 32 bits count, a few entries at both ends of them.
  const Index cols = Index{1} << 33;
  SparseMatrix A(2, cols);
  A.reserve(3);
  A.startVec(0);
  A.insertBack(0, 3) = 1;
  A.insertBack(0, cols - 1) = 2;
  A.startVec(1);
  A.insertBack(1, Index{5'000'000'000}) = 4;
  A.finalize();
  const BlockedEntries blocked(A, {});
  EXPECT_EQ(blocked.stored(), 3);
  EXPECT_EQ(blocked.blocks(), 4);
  const Tile last = blocked.tile(0, 3);
  ASSERT_EQ(last.last_segment - last.first_segment, 1);
  EXPECT_EQ(3 * blocked.block_cols() + blocked.columns()[last.first_entry], cols - 1);
  EXPECT_EQ(blocked.values()[last.first_entry], 2);
}

TEST(Weights, AgreeWithTheDenseExpression) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    const OnlyTarget only(target);
    for (const Shape shape : {Shape{1, 1, 1}, Shape{9, 13, 3}, Shape{40, 31, 8}, Shape{6, 50, 0}, Shape{17, 19, 70}}) {
      SCOPED_TRACE(std::string(hwy::TargetName(target)) + " " + text(shape));
      std::mt19937_64 random(31);
      const SparseMatrix A = random_sparse(shape.rows, shape.cols, 1, random);
      SparseMatrix W = A;
      for (Index k = 0; k < W.nonZeros(); ++k) W.valuePtr()[k] = static_cast<double>(random() % 4) / 2;
      const auto problem = observed_problem(A, W);
      EXPECT_FALSE(problem->complete());
      EXPECT_EQ(problem->entries(), A.nonZeros());
      const Factors at = random_factors(shape, random), u = random_factors(shape, random);
      const Matrix R = Matrix(A) - at.X() * at.Y().transpose();
      const Matrix WR = R.cwiseProduct(Matrix(W));
      const Matrix D = (u.X() * at.Y().transpose() + at.X() * u.Y().transpose()).cwiseProduct(Matrix(W));
      Factors got(shape);
      const double loss = problem->gradient(at, got);
      EXPECT_NEAR(loss, R.cwiseProduct(WR).sum() / 2, 1e-13 * (1 + loss));
      const double z = at.flat().norm() * (1 + WR.norm());
      EXPECT_LE((got.X() + WR * at.Y()).norm(), 1e-14 * z);
      EXPECT_LE((got.Y() + WR.transpose() * at.X()).norm(), 1e-14 * z);
      problem->hessian_product(at, u, got);
      const double w = (D.norm() + WR.norm() + 1) * (at.flat().norm() + u.flat().norm());
      EXPECT_LE((got.X() - (D * at.Y() - WR * u.Y())).norm(), 1e-14 * w);
      EXPECT_LE((got.Y() - (D.transpose() * at.X() - WR.transpose() * u.X())).norm(), 1e-14 * w);
    }
  }
}

TEST(Weights, OfOneChangeNoBit) {
  std::mt19937_64 random(32);
  const Shape shape{60, 70, 5};
  const SparseMatrix A = random_sparse(shape.rows, shape.cols, 0.3, random);
  SparseMatrix W = A;
  for (Index k = 0; k < W.nonZeros(); ++k) W.valuePtr()[k] = 1;
  const Factors at = random_factors(shape, random);
  Factors with(shape), without(shape);
  EXPECT_EQ(observed_problem(A, W)->gradient(at, with), observed_problem(A)->gradient(at, without));
  EXPECT_TRUE(same_bits(with, without));
}

TEST(Weights, AreRefusedForWhatTheyAre) {
  SparseMatrix A(3, 4), other(3, 4);
  A.insert(1, 2) = 1;
  other.insert(1, 3) = 1;
  EXPECT_THROW(observed_problem(A, other), Error);
  EXPECT_THROW(observed_problem(A, SparseMatrix(3, 4)), Error);
  EXPECT_THROW(observed_problem(A, SparseMatrix(4, 3)), Error);
  for (const double bad : {-1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    SparseMatrix W = A;
    W.coeffRef(1, 2) = bad;
    try {
      observed_problem(A, W);
      ADD_FAILURE() << "accepted " << bad;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("row 1, column 2"), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace equipoise::blocked_entries_test
