// The lines of a ledger, and what is wrong with one that is none.
//
// Tested in equipoise/store/sweep_folder_test.cpp
#include "equipoise/store/sweep_ledger.hpp"

#include <fmt/format.h>

#include <exception>
#include <nlohmann/json.hpp>

#include "equipoise/core/error.hpp"
#include "equipoise/io/bytes.hpp"
#include "equipoise/io/files.hpp"
#include "equipoise/io/text.hpp"

namespace equipoise {
namespace {

constexpr std::uint64_t longest_ledger = std::uint64_t{16} << 30;

std::string without_end(std::string line) {
  line.pop_back();
  return line;
}

}  // namespace

std::optional<Shard> read_shard(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::optional<std::uint64_t> index = whole_number_from(text.substr(0, slash));
  const std::optional<std::uint64_t> count = whole_number_from(text.substr(slash + 1));
  if (!index || !count || *index < 1 || *index > *count || *count > (std::uint64_t{1} << 32)) return std::nullopt;
  return Shard{*index, *count};
}

std::string header_line(const LedgerHeader& header) {
  nlohmann::ordered_json line;
  line["equipoise"] = EQUIPOISE_VERSION;
  line["cells"] = header.tiling.cells;
  line["cells_per_tile"] = header.tiling.size;
  line["shard"] = fmt::format("{}/{}", header.shard.index, header.shard.count);
  line["matrix"] = header.matrix.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(header.matrix);
  if (header.sigma1) line["sigma1"] = *header.sigma1;
  return line.dump() + "\n";
}

std::string tile_line(const LedgerLine& line) {
  return fmt::format("{{\"tile\":{},\"crc32\":\"{:08x}\",\"steps\":{}}}\n", line.tile, line.crc, line.steps);
}

Ledger read_ledger(const std::filesystem::path& path, std::uint64_t cells) {
  const std::string text = read_file(path, longest_ledger);
  const Document document{text, path.native()};
  Ledger ledger;
  std::vector<std::size_t>& place = ledger.place;
  std::size_t begin = 0;
  for (std::uint64_t number = 1; begin < text.size(); ++number) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) break;  // torn: as if it had not been written
    try {
      const nlohmann::json line = nlohmann::json::parse(text.begin() + static_cast<std::ptrdiff_t>(begin),
                                                        text.begin() + static_cast<std::ptrdiff_t>(end));
      if (number == 1) {
        ledger.header.tiling = {line.at("cells").get<std::uint64_t>(), line.at("cells_per_tile").get<std::uint64_t>()};
        const std::optional<Shard> shard = read_shard(line.at("shard").get<std::string>());
        if (ledger.header.tiling.cells != cells)
          fail(document, number,
               fmt::format("it speaks of {} cells, and the grid beside it has {}", ledger.header.tiling.cells, cells));
        if (!shard || ledger.header.tiling.size == 0) fail(document, number, "the sizes make no sense");
        ledger.header.shard = *shard;
        if (line.at("matrix").is_string()) ledger.header.matrix = line.at("matrix").get<std::string>();
        if (line.contains("sigma1")) ledger.header.sigma1 = line.at("sigma1").get<double>();
        place.resize(ledger.header.tiling.count());
      } else {
        const LedgerLine entry{line.at("tile").get<std::uint64_t>(),
                               static_cast<std::uint32_t>(std::stoul(line.at("crc32").get<std::string>(), nullptr, 16)),
                               line.at("steps").get<std::uint64_t>()};
        if (entry.tile >= place.size() || !ledger.header.shard.has(entry.tile))
          fail(document, number, fmt::format("tile {} is none of this sweep's", entry.tile));
        std::size_t& at = place[entry.tile];
        if (at == 0) {
          ledger.lines.push_back(entry);
          at = ledger.lines.size();
        } else {
          ledger.lines[at - 1] = entry;
        }
      }
    } catch (const Error&) {
      throw;
    } catch (const std::exception&) {
      fail(document, number,
           fmt::format(
               "{} is no line of a ledger; it should be like {}",
               in_quotes(std::string_view(text).substr(begin, end - begin)),
               without_end(number == 1 ? header_line({{4096, 256}, {}, "", {}}) : tile_line({17, 0x1a2b3c4d, 12345}))));
    }
    begin = end + 1;
  }
  if (begin == 0) fail(document, "the ledger is empty; the sweep never began, so delete the folder and start it again");
  ledger.length = begin;
  return ledger;
}

}  // namespace equipoise
