// Lanes against the plain loop, bit for bit: any target, any number of runs, any neighbours, any tolerance.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "equipoise/core/error.hpp"
#include "equipoise/ensemble/tiny/ensemble.hpp"
#include "equipoise/ensemble/tiny/test_tiny_ends.hpp"

namespace equipoise::tiny_bits_test {
namespace {

using namespace test_tiny_ends;

// Up to the first run that does not.
void expect_lanes_to_end_as(const Ends& plain, const Runs& runs) {
  for (const std::string& target : lanes()) {
    SCOPED_TRACE(target);
    const Ends ends = ends_of(runs, target);
    for (std::size_t i = 0; i < runs.size(); ++i) {
      SCOPED_TRACE(i);
      expect_same(ends[i], plain[i]);
      if (::testing::Test::HasFailure()) return;
    }
  }
}

TEST(TinyBits, EveryTargetHasTheBitsOfThePlainLoop) {
  for (const std::size_t count : {0, 1, 2, 3, 7, 8, 9, 23, 24, 25, 47, 48, 49, 97, 4001}) {
    SCOPED_TRACE(count);
    const Runs runs = mixed(count, static_cast<unsigned>(100 + count));
    expect_lanes_to_end_as(ends_of(runs), runs);
    if (HasFailure()) return;
  }
}

// Coarse tolerances make saddles and minimisers of iterates that are far from them, and a run may be near one at any
// look.
TEST(TinyBits, AnyToleranceAnyScale) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  const auto uniform = [&](double from, double to) { return std::uniform_real_distribution<double>(from, to)(random); };
  const double tolerances[] = {0, 1e-16, 1e-12, 1e-9, 1e-7, 1e-6, 1e-3, 0.1, 1};
  const std::uint64_t budgets[] = {63,   64,   65,   255,  257,  320,  512,   576,
                                   1000, 1024, 2048, 4100, 8192, 9984, 20000, 20032};
  Runs runs;
  for (int i = 0; i < 4000; ++i) {
    const double h = std::exp(uniform(-3, 1));
    const double m = i % 2 == 0 ? uniform(0, 2.2) : std::exp(uniform(-8, 2));
    const double scale = std::exp(i % 5 == 0 ? uniform(-40, 100) : uniform(-3, 2)) / std::sqrt(h);
    const double mu = random() % 3 == 0 ? -m / h : m / h;
    const double x = scale * uniform(-1, 1);
    const double y = random() % 8 == 0 ? x : scale * std::exp(uniform(-2, 2)) * uniform(-1, 1);
    runs.push_back(random() % 4 == 0 ? tiny_isotropic(mu, static_cast<double>(1 + random() % 5), std::abs(x),
                                                      std::abs(y), uniform(-1, 1), h)
                                     : tiny_scalar(mu, x, y, h));
    runs.back().tolerance = tolerances[random() % std::size(tolerances)];
    runs.back().max_steps = budgets[random() % std::size(budgets)];
  }
  const Ends plain = ends_of(runs);
  std::map<std::pair<Outcome, Limit>, int> seen;
  for (const TinyEnd& end : plain) ++seen[{end.outcome, end.limit}];
  EXPECT_GT((seen[{Outcome::converged, Limit::saddle}]), 10);
  EXPECT_GT((seen[{Outcome::converged, Limit::minimiser}]), 300);
  expect_lanes_to_end_as(plain, runs);
}

// Lanes are handed over and refilled by sets of them: few runs leave lanes empty in every pattern, and many end
// together.
TEST(TinyBits, EveryNumberOfRunsHasTheBitsOfThePlainLoop) {
  const Runs all = mixed(200, 31);
  Runs alike, behind;
  std::mt19937_64 random(32);
  for (int i = 0; i < 200; ++i) {
    const double part = std::uniform_real_distribution<double>(0, 1)(random);
    alike.push_back(i % 5 == 4 ? tiny_scalar(1, 3 + part, 3, 0.9) : tiny_scalar(1, 1 + part, 1, 0.06 + 0.02 * part));
    if (i % 50 == 49) alike.back() = tiny_scalar(1, 2, 0.5, 0.1);  // at a minimiser from the start
    if (i % 50 ==
        24) {  // exactly at a stable minimiser after a step, which a tolerance of zero does not call an ending
      alike.back() = tiny_scalar(0.5, 1, 0, 1);
      alike.back().tolerance = 0;
      alike.back().max_steps = 300;
    }
    if (i % 50 == 12) alike.back() = tiny_scalar(2.25, 0.5, 0.5, 1);  // exactly at an unstable one after a step
    // Small budgets in lanes that runs with large ones left, and nothing else that is due.
    behind.push_back(tiny_scalar(1, 1 + part, 1, i < 100 ? 0.06 + 0.02 * part : 0.001));
    if (i >= 100) behind.back().max_steps = static_cast<std::uint64_t>(i);
  }
  for (const Runs& runs : {all, alike, behind}) {
    const Ends plain = ends_of(runs);
    for (const std::string& target : lanes()) {
      SCOPED_TRACE(target);
      for (std::size_t count = 0; count <= runs.size(); ++count) {
        SCOPED_TRACE(count);
        const Ends ends = ends_of(Runs(runs.begin(), runs.begin() + static_cast<std::ptrdiff_t>(count)), target);
        for (std::size_t i = 0; i < count; ++i) expect_same(ends[i], plain[i]);
        if (HasFailure()) return;
      }
    }
  }
}

// Without the measures everything else is as with them.
TEST(TinyBits, MeasuresAreLeftOutAlone) {
  const Runs runs = mixed(700, 41);
  const Ends whole = ends_of(runs);
  for (const std::string& target : batch_targets()) {
    SCOPED_TRACE(target);
    Ends ends(runs.size());
    run_batch(runs, ends, {target, false});
    for (std::size_t i = 0; i < runs.size(); ++i) {
      TinyEnd expected = whole[i];
      for (const auto field : {&TinyEnd::loss, &TinyEnd::sharpness, &TinyEnd::ratio, &TinyEnd::imbalance,
                               &TinyEnd::product, &TinyEnd::norm_x, &TinyEnd::norm_y}) {
        expected.*field = std::numeric_limits<double>::quiet_NaN();
      }
      expect_same(ends[i], expected);
      if (HasFailure()) return;
    }
  }
}

// Any set of columns beside what is shared says the same as rows do.
TEST(TinyBits, ColumnsAreRows) {
  std::mt19937_64 random(51);
  for (const std::size_t count : {0, 1, 7, 64, 255, 256, 257, 1500}) {
    for (int which = 0; which < 256; which += count < 100 ? 1 : 17) {
      SCOPED_TRACE(fmt::format("{} runs, columns {:#x}", count, which));
      const Runs source = mixed(count + 1, static_cast<unsigned>(random()));
      TinyColumns columns;
      columns.shared = source[0];
      columns.count = count;
      std::vector<std::vector<double>> room(8, std::vector<double>(count));
      const double** const places[] = {&columns.mu,   &columns.h,    &columns.x[0],  &columns.x[1],
                                       &columns.y[0], &columns.y[1], &columns.shape, &columns.tolerance};
      for (std::size_t i = 0; i < count; ++i) {
        const TinyRun& run = source[i + 1];
        // Of an isotropic run shape is a size.
        const double numbers[] = {
            run.mu, run.h, run.x[0], run.x[1], run.y[0], run.y[1], 2 + static_cast<double>(i % 3), run.tolerance};
        for (std::size_t k = 0; k < 8; ++k) room[k][i] = numbers[k];
      }
      for (std::size_t k = 0; k < 8; ++k) {
        if ((which >> k & 1) != 0) *places[k] = room[k].data();
      }
      Runs rows;
      for (std::size_t i = 0; i < count; ++i) {
        rows.push_back(source[0]);
        TinyRun& row = rows.back();
        double* const numbers[] = {&row.mu,   &row.h,    &row.x[0],  &row.x[1],
                                   &row.y[0], &row.y[1], &row.shape, &row.tolerance};
        for (std::size_t k = 0; k < 8; ++k) {
          if ((which >> k & 1) != 0) *numbers[k] = room[k][i];
        }
      }
      for (const std::string& target : batch_targets()) {
        Ends ends(count);
        run_batch(columns, ends, {target, true});
        const Ends expected = ends_of(rows, target);
        for (std::size_t i = 0; i < count; ++i) expect_same(ends[i], expected[i]);
        if (HasFailure()) return;
      }
    }
  }
}

TEST(TinyBits, AMistakeInAColumnIsFoundAndNamed) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const std::size_t at : {0, 3, 299}) {
    const auto refused = [&](const double* TinyColumns::*column, double value, double usual, std::string_view what) {
      std::vector<double> values(300, usual);
      values[at] = value;
      TinyColumns columns;
      columns.shared = tiny_scalar(1, 1.5, 1, 0.1);
      columns.count = values.size();
      columns.*column = values.data();
      for (const std::string& target : batch_targets()) {
        Ends ends(values.size());
        try {
          run_batch(columns, ends, {target, false});
          ADD_FAILURE() << what << " " << value;
        } catch (const Error& error) {
          EXPECT_NE(std::string(error.what()).find(fmt::format("cell {}: ", at)), std::string::npos) << error.what();
          EXPECT_NE(std::string(error.what()).find(what), std::string::npos) << error.what();
        }
        for (const TinyEnd& end : ends) EXPECT_EQ(end.steps, 0U);
      }
    };
    refused(&TinyColumns::mu, infinity, 1, "mu");
    refused(&TinyColumns::h, 0, 0.1, "learning rate");
    refused(&TinyColumns::h, std::nan(""), 0.1, "learning rate");
    refused(&TinyColumns::tolerance, 1.5, 1e-12, "tolerance");
    refused(&TinyColumns::shape, std::nan(""), 1, "shape");
  }
  TinyColumns shared;
  shared.shared = tiny_scalar(1, std::nan(""), 1, 0.1);
  shared.count = 2;
  Ends ends(2);
  EXPECT_THROW(run_batch(shared, ends), Error);
  shared.shared.x[0] = 1.5;
  EXPECT_NO_THROW(run_batch(shared, ends));
  Ends few(1);
  EXPECT_THROW(run_batch(shared, few), Error);
}

// A number out of range is found wherever it stands among good ones, and before the first step.
TEST(TinyBits, AMistakeIsFoundAmongMany) {
  for (const std::size_t count : {1, 3, 4, 8, 9, 37}) {
    const Runs good(count, tiny_scalar(1, 1.5, 1, 0.1));
    for (std::size_t at = 0; at < count; ++at) {
      const auto refused = [&](const auto& spoil) {
        Runs runs = good;
        spoil(runs[at]);
        for (const std::string& target : batch_targets()) {
          Ends ends(count);
          EXPECT_THROW(run_batch(runs, ends, {target, false}), Error) << target << " " << at << " of " << count;
          for (const TinyEnd& end : ends) EXPECT_EQ(end.steps, 0U);
        }
      };
      refused([](TinyRun& run) { run.mu = INFINITY; });
      refused([](TinyRun& run) { run.h = 0; });
      refused([](TinyRun& run) { run.h = INFINITY; });
      refused([](TinyRun& run) { run.x[0] = NAN; });
      refused([](TinyRun& run) { run.x[1] = -INFINITY; });
      refused([](TinyRun& run) { run.y[0] = NAN; });
      refused([](TinyRun& run) { run.y[1] = INFINITY; });
      refused([](TinyRun& run) { run.shape = NAN; });
      refused([](TinyRun& run) { run.tolerance = -1e-300; });
      refused([](TinyRun& run) { run.tolerance = 1.0000001; });
      if (HasFailure()) return;
    }
  }
  // Any number of steps is in range, and h the smallest number above zero.
  TinyRun run = tiny_scalar(1, 2, 0.5, 5e-324);
  for (const std::uint64_t steps : {std::uint64_t{0}, ~std::uint64_t{0}}) {
    run.max_steps = steps;
    const Runs runs(5, run);
    Ends ends(5);
    EXPECT_NO_THROW(run_batch(runs, ends, {"", false}));
  }
}

// Long runs: cycles, chaos, tangents, budgets around the looks at 20032 and 40256.
TEST(TinyBits, LongRunsHaveTheSameBitsToo) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> uniform(0, 1);
  Runs runs;
  for (const std::uint64_t budget : {9919U, 9920U, 9921U, 19967U, 19968U, 20000U, 20032U, 20033U, 30000U, 45000U}) {
    for (int i = 0; i < 12; ++i) {
      const double h = 1 + uniform(random);
      TinyRun run = tiny_scalar(1, 0.3 + uniform(random), 0.3 + uniform(random), h);
      if (i % 4 == 3)
        run =
            tiny_isotropic(1, 3, 0.3 + 0.2 * uniform(random), 0.3 + 0.2 * uniform(random), 2 * uniform(random) - 1, h);
      run.max_steps = budget;
      if (i == 5) run.tolerance = 0;
      runs.push_back(run);
    }
  }
  const Ends plain = ends_of(runs);
  std::map<Outcome, int> seen;
  for (const TinyEnd& end : plain) ++seen[end.outcome];
  EXPECT_GT(seen[Outcome::chaotic], 5);
  EXPECT_GT(seen[Outcome::periodic], 5);
  EXPECT_GT(seen[Outcome::exhausted], 5);
  expect_lanes_to_end_as(plain, runs);
}

TEST(TinyBits, ACellDoesNotFeelItsNeighbours) {
  const Runs runs = mixed(500, 5);
  const std::string target = batch_targets().front();
  const Ends whole = ends_of(runs, target);
  for (const std::size_t tile : {1, 3, 64, 499}) {
    for (std::size_t from = 0; from < runs.size(); from += tile) {
      const std::size_t to = std::min(from + tile, runs.size());
      const Ends part = ends_of(
          Runs(runs.begin() + static_cast<std::ptrdiff_t>(from), runs.begin() + static_cast<std::ptrdiff_t>(to)),
          target);
      for (std::size_t i = from; i < to; ++i) expect_same(part[i - from], whole[i]);
    }
  }
}

}  // namespace
}  // namespace equipoise::tiny_bits_test
