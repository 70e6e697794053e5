// record.json and samples.csv: written from a run.
//
// Tested in equipoise/solve/solution_test.cpp
#include "equipoise/solve/run_record.hpp"

#include <fmt/format.h>

#include <cmath>
#include <string_view>

#include "equipoise/page/json-inl.hpp"

#ifndef EQUIPOISE_VERSION
#error "EQUIPOISE_VERSION comes from the build"
#endif

namespace equipoise {
namespace {

Json to_json(const SettingValue& value) {
  return std::visit(
      [](const auto& held) -> Json {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, std::monostate>) {
          return nullptr;
        } else if constexpr (std::is_same_v<Held, double>) {
          return number_or_null(held);
        } else {
          return held;
        }
      },
      value);
}

Json to_json(const Balance& balance) {
  return {{"norm_x", number_or_null(balance.norm_x)},
          {"norm_y", number_or_null(balance.norm_y)},
          {"imbalance", number_or_null(balance.imbalance)},
          {"ratio", number_or_null(balance.ratio)}};
}

Json to_json(const std::vector<Check>& checks) {
  Json array = Json::array();
  for (const Check& check : checks) {
    array.push_back({{"text", check.text},
                     {"value", number_or_null(check.value)},
                     {"bound", number_or_null(check.bound)},
                     {"margin", number_or_null(check.margin)},
                     {"holds", name(check.holds)}});
  }
  return array;
}

Json to_json(const std::vector<Finding>& findings) {
  Json array = Json::array();
  for (const Finding& finding : findings) {
    array.push_back({{"statement", finding.statement},
                     {"source", finding.source},
                     {"standing", name(finding.standing)},
                     {"says", finding.says},
                     {"applies", name(finding.applies)},
                     {"confirmed", name(finding.confirmed)},
                     {"assumptions", to_json(finding.assumptions)},
                     {"predictions", to_json(finding.predictions)}});
  }
  return array;
}

Json to_json(const Verdict& verdict) {
  Json losses = Json::array();
  for (const double loss : verdict.cycle_losses) losses.push_back(number_or_null(loss));
  return {{"outcome", name(verdict.outcome)},
          {"limit", name(verdict.limit)},
          {"step", verdict.step},
          {"period", verdict.period > 0 ? Json(verdict.period) : Json(nullptr)},
          {"multiplier", number_or_null(verdict.multiplier)},
          {"cycle_losses", losses},
          {"lyapunov", number_or_null(verdict.lyapunov)},
          {"lyapunov_error", number_or_null(verdict.lyapunov_error)},
          {"evidence", number_or_null(verdict.evidence)},
          {"threshold", number_or_null(verdict.threshold)},
          {"proved", verdict.proved},
          {"growth", number_or_null(verdict.growth)},
          {"reproducible", verdict.reproducible},
          {"why", verdict.why}};
}

}  // namespace

std::string findings_json(const std::vector<Finding>& findings) { return json_line(to_json(findings)); }

std::string record_json(const RunDocument& document) {
  const Record& record = document.record;
  Json settings = Json::object();
  for (const auto& [key, value] : document.settings) settings[key] = to_json(value);
  const Json whole = {
      {"equipoise", EQUIPOISE_VERSION},
      {"settings", settings},
      {"matrix",
       {{"name", document.matrix.name},
        {"rows", document.matrix.rows},
        {"cols", document.matrix.cols},
        {"entries", document.matrix.entries},
        {"norm", number_or_null(document.matrix.norm)},
        {"sigma1", number_or_null(document.matrix.sigma1)},
        {"held", document.matrix.held},
        {"notes", document.matrix.notes}}},
      {"rank", record.last.shape().rank},
      {"learning_rate",
       {{"requested", document.rate.requested},
        {"value", number_or_null(document.rate.value)},
        {"times_L", number_or_null(document.rate.times_L)},
        {"limit_2_over_L", number_or_null(document.rate.limit_2_over_L)},
        {"why", document.rate.why}}},
      {"coordinates", document.coordinates},
      {"peak_memory", document.peak_memory},
      {"sharpness",
       {{"start", number_or_null(record.sharpness_start.value)},
        {"end", number_or_null(record.sharpness_end.value)},
        {"residual", number_or_null(record.sharpness_end.residual)},
        {"residual_start", number_or_null(record.sharpness_start.residual)},
        {"stability_limit", number_or_null(2 / record.learning_rate)}}},
      {"balance", {{"start", to_json(record.balance_start)}, {"end", to_json(record.balance_end)}}},
      {"loss",
       {{"start", number_or_null(record.loss_start)},
        {"end", number_or_null(record.loss_end)},
        {"relative", number_or_null(document.relative_loss)},
        {"excess", number_or_null(document.excess)},
        {"excess_error", number_or_null(document.excess_error)}}},
      {"validation_rmse", nullptr},
      {"verdict", to_json(record.verdict)},
      {"findings", to_json(document.findings)},
      {"steps", record.steps},
      {"seconds", number_or_null(record.seconds)},
      {"steps_per_second",
       number_or_null(record.seconds > 0 ? static_cast<double>(record.steps) / record.seconds : std::nan(""))}};
  return json_document(whole);
}

std::string samples_csv(const std::vector<Sample>& samples) {
  std::size_t eigenvalues = 0;
  for (const Sample& sample : samples) eigenvalues = std::max(eigenvalues, sample.eigenvalues.size());
  fmt::memory_buffer text;
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "{}", sample_columns);
  for (std::size_t i = 1; i <= eigenvalues; ++i) fmt::format_to(out, ",eigenvalue_{}", i);
  text.push_back('\n');
  const auto cell = [&](double value) {
    text.push_back(',');
    if (std::isfinite(value)) fmt::format_to(out, "{}", value);
  };
  for (const Sample& sample : samples) {
    fmt::format_to(out, "{}", sample.step);
    for (const double value : {sample.loss, sample.gradient_norm, sample.norm_x, sample.norm_y, sample.imbalance})
      cell(value);
    for (std::size_t i = 0; i < eigenvalues; ++i)
      cell(i < sample.eigenvalues.size() ? sample.eigenvalues[i] : std::nan(""));
    text.push_back('\n');
  }
  return fmt::to_string(text);
}

}  // namespace equipoise
