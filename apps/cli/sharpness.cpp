// equipoise sharpness: the largest Hessian eigenvalues at given factors, or all of them.
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "apps/cli/flags.hpp"
#include "apps/cli/output.hpp"
#include "apps/cli/setup.hpp"
#include "apps/cli/verbs.hpp"
#include "equipoise/core/closed_form.hpp"
#include "equipoise/core/error.hpp"

namespace equipoise::cli {
namespace {

struct SharpnessFlags {
  DescentFlags descent;
  std::string top = "1";
  bool spectrum = false;
  bool json = false;
};

// All eigenvalues, in run units, and where they come from.
struct Spectrum {
  Vector values;
  std::string from;
  double error = 0;
};

Spectrum spectrum_of(const Setup& setup) {
  constexpr Index largest_formed = 4000;  // the Hessian is formed up to here: 128 MB
  constexpr double useful_error = 1e-3;   // relative to the largest eigenvalue
  const Index size = setup.start.shape().size();
  if (size <= largest_formed) {
    const Vector values = hessian_spectrum(setup.problem(), setup.start, largest_formed);
    const double largest = size == 0 ? 0 : values.cwiseAbs().maxCoeff();
    return {values, "the Hessian, formed and decomposed",
            static_cast<double>(size) * std::numeric_limits<double>::epsilon() * largest};
  }
  const std::string too_many = fmt::format(
      "--spectrum: {} unknowns are more than the {} up to which the Hessian is formed, and ", size, largest_formed);
  if (!setup.singular_values || !setup.problem().complete()) {
    throw Error(too_many + "the closed form at a minimiser needs all singular values of a complete matrix; use --top");
  }
  const double error = minimiser_spectrum_error(setup.problem(), *setup.singular_values, setup.start);
  if (!std::isfinite(error)) {
    throw Error(too_many +
                "these factors are not near a global minimiser, where the spectrum has a closed form; use --top");
  }
  const Vector values = minimiser_spectrum(*setup.singular_values, setup.start);
  const double largest = values.size() == 0 ? 0 : values[values.size() - 1];
  if (error > useful_error * largest) {
    throw Error(
        too_many +
        fmt::format(
            "these factors are too far from a global minimiser for its closed form (error up to {:.2g} of the largest "
            "eigenvalue); use --top",
            error / largest));
  }
  return {values, "the closed form at a global minimiser", error};
}

int show_sharpness(SharpnessFlags flags) {
  const std::int64_t top = whole_number("--top", flags.top, 1, 100000);
  // A rate of 1 is never used: the setup of a descent is asked for its problem and its factors alone.
  flags.descent.rate = "1";
  flags.descent.start_flag = "--factors";
  const Setup setup = set_up(flags.descent);
  const Problem& problem = setup.problem();
  const Eigenpairs largest = extreme_eigenpairs(problem, setup.start, top, SpectrumEnd::largest);
  const Eigenpairs smallest = extreme_eigenpairs(problem, setup.start, 1, SpectrumEnd::smallest, {1e-6, 5000, 48});

  const auto users = [&](double value) { return setup.units.matrix_to_users(value); };
  const auto numbers = [&](const auto& values) {
    nlohmann::ordered_json array = nlohmann::ordered_json::array();
    for (const double value : values)
      array.push_back(std::isfinite(value) ? nlohmann::ordered_json(users(value)) : nullptr);
    return array;
  };
  nlohmann::ordered_json result;
  result["matrix"] = {{"name", setup.matrix.name}, {"rows", setup.matrix.rows}, {"cols", setup.matrix.cols}};
  result["rank"] = setup.start.shape().rank;
  result["eigenvalues"] = numbers(largest.values);
  result["residuals"] = numbers(largest.residuals);
  result["converged"] = largest.converged;
  result["smallest"] = numbers(smallest.values).at(0);
  result["smallest_residual"] = numbers(smallest.residuals).at(0);
  result["products"] = largest.products + smallest.products;
  std::optional<Sharpness> closed_form;
  if (setup.start.shape().rank == 1 && problem.complete()) closed_form = rank1_sharpness(problem, setup.start);
  result["closed_form"] = nullptr;
  if (closed_form) {
    result["closed_form"] = {{"statement", "rank1.sharpness"},
                             {"value", users(closed_form->value)},
                             {"residual", users(closed_form->residual)}};
  }
  result["spectrum"] = nullptr;
  result["spectrum_from"] = nullptr;
  result["spectrum_error"] = nullptr;
  std::optional<Spectrum> spectrum;
  if (flags.spectrum) {
    spectrum = spectrum_of(setup);
    result["spectrum"] = numbers(spectrum->values);
    result["spectrum_from"] = spectrum->from;
    result["spectrum_error"] = users(spectrum->error);
  }
  if (flags.json) {
    print(result.dump(2) + "\n");
    return 0;
  }
  std::string text = fmt::format("Hessian of {} x {} unknowns at rank {}\n", setup.matrix.rows + setup.matrix.cols,
                                 setup.start.shape().rank, setup.start.shape().rank);
  for (std::size_t i = 0; i < largest.values.size(); ++i) {
    text += fmt::format("eigenvalue {:<4} {}  (an eigenvalue lies within {:.2e} of it)\n", i + 1,
                        users(largest.values[i]), users(largest.residuals[i]));
  }
  text += fmt::format("smallest        {}  (an eigenvalue lies within {:.2e} of it)\n", users(smallest.values[0]),
                      users(smallest.residuals[0]));
  if (closed_form) {
    text += fmt::format("closed form     {}  (rank1.sharpness: the largest, from |2 x y^T - A|_2 to {:.2e})\n",
                        users(closed_form->value), users(closed_form->residual));
  }
  if (spectrum) {
    text += fmt::format("spectrum, from {}, each within {:.2e}\n", spectrum->from, users(spectrum->error));
    for (const auto& value : result["spectrum"]) text += fmt::format("  {}\n", value.dump());
  }
  print(text);
  return 0;
}

}  // namespace

Action declare_sharpness(CLI::App& verb) {
  auto flags = std::make_shared<SharpnessFlags>();
  flags->descent.matrix.declare(verb);
  verb.add_option("--factors", flags->descent.start, "X.npy,Y.npy or a folder with both")->required();
  verb.add_option("--ridge", flags->descent.ridge, "adds ridge/2 (|X|^2 + |Y|^2) to the loss (default 0)");
  verb.add_option("--threads", flags->descent.threads, "most threads to use (default 0: all)");
  verb.add_option("--top", flags->top, "how many of the largest eigenvalues (default 1)");
  verb.add_flag("--spectrum", flags->spectrum,
                "all eigenvalues: for up to 4000 unknowns, or near a global minimiser of any size in closed form");
  verb.add_flag("--json", flags->json, "print one JSON object and nothing else");
  verb.footer(
      "Example: equipoise sharpness data/digits.mtx --factors digits --top 3\n"
      "At a global minimiser the largest eigenvalue is |X|_2^2 + |Y|_2^2 (docs/theory.md, minimiser.sharpness).");
  return [flags] { return show_sharpness(*flags); };
}

}  // namespace equipoise::cli
