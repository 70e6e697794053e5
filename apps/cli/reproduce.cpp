// equipoise reproduce: the experiments of the paper, each with its claims, as one page.
//
// Tested in tests/cli/reproduce.py
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

#include "apps/cli/output.hpp"
#include "apps/cli/request_flags.hpp"
#include "apps/cli/verbs.hpp"
#include "equipoise/core/error.hpp"
#include "equipoise/io/files.hpp"
#include "equipoise/io/png.hpp"
#include "equipoise/paper/reproduction.hpp"
#include "equipoise/problems/parallel/threads.hpp"
#include "equipoise/solve/settings.hpp"
#include "equipoise/store/experiment_file.hpp"

namespace equipoise::cli {
namespace {

struct ReproduceFlags {
  std::vector<std::string> names;
  std::string out;
  std::string experiments;
  std::string threads = "0";
  bool list = false, quick = false, json = false, quiet = false;
};

// A line on standard error that says which experiment is at work; drawn on a terminal only.
class Counter {
 public:
  explicit Counter(bool quiet)
      : visible_(!quiet && isatty(STDERR_FILENO) == 1), began_(std::chrono::steady_clock::now()), last_(began_) {}
  ~Counter() {
    if (drawn_) fmt::print(stderr, "\r\x1b[K");
  }
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;

  void begin(std::size_t which, std::size_t of, const std::string& name) {
    const std::scoped_lock lock(mutex_);
    title_ = fmt::format("[{} of {}] {}", which, of, name);
    draw("");
  }
  /// Called from several threads.
  void show(std::size_t done, std::size_t total) {
    if (!visible_ || total == 0) return;
    const std::scoped_lock lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < std::chrono::milliseconds(100)) return;
    last_ = now;
    draw(fmt::format(": {} of {} parts", done, total));
  }

 private:
  void draw(const std::string& rest) {
    if (!visible_) return;
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
    fmt::print(stderr, "\r\x1b[K{}{}, {:.0f} s", title_, rest, seconds);
    std::fflush(stderr);
    drawn_ = true;
  }

  bool visible_, drawn_ = false;
  std::chrono::steady_clock::time_point began_, last_;
  std::mutex mutex_;
  std::string title_;
};

bool is_path(const std::string& name) { return name.find('/') != std::string::npos || name.ends_with(".toml"); }

// Names of the experiments that come with the command, and paths of others, in the order asked for; without names, all.
std::vector<std::filesystem::path> chosen(const ReproduceFlags& flags) {
  std::vector<std::filesystem::path> result;
  const bool needs_folder = flags.names.empty() || !std::all_of(flags.names.begin(), flags.names.end(), is_path);
  std::vector<std::filesystem::path> files;
  if (needs_folder)
    files = experiment_files(flags.experiments.empty() ? experiments_folder(as_flags)
                                                       : std::filesystem::path(flags.experiments));
  if (flags.names.empty()) return files;
  for (const std::string& name : flags.names) {
    if (is_path(name)) {
      result.emplace_back(name);
      continue;
    }
    std::vector<std::string> known;
    const auto before = result.size();
    for (const std::filesystem::path& file : files) {
      known.push_back(file.stem().string());
      if (known.back() == name) result.push_back(file);
    }
    if (result.size() > before) continue;
    const std::optional<std::string> close = nearest(name, known);
    throw Error(fmt::format("there is no experiment '{}'{}; there are {}", name,
                            close ? fmt::format(", did you mean '{}'?", *close) : "", fmt::join(known, ", ")));
  }
  return result;
}

// The data sets that experiments call by name lie beside their folder: data/ of the source tree, or of share/equipoise.
Matrix load(const std::filesystem::path& experiment, const std::string& name) {
  if (name == "digits") {
    const std::filesystem::path folder = std::filesystem::absolute(experiment).parent_path().parent_path();
    std::filesystem::path file = folder / "data" / "digits.mtx";
    std::error_code error;
    if (!std::filesystem::exists(file, error))
      file = experiments_folder(as_flags).parent_path() / "data" / "digits.mtx";
    return load(experiment, file.string());
  }
  MatrixData loaded = load_matrix(name, load_options());
  if (auto* dense = std::get_if<Matrix>(&loaded.values)) return std::move(*dense);
  return Matrix(std::get<SparseMatrix>(loaded.values));
}

struct Chosen {
  std::filesystem::path file;
  Experiment experiment;
};

// Every file is read before the first run, so that a mistake in the last one costs nothing.
std::vector<Chosen> read_all(const ReproduceFlags& flags) {
  std::vector<Chosen> all;
  for (const std::filesystem::path& file : chosen(flags)) {
    Experiment experiment = load_experiment(file, flags.quick);
    procedure_of(experiment);
    for (const Chosen& each : all) {
      if (each.experiment.name == experiment.name)
        throw Error(fmt::format("two experiments are called '{}'; each needs a name of its own", experiment.name));
    }
    all.push_back({file, std::move(experiment)});
  }
  if (flags.names.empty()) {
    std::stable_sort(all.begin(), all.end(),
                     [](const Chosen& a, const Chosen& b) { return a.experiment.order < b.experiment.order; });
  }
  return all;
}

int list(const std::vector<Chosen>& all) {
  std::string text;
  for (const auto& [file, experiment] : all) {
    text += fmt::format("{:<14} {} ({} claims)\n", experiment.name, experiment.title, experiment.claims.size());
  }
  print(text);
  return 0;
}

std::string summary(const std::vector<Reproduced>& all, const std::filesystem::path& page) {
  std::string text;
  for (const Reproduced& each : all) {
    text += fmt::format("{:<14} {} of {} claims hold, {:.1f} s\n", each.experiment.name, each.holding(),
                        each.judgements.size(), each.seconds);
    for (std::size_t i = 0; i < each.judgements.size(); ++i) {
      if (each.judgements[i].holds) continue;
      text += fmt::format("  FAILS        {}\n  expected     {}\n  observed     {}\n", each.experiment.claims[i].text,
                          each.judgements[i].expected, each.judgements[i].observed);
    }
  }
  return text + fmt::format("report         {}\n", page.string());
}

int reproduce_all(const ReproduceFlags& flags, const std::string& version) {
  std::vector<Chosen> experiments = read_all(flags);
  if (flags.list) return list(experiments);
  if (flags.out.empty())
    throw Error("reproduce needs a folder for its report; write --out DIR (or --list to see what there is)");
  const std::int64_t threads = whole_number("threads", flags.threads, as_flags);
  const ThreadLimit limit(static_cast<int>(threads));

  make_folder(flags.out);
  catch_interrupts();
  const auto began = std::chrono::steady_clock::now();
  std::vector<Reproduced> all;
  {
    Counter counter(flags.quiet);
    for (std::size_t i = 0; i < experiments.size(); ++i) {
      const std::filesystem::path& file = experiments[i].file;
      Experiment& experiment = experiments[i].experiment;
      counter.begin(i + 1, experiments.size(), experiment.name);
      Laboratory laboratory;
      laboratory.load = [&file](const std::string& name) { return load(file, name); };
      laboratory.png = [](const Raster& raster, const std::vector<Rgb>& palette) {
        return png_bytes({raster.width, raster.height, palette, {}}, [&raster](std::uint64_t top,
                                                                               std::span<std::uint8_t> out) {
          std::copy_n(raster.pixels.begin() + static_cast<std::ptrdiff_t>(top * raster.width), out.size(), out.begin());
        });
      };
      laboratory.pulse = [&](std::size_t done, std::size_t total) {
        counter.show(done, total);
        return !interrupted;
      };
      const bool by_path = std::any_of(flags.names.begin(), flags.names.end(), is_path);
      laboratory.reproduce =
          fmt::format("equipoise reproduce {}{}{} --out {}", by_path ? file.string() : experiment.name,
                      flags.experiments.empty() ? "" : fmt::format(" --experiments {}", flags.experiments),
                      flags.quick ? " --quick" : "", flags.out);
      std::optional<Reproduced> reproduced = reproduce(std::move(experiment), laboratory);
      if (!reproduced) return 130;
      all.push_back(std::move(*reproduced));
    }
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();

  const std::filesystem::path folder = flags.out;
  for (const Reproduced& each : all) {
    make_folder(folder / each.experiment.name);
    for (const auto& [path, content] : reproduction_files(each)) save_text(folder / path, content);
  }
  const std::string about = fmt::format("{} budget, {:.0f} s", flags.quick ? "The quick" : "The full", seconds);
  const std::string claims = claims_json(all, flags.quick, version);
  save_text(folder / "report.html", reproduction_html(all, about, version));
  save_text(folder / "claims.json", claims);
  print(flags.json ? claims : summary(all, folder / "report.html"));
  std::size_t failed = 0;
  for (const Reproduced& each : all) failed += each.judgements.size() - each.holding();
  if (failed == 0) return 0;
  fmt::print(stderr, "equipoise: {} {}; {} says which\n", failed, failed == 1 ? "claim fails" : "claims fail",
             (folder / "report.html").string());
  return 1;
}

}  // namespace

Action declare_reproduce(CLI::App& verb) {
  auto flags = std::make_shared<ReproduceFlags>();
  verb.add_option("NAME", flags->names, "experiments, or paths of .toml files; default: all that --list shows");
  verb.add_option("--out", flags->out, "folder for report.html, claims.json and the data of every figure")
      ->type_name("DIR");
  verb.add_flag("--list", flags->list, "name the experiments and do nothing");
  verb.add_flag("--quick", flags->quick, "the smaller budget of each experiment");
  verb.add_option("--experiments", flags->experiments, "another folder of experiments")->type_name("DIR");
  verb.add_option("--threads", flags->threads, "most threads to use (default 0: all); the result does not depend on it")
      ->type_name("N");
  verb.add_flag("--json", flags->json, "print claims.json and nothing else");
  verb.add_flag("--quiet", flags->quiet, "no progress line");
  verb.footer(
      "Example: equipoise reproduce balancing sharpness --quick --out paper\n"
      "Exits with 1 if a claim fails. The paper: Wang, Chen, Zhao, Tao, ICLR 2022, arXiv 2110.03677; docs/theory.md "
      "has the proofs.");
  return [flags] { return reproduce_all(*flags, EQUIPOISE_VERSION); };
}

}  // namespace equipoise::cli
