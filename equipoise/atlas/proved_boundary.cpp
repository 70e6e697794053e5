// Marching squares on exact signs: crossings by bisection on the edges of a lattice, then linked into lines.
#include "equipoise/atlas/proved_boundary.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <utility>

#include "equipoise/sweep/cells.hpp"
#include "equipoise/theory/delta.hpp"

namespace equipoise {
namespace {

constexpr std::size_t lattice_side = 128;  ///< squares of the lattice along each axis
constexpr std::size_t along_line = 2048;

struct Criterion {
  std::string name, statement, says;
  std::function<bool(const Delta&, double h)> inside;
};

std::vector<Criterion> criteria(GridKind kind) {
  std::vector<Criterion> list;
  const auto below_one = [](const Delta& at, double h) { return at.m_versus(h, 1) < 0; };
  const auto below_two = [](const Delta& at, double h) { return at.delta_versus(h, 2) < 0; };
  if (kind == GridKind::isotropic) {
    list.push_back({"δ = 1 + √(1 − h²μ²)", "isotropic.critical-rate",
                    "Inside, descent converges to a global minimiser for almost every start.",
                    [below_one](const Delta& at, double h) {
                      return below_one(at, h) && at.delta_versus_isotropic_limit(h) < 0;
                    }});
    list.push_back(
        {"δ = 2", "isotropic.critical-rate",
         "Outside (and for h|μ| < 1) descent never converges to a stable minimiser, and diverges for almost every "
         "start. Between the two "
         "curves nothing is proved; both happen.",
         [below_one, below_two](const Delta& at, double h) { return below_one(at, h) && below_two(at, h); }});
  } else {
    list.push_back({"δ = 2", "scalar.critical-rate",
                    "The exact critical rate: inside and for h|μ| < 1 descent converges for almost every start, inside "
                    "and for 1 ≤ h|μ| < 2 it stays "
                    "bounded; outside it never converges to a stable minimiser, and diverges for almost every start.",
                    below_two});
  }
  list.push_back({"h|μ| = 1", "any.necessary-rate", "Where h|μ| > 1 no minimiser is stable: almost no start converges.",
                  below_one});
  return list;
}

/// All that theory knows of a start, as three exact numbers.
Delta state_of(const TinyRun& run) {
  if (run.kind == TinyRun::Kind::pair) return Delta::of_vectors(run.mu, Vector{{run.x[0]}}, Vector{{run.y[0]}});
  return Delta::of_isotropic(run.mu * Matrix::Identity(2, 2), Vector{{run.x[0], run.x[1]}},
                             Vector{{run.y[0], run.y[1]}});
}

/// A grid whose first one or two axes can be walked through continuously.
class Continuum {
 public:
  Continuum(const Grid& grid, std::size_t free) : grid_(grid), cells_(grid), place_(grid.axes.size()) {
    for (std::size_t axis = free; axis < place_.size(); ++axis)
      place_[axis] = cells_.axis_values(axis)[grid.axes[axis].count / 2];
  }

  static bool works(const Grid& grid, std::size_t free) {
    if (grid.kind == GridKind::matrix || grid.axes.size() < free) return false;
    for (std::size_t axis = 0; axis < free; ++axis) {
      const Axis& each = grid.axes[axis];
      if (each.scale == AxisScale::list || each.key == "seed" || !(each.from < each.to)) return false;
    }
    return true;
  }

  void move(std::size_t axis, double place) { place_[axis] = value_at(grid_.axes[axis], place); }

  bool inside(const Criterion& criterion) const {
    const TinyRun run = cells_.run_at(place_);
    return criterion.inside(state_of(run), run.h);
  }
  /// The same of each of them, one bit each from the lowest.
  unsigned inside(const std::vector<Criterion>& criteria) const {
    const TinyRun run = cells_.run_at(place_);
    const Delta state = state_of(run);
    unsigned bits = 0;
    for (std::size_t i = 0; i < criteria.size(); ++i) bits |= criteria[i].inside(state, run.h) ? 1u << i : 0u;
    return bits;
  }

 private:
  const Grid& grid_;
  GridCells cells_;
  std::vector<double> place_;
};

/// Where between `low` and `high` the answer changes; it differs at the two.
double change(double low, double high, bool at_low, const std::function<bool(double)>& inside) {
  while (true) {
    const double middle = low + (high - low) / 2;
    if (!(middle > low && middle < high)) return middle;
    (inside(middle) == at_low ? low : high) = middle;
  }
}

using Point = std::pair<double, double>;
/// An edge of the lattice: along x (0) or y (1), from its lower end (i, j).
using Edge = std::array<std::size_t, 3>;

/// Chains of crossings in which each has at most two neighbours: first those with ends, then closed ones.
std::vector<std::vector<Edge>> chains(std::map<Edge, std::vector<Edge>> neighbours) {
  std::vector<std::vector<Edge>> result;
  const auto take = [&](Edge at) {
    std::vector<Edge> chain{at};
    while (true) {
      std::vector<Edge>& next = neighbours[at];
      if (next.empty()) break;
      const Edge to = next.back();
      next.pop_back();
      std::erase(neighbours[to], at);
      chain.push_back(to);
      at = to;
    }
    result.push_back(std::move(chain));
  };
  std::vector<Edge> all;
  for (const auto& [edge, list] : neighbours) all.push_back(edge);
  for (const Edge& edge : all) {
    if (neighbours[edge].size() == 1) take(edge);
  }
  for (const Edge& edge : all) {
    if (!neighbours[edge].empty()) take(edge);
  }
  return result;
}

double place(std::size_t i) { return static_cast<double>(i) / lattice_side; }

/// What Continuum::inside says at each corner of the lattice, row by row.
std::vector<unsigned> corners_of(Continuum& continuum, const std::vector<Criterion>& criteria) {
  std::vector<unsigned> corners;
  corners.reserve((lattice_side + 1) * (lattice_side + 1));
  for (std::size_t j = 0; j <= lattice_side; ++j) {
    continuum.move(1, place(j));
    for (std::size_t i = 0; i <= lattice_side; ++i) {
      continuum.move(0, place(i));
      corners.push_back(continuum.inside(criteria));
    }
  }
  return corners;
}

/// The curves of one criterion; its bit in the corners is 1 << `number`.
std::vector<ProvedCurve::Line> lines_of(const Grid& grid, Continuum& continuum, const Criterion& criterion,
                                        const std::vector<unsigned>& corners, std::size_t number) {
  const auto inside = [&](double x, double y) {
    continuum.move(0, x);
    continuum.move(1, y);
    return continuum.inside(criterion);
  };
  const auto at = [&](std::size_t i, std::size_t j) { return corners[j * (lattice_side + 1) + i] >> number & 1u; };

  std::map<Edge, std::vector<Edge>> neighbours;
  const auto join = [&](const Edge& one, const Edge& other) {
    neighbours[one].push_back(other);
    neighbours[other].push_back(one);
  };
  for (std::size_t j = 0; j < lattice_side; ++j) {
    for (std::size_t i = 0; i < lattice_side; ++i) {
      const Edge bottom{0, i, j}, top{0, i, j + 1}, left{1, i, j}, right{1, i + 1, j};
      std::vector<Edge> crossed;
      if (at(i, j) != at(i + 1, j)) crossed.push_back(bottom);
      if (at(i + 1, j) != at(i + 1, j + 1)) crossed.push_back(right);
      if (at(i, j + 1) != at(i + 1, j + 1)) crossed.push_back(top);
      if (at(i, j) != at(i, j + 1)) crossed.push_back(left);
      if (crossed.size() == 2) {
        join(crossed[0], crossed[1]);
      } else if (crossed.size() == 4) {
        // Two corners across from each other lie inside; the middle says whether they are one piece.
        const bool middle = inside(place(i) + 0.5 / lattice_side, place(j) + 0.5 / lattice_side);
        const bool around_lower_left = (at(i, j) != 0) != middle;
        join(bottom, around_lower_left ? left : right);
        join(top, around_lower_left ? right : left);
      }
    }
  }
  std::map<Edge, Point> crossing;
  for (const auto& [edge, list] : neighbours) {
    const auto [along, i, j] = edge;
    const bool low = at(i, j) != 0;
    if (along == 0) {
      crossing[edge] = {change(place(i), place(i + 1), low, [&, y = place(j)](double x) { return inside(x, y); }),
                        place(j)};
    } else {
      crossing[edge] = {place(i),
                        change(place(j), place(j + 1), low, [&, x = place(i)](double y) { return inside(x, y); })};
    }
  }
  std::vector<ProvedCurve::Line> lines;
  for (const std::vector<Edge>& chain : chains(std::move(neighbours))) {
    ProvedCurve::Line line;
    for (const Edge& edge : chain) {
      line.x.push_back(value_at(grid.axes[0], crossing[edge].first));
      line.y.push_back(value_at(grid.axes[1], crossing[edge].second));
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

constexpr const char* edge_name = "hσ₁ = 1";
constexpr const char* edge_statement = "any.necessary-rate";
constexpr const char* edge_says =
    "Where hσ₁ > 1 no minimiser is stable: almost no start converges. Below it nothing is proved before a run.";

/// The rate at which h sigma_1 = 1, where the axis is h and reaches over it.
std::optional<double> rate_of_the_edge(const Axis& axis, std::optional<double> sigma1) {
  if (!sigma1 || !(*sigma1 > 0) || axis.key != "h" || axis.scale == AxisScale::list) return std::nullopt;
  const double at = 1 / *sigma1;
  if (!(axis.from < at) || !(at < axis.to)) return std::nullopt;
  return at;
}
bool has_rate(const Grid& grid) {
  return grid.fixed_value("h").has_value() ||
         std::ranges::any_of(grid.axes, [](const Axis& axis) { return axis.key == "h"; });
}

}  // namespace

std::optional<Confrontation> confronted(const Grid& grid, const Cells& cells, std::uint64_t most,
                                        std::optional<double> sigma1) {
  const bool of_a_matrix = grid.kind == GridKind::matrix;
  if (cells.outcome.empty() || (of_a_matrix && (!sigma1 || !has_rate(grid)))) return std::nullopt;
  constexpr double close = 1e-9;
  const GridCells runs(grid);
  const std::uint64_t count = grid.cells();
  // An odd stride that shares no factor with the counts walks through every axis.
  std::uint64_t stride = std::max<std::uint64_t>(1, count / std::max<std::uint64_t>(1, most));
  const auto shares_a_factor = [&] {
    return std::ranges::any_of(grid.axes, [&](const Axis& axis) { return std::gcd(axis.count, stride) > 1; });
  };
  while (stride > 1 && shares_a_factor()) ++stride;

  Confrontation result;
  TinyRun run;
  for (std::uint64_t cell = stride / 2; cell < count; cell += stride) {
    const std::uint8_t code = cells.code(cell);
    if (code == 0) continue;
    ++result.looked_at;
    if (of_a_matrix) {
      const double m = runs.value("h", cell) * *sigma1;
      if (std::abs(m - 1) < close) {
        ++result.near;
      } else if (m > 1) {
        ++result.unstable;
        result.unstable_converged += code == outcome_code(Outcome::converged) ? 1 : 0;
      }
      continue;
    }
    runs.runs(cell, {&run, 1});
    const Delta state = state_of(run);
    const double m = state.m(run.h), delta = state.delta(run.h);
    const double limit = grid.kind == GridKind::isotropic ? 1 + std::sqrt(std::max(0.0, 1 - m * m)) : 2;
    if (std::abs(m - 1) < close || std::abs(delta - 2) < close || std::abs(delta - limit) < close) {
      ++result.near;
      continue;
    }
    const auto is = [code](Outcome outcome) { return code == outcome_code(outcome); };
    const bool isotropic = grid.kind == GridKind::isotropic;
    if (m < 1 && delta < limit) {
      ++result.inside;
      ++(is(Outcome::converged)   ? result.inside_converged
         : is(Outcome::exhausted) ? result.inside_exhausted
                                  : result.inside_refuted);
    } else if (delta > 2 && (isotropic ? m < 1 : state.delta_versus_m() > 0)) {
      ++result.outside;
      ++(is(Outcome::diverged)    ? result.outside_diverged
         : is(Outcome::exhausted) ? result.outside_exhausted
         : is(Outcome::converged) ? result.outside_converged
                                  : result.outside_refuted);
    }
  }
  return result;
}

double value_at(const Axis& axis, double place) {
  if (place <= 0) return axis.from;
  if (place >= 1) return axis.to;
  if (axis.scale == AxisScale::log) return axis.from * std::pow(axis.to / axis.from, place);
  return axis.from + place * (axis.to - axis.from);
}

std::vector<ProvedCurve> proved_curves(const Grid& grid, std::optional<double> sigma1) {
  std::vector<ProvedCurve> curves;
  if (grid.kind == GridKind::matrix && grid.axes.size() >= 2) {
    for (const std::size_t axis : {std::size_t{0}, std::size_t{1}}) {
      const std::optional<double> at = rate_of_the_edge(grid.axes[axis], sigma1);
      if (!at) continue;
      const Axis& other = grid.axes[1 - axis];
      ProvedCurve::Line line{{*at, *at}, {other.value(0), other.value(other.count - 1)}};
      if (axis == 1) std::swap(line.x, line.y);
      curves.push_back({edge_name, edge_statement, edge_says, {line}});
    }
    return curves;
  }
  if (!Continuum::works(grid, 2)) return curves;
  Continuum continuum(grid, 2);
  const std::vector<Criterion> list = criteria(grid.kind);
  const std::vector<unsigned> corners = corners_of(continuum, list);
  for (std::size_t number = 0; number < list.size(); ++number) {
    const Criterion& each = list[number];
    std::vector<ProvedCurve::Line> lines = lines_of(grid, continuum, each, corners, number);
    if (!lines.empty()) curves.push_back({each.name, each.statement, each.says, std::move(lines)});
  }
  return curves;
}

std::vector<ProvedMark> proved_marks(const Grid& grid, std::optional<double> sigma1) {
  std::vector<ProvedMark> marks;
  if (grid.kind == GridKind::matrix && grid.axes.size() == 1) {
    if (const std::optional<double> at = rate_of_the_edge(grid.axes[0], sigma1))
      marks.push_back({edge_name, edge_statement, edge_says, *at});
    return marks;
  }
  if (grid.axes.size() != 1 || !Continuum::works(grid, 1)) return marks;
  Continuum continuum(grid, 1);
  for (const Criterion& each : criteria(grid.kind)) {
    const auto inside = [&](double place) {
      continuum.move(0, place);
      return continuum.inside(each);
    };
    bool before = inside(0);
    for (std::size_t i = 1; i <= along_line; ++i) {
      const double low = static_cast<double>(i - 1) / along_line, high = static_cast<double>(i) / along_line;
      const bool here = inside(high);
      if (here != before)
        marks.push_back(
            {each.name, each.statement, each.says, value_at(grid.axes[0], change(low, high, before, inside))});
      before = here;
    }
  }
  return marks;
}

}  // namespace equipoise
