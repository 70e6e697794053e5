// A sweep on disk: what is written is read, in any order and by any thread; ledgers that somebody else wrote.
#include "equipoise/store/sweep_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>
#include <thread>

#include "equipoise/core/test_refusal.hpp"
#include "equipoise/io/files.hpp"
#include "equipoise/io/test_support.hpp"

namespace equipoise::sweep_folder_test {
namespace {

using test_refusal::refusal;

namespace fs = std::filesystem;
using testing::TemporaryFolder;

Grid small_grid() {
  Grid grid;
  grid.fixed = {{"mu", 1}, {"y0", 1}};
  grid.axes = {{"h", AxisScale::linear, 0.1, 0.9, 7, {}}, {"x0", AxisScale::linear, -1, 1, 3, {}}};
  grid.fields = {Field::outcome, Field::period, Field::steps, Field::loss};
  return resolved(grid);
}

// A tile whose numbers name their cell.
struct Made {
  std::vector<std::uint8_t> outcome;
  std::vector<std::uint32_t> period;
  std::vector<std::uint64_t> steps;
  std::vector<double> loss;
  FinishedTile tile;

  Made(const Tiling& tiling, std::uint64_t number) {
    for (std::uint64_t i = 0; i < tiling.length(number); ++i) {
      const std::uint64_t cell = tiling.first(number) + i;
      outcome.push_back(static_cast<std::uint8_t>(1 + cell % 5));
      period.push_back(static_cast<std::uint32_t>(cell));
      steps.push_back(cell * cell);
      loss.push_back(static_cast<double>(cell) / 7);
    }
    tile.tile = number;
    tile.steps = number;
    tile.columns = {std::as_bytes(std::span(outcome)), std::as_bytes(std::span(period)),
                    std::as_bytes(std::span(steps)), std::as_bytes(std::span(loss))};
  }
};

TEST(SweepFolder, KeepsWhatThreadsWrite) {
  const TemporaryFolder folder;
  const Grid grid = small_grid();
  const Tiling tiling{21, 2};
  EXPECT_FALSE(holds_sweep(folder.path() / "out"));
  {
    SweepWriter writer(folder.path() / "out", grid, {tiling, {}, ""}, false);
    EXPECT_EQ(writer.done().size(), 11U);
    // Another writer, a reader: the one is refused, the other sees an unfinished sweep.
    EXPECT_NE(refusal([&] {
                SweepWriter(folder.path() / "out", grid, {tiling, {}, ""}, true);
              }).find("another process"),
              std::string::npos);
    EXPECT_FALSE(SweepFolder(folder.path() / "out").complete());
    std::vector<std::thread> threads;
    for (std::uint64_t k = 0; k < 3; ++k) {
      threads.emplace_back([&, k] {
        for (std::uint64_t tile = k; tile < 11; tile += 3) writer.write(Made(tiling, tile).tile);
      });
    }
    for (std::thread& each : threads) each.join();
    writer.finish();
  }
  const SweepFolder read(folder.path() / "out");
  EXPECT_TRUE(read.complete());
  EXPECT_EQ(read.grid(), grid);
  EXPECT_EQ(read.steps(), 55U);
  for (std::uint64_t cell = 0; cell < 21; ++cell) {
    EXPECT_EQ(read.column<std::uint8_t>("outcome")[cell], 1 + cell % 5);
    EXPECT_EQ(read.column<std::uint32_t>("period")[cell], cell);
    EXPECT_EQ(read.column<std::uint64_t>("steps")[cell], cell * cell);
    EXPECT_EQ(read.column<double>("loss")[cell], static_cast<double>(cell) / 7);
  }
  EXPECT_NE(refusal([&] { read.column<double>("steps"); }), "");
  EXPECT_NE(refusal([&] { read.column<double>("ratio"); }), "");
  EXPECT_EQ(read.tile(10).columns[2].size(), sizeof(std::uint64_t));
  SweepWriter again(folder.path() / "out", grid, {{21, 5}, {}, ""}, true);
  EXPECT_EQ(again.header().tiling, tiling);  // that of the ledger
  EXPECT_FALSE(again.header().sigma1);
  SweepWriter(folder.path() / "matrix", grid, {tiling, {}, "crc32:12345678", 0.1 + 0.2}, false).finish();
  EXPECT_EQ(SweepFolder(folder.path() / "matrix").header().sigma1, 0.1 + 0.2);
  EXPECT_EQ(std::count(again.done().begin(), again.done().end(), 1), 11);
}

TEST(SweepFolder, ALedgerOfRandomBytesIsRefusedOrBelieved) {
  const TemporaryFolder folder;
  const Grid grid = small_grid();
  const Tiling tiling{21, 4};
  const fs::path out = folder.path() / "out";
  {
    SweepWriter writer(out, grid, {tiling, {}, ""}, false);
    for (std::uint64_t tile = 0; tile < 5; ++tile) writer.write(Made(tiling, tile).tile);
    writer.finish();
  }
  std::ifstream in(out / "ledger.jsonl", std::ios::binary);
  const std::string sound((std::istreambuf_iterator<char>(in)), {});
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 200; ++round) {
    std::string text = sound;
    for (std::uint64_t k = 0; k <= random() % 3; ++k) {
      const std::size_t at = random() % text.size();
      switch (random() % 4) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.erase(at, 1 + random() % 9);
          break;
        case 2:
          text.insert(at, text.substr(random() % text.size(), random() % 40));
          break;
        default:
          text.resize(at + 1);
      }
      if (text.empty()) text = "x";
    }
    std::ofstream(out / "ledger.jsonl", std::ios::binary | std::ios::trunc) << text;
    const std::string message = refusal([&] { SweepFolder read(out); });
    ASSERT_EQ(message.find('\n'), std::string::npos);
    const std::string resumed = refusal([&] {
      SweepWriter writer(out, grid, {tiling, {}, ""}, true);
      // A tile is believed where its bytes are there, and those that are not count as damaged.
      EXPECT_LE(static_cast<std::uint64_t>(std::count(writer.done().begin(), writer.done().end(), 1)),
                writer.header().tiling.count());
    });
    ASSERT_EQ(resumed.find('\n'), std::string::npos);
  }
}

TEST(SweepFolder, Shards) {
  EXPECT_EQ(read_shard("2/8"), (Shard{2, 8}));
  for (const char* text : {"", "/", "0/1", "2/1", "1/0", "1", "a/2", "1/2/3", "1/99999999999999999999", "-1/2", "1 /2"})
    EXPECT_FALSE(read_shard(text)) << text;
  Matrix A = Matrix::Identity(2, 3);
  const std::string sum = matrix_checksum(A);
  A(1, 2) = -0.0;
  EXPECT_NE(matrix_checksum(A), sum);
  EXPECT_NE(matrix_checksum(Matrix::Zero(2, 3)), matrix_checksum(Matrix::Zero(3, 2)));
}

}  // namespace
}  // namespace equipoise::sweep_folder_test
