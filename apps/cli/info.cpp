// equipoise info: shape, entries, norms and singular values of a matrix.
//
// Tested in tests/cli/verbs.py
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "apps/cli/output.hpp"
#include "apps/cli/request_flags.hpp"
#include "apps/cli/verbs.hpp"
#include "equipoise/page/json-inl.hpp"
#include "equipoise/solve/answers.hpp"

namespace equipoise::cli {
namespace {

struct InfoFlags {
  RequestFlags request;
  std::string top = "10";
  bool json = false;
};

int show_info(const InfoFlags& flags) {
  const std::int64_t top = whole_number_in("--top", flags.top, 1, 100000);
  catch_interrupts(Unsaved::nothing);
  Progress progress(0, false);
  progress.says("reading the matrix");
  Session session = prepare(flags.request.read_matrix(), progress.listener());
  const SingularAnswer found = largest_singular_values(session, top);
  progress.done();
  Json values = Json::array();
  for (const double value : found.values) values.push_back(number_or_null(value));
  const bool complete = session.every_entry_known();
  if (flags.json) {
    const Json result = {{"name", flags.request.matrix.name},
                         {"rows", session.rows()},
                         {"cols", session.cols()},
                         {"entries", session.entries()},
                         {"complete", complete},
                         {"norm", number_or_null(session.norm())},
                         {"singular_values", values},
                         {"residual", number_or_null(found.residual)},
                         {"notes", session.notes()}};
    print(json_document(result));
    return 0;
  }
  std::string text = fmt::format(
      "{}\n  rows x cols      {} x {}\n  {}          {}\n  |A|_F            {}\n  {}\n", flags.request.matrix.name,
      session.rows(), session.cols(), complete ? "entries " : "observed", session.entries(), session.norm(),
      complete ? "singular values" : "singular values of the observed operator (unknown entries as zeros)");
  for (const auto& value : values) text += fmt::format("    {}\n", json_line(value));
  if (!found.converged)
    text += fmt::format("  within {:.1e} of a singular value each: the budget for large matrices ended first\n",
                        found.residual);
  for (const std::string& note : session.notes()) text += fmt::format("  note: {}\n", note);
  print(text);
  return 0;
}

}  // namespace

Action declare_info(CLI::App& verb) {
  auto flags = std::make_shared<InfoFlags>();
  flags->request.matrix.declare(verb);
  verb.add_option("--top", flags->top, "how many singular values (default 10)")->type_name("N");
  verb.add_flag("--json", flags->json, "print one JSON object and nothing else");
  verb.footer(
      "Example: equipoise info data/digits.mtx --top 3\n"
      "Beyond the rate 1/sigma_1 almost no descent converges (docs/theory.md, any.necessary-rate).");
  return [flags] { return show_info(*flags); };
}

}  // namespace equipoise::cli
