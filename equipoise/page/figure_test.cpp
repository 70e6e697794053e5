// Figures: what plotly gets, what the CSV holds and what is said in words, for any values.
#include "equipoise/page/figure.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <sstream>

#include "equipoise/core/error.hpp"
#include "equipoise/core/numbers.hpp"

namespace equipoise::figure_test {
namespace {

using Json = nlohmann::json;
using Scale = Figure::Scale;

Figure figure(std::vector<double> x, std::vector<double> y, Scale scale = Scale::linear) {
  Figure out;
  out.id = "f";
  out.title = "Title";
  out.x.title = "step";
  out.panels = {{{"loss", scale}, {{"a", std::move(x), std::move(y)}}}};
  return out;
}

std::vector<double> counted(std::size_t n) {
  std::vector<double> out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<double>(i);
  return out;
}

bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(Thinned, KeepsEverythingWhereThereIsLittle) {
  EXPECT_TRUE(thinned({}, {}, 10).empty());
  EXPECT_EQ(thinned({3}, {nan}, 10), std::vector<std::size_t>{0});
  EXPECT_EQ(thinned(counted(10), counted(10), 10).size(), 10u);
}

TEST(Thinned, NoSpikeNoGapNoEndIsLost) {
  const unsigned seed = 20;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (const std::size_t n : {std::size_t{2001}, std::size_t{5000}, std::size_t{100000}}) {
    SCOPED_TRACE(n);
    const std::vector<double> x = counted(n);
    std::vector<double> y(n);
    for (double& v : y) v = std::generate_canonical<double, 53>(random);
    const std::size_t up = random() % n, down = random() % n, gap = random() % n;
    y[up] = 1e300;
    y[down] = -1e300;
    y[gap] = nan;
    const std::vector<std::size_t> kept = thinned(x, y, 2000);
    EXPECT_LE(kept.size(), 2000u);
    EXPECT_GE(kept.size(), 500u);
    EXPECT_TRUE(std::is_sorted(kept.begin(), kept.end()));
    const std::set<std::size_t> set(kept.begin(), kept.end());
    EXPECT_EQ(set.size(), kept.size());
    for (const std::size_t i : {std::size_t{0}, n - 1, up, down, gap}) EXPECT_TRUE(set.contains(i)) << i;
    // A logarithmic axis shows the first steps one by one.
    for (std::size_t i = 0; i < 30; ++i) EXPECT_TRUE(set.contains(i)) << i;
  }
}

TEST(Thinned, AClosedCurveKeepsItsExtremesInBothDirections) {
  const std::size_t n = 50000;
  std::vector<double> x(n), y(n);
  for (std::size_t i = 0; i < n; ++i) {
    x[i] = std::cos(0.001 * static_cast<double>(i));
    y[i] = std::sin(0.001 * static_cast<double>(i));
  }
  x[34567] = 7;
  const std::vector<std::size_t> kept = thinned(x, y, 2000);
  EXPECT_TRUE(std::binary_search(kept.begin(), kept.end(), 34567));
}

TEST(PlotlyJson, ValuesAxesAndGaps) {
  const Json json = Json::parse(plotly_json(figure({0, 1, 2, 3}, {1, nan, infinity, 4})));
  EXPECT_EQ(json["data"].size(), 1u);
  EXPECT_EQ(json["data"][0]["x"], Json({0, 1, 2, 3}));
  EXPECT_EQ(json["data"][0]["y"], Json({1, nullptr, nullptr, 4}));
  EXPECT_EQ(json["data"][0]["name"], "a");
  EXPECT_EQ(json["layout"]["xaxis"]["title"]["text"], "step");
  EXPECT_EQ(json["layout"]["yaxis"]["type"], "linear");
  EXPECT_FALSE(json["layout"]["xaxis"].contains("range"));
  EXPECT_EQ(json["layout"]["meta"]["title"], "Title");
}

TEST(PlotlyJson, ALogAxisMarksWhatItHasNoPlaceFor) {
  const Json json = Json::parse(plotly_json(figure({0, 1, 2, 3}, {1e300, 0, 1e-300, -2}, Scale::log)));
  EXPECT_EQ(json["layout"]["yaxis"]["type"], "log");
  EXPECT_EQ(json["data"][0]["y"], Json({1e300, nullptr, 1e-300, nullptr}));
  ASSERT_EQ(json["data"].size(), 2u);
  EXPECT_EQ(json["data"][1]["meta"]["part"], "foot");
  EXPECT_EQ(json["data"][1]["x"], Json({1, 3}));
  const double foot = json["data"][1]["y"][0].get<double>();
  EXPECT_GT(foot, 0);
  EXPECT_LT(foot, 1e-300);
  EXPECT_EQ(json["data"][1]["text"], Json({"0", "−2"}));
  EXPECT_FALSE(json["data"][1]["showlegend"].get<bool>());

  // The smallest of all, and nothing positive at all.
  const Json smallest = Json::parse(plotly_json(figure({0, 1}, {5e-324, 0}, Scale::log)));
  EXPECT_GT(smallest["data"][1]["y"][0].get<double>(), 0);
  const Json zeros = Json::parse(plotly_json(figure({0, 1}, {0, 0}, Scale::log)));
  EXPECT_EQ(zeros["data"][1]["y"], Json({1, 1}));

  Figure on_log_x = figure({-1, 0, 10}, {1, 2, 3});
  on_log_x.x.scale = Scale::log;
  EXPECT_EQ(Json::parse(plotly_json(on_log_x))["data"][0]["x"], Json({nullptr, nullptr, 10}));
}

TEST(PlotlyJson, IntervalsAsBarsAndAsBands) {
  Figure f = figure({1, 2}, {10, 20});
  f.panels[0].curves[0].low = {9, nan};
  f.panels[0].curves[0].high = {12, 25};
  Json json = Json::parse(plotly_json(f));
  EXPECT_EQ(json["data"][0]["error_y"]["array"], Json({2, 5}));
  EXPECT_EQ(json["data"][0]["error_y"]["arrayminus"], Json({1, 0}));
  f.panels[0].curves[0].band = true;
  f.panels[0].curves[0].low = {9, 18};
  json = Json::parse(plotly_json(f));
  ASSERT_EQ(json["data"].size(), 2u);
  EXPECT_EQ(json["data"][0]["fill"], "toself");
  EXPECT_EQ(json["data"][0]["x"], Json({1, 2, 2, 1}));
  EXPECT_EQ(json["data"][0]["y"], Json({12, 25, 18, 9}));
  EXPECT_EQ(json["data"][0]["legendgroup"], json["data"][1]["legendgroup"]) << "a click hides both";
}

TEST(PlotlyJson, PanelsShareTheirXAxis) {
  Figure f = figure({1, 2}, {3, 4});
  f.panels.push_back({{"second", Scale::log},
                      {{"b", {1, 2}, {5, 6}}},
                      {{"2/h", 5}, {"edge", 1.5, Figure::Direction::vertical}, {"lost", nan}}});
  f.spans = {{"growth", 1, 1.2}, {"rest", 1.2, 2}};
  const Json json = Json::parse(plotly_json(f));
  const Json& layout = json["layout"];
  EXPECT_EQ(json["data"][0]["yaxis"], "y");
  EXPECT_EQ(json["data"][1]["yaxis"], "y2");
  EXPECT_EQ(layout["xaxis"]["anchor"], "y2");
  EXPECT_GT(layout["yaxis"]["domain"][0].get<double>(), layout["yaxis2"]["domain"][1].get<double>());
  EXPECT_EQ(layout["yaxis2"]["domain"][0].get<double>(), 0);
  ASSERT_EQ(layout["shapes"].size(), 4u);
  EXPECT_EQ(layout["shapes"][2]["yref"], "y2");
  EXPECT_EQ(layout["shapes"][2]["y0"], 5);
  EXPECT_EQ(layout["shapes"][2]["label"]["text"], "2/h = 5");
  EXPECT_EQ(layout["shapes"][3]["xref"], "x");
  EXPECT_EQ(layout["shapes"][3]["yref"], "y2 domain");
}

TEST(PlotlyJson, NoTwoStylesDifferByColourAlone) {
  Figure f = figure({1}, {1});
  f.panels[0].curves.assign(Figure::styles, f.panels[0].curves[0]);
  std::set<std::string> colours, dashes, symbols;
  const Json json = Json::parse(plotly_json(f));
  for (const Json& trace : json["data"]) {
    colours.insert(trace["line"]["color"]);
    dashes.insert(trace["line"]["dash"]);
    symbols.insert(trace["marker"]["symbol"]);
  }
  for (const auto& set : {colours, dashes, symbols}) EXPECT_EQ(set.size(), static_cast<std::size_t>(Figure::styles));
  for (const bool dark : {false, true})
    EXPECT_EQ(Json::parse(palette_json(dark)).size(), static_cast<std::size_t>(Figure::styles));
}

TEST(PlotlyJson, TextIsTextForJsonForHtmlAndForPlotly) {
  const std::string evil = "</script><b>&amp; \"x\"\\ \n\x01";
  Figure f = figure({1}, {1});
  f.title = f.x.title = f.panels[0].y.title = f.panels[0].curves[0].name = evil;
  f.x.ticks = {{1, evil}};
  f.spans = {{evil, 0, 1}};
  const std::string text = plotly_json(f);
  for (const char c : {'<', '>', '&', '\n', '\x01'}) EXPECT_EQ(text.find(c), std::string::npos) << c;
  EXPECT_EQ(Json::parse(text)["data"][0]["name"], "&lt;/script&gt;&lt;b&gt;&amp;amp; \"x\"\\  \x01");
}

std::string decoded(const std::string& base64) {
  static const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0, held = 0;
  for (const char c : base64) {
    if (c == '=') break;
    bits = bits << 6 | static_cast<unsigned>(digits.find(c));
    held += 6;
    if (held >= 8) held -= 8, out += static_cast<char>(bits >> held & 255);
  }
  return out;
}

TEST(PlotlyJson, APictureFillsItsWindow) {
  for (const std::size_t size : {1u, 2u, 3u, 4u, 255u}) {
    SCOPED_TRACE(size);
    Figure f = figure({}, {}, Scale::log);
    f.panels[0].curves.clear();
    f.x.scale = Scale::linear;
    std::string bytes;
    for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(37 * i + 200);
    f.panels[0].picture = {bytes, -4, 4, 0.01, 10, "phases"};
    const Json json = Json::parse(plotly_json(f));
    const Json& image = json["layout"]["images"][0];
    const std::string source = image["source"], head = "data:image/png;base64,";
    ASSERT_TRUE(source.starts_with(head));
    EXPECT_EQ((source.size() - head.size()) % 4, 0u);
    EXPECT_EQ(decoded(source.substr(head.size())), bytes);
    EXPECT_EQ(image["x"], -4);
    EXPECT_EQ(image["sizex"], 8);
    EXPECT_DOUBLE_EQ(image["y"].get<double>(), 1);
    EXPECT_DOUBLE_EQ(image["sizey"].get<double>(), 3);
    EXPECT_EQ(json["layout"]["xaxis"]["range"], Json({-4, 4}));
    EXPECT_EQ(json["layout"]["yaxis"]["range"], Json({-2, 1}));
  }
}

TEST(PlotlyJson, ACurveOverAPictureHasAnEdge) {
  Figure f = figure({0, 1}, {0, 1});
  f.panels[0].curves[0].on_picture = true;
  f.panels[0].picture = {"png", 0, 1, 0, 1};
  const Json json = Json::parse(plotly_json(f));
  ASSERT_EQ(json["data"].size(), 3u);
  EXPECT_FALSE(json["data"][0].contains("meta")) << "a page leaves its colours as they are";
  EXPECT_FALSE(json["data"][1].contains("meta"));
  // The legend stands on the page: its line takes the page's colour, and has no point.
  EXPECT_TRUE(json["data"][2]["showlegend"].get<bool>());
  EXPECT_EQ(json["data"][2]["x"], Json::parse("[null]"));
  EXPECT_TRUE(json["data"][2].contains("meta"));
  EXPECT_EQ(json["data"][2]["legendgroup"], json["data"][0]["legendgroup"]);
  EXPECT_NE(json["data"][0]["line"]["color"], json["data"][1]["line"]["color"]);
  EXPECT_EQ(json["data"][0]["legendgroup"], json["data"][1]["legendgroup"]) << "a click hides both";
  EXPECT_FALSE(json["layout"]["xaxis"]["showgrid"].get<bool>());
}

TEST(PlotlyJson, SaysWhereThereIsNothing) {
  EXPECT_EQ(Json::parse(plotly_json(figure({0, 1}, {nan, infinity})))["layout"]["annotations"][0]["text"],
            "no finite value");
  EXPECT_TRUE(Json::parse(plotly_json(figure({0, 1}, {0, nan}, Scale::log)))["layout"]["annotations"].empty());
}

TEST(PlotlyJson, HeatMaps) {
  Figure f = figure({}, {});
  f.panels[0].curves.clear();
  f.panels[0].heat_map = {"steps", {1, 2, 3}, {10, 20}, {1, 10, 100, 0, nan, 1000}, Figure::Colours::sequential, true};
  Json map = Json::parse(plotly_json(f))["data"][0];
  EXPECT_EQ(map["z"], Json::parse("[[0,1,2],[null,null,3]]"));
  EXPECT_EQ(map["text"][1], Json({"0", "—", "1000"}));
  EXPECT_EQ(map["colorbar"]["ticktext"][3], "1000");
  f.panels[0].heat_map.hover_only = true;
  map = Json::parse(plotly_json(f))["data"][0];
  EXPECT_EQ(map["opacity"], 0);
  EXPECT_FALSE(map["showscale"].get<bool>());
  f.panels[0].heat_map.words = {"a", "b", "c", "<d>", "e", "f"};
  map = Json::parse(plotly_json(f))["data"][0];
  EXPECT_EQ(map["text"][0], Json({"a", "b", "c"}));
  EXPECT_EQ(map["text"][1][0], "&lt;d&gt;") << "plotly reads tags in texts";
}

TEST(FigureCsv, ReadsBackExactly) {
  const unsigned seed = 4;
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  std::vector<double> x = counted(300), y;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::uint64_t bits = random();
    double value;
    static_assert(sizeof value == sizeof bits);
    std::memcpy(&value, &bits, sizeof value);
    y.push_back(value);
  }
  y[0] = nan, y[1] = infinity, y[2] = 5e-324, y[3] = 0.1;
  Figure f = figure(x, y);
  f.panels[0].levels = {{"2/h, \"limit\"", 0.3}, {"edge", 7, Figure::Direction::vertical}};
  f.panels[0].heat_map = {"map", {1, 2}, {3}, {4, nan}};
  f.spans = {{"growth", 1, 2}};
  std::istringstream csv(figure_csv(f));
  std::string line;
  const auto next = [&] { return std::getline(csv, line) ? line : "the end"; };
  EXPECT_EQ(next(), "panel,kind,name,x,y,low,high,value");
  EXPECT_EQ(next(), ",span,growth,1,2,,,");
  EXPECT_EQ(next(), "loss,horizontal,\"2/h, \"\"limit\"\"\",,0.3,,,");
  EXPECT_EQ(next(), "loss,vertical,edge,7,,,,");
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::string head = "loss,curve,a," + std::to_string(i) + ",";
    ASSERT_TRUE(next().starts_with(head)) << line;
    const std::string cell = line.substr(head.size(), line.find(',', head.size()) - head.size());
    if (std::isfinite(y[i])) {
      EXPECT_EQ(std::strtod(cell.c_str(), nullptr), y[i]);
    } else {
      EXPECT_EQ(cell, "");
    }
  }
  EXPECT_EQ(next(), "loss,cell,map,1,3,,,4");
  EXPECT_EQ(next(), "loss,cell,map,2,3,,,");
  EXPECT_EQ(next(), "the end");
}

TEST(Described, NamesEndsAndExtremes) {
  Figure f = figure({0, 1, 2, 3}, {5, nan, 1e200, 2});
  f.panels[0].levels = {{"2/h", 4}, {"lost", nan}};
  EXPECT_EQ(described(f),
            "a: from 5 at step 0 to 2 at step 3; lowest 2 at step 3, highest 10²⁰⁰ at step 2. Dotted horizontal line "
            "2/h = 4.");
  EXPECT_EQ(described(figure({1}, {nan})), "a: no finite value.");
  EXPECT_EQ(described(figure({}, {})), "a: no finite value.");
}

std::string complaint(const Figure& f) {
  try {
    plotly_json(f);
  } catch (const Error& e) {
    return e.what();
  }
  return "no Error";
}

TEST(Figure, InconsistentOnesAreNamed) {
  Figure f = figure({1, 2}, {1});
  EXPECT_EQ(complaint(f), "figure f: curve 'a' has 2 values of x and 1 of y, it should have as many");
  f = figure({1}, {1});
  f.panels[0].curves[0].low = {1};
  EXPECT_TRUE(holds(complaint(f), "0 of high"));
  f = figure({1}, {1});
  f.panels[0].heat_map = {"m", {1, 2}, {1}, {1}};
  EXPECT_TRUE(holds(complaint(f), "1 values, it should have 1 x 2"));
  f.panels[0].heat_map = {"m", {1}, {1}, {1}};
  f.panels[0].heat_map.words = {"a", "b"};
  EXPECT_TRUE(holds(complaint(f), "2 words, it should have none or 1"));
  f = figure({1}, {1});
  f.id = "../x";
  EXPECT_TRUE(holds(complaint(f), "'../x' should be of letters"));
  EXPECT_THROW(figure_csv(f), Error);
  f = figure({1}, {1});
  f.panels.clear();
  EXPECT_TRUE(holds(complaint(f), "no panel"));
}

}  // namespace
}  // namespace equipoise::figure_test
