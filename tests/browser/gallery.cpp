// A page with one of everything that figures and pages can show: gallery FILE writes it, for check_page.mjs to open.
#include <cmath>
#include <fstream>
#include <iostream>
#include <limits>

#include "equipoise/page/page.hpp"

namespace equipoise {
namespace {

// 8 x 6 pixels, made with zlib.
constexpr std::string_view png_hex =
    "89504e470d0a1a0a0000000d4948445200000008000000060802000000716748ac0000009a4944415478da05c1919302401407e09fa669"
    "339b044f822468760a82938327413bd3c1411224c10f0a822438b9990d0a1e2441d2ec2441fab4c5fe9abe0f001a01cd88564287e866f4"
    "0b4615684324482fca20c998f29d6552e4a70a86d0afa01a759af497bac8ba2abaa98a19380f5c4632714bee33ff0b4f9558c376c1fea2"
    "1d9219ed92ed56ec510d47f839f835fa3df993eed95fc5dfd53f04c93ae1907888cf0000000049454e44ae426082";

std::string png() {
  std::string out;
  for (std::size_t i = 0; i < png_hex.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string(png_hex.substr(i, 2)), nullptr, 16));
  return out;
}

Figure::Curve curve(std::string name, int n, double (*f)(double)) {
  Figure::Curve out{std::move(name), {}, {}};
  for (int i = 0; i < n; ++i) {
    out.x.push_back(i);
    out.y.push_back(f(i));
  }
  return out;
}

Figure figure(std::string id, std::string title, std::vector<Figure::Panel> panels) {
  Figure out;
  out.id = std::move(id);
  out.title = std::move(title);
  out.caption = "What is seen, from gaussian:20x20:seed=7, rank 3, h = 3.5/L, seed 11.";
  out.command = "equipoise reproduce " + out.id + " --out folder";
  out.csv = "figures/" + out.id + ".csv";
  out.x.title = "step";
  out.panels = std::move(panels);
  return out;
}

Page gallery() {
  // A loss that spans the whole range of doubles, falls to zero and is lost for a while.
  Figure::Curve wild = curve("from 10³⁰⁰ to 10⁻³⁰⁰, and zero", 700, [](double i) {
    return i > 600 ? 0.0 : i > 290 && i < 310 ? NAN : std::pow(10.0, 300 - i);
  });
  Figure extremes =
      figure("extremes", "A log axis with zeros and 1e±300",
             {{{"f", Figure::Scale::log}, {wild, curve("2⁻ⁱ", 700, [](double i) { return std::exp2(-i); })}}});

  Figure phases =
      figure("phases", "Phases of a run, over two panels",
             {{{"loss", Figure::Scale::log},
               {curve("loss", 200, [](double i) { return std::exp(-0.1 * i) * (1.1 + std::sin(i)); })}},
              {{"s_k"},
               {curve("residual ratio", 200, [](double i) { return 3 * std::cos(0.4 * i) * std::exp(-0.02 * i); })},
               {{"1", 1}, {"−1", -1}}}});
  phases.spans = {{"wild", 0, 9}, {"growth", 9, 60}, {"contraction", 60, 199}};

  Figure::Curve mean{"mean with a band", {}, {}}, points{"fraction with 95 % intervals", {}, {}, Figure::Marks::points};
  for (int i = 1; i <= 9; ++i) {
    const double x = 0.5 * i;
    mean.x.push_back(x), mean.y.push_back(1 / x), mean.low.push_back(0.8 / x), mean.high.push_back(1.3 / x);
    points.x.push_back(x), points.y.push_back(1 - 0.1 * i), points.low.push_back(0.9 - 0.1 * i),
        points.high.push_back(std::min(1.0, 1.08 - 0.1 * i));
  }
  mean.band = true;
  Figure intervals = figure("intervals", "Bands and error bars",
                            {{{"fraction"}, {mean, points}, {{"4/L", 4, Figure::Direction::vertical}}}});
  intervals.x.title = "h L";

  Figure many = figure("many", "Eight curves", {{{"value"}, {}}});
  for (int k = 1; k <= Figure::styles; ++k) {
    Figure::Curve c{"curve number " + std::to_string(k), {}, {}, Figure::Marks::both};
    for (int i = 0; i < 10; ++i) c.x.push_back(i), c.y.push_back(k + 0.3 * std::sin(0.7 * i + k));
    many.panels[0].curves.push_back(c);
  }

  Figure::Panel plane{{"h", Figure::Scale::log}, {{"the critical rate", {-4, -2, 0, 2, 4}, {0.1, 0.4, 1, 0.4, 0.1}}}};
  plane.curves[0].on_picture = true;
  plane.picture = {png(), -4, 4, 0.01, 1.2, "A phase diagram: convergence below the critical rate, divergence above."};
  for (int j = 0; j < 8; ++j) plane.heat_map.x.push_back(-3.5 + j);
  for (int i = 0; i < 6; ++i) plane.heat_map.y.push_back(0.01 * std::pow(120, (i + 0.5) / 6));
  for (int k = 0; k < 48; ++k) plane.heat_map.values.push_back(k);
  plane.heat_map.title = "steps";
  plane.heat_map.hover_only = true;
  plane.height = 420;
  Figure diagram = figure("diagram", "A picture with a curve over it, and values under the pointer", {plane});
  diagram.x.title = "x₀";
  diagram.wide = true;

  Figure::Panel cells{{"y"}, {}};
  for (int i = 0; i < 12; ++i) cells.heat_map.x.push_back(i);
  for (int i = 0; i < 7; ++i) cells.heat_map.y.push_back(i);
  for (int k = 0; k < 84; ++k) cells.heat_map.values.push_back(k == 40 ? NAN : std::exp(0.2 * k));
  cells.heat_map.title = "steps";
  cells.heat_map.log = true;

  Figure empty =
      figure("empty", "Nothing finite", {{{"f"}, {{"", {0, 1}, {NAN, std::numeric_limits<double>::infinity()}}}}});
  Figure linear = figure("linear", "Numbers of 1e300 on a linear axis",
                         {{{"f"}, {curve("", 20, [](double i) { return 1e300 * (i - 7); })}}});

  Page page;
  page.title = "A page with one of everything";
  page.lead = "What reports can show, for a browser to try. Nothing here was computed.";
  page.contents = true;
  page.version = "of the tests";
  page.sections = {
      {"curves",
       "Curves",
       {Page::Prose{{"A paragraph with ‖XᵀX − YᵀY‖_F ≤ 2/h, <tags> & entities."}},
        Page::Figures{{extremes, phases, intervals, many, empty, linear}}}},
      {"planes", "Planes", {Page::Figures{{diagram, figure("cells", "A heat map in logarithmic colours", {cells})}}}},
      {"claims",
       "Claims",
       {Page::Claims{
            {{"Below 4/L the run converges", "converged, for every seed", "100 of 100 seeds", Page::Verdict::holds, "",
              "phases"},
             {"The limit is balanced", "ratio ≤ 1.05", "ratio 37.9", Page::Verdict::fails, "the rate was 1.9/L"},
             {"The basin's boundary has dimension 1", "1.00 ± 0.02", "—", Page::Verdict::undecided, "too few scales"}}},
        Page::Table{"Rates in units of 1/L",
                    {"rate", "steps", "verdict"},
                    {{"0.5", "21192", "converged"}, {"4.2", "—", "diverged"}},
                    "rates.csv"},
        Page::Command{"equipoise reproduce --out "
                      "a/very/long/path/that/does/not/fit/on/a/phone/and/has/to/be/broken/somewhere"}}}};
  return page;
}

}  // namespace
}  // namespace equipoise

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: gallery FILE\n";
    return 2;
  }
  std::ofstream file(arguments[1], std::ios::binary);
  file << equipoise::page_html(equipoise::gallery());
  return file.flush() ? 0 : 1;
}
