// equipoise factor: one run of gradient descent, from a matrix to factors, a verdict and a report.
#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <memory>

#include "apps/cli/flags.hpp"
#include "apps/cli/output.hpp"
#include "apps/cli/setup.hpp"
#include "apps/cli/verbs.hpp"
#include "equipoise/core/error.hpp"
#include "equipoise/solve/run_page.hpp"
#include "equipoise/theory/theory.hpp"

namespace equipoise::cli {
namespace {

struct FactorFlags {
  DescentFlags descent;
  std::vector<std::pair<std::string, std::string>> run;  // text of each setting of RunSettings, by key
  std::string out;
  std::string expect;
  bool json = false;
  bool quiet = false;
};

std::string flag_of(std::string_view key) {
  std::string flag = fmt::format("--{}", key);
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

// The list of settings gives the flags their names, limits and help, and the record its keys.
RunSettings read_settings(const FactorFlags& flags) {
  RunSettings settings;
  auto text = flags.run.begin();
  describe(settings, [&](const SettingInfo& info, auto& field) {
    const std::string& given = (text++)->second;
    if (given.empty()) return;
    using Field = std::decay_t<decltype(field)>;
    if constexpr (std::is_same_v<Field, Sensitivity>) {
      field = sensitivity_from(one_of(flag_of(info.key), given, {"auto", "always", "never"}));
    } else if constexpr (std::is_floating_point_v<Field>) {
      field = number(flag_of(info.key), given, info.lowest, info.highest);
    } else {
      field = static_cast<Field>(whole_number(flag_of(info.key), given, static_cast<std::int64_t>(info.lowest),
                                              static_cast<std::int64_t>(info.highest)));
    }
  });
  return settings;
}

void append_settings(ResolvedSettings& resolved, const RunSettings& settings) {
  describe(settings, [&](const SettingInfo& info, const auto& field) {
    using Field = std::decay_t<decltype(field)>;
    if constexpr (std::is_same_v<Field, Sensitivity>) {
      resolved.emplace_back(info.key, std::string(name(field)));
    } else if constexpr (std::is_floating_point_v<Field>) {
      resolved.emplace_back(info.key, field);
    } else {
      resolved.emplace_back(info.key, static_cast<std::int64_t>(field));
    }
  });
}

std::string summary(const RunDocument& document, const std::filesystem::path& folder) {
  const Record& record = document.record;
  const Verdict& verdict = record.verdict;
  const Balance& start = record.balance_start;
  const Balance& end = record.balance_end;
  const double limit = 2 / record.learning_rate;
  std::string text;
  text += fmt::format("matrix     {}: {} x {}, {} entries, |A|_F = {:.6g}, sigma_1 = {:.6g}\n", document.matrix.name,
                      document.matrix.rows, document.matrix.cols, document.matrix.entries, document.matrix.norm,
                      document.matrix.sigma1);
  text += fmt::format("rate       h = {:.6g} = {:.4g}/L; the classical limit 2/L is {:.6g}\n", document.rate.value,
                      document.rate.times_L, document.rate.limit_2_over_L);
  if (document.rate.requested == "auto") text += fmt::format("           {}\n", document.rate.why);
  text += fmt::format("verdict    {} at step {}\n           {}\n", name(verdict.outcome), verdict.step, verdict.why);
  text += fmt::format("loss       {:.6g} -> {:.6g}\n", record.loss_start, record.loss_end);
  if (std::isfinite(document.excess)) {
    text += fmt::format("           {:.6g} above the best of rank {}, with an error of at most {:.1e}\n",
                        document.excess, record.last.shape().rank, document.excess_error);
  }
  if (std::isfinite(record.sharpness_end.value)) {
    const bool stable = record.sharpness_end.value <= limit;
    text += fmt::format("sharpness  {:.6g} -> {:.6g}, {} 2/h = {:.6g}, the most that a stable limit can have\n",
                        record.sharpness_start.value, record.sharpness_end.value, stable ? "below" : "above", limit);
  } else {
    text += fmt::format("sharpness  {:.6g} -> none after divergence\n", record.sharpness_start.value);
  }
  text += fmt::format("balance    |X|, |Y| = {:.5g}, {:.5g} (ratio {:.4g}) -> {:.5g}, {:.5g} (ratio {:.4g})\n",
                      start.norm_x, start.norm_y, start.ratio, end.norm_x, end.norm_y, end.ratio);
  text += fmt::format("           |X'X - Y'Y|_F = {:.5g} -> {:.5g}\n", start.imbalance, end.imbalance);
  if (!verdict.reproducible) {
    text += fmt::format(
        "warning    perturbations grew by e^{:.0f} along the way: rounding has a say in which limit is reached\n",
        verdict.growth);
  }
  text += fmt::format("computed   in {}\n", document.coordinates);
  text += fmt::format("time       {} steps in {:.3f} s\nmemory     {:.0f} MiB at most\n", record.steps, record.seconds,
                      static_cast<double>(document.peak_memory) / 0x1p20);
  if (!folder.empty()) text += fmt::format("report     {}\n", (folder / "report.html").string());
  return text;
}

Record descend(const Setup& setup, const RunSettings& settings, bool quiet) {
  Progress progress(settings.max_steps, quiet);
  double loss = NAN;
  Watch watch;
  watch.known = setup.known;
  watch.observer = [&](const Sample& sample, ConstFactors) {
    loss = sample.loss;
    return std::nullopt;
  };
  watch.pulse = [&](std::uint64_t step) {
    progress.show(step, loss);
    return interrupted ? std::optional<Stop>(Stop()) : std::nullopt;
  };
  return run(setup.problem(), setup.start, setup.run_rate(), settings, watch);
}

void halve(LearningRate& rate, std::uint64_t diverged_at) {
  rate.why += fmt::format("; at {} the run diverged at step {}, so half of it was taken", rate.value, diverged_at);
  rate.value /= 2;
  rate.times_L /= 2;
}

double relative_loss(const Record& record) { return record.loss_start > 0 ? record.loss_end / record.loss_start : NAN; }

Outcome expected_outcome(const std::string& word) {
  return outcome_from(
      one_of("--expect", word, {"converged", "periodic", "chaotic", "diverged", "exhausted", "stopped"}));
}

int factor(const FactorFlags& flags) {
  const RunSettings settings = read_settings(flags);
  if (!flags.expect.empty()) expected_outcome(flags.expect);
  const std::filesystem::path folder = flags.out;

  // Most runs that converge do so within some thousands of steps; a tolerance of 0 takes all that it is given.
  constexpr std::uint64_t usual_steps = 10000;
  DescentFlags descent = flags.descent;
  descent.expected_steps = settings.tolerance == 0 ? settings.max_steps : std::min(settings.max_steps, usual_steps);
  descent.top_eigenvalues = settings.top_eigenvalues;
  Setup setup = set_up(descent);
  append_settings(setup.settings, settings);
  setup.settings.emplace_back("out", folder.empty() ? SettingValue() : SettingValue(flags.out));
  setup.settings.emplace_back("expect", flags.expect.empty() ? SettingValue() : SettingValue(flags.expect));

  if (!folder.empty()) make_folder(folder);
  catch_interrupts();
  Record in_run_units = descend(setup, settings, flags.quiet);
  // `auto` promises a rate, not a theorem: where the run shows that it was too large, half of it is tried.
  constexpr int most_halvings = 30;
  for (int halvings = 1; flags.descent.rate == "auto" && in_run_units.verdict.outcome == Outcome::diverged &&
                         halvings <= most_halvings && !interrupted;
       ++halvings) {
    halve(setup.rate, in_run_units.verdict.step);
    in_run_units = descend(setup, settings, flags.quiet);
  }
  for (auto& [key, value] : setup.settings) {
    if (key == "rate") value = setup.rate.value;
  }

  in_run_units = setup.in_users_coordinates(std::move(in_run_units));
  const Situation situation = setup.situation();
  std::vector<Finding> findings = examine(situation, in_run_units);
  const double relative = relative_loss(in_run_units);
  const Record record = in_users_units(std::move(in_run_units), setup.units);
  const Approximate excess = setup.excess(record.last);
  const RunDocument document{setup.settings, setup.matrix, setup.rate,          record,        relative,
                             excess.value,   excess.error, std::move(findings), peak_memory(), setup.coordinates_why};
  const std::string json = record_json(document);

  if (!folder.empty()) {
    save_npy(folder / "X.npy", record.last.X());
    save_npy(folder / "Y.npy", record.last.Y());
    save_text(folder / "samples.csv", samples_csv(record.samples));
    save_text(folder / "report.html", report_html(json, record.samples));
    save_text(folder / "record.json", json);
  }
  print(flags.json ? json : summary(document, folder));
  if (interrupted) return 130;
  if (!flags.expect.empty() && expected_outcome(flags.expect) != record.verdict.outcome) {
    fmt::print(stderr, "equipoise: the verdict is {}, but --expect {}\n", name(record.verdict.outcome), flags.expect);
    return 1;
  }
  return 0;
}

}  // namespace

Action declare_factor(CLI::App& verb) {
  auto flags = std::make_shared<FactorFlags>();
  flags->descent.declare(verb);
  RunSettings defaults;
  describe(defaults, [&](const SettingInfo& info, const auto&) { flags->run.emplace_back(info.key, ""); });
  auto text = flags->run.begin();
  describe(defaults, [&](const SettingInfo& info, const auto& field) {
    const std::string unit = info.unit.empty() ? "" : fmt::format(" [{}]", info.unit);
    std::string value;
    if constexpr (std::is_same_v<std::decay_t<decltype(field)>, Sensitivity>) {
      value = name(field);
    } else {
      value = fmt::format("{}", field);
    }
    verb.add_option(flag_of(info.key), (text++)->second, fmt::format("{}{} (default {})", info.help, unit, value));
  });
  verb.add_option("--out", flags->out, "folder for record.json, X.npy, Y.npy, samples.csv and report.html");
  verb.add_option("--expect", flags->expect, "exit with 1 unless the verdict is this outcome");
  verb.add_flag("--json", flags->json, "print the record as one JSON object and nothing else");
  verb.add_flag("--quiet", flags->quiet, "no progress bar");
  verb.footer(
      "Example: equipoise factor data/digits.mtx --rank 8 --rate 3.5/L --start-norms 430,48 --out digits\n"
      "X <- X + h R Y, Y <- Y + h R^T X with R = A - X Y^T, both from the old factors: Wang, Chen, Zhao, Tao, ICLR "
      "2022,\n"
      "arXiv 2110.03677.");
  return [flags] { return factor(*flags); };
}

}  // namespace equipoise::cli
