// equipoise predict: what theory says about a run before its first step.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <memory>

#include "apps/cli/output.hpp"
#include "apps/cli/setup.hpp"
#include "apps/cli/verbs.hpp"
#include "equipoise/page/json-inl.hpp"
#include "equipoise/theory/theory.hpp"

namespace equipoise::cli {
namespace {

struct PredictFlags {
  DescentFlags descent;
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
  const Setup setup = set_up(flags.descent);
  const Situation situation = setup.situation();
  const std::vector<CriticalRate> rates = critical_rates(situation);
  const Forecast proved = forecast(situation);
  const std::vector<Finding> findings = predict(situation);
  const double L = setup.units.matrix_to_users(setup.known.sharpness.value);
  const auto users_rate = [&](double rate) { return std::scalbn(rate, -2 * setup.units.exponent); };

  if (flags.json) {
    Json critical = Json::array();
    for (const CriticalRate& rate : rates) {
      if (rate.kind == RateKind::reference) continue;  // 2/L has a key of its own
      critical.push_back({{"statement", rate.statement},
                          {"rate", number_or_null(users_rate(rate.rate))},
                          {"kind", name(rate.kind)},
                          {"standing", name(rate.standing)},
                          {"note", rate.note}});
    }
    const Json result = {{"sharpness", number_or_null(L)},
                         {"learning_rate",
                          {{"requested", setup.rate.requested},
                           {"value", number_or_null(setup.rate.value)},
                           {"times_L", number_or_null(setup.rate.times_L)},
                           {"why", setup.rate.why}}},
                         {"limit_2_over_L", number_or_null(2 / L)},
                         {"limit_4_over_L", number_or_null(4 / L)},
                         {"limit_1_over_sigma1", number_or_null(1 / setup.matrix.sigma1)},
                         {"critical_rates", critical},
                         {"verdict", to_json(proved)},
                         {"findings", Json::parse(findings_json(findings))}};
    print(result.dump(2) + "\n");
    return 0;
  }

  std::string text = fmt::format("rate      h = {:.6g} = {:.4g}/L\n", setup.rate.value, setup.rate.times_L);
  text += fmt::format("          L = {:.6g}, 2/L = {:.6g}, 4/L = {:.6g}, 1/sigma_1 = {:.6g}\n", L, 2 / L, 4 / L,
                      1 / setup.matrix.sigma1);
  if (proved.outcome) {
    text += fmt::format("verdict   {} {} ({})\n", name(*proved.outcome), how_surely(proved.outcome_surely),
                        proved.statement);
  } else {
    text += "verdict   none is proved before the run\n";
  }
  text += fmt::format("          {}\n", proved.sentence);
  text += "critical rates\n";
  for (const CriticalRate& rate : rates) {
    if (rate.kind == RateKind::reference) continue;
    text += fmt::format("  {:<12.6g} {:<26} {}, {}: {}\n", users_rate(rate.rate), rate.statement, name(rate.kind),
                        name(rate.standing), rate.note);
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
  flags->descent.declare(verb);
  verb.add_flag("--json", flags->json, "print one JSON object and nothing else");
  verb.footer(
      "Example: equipoise predict scalar:1 --rank 1 --rate 0.048 --start-norms 9,1\n"
      "Every statement with its proof or reference: docs/theory.md.");
  return [flags] { return show_prediction(*flags); };
}

}  // namespace equipoise::cli
