// equipoise sharpness: the largest Hessian eigenvalues at given factors, or all of them.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "apps/cli/flags.hpp"
#include "apps/cli/output.hpp"
#include "apps/cli/setup.hpp"
#include "apps/cli/verbs.hpp"

namespace equipoise::cli {
namespace {

struct Flags {
  DescentFlags descent;
  std::string top = "1";
  bool spectrum = false;
  bool json = false;
};

int show_sharpness(Flags flags) {
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
    for (const double value : values) array.push_back(std::isfinite(value) ? nlohmann::ordered_json(users(value)) : nullptr);
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
  result["spectrum"] = nullptr;
  if (flags.spectrum) result["spectrum"] = numbers(hessian_spectrum(problem, setup.start));
  if (flags.json) {
    print(result.dump(2) + "\n");
    return 0;
  }
  std::string text = fmt::format("Hessian of {} x {} unknowns at rank {}\n", setup.matrix.rows + setup.matrix.cols, setup.start.shape().rank,
                                 setup.start.shape().rank);
  for (std::size_t i = 0; i < largest.values.size(); ++i) {
    text += fmt::format("eigenvalue {:<4} {}  (an eigenvalue lies within {:.2e} of it)\n", i + 1, users(largest.values[i]),
                        users(largest.residuals[i]));
  }
  text += fmt::format("smallest        {}  (an eigenvalue lies within {:.2e} of it)\n", users(smallest.values[0]), users(smallest.residuals[0]));
  if (flags.spectrum) {
    text += "spectrum\n";
    for (const auto& value : result["spectrum"]) text += fmt::format("  {}\n", value.dump());
  }
  print(text);
  return 0;
}

}  // namespace

Action declare_sharpness(CLI::App& verb) {
  auto flags = std::make_shared<Flags>();
  flags->descent.matrix.declare(verb);
  verb.add_option("--factors", flags->descent.start, "X.npy,Y.npy or a folder with both")->required();
  verb.add_option("--ridge", flags->descent.ridge, "adds ridge/2 (|X|^2 + |Y|^2) to the loss (default 0)");
  verb.add_option("--threads", flags->descent.threads, "most threads to use (default 0: all)");
  verb.add_option("--top", flags->top, "how many of the largest eigenvalues (default 1)");
  verb.add_flag("--spectrum", flags->spectrum, "all eigenvalues, for up to 4000 unknowns");
  verb.add_flag("--json", flags->json, "print one JSON object and nothing else");
  verb.footer(
      "Example: equipoise sharpness data/digits.mtx --factors digits --top 3\n"
      "At a global minimiser the largest eigenvalue is |X|_2^2 + |Y|_2^2 (docs/theory.md, minimiser.sharpness).");
  return [flags] { return show_sharpness(*flags); };
}

}  // namespace equipoise::cli
