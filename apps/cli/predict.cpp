// equipoise predict: what theory says about a run before its first step.
//
// Tested in tests/cli/verbs.py
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <memory>

#include "apps/cli/output.hpp"
#include "apps/cli/request_flags.hpp"
#include "apps/cli/verbs.hpp"
#include "equipoise/page/json-inl.hpp"
#include "equipoise/solve/answers.hpp"

namespace equipoise::cli {
namespace {

struct PredictFlags {
  RequestFlags request;
  bool json = false;
};

// Words for how much of a forecast is sure: "for this very start", "for almost every start".
std::string_view how_surely(bool surely) { return surely ? "for this start" : "for almost every start"; }

Json to_json(const Forecast& forecast) {
  Json excluded = Json::array();
  for (const Outcome outcome : forecast.excluded) excluded.push_back(name(outcome));
  return {{"outcome", forecast.outcome ? Json(name(*forecast.outcome)) : Json(nullptr)},
          {"surely", forecast.outcome ? Json(forecast.outcome_surely) : Json(nullptr)},
          {"limit", name(forecast.limit)},
          {"limit_surely", forecast.limit_surely},
          {"excluded", excluded},
          {"statement", forecast.statement.empty() ? Json(nullptr) : Json(forecast.statement)},
          {"why", forecast.sentence}};
}

int show_prediction(const PredictFlags& flags) {
  catch_interrupts(Unsaved::nothing);
  Progress progress(0, false);
  RunSettings no_run;
  no_run.max_steps = 0;
  progress.says("reading the matrix");
  Session session = prepare(flags.request.read(no_run), progress.listener());
  const auto [rates, proved, findings] = predict(session);
  const LearningRate& rate = session.rate();
  const double L = session.sharpness().value, sigma1 = session.sigma1();
  progress.done();

  if (flags.json) {
    Json critical = Json::array();
    for (const CriticalRate& each : rates) {
      if (each.kind == RateKind::reference) continue;  // 2/L has a key of its own
      critical.push_back({{"statement", each.statement},
                          {"rate", number_or_null(each.rate)},
                          {"kind", name(each.kind)},
                          {"standing", name(each.standing)},
                          {"note", each.note}});
    }
    const Json result = {{"sharpness", number_or_null(L)},
                         {"learning_rate",
                          {{"requested", rate.requested},
                           {"value", number_or_null(rate.value)},
                           {"times_L", number_or_null(rate.times_L)},
                           {"why", rate.why}}},
                         {"limit_2_over_L", number_or_null(2 / L)},
                         {"limit_4_over_L", number_or_null(4 / L)},
                         {"limit_1_over_sigma1", number_or_null(1 / sigma1)},
                         {"critical_rates", critical},
                         {"verdict", to_json(proved)},
                         {"findings", Json::parse(findings_json(findings))}};
    print(result.dump(2) + "\n");
    return 0;
  }

  std::string text = fmt::format("rate      h = {:.6g} = {:.4g}/L\n", rate.value, rate.times_L);
  text += fmt::format("          L = {:.6g}, 2/L = {:.6g}, 4/L = {:.6g}, 1/sigma_1 = {:.6g}\n", L, 2 / L, 4 / L,
                      1 / sigma1);
  if (proved.outcome) {
    text += fmt::format("verdict   {} {} ({})\n", name(*proved.outcome), how_surely(proved.outcome_surely),
                        proved.statement);
  } else {
    text += "verdict   none is proved before the run\n";
  }
  text += fmt::format("          {}\n", proved.sentence);
  text += "critical rates\n";
  for (const CriticalRate& each : rates) {
    if (each.kind == RateKind::reference) continue;
    text += fmt::format("  {:<12.6g} {:<26} {}, {}: {}\n", each.rate, each.statement, name(each.kind),
                        name(each.standing), each.note);
  }
  text += "statements that apply\n";
  for (const Finding& finding : findings) {
    if (finding.applies == Answer::yes)
      text += fmt::format("  {:<26} {}: {}\n", finding.statement, name(finding.standing), finding.says);
  }
  std::vector<std::string> open;
  for (const Finding& finding : findings) {
    if (finding.applies == Answer::unknown) open.push_back(finding.statement);
  }
  if (!open.empty()) text += fmt::format("undecided before the run: {}\n", fmt::join(open, ", "));
  print(text);
  return 0;
}

}  // namespace

Action declare_predict(CLI::App& verb) {
  auto flags = std::make_shared<PredictFlags>();
  flags->request.declare(verb);
  verb.add_flag("--json", flags->json, "print one JSON object and nothing else");
  verb.footer(
      "Example: equipoise predict scalar:1 --rank 1 --rate 0.048 --start-norms 9,1\n"
      "Every statement with its proof or reference: docs/theory.md.");
  return [flags] { return show_prediction(*flags); };
}

}  // namespace equipoise::cli
