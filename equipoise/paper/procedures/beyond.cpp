// Beyond the edge: the orbit diagram of the balanced map, its exponents and cycles, and basins with their exact
// boundary.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "equipoise/core/numbers.hpp"
#include "equipoise/page/colours.hpp"
#include "equipoise/page/markup.hpp"
#include "equipoise/paper/runs.hpp"
#include "equipoise/theory/delta.hpp"
#include "equipoise/theory/scalar.hpp"

namespace equipoise {
namespace {

using Kind = ResultTable::Column::Kind;

TinyRun scalar_run(double mu, double x, double y, double h, std::uint64_t max_steps, double tolerance) {
  TinyRun run = tiny_scalar(mu, x, y, h);
  run.max_steps = max_steps;
  run.tolerance = tolerance;
  return run;
}

// d/dw of the balanced map w (1 + m - w^2), at w^2 = h x.y: its mean logarithm over an orbit is the exponent.
double map_exponent(const double* orbit, std::size_t last, double m, double h) {
  double sum = 0;
  for (std::size_t i = 0; i < last; ++i) sum += std::log(std::abs(1 + m - 3 * h * orbit[i]));
  return sum / static_cast<double>(last);
}

// Convergence and return slow down where a multiplier passes 1 in size; what is seen within 0.003 of there is left out
// of claims.
std::string stage(double m) {
  const double doubling = std::sqrt(5.0) - 1;
  if (std::abs(m - 1) < 0.003 || std::abs(m - doubling) < 0.003) return "at a change";
  return m < 1 ? "below 1" : (m < doubling ? "2-cycle" : "past the 2-cycle");
}

// Of one turn of the 2-cycle, along x = y and across it (docs/theory.md, section 8): the larger in size.
double largest_multiplier(double m) {
  if (!(m > 1)) return nan;
  const double along = two_cycle(m).multiplier, across = 3 - 2 * m;
  return std::abs(along) > std::abs(across) ? along : across;
}

// The settings of the experiment.
struct Asked {
  double mu, from, to;  // m = h mu, from and to
  std::uint64_t count;
  std::vector<double> probes;
  double x0, y0;
  std::uint64_t orbit_steps, last, drawn;
  std::vector<double> basin_m;
  double reach;
  std::uint64_t side, basin_steps, shown_side;
  double tolerance;
};

struct Orbits {
  std::vector<double> m;
  std::vector<double> products;  // `last` values of h x.y for each m
  std::vector<TinyEnd> ends;
  std::vector<double> exponents;
  std::vector<double> columns;  // those m that the picture has a column for; the others are probes
};

// The orbits as a picture: a column of pixels a rate, darker where its values are found more often, in the logarithm of
// the count.
Figure::Picture density(const Orbits& orbits, std::size_t last, double from, double to, const Laboratory& laboratory) {
  constexpr std::uint64_t height = 480, wide = 2;
  constexpr std::size_t shades = 24;
  const double highest = 4;  // q of the map lies in [0, 4] for m <= 2
  const std::size_t columns = orbits.m.size();
  Raster raster{columns * wide, height, std::vector<std::uint8_t>(columns * wide * height, 0)};
  const double most = std::log1p(static_cast<double>(last));
  for (std::size_t i = 0; i < columns; ++i) {
    std::vector<double> counts(height, 0);
    for (std::size_t j = 0; j < last; ++j) {
      const double value = orbits.products[i * last + j];
      if (!(value >= 0) || !(value < highest)) continue;
      counts[static_cast<std::size_t>(value / highest * static_cast<double>(height))] += 1;
    }
    for (std::uint64_t row = 0; row < height; ++row) {
      const double count = counts[height - 1 - row];
      const std::size_t shade = count > 0 ? 1 + static_cast<std::size_t>(std::log1p(count) / most * (shades - 2)) : 0;
      for (std::uint64_t k = 0; k < wide; ++k)
        raster.pixels[row * raster.width + i * wide + k] = static_cast<std::uint8_t>(std::min(shade, shades - 1));
    }
  }
  std::vector<Rgb> palette;
  for (std::size_t i = 0; i < shades; ++i) {
    const double s = static_cast<double>(i) / (shades - 1);
    palette.push_back(i == 0 ? Rgb{255, 255, 255} : colour(0.82 - 0.52 * s, 0.06 + 0.09 * s, 250));
  }
  const double half = (to - from) / static_cast<double>(columns - 1) / 2;
  return {laboratory.png(raster, palette),
          from - half,
          to + half,
          0,
          highest,
          "The values of h xy that each rate visits: one to m = 1, two to 1.236, then four, then bands of chaos with "
          "windows of cycles between."};
}

// The curve E = S - m p + m^2 - 4 = 0 (docs/theory.md, section 4) in units of x and y: an ellipse for m < 2.
Figure::Curve ellipse(double mu, double h) {
  const double m = h * mu;
  Figure::Curve curve{"proved boundary: E = 0", {}, {}, Figure::Marks::lines, 8};
  constexpr int points = 721;
  for (int i = 0; i < points; ++i) {
    const double angle = 2 * std::numbers::pi * i / (points - 1);
    const double u = std::sqrt((4 - m * m) / (0.5 - m / 4) / h) * std::cos(angle),
                 v = std::sqrt((4 - m * m) / (0.5 + m / 4) / h) * std::sin(angle);
    curve.x.push_back((u + v) / 2);
    curve.y.push_back((u - v) / 2);
  }
  return curve;
}

Asked asked_of(const ExperimentSettings& settings) {
  Asked asked;
  asked.mu = settings.number("mu", 1e-6, 1e6);
  asked.from = settings.number("m_from", 1e-3, 2);
  asked.to = settings.number("m_to", 1e-3, 2);
  asked.count = settings.whole("m_count", 2, 100000);
  asked.probes = settings.numbers("probes", 1e-3, 2);
  asked.x0 = settings.number("x0", -10, 10);
  asked.y0 = settings.number("y0", -10, 10);
  asked.orbit_steps = settings.whole("orbit_steps", 1, 100000000);
  asked.last = settings.whole("last", 1, 1000000);
  asked.drawn = settings.whole("drawn", 1, 1000);
  asked.basin_m = settings.numbers("basin_m", 1e-3, 1.999);
  asked.reach = settings.number("basin_reach", 0.1, 100);
  asked.side = settings.whole("basin_side", 2, 4096);
  asked.basin_steps = settings.whole("basin_steps", 1, 100000000);
  asked.shown_side = settings.whole("basin_shown", 2, 400);
  asked.tolerance = settings.number("tolerance", 0, 1);
  settings.finish();
  if (!(asked.from < asked.to))
    settings.refuse("m_to", fmt::format("m_to is {}, not above m_from = {}", asked.to, asked.from));
  if (asked.last > asked.orbit_steps)
    settings.refuse("last", fmt::format("last is {}, more than orbit_steps = {}", asked.last, asked.orbit_steps));
  if (asked.drawn > asked.last)
    settings.refuse("drawn", fmt::format("drawn is {}, more than last = {}", asked.drawn, asked.last));
  if (asked.side % asked.shown_side != 0)
    settings.refuse("basin_shown",
                    fmt::format("basin_side = {} is no multiple of basin_shown = {}", asked.side, asked.shown_side));
  return asked;
}

// m from m_from to m_to for the picture, and with the probes among them for the table. False where it was stopped.
bool follow_orbits(const Asked& asked, const Laboratory& laboratory, Orbits& orbits) {
  for (std::uint64_t i = 0; i < asked.count; ++i)
    orbits.m.push_back(asked.from +
                       (asked.to - asked.from) * static_cast<double>(i) / static_cast<double>(asked.count - 1));
  orbits.columns = orbits.m;
  orbits.m.insert(orbits.m.end(), asked.probes.begin(), asked.probes.end());
  std::sort(orbits.m.begin(), orbits.m.end());
  orbits.m.erase(std::unique(orbits.m.begin(), orbits.m.end()), orbits.m.end());
  std::vector<TinyRun> runs;
  for (const double m : orbits.m) {
    const double h = m / asked.mu;
    runs.push_back(
        scalar_run(asked.mu, asked.x0 / std::sqrt(h), asked.y0 / std::sqrt(h), h, asked.orbit_steps, asked.tolerance));
  }
  orbits.products.resize(runs.size() * asked.last);
  constexpr std::size_t chunk = 16;
  if (!for_each_run((runs.size() + chunk - 1) / chunk, laboratory, [&](std::size_t i) {
        const std::size_t first = i * chunk, length = std::min(chunk, runs.size() - first);
        record_orbits(std::span(runs).subspan(first, length), asked.last,
                      std::span(orbits.products).subspan(first * asked.last, length * asked.last));
      })) {
    return false;
  }
  orbits.ends = run_all(runs, laboratory);
  return !orbits.ends.empty();
}

// The exponents, and a row for each m. The products are scaled by h here, as in docs/theory.md.
ResultTable scale_and_tabulate(const Asked& asked, Orbits& orbits) {
  ResultTable table{"orbits",
                    "rates",
                    {{"m", "m = hμ", Kind::label},
                     {"stage", "where m lies"},
                     {"outcome", "outcome"},
                     {"period", "period"},
                     {"steps", "steps to the verdict"},
                     {"exponent", "Lyapunov exponent along the orbit"},
                     {"exponent_of_run", "Lyapunov exponent of the verdict"},
                     {"lowest", "the lowest h xy"},
                     {"highest", "the highest h xy"},
                     {"q-", "q₋ of the proved 2-cycle", Kind::bound},
                     {"q+", "q₊ of the proved 2-cycle", Kind::bound},
                     {"lowest_error", "| lowest h xy − q₋ |"},
                     {"highest_error", "| highest h xy − q₊ |"},
                     {"exponents_differ", "| exponent along the orbit − exponent of the verdict |"},
                     {"multiplier", "multiplier of one turn"},
                     {"multiplier_error", "distance of the multiplier from the larger of 9 − 2(1 + m)² and 3 − 2m"},
                     {"is_probe", "1 where m is one of the probes"}},
                    {}};
  for (std::size_t i = 0; i < orbits.m.size(); ++i) {
    const double m = orbits.m[i], h = m / asked.mu;
    double* const orbit = orbits.products.data() + i * asked.last;
    orbits.exponents.push_back(map_exponent(orbit, asked.last, m, h));
    double lowest = std::numeric_limits<double>::infinity(), highest = -lowest;
    for (std::size_t j = 0; j < asked.last; ++j) {
      orbit[j] *= h;
      lowest = std::min(lowest, orbit[j]), highest = std::max(highest, orbit[j]);
    }
    const TwoCycle cycle = m > 1 ? two_cycle(m) : TwoCycle{nan, nan, nan};
    const bool probe = std::find(asked.probes.begin(), asked.probes.end(), m) != asked.probes.end();
    table.rows.push_back({m, stage(m), std::string(name(orbits.ends[i].outcome)),
                          static_cast<double>(orbits.ends[i].period), static_cast<double>(orbits.ends[i].steps),
                          orbits.exponents.back(), orbits.ends[i].lyapunov, lowest, highest, cycle.lower, cycle.upper,
                          std::abs(lowest - cycle.lower), std::abs(highest - cycle.upper),
                          std::abs(orbits.exponents.back() - orbits.ends[i].lyapunov), orbits.ends[i].multiplier,
                          std::abs(orbits.ends[i].multiplier - largest_multiplier(m)), probe ? 1.0 : 0.0});
  }
  return table;
}

// The orbit diagram and the exponents under it; `visited` gets the values that each m visits.
Figure diagram_of(const Experiment& experiment, const Asked& asked, const Orbits& orbits, const Laboratory& laboratory,
                  ResultTable& visited) {
  Figure diagram;
  diagram.id = fmt::format("{}-orbits", experiment.name);
  diagram.title = "What is left after the transient";
  diagram.command = laboratory.reproduce;
  diagram.wide = true;
  diagram.x.title = "m = hμ";
  Figure::Panel points, exponent;
  points.y.title = "h xy";
  points.height = 340;
  Orbits even;
  for (std::size_t i = 0; i < orbits.m.size(); ++i) {
    const auto orbit = orbits.products.begin() + static_cast<std::ptrdiff_t>(i * asked.last);
    for (std::size_t j = asked.last - asked.drawn; j < asked.last; ++j)
      visited.rows.push_back({orbits.m[i], orbits.products[i * asked.last + j]});
    // A probe between two columns of the picture is in the tables alone.
    if (!std::binary_search(orbits.columns.begin(), orbits.columns.end(), orbits.m[i])) continue;
    even.m.push_back(orbits.m[i]);
    even.products.insert(even.products.end(), orbit, orbit + static_cast<std::ptrdiff_t>(asked.last));
  }
  points.picture = density(even, asked.last, asked.from, asked.to, laboratory);
  points.y.low = 0, points.y.high = 4;
  const double period_four = std::sqrt(5.0) - 1;
  points.levels = {{"no minimiser is stable from m", 1, Figure::Direction::vertical},
                   {"no 2-cycle from m", period_four, Figure::Direction::vertical}};
  Figure::Curve low{"q₋, proved", {}, {}, Figure::Marks::lines, 2}, high{"q₊, proved", {}, {}, Figure::Marks::lines, 3};
  for (const double m : orbits.m) {
    if (!(m > 1)) continue;
    const TwoCycle cycle = two_cycle(m);
    low.x.push_back(m), low.y.push_back(cycle.lower);
    high.x.push_back(m), high.y.push_back(cycle.upper);
  }
  low.on_picture = high.on_picture = true;
  points.curves.push_back(std::move(low));
  points.curves.push_back(std::move(high));
  exponent.y.title = "Lyapunov exponent";
  exponent.curves.push_back({"mean log |1 + m − 3 h xy|", orbits.m, orbits.exponents, Figure::Marks::lines, 4});
  exponent.levels = {{"chaos above", 0}, {"log 3", std::log(3.0)}};
  diagram.panels = {points, exponent};
  diagram.caption = fmt::format(
      "One number, μ = {}, from (x, y) = ({}, {})/√h; the last {} of {} steps at {} rates, darker where a value is "
      "found more often. Exponents over the same steps. "
      "The last {} values of each are in {}/points.csv.",
      asked.mu, asked.x0, asked.y0, asked.last, asked.orbit_steps, even.m.size(), asked.drawn, experiment.name);
  return diagram;
}

Page::Table table_of_probes(const ResultTable& orbit_table) {
  Page::Table shown{"The probes",
                    {"m = hμ", "outcome", "period", "Lyapunov exponent", "lowest h xy", "highest h xy", "q₋", "q₊"},
                    {}};
  for (const auto& row : orbit_table.rows) {
    if (std::get<double>(row.back()) != 1) continue;
    const auto number = [&](std::string_view key) {
      return readable(std::get<double>(row[*orbit_table.column(key)]), 6);
    };
    shown.rows.push_back({number("m"), std::get<std::string>(row[2]), number("period"), number("exponent"),
                          number("lowest"), number("highest"), number("q-"), number("q+")});
  }
  return shown;
}

// Starts (x, y) in a square, in units of 1/sqrt(h); a cell is judged by its middle.
struct Basin {
  double m, h, to_users;
  std::vector<TinyRun> starts;
  std::vector<TinyEnd> ends;
  double disagreements = 0;

  // A coordinate of the middle of cell i.
  double place(const Asked& asked, std::uint64_t i) const {
    const double cell = 2 * asked.reach / static_cast<double>(asked.side);
    return (-asked.reach + cell * (static_cast<double>(i) + 0.5)) * to_users;
  }
};

// Counts endings on both sides of the proved boundary into a row.
std::vector<ResultTable::Cell> basin_row(const Asked& asked, Basin& basin) {
  double inside = 0, converged = 0, diverged = 0, on_the_line = 0, disagreements = 0;
  for (std::size_t i = 0; i < basin.ends.size(); ++i) {
    Vector x(1), y(1);
    x[0] = basin.starts[i].x[0], y[0] = basin.starts[i].y[0];
    const Delta delta = Delta::of_vectors(asked.mu, x, y);
    const bool is_inside = delta.delta_versus(basin.h, 2) < 0;
    const bool is_converged = basin.ends[i].outcome == Outcome::converged,
               is_diverged = basin.ends[i].outcome == Outcome::diverged;
    inside += is_inside ? 1 : 0, converged += is_converged ? 1 : 0, diverged += is_diverged ? 1 : 0;
    // Theorem 2: inside, m < 1: converges; inside, m > 1: bounded, almost none converges. Outside: almost all
    // diverge. The line x + y = 0 is a null set, but a symmetric grid has starts on it: inside they go to the saddle.
    if (delta.on_saddle_line()) {
      on_the_line += 1;
      disagreements += is_inside && is_diverged ? 1 : 0;
      continue;
    }
    disagreements += (is_inside ? (basin.m < 1 ? !is_converged : is_converged || is_diverged) : !is_diverged) ? 1 : 0;
  }
  const auto cells = static_cast<double>(basin.ends.size());
  basin.disagreements = disagreements;
  return {basin.m, cells, inside, converged, diverged, cells - converged - diverged, on_the_line, disagreements};
}

Figure basin_figure(const Experiment& experiment, const Asked& asked, const Basin& basin,
                    const Laboratory& laboratory) {
  Figure figure;
  figure.id = fmt::format("{}-basin-{}", experiment.name, id_part(fmt::format("{}", basin.m)));
  figure.title = fmt::format("Starts (x, y) at m = hμ = {}", basin.m);
  figure.command = laboratory.reproduce;
  figure.x.title = "x √h";
  figure.x.low = -asked.reach, figure.x.high = asked.reach;
  Figure::Panel panel;
  panel.y.title = "y √h";
  panel.y.low = -asked.reach, panel.y.high = asked.reach;
  panel.height = 380;
  panel.heat_map.title = "steps";
  panel.heat_map.log = true;
  const std::uint64_t block = asked.side / asked.shown_side;
  for (std::uint64_t i = 0; i < asked.shown_side; ++i) {
    panel.heat_map.x.push_back(basin.place(asked, i * block + block / 2) / basin.to_users);
    panel.heat_map.y.push_back(basin.place(asked, i * block + block / 2) / basin.to_users);
  }
  for (std::uint64_t j = 0; j < asked.shown_side; ++j) {
    for (std::uint64_t i = 0; i < asked.shown_side; ++i) {
      const TinyEnd& end = basin.ends[(j * block + block / 2) * asked.side + i * block + block / 2];
      const bool lost = end.outcome == Outcome::diverged;
      panel.heat_map.values.push_back(lost ? nan : std::max(1.0, static_cast<double>(end.steps)));
    }
  }
  Figure::Curve boundary = ellipse(asked.mu, basin.h);
  for (double& value : boundary.x) value /= basin.to_users;
  for (double& value : boundary.y) value /= basin.to_users;
  panel.curves.push_back(std::move(boundary));
  figure.panels = {panel};
  figure.caption = fmt::format(
      "{} of {} x {} starts, at most {} steps, tolerance {}. Colour: {}; empty: diverged. The curve is the exact "
      "boundary E = hS − h²μxy + h²μ² − 4 = 0. "
      "Endings that are not the proved ones: {:.0f} of {:.0f}.",
      asked.shown_side * asked.shown_side, asked.side, asked.side, asked.basin_steps, asked.tolerance,
      basin.m < 1 ? "steps to convergence" : "steps until a cycle or chaos is found", basin.disagreements,
      static_cast<double>(basin.ends.size()));
  return figure;
}

}  // namespace

std::optional<Results> measure_beyond(const Experiment& experiment, const Laboratory& laboratory) {
  const Asked asked = asked_of(experiment.settings);
  Orbits orbits;
  if (!follow_orbits(asked, laboratory, orbits)) return std::nullopt;
  ResultTable orbit_table = scale_and_tabulate(asked, orbits);
  ResultTable visited{"points", "values", {{"m", "m = hμ", Kind::label}, {"h xy", "h xy after the transient"}}, {}};
  Results results;
  results.blocks.push_back(Page::Figures{{diagram_of(experiment, asked, orbits, laboratory, visited)}});
  results.blocks.push_back(table_of_probes(orbit_table));

  ResultTable basins{"basins",
                     "basins",
                     {{"m", "m = hμ", Kind::label},
                      {"cells", "starts"},
                      {"inside", "starts inside the boundary, by exact arithmetic"},
                      {"converged", "starts that converge"},
                      {"diverged", "starts that diverge"},
                      {"bounded", "starts that stay bounded and do not converge"},
                      {"on_the_line", "exceptional starts on x + y = 0, which cannot leave that line"},
                      {"disagreements", "other starts whose ending is not the proved one"}},
                     {}};
  Page::Figures pictures;
  for (const double m : asked.basin_m) {
    Basin basin{m, m / asked.mu, 1 / std::sqrt(m / asked.mu), {}, {}};
    basin.starts.reserve(asked.side * asked.side);
    for (std::uint64_t j = 0; j < asked.side; ++j) {
      for (std::uint64_t i = 0; i < asked.side; ++i) {
        basin.starts.push_back(scalar_run(asked.mu, basin.place(asked, i), basin.place(asked, j), basin.h,
                                          asked.basin_steps, asked.tolerance));
      }
    }
    basin.ends = run_all(basin.starts, laboratory);
    if (basin.ends.empty()) return std::nullopt;
    basins.rows.push_back(basin_row(asked, basin));
    pictures.figures.push_back(basin_figure(experiment, asked, basin, laboratory));
  }
  results.blocks.push_back(std::move(pictures));
  results.tables.push_back(std::move(orbit_table));
  results.tables.push_back(std::move(basins));
  results.tables.push_back(std::move(visited));
  return results;
}

}  // namespace equipoise
