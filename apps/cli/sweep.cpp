// equipoise sweep: every cell of a grid to its verdict, in a folder that can be read while it grows and gone on with
// when it was left.
//
// Tested in tests/cli/sweep.py
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>

#include "apps/cli/output.hpp"
#include "apps/cli/request_flags.hpp"
#include "apps/cli/sweep_summary.hpp"
#include "apps/cli/verbs.hpp"
#include "equipoise/core/error.hpp"
#include "equipoise/ensemble/tiny/ensemble.hpp"
#include "equipoise/io/files.hpp"
#include "equipoise/problems/parallel/threads.hpp"
#include "equipoise/solve/settings.hpp"
#include "equipoise/store/grid_file.hpp"
#include "equipoise/store/sweep_folder.hpp"
#include "equipoise/store/sweep_pictures.hpp"

namespace equipoise::cli {
namespace {

namespace fs = std::filesystem;

struct SweepFlags {
  std::string grid;
  std::string out;
  bool resume = false;
  std::string shard;
  std::string threads = "0";
  std::string zoom;
  std::string window;
  bool no_pictures = false;
  bool json = false;
  bool quiet = false;
};

// The target of the tiny runs; all give the same bits, so this is for checks and for measuring.
std::string chosen_target() {
  const char* wanted = std::getenv("EQUIPOISE_TARGET");
  if (wanted == nullptr || *wanted == '\0') return ensemble_targets().front();
  return word_of("the environment variable EQUIPOISE_TARGET", wanted, ensemble_targets());
}

// A grid comes from a file, from the folder that is gone on with, or from another sweep; a window narrows it.
Grid chosen_grid(const SweepFlags& flags) {
  if (!flags.zoom.empty() && flags.window.empty())
    throw Error("--zoom needs --window, such as --window h=0.1:0.2,x0=-1:1");
  const bool goes_on = flags.resume && holds_sweep(flags.out);
  Grid grid;
  if (!flags.grid.empty()) {
    grid = load_grid(flags.grid);
  } else if (!flags.zoom.empty()) {
    grid = load_grid(fs::path(flags.zoom) / "grid.toml");
  } else if (goes_on) {
    grid = load_grid(fs::path(flags.out) / "grid.toml");
  } else {
    throw Error(
        "no grid; name its file, such as equipoise sweep atlas.toml --out atlas, or an earlier sweep with --zoom DIR "
        "--window h=0.1:0.2");
  }
  if (flags.window.empty()) return grid;
  const std::vector<Window> windows = read_windows(flags.window, as_flags);
  // A grid of its own may ask for other counts, but the window must lie in what the earlier sweep covers.
  if (!flags.zoom.empty() && !flags.grid.empty()) zoomed(load_grid(fs::path(flags.zoom) / "grid.toml"), windows);
  return zoomed(grid, windows);
}

Shard chosen_shard(const SweepFlags& flags) {
  if (flags.shard.empty()) {
    if (flags.resume && holds_sweep(flags.out) && fs::exists(fs::path(flags.out) / "ledger.jsonl"))
      return SweepFolder(flags.out).header().shard;
    return {};
  }
  const std::optional<Shard> shard = read_shard(flags.shard);
  if (!shard)
    throw Error(
        fmt::format("--shard '{}' is no shard; write its number and how many there are, such as 2/8", flags.shard));
  return *shard;
}

Matrix load_complete(const std::string& matrix_name) {
  const MatrixData loaded = load_matrix(matrix_name, load_options());
  if (const auto* sparse = std::get_if<SparseMatrix>(&loaded.values)) return Matrix(*sparse);
  return std::get<Matrix>(loaded.values);
}

// Shown from the threads that finish tiles.
class SweepBar {
 public:
  SweepBar(std::uint64_t cells, bool quiet) : cells_(cells), bar_(quiet) {}

  void add(std::uint64_t cells, std::uint64_t steps) {
    const std::lock_guard hold(mutex_);
    done_ += cells;
    steps_ += steps;
    if (!bar_.due()) return;
    const double seconds = bar_.seconds();
    const double cells_per_second = static_cast<double>(done_) / seconds;
    bar_.draw(
        static_cast<double>(done_) / static_cast<double>(cells_),
        fmt::format("{:.4g} of {:.4g} cells, {:.3g} cells/s, {:.3g} steps/s, {:.0f} s left", static_cast<double>(done_),
                    static_cast<double>(cells_), cells_per_second, static_cast<double>(steps_) / seconds,
                    static_cast<double>(cells_ - done_) / cells_per_second));
  }

 private:
  std::mutex mutex_;
  std::uint64_t cells_, done_ = 0, steps_ = 0;
  Bar bar_;
};

int sweep(const SweepFlags& flags) {
  const auto threads = static_cast<int>(whole_number("threads", flags.threads, as_flags));
  const std::string target = chosen_target();
  const Grid grid = chosen_grid(flags);
  const Shard shard = chosen_shard(flags);
  std::optional<SweptMatrix> swept;
  LedgerHeader header{usual_tiling(grid), shard, "", {}};
  if (grid.kind == GridKind::matrix) {
    const Matrix A = load_complete(grid.matrix);
    header.matrix = matrix_checksum(A);
    header.tiling = usual_tiling(grid, A.rows(), A.cols());
    swept = swept_matrix(A);
    header.sigma1 = swept->sigma1();
    if (grid.output == OutputKind::orbit) require_orbits(grid, *swept);
  }
  SweepWriter writer(flags.out, grid, header, flags.resume, as_flags);
  if (writer.damaged() > 0 && !flags.quiet) {
    fmt::print(stderr, "equipoise: {} tiles in {} are damaged and are computed again\n", writer.damaged(), flags.out);
  }
  if (!writer.locked() && !flags.quiet) {
    fmt::print(stderr, "equipoise: the file system of {} knows no locks; see that no other process writes there\n",
               flags.out);
  }

  const Tiling tiling = writer.header().tiling;
  std::uint64_t cells = 0;
  for (std::uint64_t tile = 0; tile < tiling.count(); ++tile) {
    if (shard.has(tile) && writer.done()[tile] == 0) cells += tiling.length(tile);
  }
  catch_interrupts();
  const auto began = std::chrono::steady_clock::now();
  SweepWork work;
  {
    SweepBar bar(cells, flags.quiet);
    work.computed = equipoise::sweep(
        grid, swept ? &*swept : nullptr, tiling, shard, writer.done(), {target, threads},
        [&](const FinishedTile& tile) {
          writer.write(tile);
          bar.add(tiling.length(tile.tile), tile.steps);
        },
        &interrupted);
  }
  writer.finish();
  work.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  work.target = target;
  work.threads = threads > 0 ? threads : available_threads();

  const SweepFolder folder(flags.out);
  std::string next;
  if (work.computed.stopped) {
    next = fmt::format("equipoise sweep --out {} --resume", in_shell_quotes(flags.out));
  } else if (shard.count > 1) {
    next = fmt::format("equipoise merge the folders of all {} shards --out DIR", shard.count);
  }
  if (folder.complete() && !work.computed.stopped && !flags.no_pictures)
    work.report = save_sweep_pictures(flags.out).back().string();
  print(flags.json ? sweep_json(folder, work, next) : sweep_text(folder, work, next));
  return work.computed.stopped ? 130 : 0;
}

}  // namespace

Action declare_sweep(CLI::App& verb) {
  auto flags = std::make_shared<SweepFlags>();
  verb.add_option("GRID", flags->grid, "the grid, a TOML file; may be left out with --zoom, and with --resume");
  verb.add_option("--out", flags->out,
                  "folder for grid.toml, a .npy for every field, ledger.jsonl, and at the end pictures and report.html")
      ->type_name("DIR")
      ->required();
  verb.add_flag("--resume", flags->resume, "go on in a folder that is there");
  verb.add_option("--shard", flags->shard, "2/8: compute the second of eight parts; equipoise merge puts them together")
      ->type_name("K/N");
  verb.add_option("--threads", flags->threads, "the most threads to use (default 0: all); results do not depend on it")
      ->type_name("N");
  verb.add_option("--zoom", flags->zoom, "folder of an earlier sweep, of which --window is computed anew")
      ->type_name("DIR");
  verb.add_option(
      "--window", flags->window,
      "h=0.1:0.2,x0=-1:1: these ranges of these axes, with as many cells as before; h=0.1:0.2:4096 with so many");
  verb.add_flag("--no-pictures", flags->no_pictures, "leave pictures and page to equipoise report DIR");
  verb.add_flag("--json", flags->json, "print a summary as one JSON object and nothing else");
  verb.add_flag("--quiet", flags->quiet, "no progress bar");
  verb.footer(
      "Example: equipoise sweep atlas.toml --out atlas, where atlas.toml holds\n"
      "  [problem]\n  kind = \"scalar\"\n  mu = 1.0\n  [start]\n  y0 = 1.0\n  [axes]\n  h = { from = 0.01, to = 1.2, "
      "count = 512 }\n"
      "  x0 = { from = -4, to = 4, count = 512 }\n"
      "then: equipoise sweep --zoom atlas --window h=0.4:0.6,x0=1:2 --out closer\n"
      "The environment variable EQUIPOISE_TARGET picks one of the sweep targets of equipoise --version; all give the "
      "same bits.\n"
      "Scalar outcomes follow theorem 2 of docs/theory.md; the question is that of Wang, Chen, Zhao, Tao, ICLR 2022, "
      "arXiv 2110.03677.");
  return [flags] { return sweep(*flags); };
}

}  // namespace equipoise::cli
