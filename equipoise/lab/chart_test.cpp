// Charts: axes at the ends of double, thinning that keeps what matters, drawings without a NaN.
#include "equipoise/lab/chart.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "equipoise/lab/markup.hpp"

namespace equipoise {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();

bool ascending_within_axis(const std::vector<Tick>& ticks) {
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    if (!(ticks[i].position >= -1e-9 && ticks[i].position <= 1 + 1e-9) || ticks[i].text.empty()) return false;
    if (i > 0 && !(ticks[i].position > ticks[i - 1].position && ticks[i].text != ticks[i - 1].text)) return false;
  }
  return !ticks.empty() && ticks.size() <= 14;
}

TEST(Markup, EscapesWhatHtmlAndXmlCannotHold) {
  EXPECT_EQ(escaped("<a href=\"x\">&'"), "&#60;a href=&#34;x&#34;&#62;&#38;&#39;");
  EXPECT_EQ(escaped(std::string_view("a\0b\x1b\x7f\n", 6)), "a\uFFFDb\uFFFD\uFFFD\n");
  EXPECT_EQ(escaped("\xEF\xBF\xBF\xEF\xBF\xBEé"), "\uFFFD\uFFFDé");
  EXPECT_EQ(escaped(""), "");
}

TEST(Markup, NumbersForPeople) {
  EXPECT_EQ(readable(0.0), "0");
  EXPECT_EQ(readable(-0.5), "\u22120.5");
  EXPECT_EQ(readable(99999.9), "10⁵");  // rounding carries into the exponent
  EXPECT_EQ(readable(12345.0), "12345");
  EXPECT_EQ(readable(3.2e-5), "3.2×10⁻⁵");
  EXPECT_EQ(readable(-5e-324), "\u22124.9407×10⁻³²⁴");
  EXPECT_EQ(readable(1.7976931348623157e308), "1.7977×10³⁰⁸");
  EXPECT_EQ(readable(nan), "—");
  EXPECT_EQ(readable(-inf), "—");
  EXPECT_EQ(readable(std::uint64_t{9999}), "9999");
  EXPECT_EQ(readable(std::uint64_t{1234567}), "1\u202F234\u202F567");
  EXPECT_EQ(exact(0.1), "0.1");
  EXPECT_EQ(number_html(inf).find("inf"), std::string::npos);
}

TEST(StepAxis, EndsAndTicks) {
  for (const Scale scale : {Scale::linear, Scale::log}) {
    for (const auto& [first, last] : {std::pair{0.0, 1.0},
                                      {0.0, 2.0},
                                      {0.0, 177.0},
                                      {0.0, 1e5},
                                      {0.0, 9e15},
                                      {5.0, 6.0},
                                      {1000.0, 1001.0},
                                      {1e15, 1e15 + 1},
                                      {3.0, 40000.0}}) {
      SCOPED_TRACE(testing::Message() << static_cast<int>(scale) << ' ' << first << ' ' << last);
      const StepAxis axis(scale, first, last);
      EXPECT_DOUBLE_EQ(axis.position(first), 0);
      EXPECT_DOUBLE_EQ(axis.position(last), 1);
      EXPECT_TRUE(ascending_within_axis(axis.ticks()));
      EXPECT_GE(axis.ticks().size(), 2u);
    }
    EXPECT_EQ(StepAxis(scale, 7, 7).position(7), 0.5);
    EXPECT_EQ(StepAxis(scale, 0, 0).ticks().size(), 1u);
  }
}

TEST(ValueAxis, EveryMagnitudeHasAPlace) {
  const std::vector<std::vector<double>> cases = {{},
                                                  {nan},
                                                  {inf, -inf},
                                                  {0},
                                                  {0, 0},
                                                  {1},
                                                  {-1},
                                                  {5e-324},
                                                  {1.7976931348623157e308},
                                                  {-1.7976931348623157e308, 1.7976931348623157e308},
                                                  {5e-324, 1.7976931348623157e308},
                                                  {1e-300, 1e300, nan},
                                                  {1e-300, 2e-300},
                                                  {0, 5e-324},
                                                  {1, 1 + 1e-15},
                                                  {1e300, 1.0000001e300},
                                                  {49.5, 49.5000001},
                                                  {-3, 7},
                                                  {-1e-9, 1e9},
                                                  {0.4918, 9.0},
                                                  {1, 10},
                                                  {9.9, 10.1},
                                                  {99999.9999, 100000.0},
                                                  {1e-320, 3e-320}};
  for (const Scale scale : {Scale::linear, Scale::log}) {
    for (std::size_t c = 0; c < cases.size(); ++c) {
      SCOPED_TRACE(testing::Message() << static_cast<int>(scale) << " case " << c);
      const ValueAxis axis(scale, cases[c]);
      bool any = false;
      std::vector<double> sorted;
      for (const double v : cases[c]) {
        EXPECT_EQ(std::isfinite(axis.position(v)), std::isfinite(v));
        if (!std::isfinite(v)) continue;
        any = true;
        EXPECT_GE(axis.position(v), 0);
        EXPECT_LE(axis.position(v), 1);
        sorted.push_back(v);
      }
      std::sort(sorted.begin(), sorted.end());
      for (std::size_t i = 1; i < sorted.size(); ++i) EXPECT_LE(axis.position(sorted[i - 1]), axis.position(sorted[i]));
      EXPECT_TRUE(!any || ascending_within_axis(axis.ticks()));
    }
  }
}

TEST(ValueAxis, ZeroStandsOnAShelfOfItsOwn) {
  const ValueAxis axis(Scale::log, {0, 1e-3, 1});
  EXPECT_TRUE(axis.on_shelf(0));
  EXPECT_EQ(axis.position(0), 0);
  EXPECT_GT(axis.position(1e-3), 0.1);
  EXPECT_EQ(axis.ticks().front().text, "0");
  EXPECT_EQ(ValueAxis(Scale::log, {-1e-17, 1}).ticks().front().text, "≤ 0");
  EXPECT_FALSE(ValueAxis(Scale::linear, {0, 1}).on_shelf(0));
  // Decades are evenly spaced.
  const ValueAxis plain(Scale::log, {1e-4, 1});
  EXPECT_NEAR(plain.position(1e-2), 0.5, 1e-12);
}

TEST(Thinned, KeepsExtremesEndsAndGaps) {
  constexpr std::uint64_t seed = 20;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  std::vector<double> x, y;
  for (int i = 0; i < 100000; ++i) {
    x.push_back(i / 99999.0);
    y.push_back(std::uniform_real_distribution<>(-1, 1)(random));
  }
  y[31416] = 1e300;  // a single spike
  y[27183] = -1e300;
  std::fill(y.begin() + 60000, y.begin() + 61000, nan);
  const std::vector<std::size_t> kept = thinned(x, y, 2000);
  EXPECT_LE(kept.size(), 2010u);
  EXPECT_GE(kept.size(), 1000u);
  EXPECT_EQ(kept.front(), 0u);
  EXPECT_EQ(kept.back(), 99999u);
  EXPECT_TRUE(std::is_sorted(kept.begin(), kept.end()));
  EXPECT_EQ(std::adjacent_find(kept.begin(), kept.end()), kept.end());
  for (const std::size_t needed : {31416u, 27183u}) EXPECT_TRUE(std::binary_search(kept.begin(), kept.end(), needed));
  EXPECT_TRUE(std::any_of(kept.begin(), kept.end(), [&](std::size_t i) { return std::isnan(y[i]); }));
  // Every bucket keeps its own extremes, found here by another route.
  for (int bucket = 0; bucket < 666; ++bucket) {
    double lowest = inf, lowest_kept = inf, highest = -inf, highest_kept = -inf;
    const auto inside = [&](std::size_t i) {
      return std::min(665, static_cast<int>(x[i] * 666)) == bucket && !std::isnan(y[i]);
    };
    const std::size_t from = static_cast<std::size_t>(std::max(0, bucket * 150 - 5)),
                      to = std::min<std::size_t>(100000, from + 320);
    for (std::size_t i = from; i < to; ++i) {
      if (inside(i)) lowest = std::min(lowest, y[i]), highest = std::max(highest, y[i]);
    }
    for (auto k = std::lower_bound(kept.begin(), kept.end(), from); k != kept.end() && *k < to; ++k) {
      if (inside(*k)) lowest_kept = std::min(lowest_kept, y[*k]), highest_kept = std::max(highest_kept, y[*k]);
    }
    EXPECT_EQ(lowest, lowest_kept) << bucket;
    EXPECT_EQ(highest, highest_kept) << bucket;
  }
  EXPECT_EQ(thinned({}, {}, 2000).size(), 0u);
  EXPECT_EQ(thinned({0.5}, {1}, 2000).size(), 1u);
  EXPECT_EQ(thinned(std::vector<double>(5000, 0.5), std::vector<double>(5000, nan), 2000).size(), 2u);
}

TEST(Chart, NotANumberInterruptsTheLine) {
  Chart chart{"c", "C", Scale::linear, {{"a", 1, {0, 1, 2, 3, 4}, {0, 1, nan, 0, 1}, false}}, {{"limit", inf}}};
  const std::string html = chart_html(chart, StepAxes(0, 4));
  EXPECT_NE(html.find("d=\"M0 1000L250 38.5M750 1000L1000 38.5\""), std::string::npos) << html;
  EXPECT_EQ(html.find("class=\"level\""), std::string::npos) << "an infinite level is not drawn";
  EXPECT_EQ(html.find("nan"), std::string::npos);
  EXPECT_EQ(html.find("inf"), std::string::npos);
}

TEST(Chart, IsolatedAndZeroValuesAreDots) {
  const Chart chart{"c", "C", Scale::log, {{"a", 1, {0, 1, 2, 3}, {1, 0, 1e-3, nan}, false}}, {}};
  const std::string html = chart_html(chart, StepAxes(0, 3));
  // One dot for the lone 1, one for the zero on the shelf, one for the lone 1e-3.
  const std::size_t dots = html.find("class=\"dots\" d=\"");
  ASSERT_NE(dots, std::string::npos);
  const std::string path = html.substr(dots, html.find("\"/>", dots) - dots);
  EXPECT_EQ(std::count(path.begin(), path.end(), 'M'), 3);
  EXPECT_NE(path.find("M333.3 1000h0"), std::string::npos) << path;
}

TEST(Chart, NothingFiniteSaysSo) {
  for (const std::vector<double>& values : {std::vector<double>{nan, inf}, std::vector<double>{}}) {
    const Chart chart{"c", "C", Scale::log, {{"a", 1, std::vector<double>(values.size(), 0.0), values, false}}, {}};
    EXPECT_NE(chart_html(chart, StepAxes(0, 0)).find("no finite value was recorded"), std::string::npos);
  }
}

}  // namespace
}  // namespace equipoise
