// equipoise report: rebuilds the HTML page of a run, or the pictures and the page of a sweep, from its folder.
//
// Tested in tests/cli/verbs.py
#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <memory>

#include "apps/cli/output.hpp"
#include "apps/cli/verbs.hpp"
#include "equipoise/io/bytes.hpp"
#include "equipoise/io/files.hpp"
#include "equipoise/solve/run_page.hpp"
#include "equipoise/store/run_folder.hpp"
#include "equipoise/store/sweep_folder.hpp"
#include "equipoise/store/sweep_pictures.hpp"

namespace equipoise::cli {
namespace {

int rebuild(const std::filesystem::path& folder) {
  if (holds_sweep(folder)) {
    print(fmt::format("{}\n", save_sweep_pictures(folder).back().string()));
    return 0;
  }
  const std::string record = read_file(folder / "record.json", std::uint64_t{1} << 30);
  const std::filesystem::path page = folder / "report.html";
  save_text(page, report_html(record, read_samples_csv(folder / "samples.csv")));
  print(fmt::format("{}\n", page.string()));
  return 0;
}

}  // namespace

Action declare_report(CLI::App& verb) {
  auto folder = std::make_shared<std::string>();
  verb.add_option("DIR", *folder, "the folder that factor --out or sweep --out wrote")->required();
  verb.footer(
      "Example: equipoise report digits\n"
      "The statements that a page names are proved or cited in docs/theory.md.");
  return [folder] { return rebuild(*folder); };
}

}  // namespace equipoise::cli
