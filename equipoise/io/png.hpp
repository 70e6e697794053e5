// PNG with a palette, row by row: one byte a pixel, pictures of any size in little memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "equipoise/page/colours.hpp"

namespace equipoise {

struct PngSettings {
  std::uint64_t width = 0, height = 0;
  std::vector<Rgb> palette;  ///< 1 to 256 colours
  std::vector<std::pair<std::string, std::string>>
      texts;      ///< keyword (1 to 79 letters of Latin-1) and UTF-8 text, such as Software, Description
  int level = 6;  ///< of deflate, 0 to 9
};

/// Rows from the top into `out`, a number of them that this side chooses (`out` is that many rows long): numbers of
/// colours.
using PngRows = std::function<void(std::uint64_t top, std::span<std::uint8_t> out)>;

/// Writes through a temporary file and a rename, as save_text(). Rows are asked for in bands of up to 1024 or 16 MB, in
/// order; memory is one band and libpng's few rows. Throws Error where the disk is full or the folder closed, for 0 or
/// more than 2^31 - 1 pixels a side, and for a number that is no colour of the palette.
void save_png(const std::filesystem::path& path, const PngSettings& settings, const PngRows& rows);
/// The same bytes in memory.
std::string png_bytes(const PngSettings& settings, const PngRows& rows);

}  // namespace equipoise
