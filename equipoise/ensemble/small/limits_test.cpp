// What small ensembles accept and refuse, and what they leave out.
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <limits>

#include "equipoise/core/error.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/core/test_refusal.hpp"
#include "equipoise/ensemble/small/ensemble.hpp"
#include "equipoise/ensemble/small/test_small.hpp"

namespace equipoise::small_limits_test {
namespace {

using namespace test_small;
using test_tiny_ends::same_bits;

TEST(SmallEnsemble, StopsAtOnce) {
  const Small small(Matrix::Identity(4, 4) * 2.0, 2, 1, 1);
  SmallRun run = small.run(0, 1, 1, 0.01, std::numeric_limits<std::uint64_t>::max());
  run.tolerance = 0;
  const std::atomic<bool> stop = true;
  for (const std::string& target : batch_targets()) {
    TinyEnd end;
    end.steps = 77;
    run_small_batch(*small.family, {&run, 1}, {&end, 1}, {target, true, true, &stop});
    EXPECT_EQ(end.steps, 77U) << target;
  }
}

TEST(SmallEnsemble, MeasuresAreLeftOutWhereNobodyAsks) {
  const Small small(gaussian_matrix(3, 3, 3, 1), 1, 1, 1);
  const SmallRun run = small.run(0, 1, 1, 0.05, 3000);
  TinyEnd all, without_sharpness, none;
  run_small_batch(*small.family, {&run, 1}, {&all, 1});
  run_small_batch(*small.family, {&run, 1}, {&without_sharpness, 1}, {"", true, false});
  run_small_batch(*small.family, {&run, 1}, {&none, 1}, {"", false});
  EXPECT_GT(all.sharpness, 0);
  EXPECT_TRUE(std::isnan(without_sharpness.sharpness));
  EXPECT_TRUE(same_bits(without_sharpness.loss, all.loss));
  EXPECT_TRUE(std::isnan(none.loss));
  EXPECT_EQ(none.steps, all.steps);
}

TEST(SmallEnsemble, RefusesWhatMakesNoSense) {
  const Small small(gaussian_matrix(3, 2, 2, 1), 1, 1, 1), other(gaussian_matrix(3, 2, 2, 1), 2, 1, 1);
  const SmallRun good = small.run(0, 1, 1, 0.1, 10);
  const auto refused = [&](auto change) {
    SmallRun run = good;
    change(run);
    TinyEnd end;
    return test_refusal::refusal([&] { run_small_batch(*small.family, {&run, 1}, {&end, 1}); });
  };
  EXPECT_EQ(refused([](SmallRun&) {}), "");
  EXPECT_NE(refused([](SmallRun& run) { run.h = 0; }).find("learning rate"), std::string::npos);
  EXPECT_NE(refused([](SmallRun& run) { run.h = nan; }).find("learning rate"), std::string::npos);
  EXPECT_NE(refused([](SmallRun& run) { run.tolerance = 2; }).find("tolerance"), std::string::npos);
  EXPECT_NE(refused([](SmallRun& run) { run.scale_y = infinity; }).find("scale"), std::string::npos);
  EXPECT_NE(refused([](SmallRun& run) { run.start = nullptr; }).find("no start"), std::string::npos);
  EXPECT_NE(refused([&](SmallRun& run) { run.start = &other.starts[0]; }).find("columns"), std::string::npos);
  SmallStart broken = small.starts[0];
  broken.factors.flat()[1] = nan;
  EXPECT_NE(refused([&](SmallRun& run) { run.start = &broken; }).find("not finite"), std::string::npos);
  broken = small.starts[0];
  broken.overlap = Matrix::Zero(7, 7);
  EXPECT_NE(refused([&](SmallRun& run) { run.start = &broken; }).find("overlap"), std::string::npos);

  TinyEnd ends[2];
  double values[3];
  const Problem& problem = *small.coordinates[0].problem;
  EXPECT_THROW(run_small_batch(*small.family, {&good, 1}, ends), Error);
  EXPECT_THROW(run_small_batch(*small.family, {&good, 1}, {ends, 1}, {"AVX9"}), Error);
  EXPECT_THROW(record_small_orbits(*small.family, {&good, 1}, 2, values), Error);
  std::vector<double> twelve(12);
  EXPECT_THROW(record_small_orbits(*small.family, {&good, 1}, 12, twelve), Error);
  EXPECT_THROW(small_lyapunov_exponents(*small.family, {&good, 1}, values), Error);
  const Small zero(Matrix::Zero(3, 2), 1, 1, 1);
  const SmallRun on_zero = zero.run(0, 1, 1, 0.1, 10);
  EXPECT_THROW(record_small_orbits(*zero.family, {&on_zero, 1}, 1, {values, 1}), Error);
  EXPECT_THROW(SmallFamily(problem, {0, 2, 1}, Vector()), Error);
  EXPECT_THROW(SmallFamily(problem, {3, 2, 0}, Vector()), Error);
  EXPECT_THROW(SmallFamily(problem, {3000, 2, 1}, Vector()), Error);
  EXPECT_THROW(SmallFamily(problem, {3, 2, 33}, Vector()), Error);
  EXPECT_THROW(SmallFamily(problem, {3, 2, 1}, Vector{{3.0, 2.0, 1.0}}), Error);
  EXPECT_THROW(SmallFamily(problem, {3, 2, 1}, Vector{{1.0, 2.0}}), Error);
  EXPECT_THROW(SmallFamily(problem, {3, 2, 1}, Vector{{1.0, 0.0}}), Error);
  EXPECT_THROW(SmallFamily(problem, {3, 2, 1}, Vector{{1.0}}, -1), Error);
  run_small_batch(*small.family, {}, {});
}

TEST(SmallEnsemble, KnowsWhatIsSmall) {
  EXPECT_TRUE(is_small({1, 1, 1}));
  EXPECT_TRUE(is_small({1024, 1024, 1}));
  EXPECT_FALSE(is_small({1024, 1025, 1}));
  EXPECT_TRUE(is_small({128, 128, 5}));  // eight columns
  EXPECT_FALSE(is_small({128, 129, 5}));
  EXPECT_TRUE(is_small({32, 32, 32}));
  EXPECT_FALSE(is_small({2, 2, 33}));
  EXPECT_FALSE(is_small({std::numeric_limits<Index>::max() / 2, 1, 1}));
}

}  // namespace
}  // namespace equipoise::small_limits_test
