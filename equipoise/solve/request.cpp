// Limits of a request's settings, and the pairs of them that exclude each other.
//
// Tested in equipoise/solve/session_test.cpp
#include "equipoise/solve/request.hpp"

#include <fmt/format.h>

#include <cmath>

#include "equipoise/core/error.hpp"
#include "equipoise/solve/settings.hpp"

namespace equipoise {

std::string_view name(StartBalance balance) { return balance == StartBalance::exact ? "exact" : "implicit"; }
std::string_view name(Precision precision) { return precision == Precision::float32 ? "float32" : "float64"; }
std::string_view name(Coordinates coordinates) {
  switch (coordinates) {
    case Coordinates::plain:
      return "plain";
    case Coordinates::spectral:
      return "spectral";
    case Coordinates::automatic:
      break;
  }
  return "auto";
}

void check(const Request& request) {
  const Spelling& spell = request.spelling;
  if (request.rank) require_whole("rank", *request.rank, spell);
  check(request.rate);
  if (request.start_norms) {
    require_number("start_norms", request.start_norms->x, spell);
    require_number("start_norms", request.start_norms->y, spell);
  }
  if (const auto* gaussian = std::get_if<GaussianStart>(&request.start)) require_whole("seed", gaussian->seed, spell);
  require_number("ridge", request.ridge, spell);
  require_whole("threads", request.threads, spell);
  require_whole("top_eigenvalues", request.top_eigenvalues, spell);
  if (request.coordinates != Coordinates::spectral) return;
  const std::string spectral = spell("coordinates", "spectral"), plain = spell("coordinates", "plain");
  if (request.precision == Precision::float32) {
    throw Error(fmt::format("{} keeps no A to store in float32; leave {} out", spectral, spell("precision")));
  }
  if (request.top_eigenvalues > 1) {
    throw Error(fmt::format("{} drops copies of eigenvalues, which {} counts; use {}", spectral,
                            spell("top_eigenvalues"), plain));
  }
  if (request.ridge > 0)
    throw Error(fmt::format("{} is for a ridge of 0; use {} with {}", spectral, plain, spell("ridge")));
}

}  // namespace equipoise
