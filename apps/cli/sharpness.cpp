// equipoise sharpness: the largest Hessian eigenvalues at given factors, or all of them.
//
// Tested in tests/cli/verbs.py
#include <fmt/format.h>

#include <memory>

#include "apps/cli/output.hpp"
#include "apps/cli/request_flags.hpp"
#include "apps/cli/verbs.hpp"
#include "equipoise/page/json-inl.hpp"
#include "equipoise/solve/answers.hpp"

namespace equipoise::cli {
namespace {

struct SharpnessFlags {
  RequestFlags request;
  std::string top = "1";
  bool spectrum = false;
  bool json = false;
};

Json numbers(const std::vector<double>& values) {
  Json array = Json::array();
  for (const double value : values) array.push_back(number_or_null(value));
  return array;
}

std::string json_of(const Session& session, const HessianAnswer& found, const std::string& matrix) {
  Json result;
  result["matrix"] = {{"name", matrix}, {"rows", session.rows()}, {"cols", session.cols()}};
  result["rank"] = session.rank();
  result["eigenvalues"] = numbers(found.largest);
  result["residuals"] = numbers(found.largest_residuals);
  result["converged"] = found.converged;
  result["smallest"] = number_or_null(found.smallest);
  result["smallest_residual"] = number_or_null(found.smallest_residual);
  result["products"] = found.products;
  result["closed_form"] = nullptr;
  if (found.closed_form) {
    result["closed_form"] = {{"statement", "rank1.sharpness"},
                             {"value", number_or_null(found.closed_form->value)},
                             {"residual", number_or_null(found.closed_form->residual)}};
  }
  result["spectrum"] = found.spectrum ? numbers(found.spectrum->values) : Json(nullptr);
  result["spectrum_from"] = found.spectrum ? Json(found.spectrum->from) : Json(nullptr);
  result["spectrum_error"] = found.spectrum ? number_or_null(found.spectrum->error) : Json(nullptr);
  return json_document(result);
}

std::string text_of(const Session& session, const HessianAnswer& found) {
  std::string text = fmt::format("Hessian of {} x {} unknowns at rank {}\n", session.rows() + session.cols(),
                                 session.rank(), session.rank());
  for (std::size_t i = 0; i < found.largest.size(); ++i) {
    text += fmt::format("eigenvalue {:<4} {}  (an eigenvalue lies within {:.2e} of it)\n", i + 1, found.largest[i],
                        found.largest_residuals[i]);
  }
  text += fmt::format("smallest        {}  (an eigenvalue lies within {:.2e} of it)\n", found.smallest,
                      found.smallest_residual);
  if (found.closed_form) {
    text += fmt::format("closed form     {}  (rank1.sharpness: the largest, from |2 x y^T - A|_2 to {:.2e})\n",
                        found.closed_form->value, found.closed_form->residual);
  }
  if (!found.spectrum) return text;
  text += fmt::format("spectrum, from {}, each within {:.2e}\n", found.spectrum->from, found.spectrum->error);
  for (const double value : found.spectrum->values) text += fmt::format("  {}\n", json_line(number_or_null(value)));
  return text;
}

int show_sharpness(const SharpnessFlags& flags) {
  const std::int64_t top = whole_number_in("--top", flags.top, 1, 100000);
  catch_interrupts(Unsaved::nothing);
  Progress progress(0, false);
  RunSettings no_run;
  no_run.max_steps = 0;
  progress.says("reading the matrix");
  Session session = prepare(flags.request.read(no_run), progress.listener());
  const HessianAnswer found = hessian_at_start(session, top, flags.spectrum);
  progress.done();
  print(flags.json ? json_of(session, found, flags.request.matrix.name) : text_of(session, found));
  return 0;
}

}  // namespace

Action declare_sharpness(CLI::App& verb) {
  auto flags = std::make_shared<SharpnessFlags>();
  flags->request.matrix.declare(verb);
  flags->request.start_setting = "factors";
  verb.add_option("--factors", flags->request.texts["start"], "X.npy,Y.npy or a folder with both")
      ->type_name("PATH")
      ->required();
  flags->request.declare(verb, "ridge");
  flags->request.declare(verb, "threads");
  verb.add_option("--top", flags->top, "how many of the largest eigenvalues (default 1)")->type_name("N");
  verb.add_flag("--spectrum", flags->spectrum,
                "all eigenvalues: for up to 4000 unknowns, or near a global minimiser of any size in closed form");
  verb.add_flag("--json", flags->json, "print one JSON object and nothing else");
  verb.footer(
      "Example: equipoise sharpness data/digits.mtx --factors digits --top 3\n"
      "At a global minimiser the largest eigenvalue is |X|_2^2 + |Y|_2^2 (docs/theory.md, minimiser.sharpness).");
  return [flags] { return show_sharpness(*flags); };
}

}  // namespace equipoise::cli
