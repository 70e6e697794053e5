// equipoise info: shape, entries, norms and singular values of a matrix.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/cli/flags.hpp"
#include "apps/cli/output.hpp"
#include "apps/cli/setup.hpp"
#include "apps/cli/verbs.hpp"

namespace equipoise::cli {
namespace {

struct InfoFlags {
  DescentFlags descent;
  std::string top = "10";
  bool json = false;
};

int show_info(InfoFlags flags) {
  const std::int64_t top = whole_number("--top", flags.top, 1, 100000);
  flags.descent.rank = "1";
  flags.descent.rate = "1";
  const Setup setup = set_up(flags.descent);
  const SingularTriplets triplets = top_singular_triplets(setup.problem(), top);
  const auto users = [&](double value) { return setup.units.matrix_to_users(value); };
  nlohmann::ordered_json values = nlohmann::ordered_json::array();
  for (const double value : triplets.values)
    values.push_back(std::isfinite(value) ? nlohmann::ordered_json(users(value)) : nullptr);
  const bool complete = setup.problem().complete();
  if (flags.json) {
    const nlohmann::ordered_json result = {{"name", setup.matrix.name}, {"rows", setup.matrix.rows},
                                           {"cols", setup.matrix.cols}, {"entries", setup.matrix.entries},
                                           {"complete", complete},      {"norm", setup.matrix.norm},
                                           {"singular_values", values}, {"residual", users(triplets.residual)}};
    print(result.dump(2) + "\n");
    return 0;
  }
  std::string text = fmt::format(
      "{}\n  rows x cols      {} x {}\n  {}          {}\n  |A|_F            {}\n  {}\n", setup.matrix.name,
      setup.matrix.rows, setup.matrix.cols, complete ? "entries " : "observed", setup.matrix.entries, setup.matrix.norm,
      complete ? "singular values" : "singular values of the observed operator (unknown entries as zeros)");
  for (const auto& value : values) text += fmt::format("    {}\n", value.dump());
  print(text);
  return 0;
}

}  // namespace

Action declare_info(CLI::App& verb) {
  auto flags = std::make_shared<InfoFlags>();
  flags->descent.matrix.declare(verb);
  verb.add_option("--top", flags->top, "how many singular values (default 10)");
  verb.add_flag("--json", flags->json, "print one JSON object and nothing else");
  verb.footer(
      "Example: equipoise info data/digits.mtx --top 3\n"
      "Beyond the rate 1/sigma_1 almost no descent converges (docs/theory.md, any.necessary-rate).");
  return [flags] { return show_info(*flags); };
}

}  // namespace equipoise::cli
