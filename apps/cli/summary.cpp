// A run in some ten lines.
//
// Tested in tests/cli/contract.py
#include "apps/cli/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace equipoise::cli {

namespace {

// What somebody would do after this verdict.
std::string next_step(const RunDocument& document, const std::filesystem::path& folder) {
  if (!folder.empty()) return fmt::format("open {}", (folder / "report.html").string());
  const Outcome outcome = document.record.verdict.outcome;
  if (outcome == Outcome::exhausted)
    return fmt::format("--max-steps {} goes on for longer", 10 * std::max<std::uint64_t>(document.record.steps, 1));
  if (outcome != Outcome::converged && outcome != Outcome::stopped && document.rate.requested != "auto")
    return fmt::format("--rate {:.3g} is half of this rate; --rate auto chooses one", document.rate.value / 2);
  return "--out DIR keeps the factors and writes a page of the run";
}

}  // namespace

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
  for (const std::string& note : document.matrix.notes) text += fmt::format("           {}\n", note);
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
  return text + fmt::format("next       {}\n", next_step(document, folder));
}

}  // namespace equipoise::cli
