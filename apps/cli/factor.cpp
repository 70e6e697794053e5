// equipoise factor: one run of gradient descent, from a matrix to factors, a verdict and a report.
//
// Tested in tests/cli/contract.py
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "apps/cli/output.hpp"
#include "apps/cli/request_flags.hpp"
#include "apps/cli/summary.hpp"
#include "apps/cli/verbs.hpp"
#include "equipoise/solve/solution.hpp"
#include "equipoise/store/run_folder.hpp"

namespace equipoise::cli {
namespace {

struct FactorFlags {
  RequestFlags request;
  RunFlags run;
  std::string out, expect;
  bool json = false, quiet = false;
};

Outcome expected_outcome(const std::string& word) {
  return outcome_from(
      word_of("--expect", word, {"converged", "periodic", "chaotic", "diverged", "exhausted", "stopped"}));
}

int factor(const FactorFlags& flags) {
  const RunSettings settings = flags.run.read();
  if (!flags.expect.empty()) expected_outcome(flags.expect);
  const std::filesystem::path folder = flags.out;

  catch_interrupts(Unsaved::nothing);
  Progress progress(settings.max_steps, flags.quiet);
  progress.says("reading the matrix");
  Session session = prepare(flags.request.read(settings), progress.listener());
  session.get_ready();
  catch_interrupts(Unsaved::result);
  if (!folder.empty()) make_folder(folder);
  RunDocument document = solve(session, settings, progress.onlooker()).document;
  progress.done();

  document.settings = flags.request.resolved(std::move(document.settings));
  put(document.settings, "out", flags.out.empty() ? SettingValue() : SettingValue(flags.out));
  put(document.settings, "expect", flags.expect.empty() ? SettingValue() : SettingValue(flags.expect));
  document.peak_memory = peak_memory();
  const std::string json = record_json(document);
  if (!folder.empty()) save_run(folder, json, document.record, {session.row_ids(), session.col_ids()});
  print(flags.json ? json : summary(document, folder));
  if (interrupted) return 130;
  const Outcome outcome = document.record.verdict.outcome;
  if (flags.expect.empty() || expected_outcome(flags.expect) == outcome) return 0;
  fmt::print(stderr, "equipoise: the verdict is {}, but --expect {}\n", name(outcome), flags.expect);
  return 1;
}

}  // namespace

Action declare_factor(CLI::App& verb) {
  auto flags = std::make_shared<FactorFlags>();
  flags->request.declare(verb);
  flags->run.declare(verb);
  verb.add_option("--out", flags->out,
                  "folder for record.json, X.npy, Y.npy, samples.csv and report.html, and the ids of rows and columns")
      ->type_name("DIR");
  verb.add_option("--expect", flags->expect, "exit with 1 unless the verdict is this outcome")
      ->type_name("converged|periodic|chaotic|diverged|exhausted|stopped");
  verb.add_flag("--json", flags->json, "print the record as one JSON object and nothing else");
  verb.add_flag("--quiet", flags->quiet, "no progress bar");
  verb.footer(
      "Example: equipoise factor data/digits.mtx --rank 8 --rate 3.5/L --start-norms 430,48 --out digits\n"
      "X <- X + h R Y, Y <- Y + h R^T X with R = A - X Y^T, both from the old factors: Wang, Chen, Zhao, Tao, ICLR "
      "2022,\n"
      "arXiv 2110.03677.");
  return [flags] { return factor(*flags); };
}

}  // namespace equipoise::cli
