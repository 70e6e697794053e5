// The figures of a run's page: loss, sharpness, norms, imbalance and gradient over the steps.
//
// Tested in equipoise/solve/run_page_test.cpp
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "equipoise/page/markup.hpp"
#include "equipoise/solve/run_page_parts.hpp"

namespace equipoise::report_page {
namespace {

/// A log scale where the positive values span more than a factor of 50 and none is negative.
Figure::Scale fitting_scale(const std::vector<Figure::Curve>& curves) {
  double lowest = std::numeric_limits<double>::infinity(), highest = 0;
  for (const Figure::Curve& curve : curves) {
    for (const double v : curve.y) {
      if (!std::isfinite(v) || v == 0) continue;
      if (v < 0) return Figure::Scale::linear;
      lowest = std::min(lowest, v);
      highest = std::max(highest, v);
    }
  }
  return highest / 50 > lowest ? Figure::Scale::log : Figure::Scale::linear;
}

std::vector<Figure::Curve> sharpness_curves(const ReportRecord& record, const std::vector<Sample>& samples) {
  static constexpr std::string_view names[] = {"sharpness λ₁", "λ₂", "λ₃", "λ₄", "λ₅", "λ₆"};
  std::size_t count = 1;
  for (const Sample& sample : samples) count = std::max(count, std::min(sample.eigenvalues.size(), std::size(names)));
  std::vector<Figure::Curve> out;
  for (std::size_t k = 0; k < count; ++k) {
    Figure::Curve curve{std::string(names[k]), {}, {}};
    for (const Sample& sample : samples) {
      double value = std::numeric_limits<double>::quiet_NaN();
      bool measured = sample.eigenvalues.size() > k;
      if (measured) value = sample.eigenvalues[k];
      // The record holds the start and the end even where no sample does.
      if (!measured && k == 0 && (&sample == &samples.front() || &sample == &samples.back())) {
        value = &sample == &samples.front() ? record.sharpness_start : record.sharpness_end;
        measured = std::isfinite(value);
      }
      if (!measured) continue;
      curve.x.push_back(static_cast<double>(sample.step));
      curve.y.push_back(value);
    }
    if (curve.x.size() <= 60) curve.marks = Figure::Marks::both;
    out.push_back(std::move(curve));
  }
  if (count == 1) out[0].name = "sharpness";
  return out;
}

/// The logarithmic axis where a linear one would crowd half of what happens, or half of the samples, into the first
/// tenth. What happens is how far the logarithm of the loss goes up and down.
Figure::Scale fitting_steps(const std::vector<Sample>& samples) {
  const auto first = static_cast<double>(samples.front().step), last = static_cast<double>(samples.back().step);
  const auto early = [&](const Sample& sample) {
    return static_cast<double>(sample.step) - first < 0.1 * (last - first);
  };
  double before = 0, all = 0;
  for (std::size_t i = 1; i < samples.size(); ++i) {
    const double change = std::abs(std::log(samples[i].loss) - std::log(samples[i - 1].loss));
    if (!std::isfinite(change)) continue;
    all += change;
    if (early(samples[i])) before += change;
  }
  return early(samples[samples.size() / 2]) || before > all / 2 ? Figure::Scale::log : Figure::Scale::linear;
}

std::vector<Figure> figures_of(const ReportRecord& record, const std::vector<Sample>& samples) {
  const Figure::Axis steps{"step", fitting_steps(samples)};
  const auto curve = [&](std::string name, double Sample::*field) {
    Figure::Curve out{std::move(name), {}, {}};
    for (const Sample& sample : samples) {
      out.x.push_back(static_cast<double>(sample.step));
      out.y.push_back(sample.*field);
    }
    if (samples.size() == 1) out.marks = Figure::Marks::points;
    return out;
  };
  const auto figure = [&](std::string id, std::string title, std::string caption, std::string y,
                          std::vector<Figure::Curve> curves) {
    const Figure::Scale scale = id == "loss" || id == "gradient" ? Figure::Scale::log : fitting_scale(curves);
    return Figure{std::move(id),
                  std::move(title),
                  std::move(caption),
                  "",
                  "samples.csv",
                  steps,
                  {{{std::move(y), scale}, std::move(curves)}},
                  {},
                  "steps"};
  };
  std::vector<Figure> out;
  out.push_back(figure("loss", "Loss", "f = ½‖A − XYᵀ‖², in logarithmic scale.", "f", {curve("loss", &Sample::loss)}));
  out.push_back(
      figure("sharpness", "Sharpness and the stability limit",
             "The largest eigenvalues of the Hessian, where they were measured. Only limits below 2/h are stable.",
             "eigenvalue", sharpness_curves(record, samples)));
  out.back().panels[0].levels.push_back({"2/h", record.stability_limit});
  out.push_back(figure("norms", "Norms of the factors", "A balanced pair has equal norms.", "norm",
                       {curve("‖X‖", &Sample::norm_x), curve("‖Y‖", &Sample::norm_y)}));
  out.push_back(figure("imbalance", "Imbalance", "‖XᵀX − YᵀY‖, which gradient flow conserves and large rates reduce.",
                       "imbalance", {curve("imbalance", &Sample::imbalance)}));
  out.push_back(figure("gradient", "Gradient norm", "‖∇f‖, in logarithmic scale.", "‖∇f‖",
                       {curve("gradient norm", &Sample::gradient_norm)}));
  for (Figure& f : out) {
    f.caption += " " + settings_line(record);
    // One curve alone is named by its title.
    if (f.panels[0].curves.size() == 1) f.panels[0].curves[0].name.clear();
  }
  return out;
}

bool any_at_foot(const std::vector<Figure>& figures) {
  for (const Figure& figure : figures) {
    const Figure::Panel& panel = figure.panels[0];
    if (panel.y.scale != Figure::Scale::log) continue;
    for (const Figure::Curve& curve : panel.curves) {
      if (std::any_of(curve.y.begin(), curve.y.end(), [](double v) { return std::isfinite(v) && v <= 0; })) return true;
    }
  }
  return false;
}

}  // namespace

Page::Section over_steps(const ReportRecord& record, const std::vector<Sample>& samples) {
  if (samples.empty()) {
    return {"over-steps",
            "Over the steps",
            {Page::Prose{{"No samples were recorded in this run, so there is nothing to draw."}}}};
  }
  std::vector<Figure> figures = figures_of(record, samples);
  std::string notes = fmt::format("{} {}.", readable(static_cast<std::uint64_t>(samples.size())),
                                  samples.size() == 1 ? "sample" : "samples");
  if (samples.size() > points_per_curve) {
    notes += fmt::format(
        " To keep the page small, each curve is drawn with at most about {} of them: for every small interval of steps "
        "the first, the last, "
        "the lowest and the highest value. samples.csv holds them all.",
        points_per_curve);
  }
  const bool finite = std::all_of(samples.begin(), samples.end(), [](const Sample& s) {
    return std::isfinite(s.loss) && std::isfinite(s.gradient_norm) && std::isfinite(s.norm_x) &&
           std::isfinite(s.norm_y);
  });
  if (!finite) notes += " Values that are not finite are left out; they interrupt the curves.";
  const Outcome outcome = record.verdict.outcome;
  if ((outcome == Outcome::periodic || outcome == Outcome::chaotic) &&
      samples.back().step - samples.front().step + 1 > samples.size()) {
    notes += " Not every step was sampled, so the curves may show only a part of the oscillation.";
  }
  if (any_at_foot(figures)) notes += " On a logarithmic scale a value that is not positive is a triangle at the foot.";
  return {"over-steps", "Over the steps", {Page::Figures{std::move(figures)}, Page::Prose{{notes}}}};
}

}  // namespace equipoise::report_page
