// What is proved before a run: the verdict, and the learning rates at which it changes.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "equipoise/core/numbers.hpp"
#include "equipoise/theory/knowledge.hpp"
#include "equipoise/theory/scalar.hpp"
#include "equipoise/theory/sure_divergence.hpp"
#include "equipoise/theory/theory.hpp"

namespace equipoise {
namespace {

Forecast vector_forecast(const Knowledge& known) {
  const Delta& state = *known.vector_state;
  const double h = known.situation.learning_rate;
  const Vector u = known.situation.start.X().row(0).transpose();
  const Vector v = known.situation.start.Y().row(0).transpose();
  const Region where = region(state, h);
  const std::string numbers = fmt::format("delta = {:.17g} and h |mu| = {:.17g}", state.delta(h), state.m(h));
  Forecast result;
  result.statement = "scalar.critical-rate";
  const auto decide = [&](Outcome outcome, bool surely, Limit limit, bool limit_surely, std::string sentence) {
    result.outcome = outcome;
    result.outcome_surely = surely;
    result.limit = limit;
    result.limit_surely = limit_surely;
    result.sentence = std::move(sentence);
    return result;
  };

  const std::optional<Landing> event = landing(known.mu(), u, v, h);
  if (event && event->where == Landing::Where::minimiser) {
    const bool unstable = where == Region::outside;
    return decide(
        Outcome::converged, true, Limit::minimiser, true,
        fmt::format("in exact arithmetic this start is on a global minimiser at step {} and stays there{}", event->step,
                    unstable
                        ? "; it is one of the exceptional starts above the critical rate, the minimiser is unstable "
                          "and rounding may push a run away"
                        : ""));
  }
  if (event && event->where == Landing::Where::saddle_line) {
    const bool inside = where == Region::converges || where == Region::marginal || where == Region::beyond;
    const std::string line =
        fmt::format("{}: u + v = 0 at step {} exactly (signs as for mu > 0)", numbers, event->step);
    if (inside) {
      return decide(
          Outcome::converged, true, Limit::saddle, true,
          line + "; this start converges to the saddle at zero in exact arithmetic, as starts in a null set do");
    }
    if (where == Region::outside) {
      return decide(Outcome::diverged, true, Limit::undetermined, false, line + " and delta > 2; this start diverges");
    }
  }
  switch (where) {
    case Region::converges:
      if (state.mu_is_zero() || state.delta_versus(h, 1) < 0) {
        if (!state.mu_is_zero()) result.statement = "scalar.minimiser";
        return decide(Outcome::converged, true, Limit::minimiser, true,
                      numbers + ": this start converges to a global minimiser, surely");
      }
      return decide(
          Outcome::converged, true, Limit::minimiser, false,
          numbers +
              ": this start converges, to a global minimiser for almost every start (to the saddle only where "
              "u_k + v_k = 0 at some step)");
    case Region::outside:
      if (sure_divergence(known, known.situation.start).any()) {
        result.statement = "any.divergence";
        return decide(Outcome::diverged, true, Limit::undetermined, false,
                      numbers + ": this start diverges, surely (the norms grow for ever, docs/theory.md, section 9)");
      }
      return decide(
          Outcome::diverged, false, Limit::undetermined, false,
          numbers +
              ": this start leaves the region for ever and never converges to a stable minimiser; almost every such "
              "start diverges (the others land exactly on an unstable minimiser)");
    case Region::beyond:
      result.excluded = {Outcome::diverged, Outcome::converged};
      result.statement = "scalar.beyond";
      result.sentence =
          numbers +
          ": bounded; almost no start converges, since no minimiser is stable. Whether the run is periodic or "
          "chaotic is not proved";
      return result;
    case Region::marginal:
      result.excluded = {Outcome::diverged};
      result.statement = "scalar.beyond";
      result.sentence = numbers + ": bounded; exactly at h |mu| = 1 convergence is not claimed";
      return result;
    case Region::curve:
      result.excluded = {Outcome::diverged};
      result.sentence =
          numbers + ": exactly on the critical ellipse, which exact descent never leaves; convergence is not claimed";
      return result;
    case Region::silent:
      break;
  }
  result.statement.clear();
  result.sentence = numbers + ": a balanced start at h |mu| >= 2, of which no theorem here speaks";
  return result;
}

std::optional<Forecast> isotropic_forecast(const Knowledge& known) {
  const Delta& state = *known.isotropic_state;
  const double h = known.situation.learning_rate;
  const std::string numbers = fmt::format("delta = {:.17g} and h |mu| = {:.17g}", state.delta(h), state.m(h));
  Forecast result;
  result.statement = "isotropic.critical-rate";
  if (state.on_saddle_line() && state.delta_versus(h, 2) < 0) {
    result.outcome = Outcome::converged;
    result.limit = Limit::saddle;
    result.outcome_surely = result.limit_surely = true;
    result.sentence =
        numbers +
        ": x + O y = 0 exactly; this start converges to the saddle at zero in exact arithmetic, as starts in a "
        "null set do";
    return result;
  }
  if (state.m_versus(h, 1) >= 0) return std::nullopt;
  if (state.delta_versus(h, 1) < 0) {
    result.statement = "isotropic.minimiser";
    result.outcome = Outcome::converged;
    result.limit = Limit::minimiser;
    result.outcome_surely = result.limit_surely = true;
    result.sentence = numbers + ": this start converges to a global minimiser, surely";
    return result;
  }
  if (state.delta_versus_isotropic_limit(h) < 0) {
    result.outcome = Outcome::converged;
    result.limit = Limit::minimiser;
    result.sentence = numbers + ": below 1 + sqrt(1 - m^2); almost every such start converges to a global minimiser";
    return result;
  }
  if (state.delta_versus(h, 2) > 0) {
    result.outcome = Outcome::diverged;
    result.sentence =
        numbers +
        ": this start leaves the region for ever and never converges to a stable minimiser; almost every such "
        "start diverges";
    return result;
  }
  result.statement.clear();
  result.sentence = numbers + ": between 1 + sqrt(1 - m^2) and 2, where both endings happen and nothing is proved";
  return result;
}

// |z|^2 and sigma_1 brought near one by a power of four, so that neither overflows: {S, sigma_1, exponent}.
struct Scaled {
  double S = 0, sigma1 = 0;
  int exponent = 0;
};
Scaled scaled_sizes(const Situation& situation) {
  const auto z = situation.start.flat();
  const double largest = std::max(z.size() > 0 ? z.cwiseAbs().maxCoeff() : 0.0, std::sqrt(situation.sigma1));
  Scaled result;
  if (!(largest > 0)) return result;
  result.exponent = std::ilogb(largest);
  result.S = z.unaryExpr([&](double entry) { return std::ldexp(entry, -result.exponent); }).squaredNorm();
  result.sigma1 = std::ldexp(situation.sigma1, -2 * result.exponent);
  return result;
}

}  // namespace

std::string_view name(RateKind kind) {
  switch (kind) {
    case RateKind::exact:
      return "exact";
    case RateKind::sufficient:
      return "sufficient";
    case RateKind::necessary:
      return "necessary";
    case RateKind::reference:
      break;
  }
  return "reference";
}

std::vector<CriticalRate> critical_rates(const Situation& situation) {
  const Knowledge known(situation);
  std::vector<CriticalRate> rates;
  if (!known.complete || !situation.start.flat().allFinite()) return rates;
  if (situation.L >= 0 && std::isfinite(situation.L)) {
    rates.push_back({"classical.two-over-L", situation.L > 0 ? 2 / situation.L : infinity, RateKind::reference,
                     Standing::classical,
                     "2 over the sharpness at the start: by itself it guarantees nothing on either side"});
  }
  if (situation.sigma1 >= 0 && std::isfinite(situation.sigma1)) {
    const Scaled sizes = scaled_sizes(situation);
    rates.push_back({"any.necessary-rate", situation.sigma1 > 0 ? 1 / situation.sigma1 : infinity, RateKind::necessary,
                     Standing::proved, "above it no minimiser is stable and almost no start converges"});
    const double sum = sizes.S + 4 * sizes.sigma1;
    rates.push_back({"frobenius.rate", sum > 0 ? std::ldexp(4 / sum, -2 * sizes.exponent) : infinity,
                     RateKind::sufficient, Standing::conjecture, "up to it no divergence was ever seen: a conjecture"});
  }
  if (known.vector_state) {
    const Delta& state = *known.vector_state;
    rates.push_back(
        {"scalar.critical-rate",
         Delta::largest_rate([&](double h) { return state.m_versus(h, 1) < 0 && state.delta_versus(h, 2) < 0; }),
         RateKind::exact, Standing::proved,
         "up to it every start on this ray converges, to a global minimiser for almost every start; above it almost no "
         "start converges"});
    rates.push_back({"scalar.minimiser", Delta::largest_rate([&](double h) { return state.delta_versus(h, 1) < 0; }),
                     RateKind::sufficient, Standing::proved,
                     "up to it this start surely converges to a global minimiser, unless u + v = 0"});
  }
  if (known.isotropic_state) {
    const Delta& state = *known.isotropic_state;
    rates.push_back({"isotropic.critical-rate", Delta::largest_rate([&](double h) {
                       return state.m_versus(h, 1) < 0 && state.delta_versus_isotropic_limit(h) < 0;
                     }),
                     RateKind::sufficient, Standing::proved,
                     "up to it almost every start converges to a global minimiser"});
    rates.push_back({"isotropic.critical-rate", Delta::largest_rate([&](double h) {
                       return state.m_versus(h, 1) < 0 && state.delta_versus(h, 2) <= 0;
                     }),
                     RateKind::necessary, Standing::proved, "above it almost no start converges"});
    rates.push_back({"isotropic.minimiser", Delta::largest_rate([&](double h) { return state.delta_versus(h, 1) < 0; }),
                     RateKind::sufficient, Standing::proved,
                     "up to it this start surely converges to a global minimiser, unless x + O y = 0"});
    rates.push_back({"isotropic.sufficient-rate",
                     state.mu_is_zero() && state.start_is_zero() ? infinity : Delta::largest_rate([&](double h) {
                       return state.isotropic_norms(h) < 0;
                     }),
                     RateKind::sufficient, Standing::proved,
                     "up to it almost every start with these norms converges to a global minimiser"});
  }
  return rates;
}

Forecast forecast(const Situation& situation) {
  const Knowledge known(situation);
  Forecast result;
  if (!situation.problem.complete()) {
    result.sentence = "no theorem here speaks of problems with unknown entries or a ridge";
    return result;
  }
  if (known.shape.size() == 0 || !known.complete) {
    result.sentence = "there is nothing to fit: A or the factors have no entries";
    return result;
  }
  if (!known.finite) {
    result.sentence = "the start or the learning rate is not finite and positive";
    return result;
  }
  if ((situation.start.flat().array() == 0).all()) {
    const bool zero = known.A ? known.A->isZero(0) : false;
    result.outcome = Outcome::converged;
    result.outcome_surely = result.limit_surely = true;
    result.limit = zero ? Limit::minimiser : known.A || known.h_norm_A > 0 ? Limit::saddle : Limit::undetermined;
    result.statement = "minimiser.sharpness";
    result.sentence = zero ? "A and the start are zero: descent never moves from this minimiser"
                           : "the start is zero, a critical point that is not a minimiser: descent never moves";
    return result;
  }
  if (known.vector_state) return vector_forecast(known);
  if (const SureDivergence sure = sure_divergence(known, situation.start); sure.any()) {
    result.outcome = Outcome::diverged;
    result.outcome_surely = true;
    result.statement = "any.divergence";
    result.sentence = sure.lemma.holds
                          ? "lemma E holds at the start: this start diverges, surely"
                          : "h min(|x|^2, |y|^2) > 2 + h sigma_1 at the start: this start diverges, surely";
    return result;
  }
  if (known.isotropic_state) {
    if (const auto isotropic = isotropic_forecast(known)) return *isotropic;
  }
  if (known.hs1 - known.hs1_error > 1) {
    result.excluded = {Outcome::converged};
    result.statement = "any.necessary-rate";
    result.sentence = fmt::format(
        "h sigma_1 = {:.6g} > 1: no minimiser is stable, almost no start converges; whether the run diverges "
        "is not proved",
        known.hs1);
    return result;
  }
  result.sentence = "no theorem decides this before the run";
  return result;
}

}  // namespace equipoise
