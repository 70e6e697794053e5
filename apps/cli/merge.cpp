// equipoise merge: the shards of a sweep into one folder, as if it had never been cut.
//
// Tested in tests/cli/sweep_folder.py
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "apps/cli/output.hpp"
#include "apps/cli/sweep_summary.hpp"
#include "apps/cli/verbs.hpp"
#include "equipoise/store/sweep_folder.hpp"
#include "equipoise/store/sweep_pictures.hpp"

namespace equipoise::cli {
namespace {

struct MergeFlags {
  std::vector<std::string> folders;
  std::string out;
  bool incomplete = false;
  bool json = false;
};

int merge(const MergeFlags& flags) {
  const std::vector<std::filesystem::path> folders(flags.folders.begin(), flags.folders.end());
  catch_interrupts();
  const auto began = std::chrono::steady_clock::now();
  merge_sweeps(
      folders, flags.out, flags.incomplete, [] { return interrupted.load(); }, as_flags);
  SweepWork work;
  work.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  work.computed.stopped = interrupted;
  const SweepFolder folder(flags.out);
  const std::string next = folder.complete() ? "" : "equipoise sweep --out " + in_shell_quotes(flags.out) + " --resume";
  if (folder.complete() && !work.computed.stopped) work.report = save_sweep_pictures(flags.out).back().string();
  print(flags.json ? sweep_json(folder, work, next) : sweep_text(folder, work, next));
  return interrupted ? 130 : 0;
}

}  // namespace

Action declare_merge(CLI::App& verb) {
  auto flags = std::make_shared<MergeFlags>();
  verb.add_option("DIR", flags->folders, "the folders of the shards")->required();
  verb.add_option("--out", flags->out, "a new folder for the whole sweep")->type_name("DIR")->required();
  verb.add_flag("--incomplete", flags->incomplete, "put together what there is; sweep --resume then computes the rest");
  verb.add_flag("--json", flags->json, "print a summary as one JSON object and nothing else");
  verb.footer(
      "Example: equipoise merge part1 part2 --out atlas\n"
      "where part1 is from equipoise sweep atlas.toml --out part1 --shard 1/2, and part2 from the same with 2/2.\n"
      "The columns have the same bytes as those of a sweep that was never cut (docs/interface.md, sweep).");
  return [flags] { return merge(*flags); };
}

}  // namespace equipoise::cli
