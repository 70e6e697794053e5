// Dimensions of sets that are known, drawn on grids, and counts against a box at a time.
#include "equipoise/atlas/box_counting.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <random>
#include <set>

namespace equipoise::box_counting_test {
namespace {

using Label = std::function<std::uint8_t(std::uint64_t i, std::uint64_t j)>;

BoxCounting of(std::uint64_t width, std::uint64_t height, const Label& label) {
  const Plane plane{0, 1, width, width, height};
  return box_counting(plane, [&](std::uint64_t cell) { return label(cell % width, cell / width); });
}

TEST(BoxCounting, StraightLinesHaveDimensionOne) {
  for (const std::uint64_t cut : {1u, 500u, 511u, 512u, 800u}) {
    const BoxCounting upright = of(1024, 1024, [&](auto i, auto) { return i < cut ? 1 : 4; });
    EXPECT_NEAR(upright.dimension, 1, 1e-12) << cut;
    EXPECT_NEAR(upright.error, 0, 1e-7);
    EXPECT_EQ(upright.boundary_cells, 1024u);
    EXPECT_EQ(upright.why_not, "");
    const BoxCounting level =
        of(1024, 700, [&](auto, auto j) { return j < std::min<std::uint64_t>(cut, 600) ? 1 : 4; });
    EXPECT_NEAR(level.dimension, 1, 1e-12) << cut;
  }
  const BoxCounting slanted = of(1024, 1024, [](auto i, auto j) { return 3 * j < i + 700 ? 1 : 4; });
  EXPECT_NEAR(slanted.dimension, 1, 0.003);
  const BoxCounting diagonal = of(1024, 1024, [](auto i, auto j) { return j < i ? 1 : 4; });
  EXPECT_NEAR(diagonal.dimension, 1, 0.008);
  for (const std::uint64_t n : {512u, 1024u}) {
    for (int degrees = 3; degrees < 180; degrees += 31) {
      const double angle = degrees * 3.14159265358979 / 180;
      const BoxCounting line = of(n, n, [&](auto i, auto j) {
        const double x = static_cast<double>(i) - 0.47 * static_cast<double>(n),
                     y = static_cast<double>(j) - 0.53 * static_cast<double>(n);
        return std::sin(angle) * x < std::cos(angle) * y ? 1 : 4;
      });
      EXPECT_NEAR(line.dimension, 1, 0.006) << degrees << " " << n;
    }
  }
}

TEST(BoxCounting, CurvesHaveDimensionOne) {
  for (const std::uint64_t n : {512u, 1024u}) {
    const auto size = static_cast<double>(n);
    for (const double radius : {0.13, 0.31, 0.45}) {
      const BoxCounting circle = of(n, n, [&](auto i, auto j) {
        return std::hypot(static_cast<double>(i) - 0.503 * size, static_cast<double>(j) - 0.489 * size) < radius * size
                   ? 1
                   : 4;
      });
      EXPECT_NEAR(circle.dimension, 1, 0.009) << radius << " " << n;
    }
    const BoxCounting parabola = of(n, n, [&](auto i, auto j) {
      const double x = static_cast<double>(i) / size - 0.5;
      return static_cast<double>(j) / size < 3.6 * x * x ? 1 : 4;
    });
    EXPECT_NEAR(parabola.dimension, 1, 0.016) << n;
  }
}

// Of each triple of thirds the middle one is left out, along both axes or along one: 2 log 2 / log 3 and one more than
// half of it.
TEST(BoxCounting, CantorsDust) {
  const auto kept = [](std::uint64_t i, std::uint64_t n) {
    double place = (static_cast<double>(i) + 0.5) / static_cast<double>(n);
    for (std::uint64_t length = n; length >= 3; length /= 3) {
      place *= 3;
      const double digit = std::floor(place);
      if (digit == 1) return false;
      place -= digit;
    }
    return true;
  };
  for (const std::uint64_t n : {512u, 1024u}) {
    const BoxCounting dust = of(n, n, [&](auto i, auto j) { return kept(i, n) && kept(j, n) ? 1 : 4; });
    EXPECT_NEAR(dust.dimension, 2 * std::log(2) / std::log(3), 0.025) << n;
    const BoxCounting strips = of(n, n, [&](auto i, auto) { return kept(i, n) ? 1 : 4; });
    EXPECT_NEAR(strips.dimension, 1 + std::log(2) / std::log(3), 0.025) << n;
  }
}

TEST(BoxCounting, AFilledPatternHasDimensionTwo) {
  const BoxCounting board = of(512, 512, [](auto i, auto j) { return (i + j) % 2 == 0 ? 1 : 4; });
  EXPECT_NEAR(board.dimension, 2, 1e-6);  // the last corner has no neighbours
  EXPECT_NEAR(board.r_squared, 1, 1e-12);
  std::mt19937 random(5);
  std::vector<std::uint8_t> noise(300 * 400);
  for (std::uint8_t& each : noise) each = static_cast<std::uint8_t>(1 + random() % 2);
  EXPECT_NEAR(of(300, 400, [&](auto i, auto j) { return noise[j * 300 + i]; }).dimension, 2, 1e-3);
}

TEST(BoxCounting, SierpinskisTriangle) {
  // Pascal's triangle modulo 2: the cells whose numbers share no binary digit. log 3 / log 2 = 1.585.
  const BoxCounting result = of(2048, 2048, [](auto i, auto j) { return (i & j) == 0 ? 1 : 4; });
  EXPECT_NEAR(result.dimension, std::log2(3), 0.03);
  EXPECT_GT(result.r_squared, 0.999);
  EXPECT_LE(result.lowest, result.dimension);
  EXPECT_GE(result.highest, result.dimension);
}

TEST(BoxCounting, KochsIsland) {
  using Point = std::complex<double>;
  std::vector<Point> outline = {{0, 0}, {1, 0}, Point(0.5, -std::sqrt(0.75))};
  const Point turn(0.5, std::sqrt(0.75));  // 60 degrees
  for (int round = 0; round < 7; ++round) {
    std::vector<Point> finer;
    for (std::size_t k = 0; k < outline.size(); ++k) {
      const Point a = outline[k], third = (outline[(k + 1) % outline.size()] - a) / 3.0;
      finer.insert(finer.end(), {a, a + third, a + third + third * turn, a + 2.0 * third});
    }
    outline = std::move(finer);
  }
  // Filled by the crossings of each row of cells.
  constexpr std::uint64_t n = 1024;
  std::vector<std::uint8_t> label(n * n, 4);
  std::vector<std::vector<double>> crossings(n);
  const auto place = [](Point p) { return Point((p.real() + 0.1) / 1.2 * n, (p.imag() + 1.02) / 1.4 * n); };
  for (std::size_t k = 0; k < outline.size(); ++k) {
    Point a = place(outline[k]), b = place(outline[(k + 1) % outline.size()]);
    if (a.imag() > b.imag()) std::swap(a, b);
    for (auto j = static_cast<int>(std::ceil(a.imag())); j < b.imag(); ++j) {
      if (j >= 0 && j < static_cast<int>(n))
        crossings[static_cast<std::size_t>(j)].push_back(a.real() + (static_cast<double>(j) - a.imag()) /
                                                                        (b - a).imag() * (b - a).real());
    }
  }
  for (std::uint64_t j = 0; j < n; ++j) {
    for (std::uint64_t i = 0; i < n; ++i) {
      std::size_t left = 0;
      for (const double x : crossings[j]) left += x < static_cast<double>(i) ? 1 : 0;
      if (left % 2 == 1) label[j * n + i] = 1;
    }
  }
  const BoxCounting result = of(n, n, [&](auto i, auto j) { return label[j * n + i]; });
  EXPECT_NEAR(result.dimension, std::log(4) / std::log(3), 0.025);
}

TEST(BoxCounting, CountsAreThoseOfABoxAtATime) {
  for (const unsigned seed : {1u, 2u, 3u, 4u}) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const std::uint64_t width = 256 + random() % 100, height = 256 + random() % 60;
    std::vector<std::uint8_t> label(width * height);
    const double cx = static_cast<double>(random() % width), cy = static_cast<double>(random() % height);
    for (std::uint64_t j = 0; j < height; ++j) {
      for (std::uint64_t i = 0; i < width; ++i) {
        const double r = std::hypot(static_cast<double>(i) - cx, static_cast<double>(j) - cy);
        label[j * width + i] = random() % 400 == 0 ? 0 : static_cast<std::uint8_t>(1 + static_cast<int>(r / 40) % 5);
      }
    }
    const BoxCounting result = of(width, height, [&](auto i, auto j) { return label[j * width + i]; });
    // The same picture in the other order of memory: first axis slow.
    std::vector<std::uint8_t> turned(width * height);
    for (std::uint64_t j = 0; j < height; ++j) {
      for (std::uint64_t i = 0; i < width; ++i) turned[i * height + j] = label[j * width + i];
    }
    const BoxCounting again =
        box_counting(Plane{0, height, 1, width, height}, [&](std::uint64_t cell) { return turned[cell]; });
    ASSERT_FALSE(result.sizes.empty());
    std::vector<std::pair<std::int64_t, std::int64_t>> boundary;
    for (std::uint64_t j = 0; j < height; ++j) {
      for (std::uint64_t i = 0; i < width; ++i) {
        std::set<std::uint8_t> seen;
        for (const std::uint64_t b : {j, std::min(j + 1, height - 1)}) {
          for (const std::uint64_t a : {i, std::min(i + 1, width - 1)}) seen.insert(label[b * width + a]);
        }
        seen.erase(0);
        if (seen.size() > 1) boundary.emplace_back(i, j);
      }
    }
    EXPECT_EQ(result.boundary_cells, boundary.size());
    const auto w = static_cast<std::int64_t>(width), h = static_cast<std::int64_t>(height);
    std::uint64_t expected_side = 1;
    for (std::size_t k = 0; k < result.sizes.size(); ++k) {
      const auto side = static_cast<std::int64_t>(result.sizes[k].side);
      EXPECT_EQ(result.sizes[k].side, expected_side);
      expected_side *= 2;
      const std::int64_t shift = std::max<std::int64_t>(1, side / 4);
      double sum = 0;
      for (std::int64_t dy = 0; dy < side; dy += shift) {
        for (std::int64_t dx = 0; dx < side; dx += shift) {
          std::set<std::pair<std::int64_t, std::int64_t>> boxes;
          for (const auto& [i, j] : boundary) boxes.insert({(i + side - dx) / side, (j + side - dy) / side});
          for (const auto& [a, b] : boxes) {
            const std::int64_t left = a * side - side + dx, low = b * side - side + dy;
            const auto inside = [side](std::int64_t begin, std::int64_t end) {
              return static_cast<double>(std::min(begin + side, end) - std::max<std::int64_t>(begin, 0)) /
                     static_cast<double>(side);
            };
            sum += inside(left, w) * inside(low, h);
          }
        }
      }
      const double grids = static_cast<double>((side / shift) * (side / shift));
      EXPECT_EQ(result.sizes[k].boxes, sum / grids) << side;
      EXPECT_EQ(again.sizes[k].boxes, sum / grids) << side;
      EXPECT_EQ(result.sizes[k].in_window, side >= 4 && side <= 16) << side;
    }
    EXPECT_EQ(again.dimension, result.dimension);
  }
}

TEST(BoxCounting, WhereThereIsNoDimension) {
  const Label one = [](auto, auto) { return std::uint8_t{1}; };
  const Label halves = [](auto i, auto) { return static_cast<std::uint8_t>(1 + i % 2); };
  for (const auto& [width, height] :
       std::vector<std::pair<std::uint64_t, std::uint64_t>>{{0, 0}, {1, 1}, {1, 1000}, {1000, 1}, {255, 4000}}) {
    const BoxCounting result = of(width, height, halves);
    EXPECT_TRUE(std::isnan(result.dimension)) << width << " x " << height;
    EXPECT_TRUE(std::isnan(result.error));
    EXPECT_NE(result.why_not, "") << width;
  }
  const BoxCounting same = of(256, 256, one);
  EXPECT_TRUE(std::isnan(same.dimension));
  EXPECT_NE(same.why_not.find("no boundary"), std::string::npos);
  const BoxCounting least = of(256, 256, [](auto i, auto) { return i < 64 ? 1 : 4; });
  EXPECT_NEAR(least.dimension, 1, 1e-12);
  // A cell that is not computed is no outcome.
  EXPECT_TRUE(std::isnan(of(256, 256, [](auto i, auto) { return i < 64 ? 1 : 0; }).dimension));
}

}  // namespace
}  // namespace equipoise::box_counting_test
