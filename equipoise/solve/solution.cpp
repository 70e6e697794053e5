// The run, its rate halved where `auto` promised too much, and the way back to the user's units and coordinates.
#include "equipoise/solve/solution.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "equipoise/core/error.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/solve/settings.hpp"
#include "equipoise/theory/theory.hpp"

namespace equipoise {
namespace {

// `auto` promises a rate, not a theorem: where the run shows that it was too large, half of it is tried.
constexpr int most_halvings = 30;

struct Halving {
  double rate = 0;
  std::uint64_t diverged_at = 0;
};

// The first and the last of them are told.
std::string in_words(const std::vector<Halving>& halvings) {
  if (halvings.empty()) return "";
  const auto one = [](const Halving& each) {
    return fmt::format("; at {} the run diverged at step {}, so half of it was taken", each.rate, each.diverged_at);
  };
  if (halvings.size() == 1) return one(halvings.front());
  const std::string between = halvings.size() > 2 ? fmt::format("; so it went {} times in all", halvings.size()) : "";
  return one(halvings.front()) + between + one(halvings.back());
}

Sample in_users_units(Sample sample, const Units& units) {
  Record one;
  one.samples.push_back(std::move(sample));
  return std::move(in_users_units(std::move(one), units).samples.front());
}

// `spent`: seconds that count against the time limit already.
Record run_in_its_units(Session& session, double rate_in_run, const RunSettings& settings, double spent,
                        const Onlooker& onlooker) {
  RunSettings left = settings;
  left.time_limit = std::max(0.0, settings.time_limit - spent);
  Watch watch;
  watch.known = session.measured();
  watch.pulse = onlooker.pulse;
  if (onlooker.observer) {
    watch.observer = [&](const Sample& sample, ConstFactors at) {
      const auto factors = [&] { return in_users_units(session.restored(at), session.units()); };
      if (session.units().exponent == 0) return onlooker.observer(sample, factors);
      return onlooker.observer(in_users_units(sample, session.units()), factors);
    };
  }
  Record record = run(session.problem(), session.start_in_run(), rate_in_run, left, watch);
  record.settings = settings;
  record.last = session.restored(record.last);
  return record;
}

void require_settings_that_fit(const Session& session, const RunSettings& settings) {
  const Spelling& spell = session.request().spelling;
  check(settings, spell);
  if (session.is_spectral() && settings.top_eigenvalues > 1) {
    throw Error(fmt::format("{} drops copies of eigenvalues, which {} counts; use {}", spell("coordinates", "spectral"),
                            spell("top_eigenvalues"), spell("coordinates", "plain")));
  }
}

std::string start_in_words(const Request& request) {
  if (const auto* given = std::get_if<GivenStart>(&request.start))
    return given->source.empty() ? "given" : given->source;
  return std::holds_alternative<SpectralStart>(request.start) ? "spectral" : "gaussian";
}

}  // namespace

void put(ResolvedSettings& settings, const std::string& key, SettingValue value) {
  const auto found = std::ranges::find_if(settings, [&](const auto& each) { return each.first == key; });
  if (found == settings.end()) {
    settings.emplace_back(key, std::move(value));
  } else {
    found->second = std::move(value);
  }
}

ResolvedSettings resolved(Session& session) {
  const Request& request = session.request();
  const auto* gaussian = std::get_if<GaussianStart>(&request.start);
  SettingValue norms, seed;
  if (request.start_norms) norms = fmt::format("{},{}", request.start_norms->x, request.start_norms->y);
  if (gaussian != nullptr) seed = static_cast<std::int64_t>(gaussian->seed);
  return {
      {"rank", std::int64_t{session.rank()}},
      {"rate", session.rate().value},
      {"start", start_in_words(request)},
      {"start_norms", norms},
      {"seed", seed},
      {"balance", std::string(name(request.balance))},
      {"ridge", request.ridge},
      {"coordinates", session.is_spectral() ? "spectral" : "plain"},
      {"precision", std::string(name(request.precision))},
      {"threads", std::int64_t{request.threads}},
  };
}

Record descend(Session& session, double learning_rate, const RunSettings& settings, const Onlooker& onlooker) {
  require_settings_that_fit(session, settings);
  return in_users_units(run_in_its_units(session, session.units().rate(learning_rate), settings, 0, onlooker),
                        session.units());
}

void expect(Request& request, const RunSettings& settings) {
  // Most runs that converge do so within some thousands of steps; a tolerance of 0 takes all that it is given.
  constexpr std::uint64_t usual_steps = 10000;
  request.expected_steps = settings.tolerance == 0 ? settings.max_steps : std::min(settings.max_steps, usual_steps);
  request.top_eigenvalues = settings.top_eigenvalues;
  // A second is allowed for measuring in any case: most starts are measured within it.
  request.time_limit = std::max(1.0, settings.time_limit);
}

Solution solve(Request request, const RunSettings& settings, const Onlooker& onlooker) {
  check(settings, request.spelling);
  expect(request, settings);
  Session session = prepare(std::move(request));
  return solve(session, settings, onlooker);
}

Solution solve(Session& session, const RunSettings& settings, const Onlooker& onlooker) {
  require_settings_that_fit(session, settings);
  session.get_ready();  // before the run, at whose end nobody should have to wait for an SVD
  LearningRate rate = session.rate();
  const Units& units = session.units();

  std::vector<Halving> halvings;
  // The limit is on all that the user waits for: the measuring, and every run that `auto` takes.
  double spent = session.seconds();
  const auto descend_at = [&](double users_rate) {
    Record found = run_in_its_units(session, units.rate(users_rate), settings, spent, onlooker);
    spent += found.seconds;
    return found;
  };
  Record record = descend_at(rate.value);
  while (session.request().rate.kind == Rate::Kind::automatic && record.verdict.outcome == Outcome::diverged &&
         halvings.size() < most_halvings) {
    halvings.push_back({rate.value, record.verdict.step});
    rate.value /= 2;
    rate.times_L /= 2;
    record = descend_at(rate.value);
  }
  rate.why += in_words(halvings);

  Situation situation = session.situation();
  situation.learning_rate = units.rate(rate.value);
  std::vector<Finding> findings = examine(situation, record);
  const double relative = record.loss_start > 0 ? record.loss_end / record.loss_start : nan;
  record = in_users_units(std::move(record), units);
  const Approximate excess = session.excess(record.last);
  ResolvedSettings all = resolved(session);
  put(all, "rate", rate.value);
  const ResolvedSettings of_run = resolved(settings);
  all.insert(all.end(), of_run.begin(), of_run.end());
  return {RunDocument{std::move(all), session.matrix(), std::move(rate), std::move(record), relative, excess.value,
                      excess.error, std::move(findings), 0, session.coordinates()}};
}

}  // namespace equipoise
