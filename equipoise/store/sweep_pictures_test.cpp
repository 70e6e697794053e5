// The files that a folder of a sweep gets: their pixels against its numbers, for one, two and three axes, an orbit, and
// a sweep half done.
#include "equipoise/store/sweep_pictures.hpp"

#include <gtest/gtest.h>
#include <png.h>

#include <algorithm>
#include <array>
#include <set>

#include "equipoise/atlas/picture.hpp"
#include "equipoise/io/test_support.hpp"
#include "equipoise/store/sweep_folder.hpp"

namespace equipoise::sweep_pictures_test {
namespace {

using testing::bytes_of;
using testing::expect_error;
using testing::TemporaryFolder;

Grid grid_of(std::vector<Axis> axes, std::vector<Field> fields = {Field::outcome, Field::period, Field::steps,
                                                                  Field::loss, Field::lyapunov, Field::limit}) {
  Grid grid;
  grid.kind = GridKind::scalar;
  grid.axes = std::move(axes);
  grid.fixed = {{"max_steps", 200}};
  const auto has = [&](std::string_view key) {
    return std::ranges::any_of(grid.axes, [&](const Axis& axis) { return axis.key == key; });
  };
  for (const auto& [key, value] : {std::pair<const char*, double>{"mu", 1}, {"h", 0.3}, {"x0", 1.1}, {"y0", 0.9}}) {
    if (!has(key)) grid.fixed.push_back({key, value});
  }
  grid.fields = std::move(fields);
  return resolved(grid);
}

Axis axis(std::string key, double from, double to, std::uint64_t count, AxisScale scale = AxisScale::linear) {
  return {std::move(key), scale, from, to, count, {}};
}

/// Computes the first `tiles` tiles.
void compute(const std::filesystem::path& folder, const Grid& grid, std::uint64_t tiles = ~std::uint64_t{0}) {
  const Tiling tiling{grid.cells(), 16};
  SweepWriter writer(folder, grid, {tiling, {}, ""}, false);
  std::vector<std::uint8_t> done(tiling.count(), 1);
  for (std::uint64_t tile = 0; tile < std::min(tiles, tiling.count()); ++tile) done[tile] = 0;
  sweep(grid, nullptr, tiling, {}, done, {}, [&](const FinishedTile& tile) { writer.write(tile); });
  writer.finish();
}

struct Pixels {
  std::uint64_t width = 0, height = 0;
  std::vector<std::uint8_t> rgb;
  Rgb at(std::uint64_t x, std::uint64_t y_up) const {
    const std::uint8_t* p = &rgb[3 * ((height - 1 - y_up) * width + x)];
    return {p[0], p[1], p[2]};
  }
};

Pixels read(const std::filesystem::path& path) {
  const std::string bytes = bytes_of(path);
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  EXPECT_NE(png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()), 0) << path;
  image.format = PNG_FORMAT_RGB;
  Pixels pixels{image.width, image.height, std::vector<std::uint8_t>(PNG_IMAGE_SIZE(image))};
  EXPECT_NE(png_image_finish_read(&image, nullptr, pixels.rgb.data(), 0, nullptr), 0);
  return pixels;
}

/// Which outcome a colour belongs to.
std::uint8_t code_of(Rgb colour) {
  static const std::array<std::vector<Rgb>, 6> shades = {{{},
                                                          outcome_colours(1, 50),
                                                          outcome_colours(2, 50),
                                                          outcome_colours(3, 50),
                                                          outcome_colours(4, 50),
                                                          outcome_colours(5, 50)}};
  std::uint8_t code = 5;
  while (code > 0 && std::ranges::find(shades[code], colour) == shades[code].end()) --code;
  return code;
}

TEST(SweepPictures, PixelsAreTheCells) {
  const TemporaryFolder folder;
  const Grid grid = grid_of({axis("h", 0.05, 1.2, 40, AxisScale::log), axis("x0", -4, 4, 23)});
  compute(folder / "s", grid);
  const std::vector<std::filesystem::path> written = save_sweep_pictures(folder / "s");
  EXPECT_EQ(written.size(), grid.fields.size() + 1);
  for (const std::filesystem::path& path : written) EXPECT_TRUE(std::filesystem::exists(path)) << path;
  const SweepFolder sweep(folder / "s");
  const std::span<const std::uint8_t> outcome = sweep.column<std::uint8_t>("outcome");
  const Pixels pixels = read(folder / "s" / "outcome.png");
  ASSERT_EQ(pixels.width, 40u) << "the first axis goes to the right";
  ASSERT_EQ(pixels.height, 23u);
  std::set<std::uint8_t> seen;
  for (std::uint64_t x = 0; x < 40; ++x) {
    for (std::uint64_t y = 0; y < 23; ++y) {
      EXPECT_EQ(code_of(pixels.at(x, y)), outcome[x * 23 + y]) << x << ' ' << y;
      seen.insert(outcome[x * 23 + y]);
    }
  }
  EXPECT_GE(seen.size(), 3u);
  const std::string bytes = bytes_of(folder / "s" / "outcome.png");
  EXPECT_NE(bytes.find("kind = \"scalar\""), std::string::npos) << "the grid is in the picture";
  // Again, and with the old files there: the same bytes.
  const std::string page = bytes_of(folder / "s" / "report.html");
  save_sweep_pictures(folder / "s");
  EXPECT_EQ(bytes_of(folder / "s" / "outcome.png"), bytes);
  EXPECT_EQ(bytes_of(folder / "s" / "report.html"), page);
}

TEST(SweepPictures, OneThreeAndFourAxesGetAPageAlone) {
  const TemporaryFolder folder;
  const std::vector<std::vector<Axis>> shapes = {
      {axis("h", 0.1, 1.2, 30)},
      {axis("h", 0.4, 0.4, 1)},
      {axis("h", 0.1, 1.2, 5), axis("x0", -2, 2, 4), axis("y0", -1, 1, 3)},
      {axis("h", 0.1, 1.2, 5), axis("x0", -2, -2, 1), axis("y0", -1, 1, 3), axis("mu", 1, 2, 2)}};
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const std::filesystem::path path = folder / ("s" + std::to_string(i));
    Grid grid = grid_of(shapes[i]);
    compute(path, grid);
    EXPECT_EQ(save_sweep_pictures(path).size(), 1u) << i;
    EXPECT_GT(std::filesystem::file_size(path / "report.html"), 1000u);
  }
}

TEST(SweepPictures, OneCellOneRowOneColumn) {
  const TemporaryFolder folder;
  int i = 0;
  for (const auto& [across, up] : std::vector<std::pair<std::uint64_t, std::uint64_t>>{{1, 1}, {7, 1}, {1, 7}}) {
    const std::filesystem::path path = folder / ("s" + std::to_string(i++));
    compute(path, grid_of({axis("h", 0.1, across > 1 ? 1.2 : 0.1, across), axis("x0", 1, up > 1 ? 2 : 1, up)}));
    save_sweep_pictures(path);
    const Pixels pixels = read(path / "steps.png");
    EXPECT_EQ(pixels.width, across);
    EXPECT_EQ(pixels.height, up);
  }
}

TEST(SweepPictures, Orbit) {
  const TemporaryFolder folder;
  Grid grid;
  grid.kind = GridKind::scalar;
  grid.fixed = {{"mu", 1}, {"x0", 1.1}, {"y0", 0.9}, {"max_steps", 300}};
  grid.axes = {axis("h", 0.9, 1.6, 20)};
  grid.output = OutputKind::orbit;
  grid.last = 50;
  compute(folder / "s", resolved(grid));
  EXPECT_EQ(save_sweep_pictures(folder / "s").size(), 2u);
  EXPECT_EQ(read(folder / "s" / "orbit.png").width % 20, 0u);
}

TEST(SweepPictures, HalfASweepIsHalfWhite) {
  const TemporaryFolder folder;
  compute(folder / "s", grid_of({axis("h", 0.05, 0.2, 16), axis("x0", -1, 1, 16)}), 8);
  save_sweep_pictures(folder / "s");
  const Pixels pixels = read(folder / "s" / "loss.png");
  for (std::uint64_t x = 0; x < 16; ++x) EXPECT_EQ(pixels.at(x, 3) == not_computed_colour, x >= 8) << x;
  EXPECT_NE(bytes_of(folder / "s" / "report.html").find("So far 128 of 256 cells"), std::string::npos);
}

// What a process that was killed leaves: the numbers of a tile are there, and no line of the ledger vouches for them.
TEST(SweepPictures, NumbersThatTheLedgerDoesNotListAreNotShown) {
  const TemporaryFolder folder;
  compute(folder / "s", grid_of({axis("h", 0.05, 0.2, 16), axis("x0", -1, 1, 16)}));
  const std::string ledger = bytes_of(folder / "s" / "ledger.jsonl");
  const std::size_t last_line = ledger.rfind('\n', ledger.size() - 2) + 1;
  folder.put("s/ledger.jsonl", ledger.substr(0, last_line));
  const SweepFolder sweep(folder / "s");
  ASSERT_EQ(std::ranges::count(sweep.done(), 0), 1);
  EXPECT_EQ(std::ranges::count(sweep.column<std::uint8_t>("outcome"), 0), 0) << "the numbers are there";
  save_sweep_pictures(folder / "s");
  for (const char* name : {"outcome.png", "steps.png", "loss.png"}) {
    const Pixels pixels = read(folder / "s" / name);
    for (std::uint64_t x = 0; x < 16; ++x) {  // a tile is one value of h
      EXPECT_EQ(pixels.at(x, 5) == not_computed_colour, sweep.done()[x] == 0) << name << ' ' << x;
    }
  }
}

TEST(SweepPictures, Mistakes) {
  const TemporaryFolder folder;
  expect_error([&] { save_sweep_pictures(folder / "none"); }, {"none"});
  folder.put("grid.toml", "not toml");
  expect_error([&] { save_sweep_pictures(folder.path()); }, {"grid.toml"});
}

}  // namespace
}  // namespace equipoise::sweep_pictures_test
