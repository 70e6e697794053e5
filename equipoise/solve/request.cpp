// Limits of a request's settings, and the pairs of them that exclude each other.
//
// Tested in equipoise/solve/settings_test.cpp
// Tested in equipoise/solve/session_test.cpp
#include "equipoise/solve/request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "equipoise/core/error.hpp"
#include "equipoise/solve/settings.hpp"

namespace equipoise {
namespace {

void require_rank_that_fits(const Request& request, const GivenStart& given) {
  const Shape shape = given.factors.shape();
  const Spelling& spell = request.spelling;
  if (request.rank && shape.rank != *request.rank) {
    throw Error(fmt::format("{} does not fit {}, whose factors have {} columns",
                            spell("rank", std::to_string(*request.rank)), spell(given.setting, given.source),
                            shape.rank));
  }
}

void require_rows_that_fit(const GivenStart& given, Index rows, Index cols, const Spelling& spelling) {
  const Shape shape = given.factors.shape();
  if (shape.rows == rows && shape.cols == cols) return;
  throw Error(
      fmt::format("{} {} has X of {} rows and Y of {} rows, but the matrix is {} x {}; X needs a row for every row of "
                  "it and Y one for every column",
                  spelling(given.setting), given.source, shape.rows, shape.cols, rows, cols));
}

// A descent holds some thirty arrays of the size of the factors: iterates, gradient, tangent, and the basis of an
// eigensolver. This is asked beforehand, since Linux grants memory that it has not got and ends the program when that
// shows.
void require_room(Index rows, Index cols, Index rank, std::uint64_t memory) {
  const double needed =
      30 * sizeof(double) * (static_cast<double>(rows) + static_cast<double>(cols)) * static_cast<double>(rank);
  const auto there = static_cast<double>(memory);
  if (needed <= there) return;
  throw Error(
      fmt::format("a {} x {} matrix at rank {} needs about {:.3g} GB for its factors and what is made of them, and "
                  "this machine has "
                  "{:.3g} GB of memory; choose a smaller matrix or rank",
                  rows, cols, rank, needed / 1e9, there / 1e9));
}

}  // namespace

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

void check_fit(const Request& request) {
  const GivenStart* given = std::get_if<GivenStart>(&request.start);
  const Index rows = request.matrix.rows(), cols = request.matrix.cols();
  if (given != nullptr) require_rank_that_fits(request, *given);
  const Index rank = request.rank.value_or(given != nullptr ? given->factors.shape().rank : 1);
  if (request.memory > 0) require_room(rows, cols, rank, request.memory);
  if (given != nullptr) require_rows_that_fit(*given, rows, cols, request.spelling);
  if (request.coordinates == Coordinates::spectral && request.matrix.has_unknown) {
    throw Error(fmt::format("{} needs every entry of the matrix; this one has unknown entries",
                            request.spelling("coordinates", "spectral")));
  }
}

const GivenStart* given_start(const Request& request) { return std::get_if<GivenStart>(&request.start); }

double largest_of_start(const Request& request) {
  if (request.start_norms) return std::max(request.start_norms->x, request.start_norms->y);
  const GivenStart* given = given_start(request);
  if (given == nullptr || given->factors.shape().size() == 0) return 0;
  return given->factors.flat().cwiseAbs().maxCoeff();
}

}  // namespace equipoise
