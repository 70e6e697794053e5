// The words for outcomes and limits.
#include "equipoise/core/verdict.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "equipoise/core/error.hpp"

namespace equipoise {
namespace {
constexpr std::array<std::pair<Outcome, std::string_view>, 6> outcomes = {{{Outcome::converged, "converged"},
                                                                           {Outcome::periodic, "periodic"},
                                                                           {Outcome::chaotic, "chaotic"},
                                                                           {Outcome::diverged, "diverged"},
                                                                           {Outcome::exhausted, "exhausted"},
                                                                           {Outcome::stopped, "stopped"}}};
}  // namespace

std::string_view name(Outcome outcome) { return outcomes.at(static_cast<std::size_t>(outcome)).second; }

Outcome outcome_from(std::string_view word) {
  for (const auto& [outcome, text] : outcomes) {
    if (text == word) return outcome;
  }
  throw Error(fmt::format(
      "'{}' is not an outcome; the outcomes are converged, periodic, chaotic, diverged, exhausted, stopped", word));
}

std::string_view name(Limit limit) {
  switch (limit) {
    case Limit::minimiser:
      return "minimiser";
    case Limit::saddle:
      return "saddle";
    case Limit::undetermined:
      break;
  }
  return "undetermined";
}

}  // namespace equipoise
