// The exact predicates against Python's fractions, at the critical rate itself and one unit in the last place beside
// it.
#include "equipoise/theory/delta.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "equipoise/core/error.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/theory/scalar.hpp"

namespace equipoise::delta_test {
namespace {

std::string line_of(const std::string& what, double mu, double h, const Vector& u, const Vector& v, int answer) {
  std::string line = fmt::format("{} {:a} {:a}", what, mu, h);
  for (const double x : u) line += fmt::format(" {:a}", x);
  line += " |";
  for (const double x : v) line += fmt::format(" {:a}", x);
  return line + fmt::format(" | {}\n", answer);
}

// What the predicates say at one rate, one line each.
std::string lines_at(double mu, double h, const Vector& u, const Vector& v) {
  const Delta state = Delta::of_vectors(mu, u, v);
  std::string lines = line_of("region", mu, h, u, v, static_cast<int>(region(state, h)));
  lines += line_of("one", mu, h, u, v, state.delta_versus(h, 1));
  const Index n = u.size();
  const Matrix A = mu * Matrix::Identity(n, n);
  const Delta isotropic = Delta::of_isotropic(A, u, v);
  lines += line_of("norms", mu, h, u, v, isotropic.isotropic_norms(h));
  if (isotropic.m_versus(h, 1) <= 0) lines += line_of("limit", mu, h, u, v, isotropic.delta_versus_isotropic_limit(h));
  return lines;
}

double either_side(double h, int ulps) {
  for (; ulps > 0; --ulps) h = std::nextafter(h, infinity);
  for (; ulps < 0; ++ulps) h = std::nextafter(h, 0);
  return h;
}

TEST(Delta, AgreesWithFractionsToTheLastBit) {
#ifndef EQUIPOISE_PYTHON
  GTEST_SKIP() << "no python3";
#else
  std::string lines;
  int count = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    Generator random(seed);
    const auto length = static_cast<Index>(1 + random.next() % 3);
    // Every tenth case at a scale where products of doubles leave their range.
    const int scale = seed % 10 == 9 ? static_cast<int>(random.next() % 1000) - 500 : 0;
    const double mu = std::ldexp(seed % 7 == 3 ? 0 : random.normal(), 2 * scale);
    Vector u(length), v(length);
    for (double& x : u) x = std::ldexp(2 * random.normal(), scale);
    for (double& x : v) x = std::ldexp(2 * random.normal(), scale);
    if (seed % 5 == 1) v = mu < 0 ? Vector(-u) : u;  // balanced: b = 0, where the square root loses half its digits
    if (seed % 5 == 2) v = mu < 0 ? u : Vector(-u);  // the saddle's line
    const Delta state = Delta::of_vectors(mu, u, v);
    const Delta isotropic = Delta::of_isotropic(mu * Matrix::Identity(length, length), u, v);
    const std::array rates = {
        Delta::largest_rate([&](double h) { return state.m_versus(h, 2) < 0 && state.delta_versus(h, 2) < 0; }),
        Delta::largest_rate([&](double h) { return state.m_versus(h, 1) < 0; }),
        Delta::largest_rate([&](double h) { return state.delta_versus(h, 1) < 0; }), Delta::largest_rate([&](double h) {
          return isotropic.m_versus(h, 1) < 0 && isotropic.delta_versus_isotropic_limit(h) < 0;
        }),
        Delta::largest_rate([&](double h) { return isotropic.isotropic_norms(h) < 0; })};
    for (const double rate : rates) {
      if (!std::isfinite(rate) || rate == 0) continue;
      for (const int ulps : {-1, 0, 1, 2}) {
        lines += lines_at(mu, either_side(rate, ulps), u, v);
        ++count;
      }
    }
    lines += lines_at(mu, std::abs(random.normal()) * std::ldexp(1.0, -2 * scale), u, v);
  }
  // Doubles on the curves themselves: m = 1, 2 exactly, E = 0 exactly, delta = m.
  for (const double mu : {1.0, -1.0, 2.0, 0.5, 0.0}) {
    for (const double x : {0.0, 0.5, 1.0, 1.5, 2.0, 3.0, -1.0, -2.0}) {
      for (const double y : {0.0, 0.5, 1.0, 1.5, 2.0, 3.0}) {
        for (const double h : {0.25, 0.5, 1.0, 2.0}) lines += lines_at(mu, h, Vector{{x}}, Vector{{y}});
      }
    }
  }
  ASSERT_GT(count, 5000);
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / fmt::format("equipoise-delta-{}.txt", std::rand());
  std::ofstream(file) << lines;
  const std::string command =
      fmt::format("{} {}/equipoise/theory/oracle.py {}", EQUIPOISE_PYTHON, EQUIPOISE_SOURCE_DIR, file.string());
  const int exit = std::system(command.c_str());
  std::filesystem::remove(file);
  EXPECT_EQ(exit, 0);
#endif
}

// delta in doubles against the definition: a/(delta + m) + b/(delta - m) = 4.
TEST(Delta, DisplayedNumbersSolveTheDefinition) {
  Generator random(3);
  for (int trial = 0; trial < 2000; ++trial) {
    SCOPED_TRACE(trial);
    const double mu = random.normal();
    const double h = std::abs(random.normal()) + 0.01;
    const Vector u{{random.normal(), random.normal()}};
    const Vector v{{random.normal(), random.normal()}};
    const Delta state = Delta::of_vectors(mu, u, v);
    const double turn = mu < 0 ? -1 : 1;
    const double a = h * (u + turn * v).squaredNorm();
    const double b = h * (u - turn * v).squaredNorm();
    const double m = h * std::abs(mu);
    const double delta = state.delta(h);
    EXPECT_NEAR(state.m(h), m, 1e-14 * m);
    EXPECT_NEAR(state.S(h), (a + b) / 2, 1e-13 * (a + b));
    EXPECT_NEAR(state.p(h), (a - b) / 4, 1e-13 * (a + b) / std::min(1.0, m));
    EXPECT_NEAR(state.E(h), state.S(h) - m * state.p(h) + m * m - 4, 1e-12 * (1 + state.S(h)));
    EXPECT_GE(delta, m * (1 - 1e-14));
    EXPECT_NEAR(a * (delta - m) + b * (delta + m), 4 * (delta * delta - m * m),
                1e-12 * (1 + delta) * (a + b + 1) * (1 + m));
  }
}

TEST(Delta, CriticalRateIsTheClosedForm) {
  Generator random(4);
  for (int trial = 0; trial < 500; ++trial) {
    SCOPED_TRACE(trial);
    const double mu = random.normal();
    const double x = 3 * random.normal();
    const double y = 3 * random.normal();
    const Delta state = Delta::of_vectors(mu, Vector{{x}}, Vector{{y}});
    const double S = x * x + y * y;
    const double expected = std::min(1 / std::abs(mu), 8 / (S + std::sqrt(S * S - 16 * mu * (x * y - mu))));
    const double rate =
        Delta::largest_rate([&](double h) { return state.m_versus(h, 1) < 0 && state.delta_versus(h, 2) < 0; });
    EXPECT_NEAR(rate, expected, 1e-13 * expected);
  }
}

TEST(Delta, DegenerateStarts) {
  const Vector zero{{0.0}};
  const Vector none;
  const Delta nothing = Delta::of_vectors(0, zero, zero);
  EXPECT_TRUE(nothing.mu_is_zero());
  EXPECT_TRUE(nothing.start_is_zero());
  EXPECT_FALSE(nothing.on_saddle_line());
  EXPECT_EQ(Delta::largest_rate([&](double h) { return nothing.delta_versus(h, 2) < 0; }), infinity);
  const Delta zero_start = Delta::of_vectors(2, zero, zero);
  EXPECT_TRUE(zero_start.on_saddle_line());
  EXPECT_TRUE(zero_start.balanced());
  EXPECT_EQ(zero_start.delta_versus_m(), 0);
  EXPECT_EQ(Delta::of_vectors(1, none, none).S(1), 0);
  EXPECT_THROW(Delta::of_vectors(1, zero, none), Error);
  EXPECT_THROW(Delta::of_vectors(std::nan(""), zero, zero), Error);
  // Products beyond double's range: S = 2e600, so the critical rate lies below every double, and the other way round.
  const Vector huge{{1e300}};
  const Delta vast = Delta::of_vectors(1, huge, huge);
  EXPECT_EQ(Delta::largest_rate([&](double h) { return vast.delta_versus(h, 2) < 0; }), 0);
  const Vector small{{1e-170}};
  const Delta faint = Delta::of_vectors(0, small, small);
  EXPECT_EQ(Delta::largest_rate([&](double h) { return faint.delta_versus(h, 2) < 0; }), infinity);
}

}  // namespace
}  // namespace equipoise::delta_test
