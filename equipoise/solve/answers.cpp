// Questions to theory and to Lanczos, with their answers carried to the user's units.
//
// Tested in equipoise/solve/session_test.cpp
#include "equipoise/solve/answers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "equipoise/core/closed_form.hpp"
#include "equipoise/core/error.hpp"

namespace equipoise {
namespace {

std::vector<double> in_users(const auto& values, const Units& units) {
  std::vector<double> result;
  for (const double value : values) result.push_back(units.matrix_to_users(value));
  return result;
}

// From so many stored entries on, six digits or 60 products must do: they take about as long as reading the file.
constexpr Index large_sparse = 200000;
constexpr Index largest_formed = 4000;  // the Hessian is formed up to here: 128 MB

WholeSpectrum formed_spectrum(Session& session) {
  const Factors& at = session.start_in_run();
  const Index size = at.shape().size();
  const Vector values = hessian_spectrum(session.problem(), at, largest_formed);
  const double largest = size == 0 ? 0 : values.cwiseAbs().maxCoeff();
  return {
      in_users(values, session.units()), "the Hessian, formed and decomposed",
      session.units().matrix_to_users(static_cast<double>(size) * std::numeric_limits<double>::epsilon() * largest)};
}

WholeSpectrum spectrum_at_minimiser(Session& session) {
  constexpr double useful_error = 1e-3;  // relative to the largest eigenvalue
  const Factors& at = session.start_in_run();
  const std::string top = session.request().spelling("top");
  const std::string too_many =
      fmt::format("{}: {} unknowns are more than the {} up to which the Hessian is formed, and ",
                  session.request().spelling("spectrum"), at.shape().size(), largest_formed);
  const std::optional<Vector>& singular = session.singular_values();
  if (!singular || !session.every_entry_known() || session.request().ridge > 0) {
    throw Error(too_many + "the closed form at a minimiser needs all singular values of a complete matrix; use " + top);
  }
  const double error = minimiser_spectrum_error(session.problem(), *singular, at);
  if (!std::isfinite(error)) {
    throw Error(too_many + "these factors are not near a global minimiser, where the spectrum has a closed form; use " +
                top);
  }
  const Vector values = minimiser_spectrum(*singular, at);
  const double largest = values.size() == 0 ? 0 : values[values.size() - 1];
  if (error > useful_error * largest) {
    throw Error(
        too_many +
        fmt::format(
            "these factors are too far from a global minimiser for its closed form (error up to {:.2g} of the largest "
            "eigenvalue); use {}",
            error / largest, top));
  }
  return {in_users(values, session.units()), "the closed form at a global minimiser",
          session.units().matrix_to_users(error)};
}

}  // namespace

Prediction predict(Session& session) {
  const Situation situation = session.situation();
  Prediction result{critical_rates(situation), forecast(situation), predict(situation)};
  for (CriticalRate& rate : result.critical_rates) rate.rate = std::scalbn(rate.rate, -2 * session.units().exponent);
  return result;
}

HessianAnswer hessian_at_start(Session& session, Index top, bool whole) {
  const Problem& problem = session.problem();
  const Factors& at = session.start_in_run();
  const Units& units = session.units();
  const auto measured = [&](std::string_view what, Index count, SpectrumEnd end, SharpnessSettings settings) {
    return session.measuring(what, [&](const std::function<bool()>& keep_going) {
      settings.keep_going = keep_going;
      return extreme_eigenpairs(problem, at, count, end, settings);
    });
  };
  SharpnessSettings rough;
  rough.tolerance = 1e-6;
  rough.max_products = 5000;
  const Eigenpairs largest = measured("the largest eigenvalues", top, SpectrumEnd::largest, {});
  const Eigenpairs smallest = measured("the smallest eigenvalue", 1, SpectrumEnd::smallest, rough);
  HessianAnswer answer;
  answer.largest = in_users(largest.values, units);
  answer.largest_residuals = in_users(largest.residuals, units);
  answer.converged = largest.converged;
  answer.smallest = units.matrix_to_users(smallest.values.at(0));
  answer.smallest_residual = units.matrix_to_users(smallest.residuals.at(0));
  answer.products = largest.products + smallest.products;
  if (at.shape().rank == 1 && session.every_entry_known() && session.request().ridge == 0) {
    const Sharpness found = rank1_sharpness(problem, at);
    answer.closed_form = Sharpness{units.matrix_to_users(found.value), units.matrix_to_users(found.residual)};
  }
  if (whole)
    answer.spectrum = at.shape().size() <= largest_formed ? formed_spectrum(session) : spectrum_at_minimiser(session);
  return answer;
}

SingularAnswer largest_singular_values(Session& session, Index top) {
  const Problem& A = session.matrix_problem();
  const SingularTriplets found = session.measuring("the singular values", [&](const std::function<bool()>& keep_going) {
    SharpnessSettings settings = SharpnessSettings::for_the_record(A.cost(1));
    settings.keep_going = keep_going;
    if (session.stored_sparsely() > large_sparse) {
      settings.value_tolerance = std::max(settings.value_tolerance, 1e-7);
      settings.max_products = std::min(settings.max_products, 60);
    }
    return top_singular_triplets(A, top, settings);
  });
  return {in_users(found.values, session.matrix_units()), session.matrix_units().matrix_to_users(found.residual),
          found.converged};
}

}  // namespace equipoise
