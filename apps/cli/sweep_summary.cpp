// Counting outcomes in a folder, and saying so.
//
// Tested in tests/cli/sweep.py
#include "apps/cli/sweep_summary.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <nlohmann/json.hpp>

namespace equipoise::cli {
namespace {

using Counts = std::array<std::uint64_t, std::size(outcome_codes)>;

// Of the cells of finished tiles alone: a tile that is being written has outcomes, too, and they may not stay.
std::optional<Counts> count_outcomes(const SweepFolder& folder) {
  if (folder.grid().output == OutputKind::orbit) return std::nullopt;
  const std::span<const std::uint8_t> outcome = folder.column<std::uint8_t>("outcome");
  const Tiling& tiling = folder.header().tiling;
  Counts counts{};
  for (std::uint64_t tile = 0; tile < tiling.count(); ++tile) {
    if (folder.done()[tile] == 0) continue;
    for (const std::uint8_t code : outcome.subspan(tiling.first(tile), tiling.length(tile)))
      ++counts[std::min<std::size_t>(code, counts.size() - 1)];
  }
  return counts;
}

struct TilesDone {
  std::uint64_t tiles = 0, own = 0, cells = 0;  // done, of this shard, cells of those that are done
};

TilesDone progress_of(const SweepFolder& folder) {
  TilesDone result;
  const Tiling& tiling = folder.header().tiling;
  for (std::uint64_t tile = 0; tile < tiling.count(); ++tile) {
    if (folder.header().shard.has(tile)) ++result.own;
    if (folder.done()[tile] == 0) continue;
    ++result.tiles;
    result.cells += tiling.length(tile);
  }
  return result;
}

double rate(std::uint64_t done, double seconds) { return seconds > 0 ? static_cast<double>(done) / seconds : 0; }

}  // namespace

std::string in_shell_quotes(const std::string& word) {
  if (word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+=:,") ==
      std::string::npos)
    return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string sweep_text(const SweepFolder& folder, const SweepWork& work, const std::string& next) {
  const TilesDone progress = progress_of(folder);
  const Shard& shard = folder.header().shard;
  std::string axes;
  for (const Axis& axis : folder.grid().axes)
    axes += fmt::format("{}{} {}", axes.empty() ? "" : " x ", axis.count, axis.key);
  std::string text =
      fmt::format("grid       {}: {} = {} cells\n", name(folder.grid().kind), axes, folder.grid().cells());
  text += fmt::format("done       {} of {} tiles{}, {} cells\n", progress.tiles, progress.own,
                      shard.count > 1 ? fmt::format(" of shard {}/{}", shard.index, shard.count) : "", progress.cells);
  if (const std::optional<Counts> counts = count_outcomes(folder); counts && progress.cells > 0) {
    std::string line;
    for (std::size_t code = 1; code < counts->size(); ++code) {
      if ((*counts)[code] == 0) continue;
      line += fmt::format("{}{} {} ({:.4g} %)", line.empty() ? "" : ", ", outcome_codes[code], (*counts)[code],
                          100 * rate((*counts)[code], static_cast<double>(progress.cells)));
    }
    text += fmt::format("outcomes   {}\n", line);
  }
  if (work.computed.cells > 0) {
    text += fmt::format("time       {:.3g} s: {:.3g} cells/s, {:.3g} steps/s{}\n", work.seconds,
                        rate(work.computed.cells, work.seconds), rate(work.computed.steps, work.seconds),
                        work.target.empty() ? ""
                                            : fmt::format(", {} on {} thread{}", work.target, work.threads,
                                                          work.threads == 1 ? "" : "s"));
  }
  text += fmt::format("folder     {}\n", folder.path().string());
  if (!work.report.empty()) text += fmt::format("report     {}\n", work.report);
  if (!next.empty()) text += fmt::format("go on      {}\n", next);
  return text;
}

std::string sweep_json(const SweepFolder& folder, const SweepWork& work, const std::string& next) {
  const TilesDone progress = progress_of(folder);
  nlohmann::ordered_json json;
  json["equipoise"] = EQUIPOISE_VERSION;
  json["folder"] = folder.path().string();
  json["kind"] = name(folder.grid().kind);
  json["output"] = folder.grid().output == OutputKind::orbit ? "orbit" : "fields";
  json["axes"] = nlohmann::ordered_json::array();
  for (const Axis& axis : folder.grid().axes)
    json["axes"].push_back(
        {{"key", axis.key}, {"from", axis.from}, {"to", axis.to}, {"count", axis.count}, {"scale", name(axis.scale)}});
  json["columns"] = nlohmann::ordered_json::array();
  for (const Column& column : columns(folder.grid())) json["columns"].push_back(column.name);
  json["cells"] = folder.grid().cells();
  json["cells_done"] = progress.cells;
  json["tiles"] = progress.own;
  json["tiles_done"] = progress.tiles;
  json["cells_per_tile"] = folder.header().tiling.size;
  json["shard"] = fmt::format("{}/{}", folder.header().shard.index, folder.header().shard.count);
  json["complete"] = folder.complete();
  json["outcomes"] = nullptr;
  if (const std::optional<Counts> counts = count_outcomes(folder)) {
    for (std::size_t code = 1; code < counts->size(); ++code)
      json["outcomes"][std::string(outcome_codes[code])] = (*counts)[code];
  }
  json["steps"] = folder.steps();
  json["computed"] = {{"tiles", work.computed.tiles}, {"cells", work.computed.cells}, {"steps", work.computed.steps}};
  json["stopped"] = work.computed.stopped;
  json["seconds"] = work.seconds;
  json["cells_per_second"] = rate(work.computed.cells, work.seconds);
  json["steps_per_second"] = rate(work.computed.steps, work.seconds);
  json["target"] = work.target.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(work.target);
  json["threads"] = work.threads;
  json["report"] = work.report.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(work.report);
  json["go_on"] = next.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(next);
  return json.dump(2) + "\n";
}

}  // namespace equipoise::cli
