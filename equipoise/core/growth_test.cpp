// The estimator against plain batch means, and the rule of chaos at its thresholds.
#include "equipoise/core/growth.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "equipoise/core/endings.hpp"

namespace equipoise::growth_test {
namespace {

TEST(Growth, OfNoStepsIsNotKnown) {
  const LyapunovEstimate none = Growth().estimate();
  EXPECT_TRUE(std::isnan(none.exponent));
  EXPECT_EQ(none.steps, 0U);
  Growth one;
  one.add(6.4);
  EXPECT_DOUBLE_EQ(one.estimate().exponent, 0.1);
  EXPECT_TRUE(std::isnan(one.estimate().error));
  EXPECT_EQ(one.estimate().steps, 64U);
}

TEST(Growth, IsThePlainMeanOfItsBatchesHoweverLong) {
  const unsigned seed = 3;
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(0.3 * 64, 5);
  for (const std::size_t count : {8U, 32U, 157U, 1024U, 5000U}) {
    Growth growth;
    std::vector<double> sums(count);
    for (double& each : sums) growth.add(each = normal(random));
    const LyapunovEstimate found = growth.estimate();
    // Whole batches that end with the last whole sum.
    const std::size_t used = found.steps / 64, batches = std::min<std::size_t>(32, used);
    ASSERT_GT(used, count / 2);
    std::size_t together = 1;  // sums are joined in pairs beyond 1024
    while (count / together >= 1024) together *= 2;
    const std::size_t end = count / together * together;
    ASSERT_EQ(used % batches, 0U);
    std::vector<double> means(batches, 0);
    double mean = 0, squares = 0;
    for (std::size_t b = 0; b < batches; ++b) {
      for (std::size_t i = 0; i < used / batches; ++i) means[b] += sums[end - used + b * (used / batches) + i];
      means[b] /= 64.0 * static_cast<double>(used / batches);
      mean += means[b] / static_cast<double>(batches);
    }
    for (const double each : means) squares += (each - mean) * (each - mean);
    EXPECT_NEAR(found.exponent, mean, 1e-12) << count;
    const auto n = static_cast<double>(batches);
    EXPECT_NEAR(found.error, std::sqrt(squares / (n * (n - 1))), 1e-12) << count;
  }
}

TEST(Growth, SaysChaosFromTheThresholdsOn) {
  const auto says = [](std::size_t stretches, double exponent, double spread) {
    Growth growth;
    for (std::size_t i = 0; i < stretches; ++i) growth.add(64 * (exponent + (i % 2 == 0 ? spread : -spread)));
    return growth.chaos().has_value();
  };
  EXPECT_TRUE(says(157, 0.021, 0));
  EXPECT_FALSE(says(156, 0.021, 0));  // 9984 steps
  EXPECT_FALSE(says(157, 0.0199, 0));
  Growth uncertain;  // batches of which half separate
  for (int i = 0; i < 160; ++i) uncertain.add(i < 5 ? 64 * 1.2 : 0);
  EXPECT_FALSE(uncertain.chaos());
}

TEST(Endings, TheLooksAreAsDocumented) {
  std::uint64_t step = endings::first_growth_look;
  for (const std::uint64_t want : {9920U, 20032U, 40256U}) {
    EXPECT_EQ(step, want);
    EXPECT_EQ(step % endings::growth_stretch, 0U);
    const std::uint64_t next = endings::next_growth_look(step);
    EXPECT_GE(next - step, endings::chaotic_steps);
    step = next;
  }
  EXPECT_EQ(endings::exponent_of_stay(-1), 0);
  EXPECT_NEAR(endings::exponent_of_stay(-1.5), std::log(1.5), 1e-15);
  EXPECT_NEAR(endings::exponent_of_cycle(-0.8, 2), std::log(0.8) / 2, 1e-15);
  EXPECT_EQ(endings::exponent_of_cycle(0, 2), -std::numeric_limits<double>::infinity());
  EXPECT_FALSE(endings::attracts(std::nan("")));
  EXPECT_EQ(endings::steps_to_leave(1), 1000000000U);
}

}  // namespace
}  // namespace equipoise::growth_test
