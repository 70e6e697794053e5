// PNG files read back by another reader of libpng's, chunk by chunk, and what happens where they cannot be written.
#include "equipoise/io/png.hpp"

#include <gtest/gtest.h>
#include <png.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

#include "equipoise/io/test_support.hpp"

namespace equipoise::png_test {
namespace {

using testing::bytes_of;
using testing::expect_error;
using testing::TemporaryFolder;

std::uint8_t pixel(std::uint64_t x, std::uint64_t y) { return static_cast<std::uint8_t>((x * 7 + y * y * 3) % 5); }

PngSettings settings(std::uint64_t width, std::uint64_t height) {
  PngSettings result;
  result.width = width;
  result.height = height;
  result.palette = {{0, 0, 0}, {255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {250, 251, 252}};
  return result;
}

PngRows rows(std::uint64_t width) {
  return [width, next = std::uint64_t{0}](std::uint64_t top, std::span<std::uint8_t> out) mutable {
    EXPECT_EQ(top, next) << "in order";
    next = top + out.size() / width;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = pixel(i % width, top + i / width);
  };
}

// The simplified interface of libpng: a decoder that shares no code with the writer.
void expect_picture(const std::string& bytes, std::uint64_t width, std::uint64_t height) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  ASSERT_NE(png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()), 0) << image.message;
  ASSERT_EQ(image.width, width);
  ASSERT_EQ(image.height, height);
  image.format = PNG_FORMAT_RGB;
  std::vector<std::uint8_t> rgb(PNG_IMAGE_SIZE(image));
  ASSERT_NE(png_image_finish_read(&image, nullptr, rgb.data(), 0, nullptr), 0) << image.message;
  const std::vector<Rgb> palette = settings(1, 1).palette;
  for (std::uint64_t y = 0; y < height; ++y) {
    for (std::uint64_t x = 0; x < width; ++x) {
      const std::uint8_t* at = &rgb[3 * (y * width + x)];
      ASSERT_EQ((Rgb{at[0], at[1], at[2]}), palette[pixel(x, y)]) << x << ", " << y;
    }
  }
}

TEST(Png, ReadsBackInEveryShape) {
  const TemporaryFolder folder;
  for (const auto& [width, height] : std::vector<std::pair<std::uint64_t, std::uint64_t>>{
           {1, 1}, {1, 5000}, {5000, 1}, {37, 1024}, {64, 1025}, {300, 200}}) {
    const std::filesystem::path path = folder / "a.png";
    save_png(path, settings(width, height), rows(width));
    expect_picture(bytes_of(path), width, height);
    EXPECT_EQ(bytes_of(path), png_bytes(settings(width, height), rows(width)));
  }
  EXPECT_EQ(folder.count(), 1) << "a temporary file stayed";
}

TEST(Png, BandsAreBounded) {
  std::size_t largest = 0;
  std::uint64_t calls = 0;
  png_bytes(settings(40000, 1000), [&](std::uint64_t, std::span<std::uint8_t> out) {
    largest = std::max(largest, out.size());
    ++calls;
  });
  EXPECT_LE(largest, std::size_t{16} << 20);
  EXPECT_EQ(calls, 3u);
}

TEST(Png, CarriesItsTexts) {
  PngSettings with = settings(3, 2);
  with.texts = {{"Software", "equipoise 0.1"}, {"Description", "axes: h → x₀"}};
  const std::string bytes = png_bytes(with, rows(3));
  EXPECT_NE(bytes.find("iTXtSoftware"), std::string::npos);
  EXPECT_NE(bytes.find("axes: h → x₀"), std::string::npos);
  expect_picture(bytes, 3, 2);
}

TEST(Png, Mistakes) {
  const TemporaryFolder folder;
  expect_error([&] { save_png(folder / "a.png", settings(0, 5), rows(1)); }, {"0 x 5"});
  expect_error([&] { save_png(folder / "a.png", settings(5, std::uint64_t{1} << 31), rows(5)); }, {"2147483648"});
  PngSettings no_palette = settings(2, 2);
  no_palette.palette.clear();
  expect_error([&] { png_bytes(no_palette, rows(2)); }, {"palette of 0"});
  no_palette.palette.assign(257, {});
  expect_error([&] { png_bytes(no_palette, rows(2)); }, {"palette of 257"});
  expect_error([&] { save_png(folder / "a.png", settings(2, 2), [](auto, auto out) { out[3] = 5; }); },
               {"colour 5", "5"});
  expect_error([&] { save_png(folder / "a.png", settings(2, 2), [](auto, auto) { throw Error("no numbers"); }); },
               {"no numbers"});
  expect_error([&] { save_png(folder / "none" / "a.png", settings(2, 2), rows(2)); }, {"none/a.png", "No such file"});
  EXPECT_EQ(folder.count(), 0) << "nothing half-written";
}

// A limit on the size of files fails in the middle of a write, as a disk does that fills up.
TEST(Png, DiskThatFillsUp) {
  const TemporaryFolder folder;
  folder.put("a.png", "old");
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{50000, 50000};
    setrlimit(RLIMIT_FSIZE, &limit);
    std::uint64_t state = 1;
    try {
      save_png(folder / "a.png", settings(1000, 1000), [&](auto, auto out) {
        for (std::uint8_t& each : out)
          each = static_cast<std::uint8_t>((state = state * 6364136223846793005u + 1442695040888963407u) >> 61) % 5;
      });
    } catch (const Error& error) {
      _exit(std::strstr(error.what(), "File too large") != nullptr ? 0 : 2);
    }
    _exit(1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_EQ(bytes_of(folder / "a.png"), "old");
  EXPECT_EQ(folder.count(), 1);
}

}  // namespace
}  // namespace equipoise::png_test
