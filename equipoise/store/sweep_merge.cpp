// Putting the tiles of several folders of one grid into a new one.
//
// Tested in equipoise/store/sweep_folder_test.cpp
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "equipoise/core/error.hpp"
#include "equipoise/store/sweep_columns.hpp"
#include "equipoise/store/sweep_folder.hpp"

namespace equipoise {

namespace fs = std::filesystem;
using namespace sweep_files;

namespace {

std::string missing_shards(const std::vector<SweepFolder>& parts) {
  const std::uint64_t count = parts.front().header().shard.count;
  std::vector<std::string> absent;
  for (std::uint64_t index = 1; index <= count && absent.size() < 8; ++index) {
    const bool there = std::any_of(parts.begin(), parts.end(), [&](const SweepFolder& part) {
      return part.header().shard == Shard{index, count};
    });
    if (!there) absent.push_back(fmt::format("{}/{}", index, count));
  }
  std::string text;
  if (!absent.empty()) text += fmt::format("; no folder holds shard {}", fmt::join(absent, ", "));
  for (const SweepFolder& part : parts) {
    std::uint64_t open = 0;
    for (std::uint64_t tile = 0; tile < part.header().tiling.count(); ++tile)
      open += part.header().shard.has(tile) && part.done()[tile] == 0 ? 1 : 0;
    if (open > 0)
      text += fmt::format("; {} lacks {} of its own (sweep --out {} --resume)", shown(part.path()), open,
                          shown(part.path()));
  }
  return text;
}

}  // namespace

std::uint64_t merge_sweeps(const std::vector<fs::path>& folders, const fs::path& out, bool incomplete,
                           const std::function<bool()>& stop) {
  if (folders.empty()) throw Error("no folder to merge; name those of the shards");
  std::vector<SweepFolder> parts;
  for (const fs::path& folder : folders) parts.emplace_back(folder);
  const SweepFolder& first = parts.front();
  for (const SweepFolder& part : parts) {
    const std::string differs = difference(first.grid(), part.grid());
    if (!differs.empty())
      throw Error(
          fmt::format("{} and {} are no parts of one sweep: {}", shown(first.path()), shown(part.path()), differs));
    if (part.header().matrix != first.header().matrix)
      throw Error(
          fmt::format("{} and {} were computed with different matrices", shown(first.path()), shown(part.path())));
    if (part.header().tiling != first.header().tiling) {
      throw Error(
          fmt::format("{} has tiles of {} cells and {} has tiles of {}; compute them with one version of the program",
                      shown(first.path()), first.header().tiling.size, shown(part.path()), part.header().tiling.size));
    }
  }
  const Tiling tiling = first.header().tiling;
  std::vector<const SweepFolder*> source(tiling.count(), nullptr);
  for (const SweepFolder& part : parts) {
    for (std::uint64_t tile = 0; tile < tiling.count(); ++tile) {
      if (part.done()[tile] != 0 && source[tile] == nullptr) source[tile] = &part;
    }
  }
  const auto missing = static_cast<std::uint64_t>(std::count(source.begin(), source.end(), nullptr));
  if (missing > 0 && !incomplete) {
    throw Error(
        fmt::format("{} of {} tiles are missing{}; compute them, or add --incomplete and let sweep --resume compute "
                    "the rest in the new folder",
                    missing, tiling.count(), missing_shards(parts)));
  }
  // Every checksum before the first byte is written: a damaged part should not leave half a folder.
  for (std::uint64_t tile = 0; tile < tiling.count() && !stop(); ++tile) {
    if (source[tile] != nullptr) source[tile]->tile(tile);
  }
  SweepWriter writer(out, first.grid(), {tiling, {}, first.header().matrix, first.header().sigma1}, false);
  for (std::uint64_t tile = 0; tile < tiling.count() && !stop(); ++tile) {
    if (source[tile] != nullptr) writer.write(source[tile]->tile(tile));
  }
  writer.finish();
  return missing;
}

}  // namespace equipoise
