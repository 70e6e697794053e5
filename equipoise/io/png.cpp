// libpng behind a callback that cannot throw: an Error is kept, libpng is left by its own way out, and the Error then
// thrown.
#include "equipoise/io/png.hpp"

#include <fmt/format.h>
#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <exception>
#include <string_view>

#include "equipoise/core/error.hpp"
#include "equipoise/io/write.hpp"

namespace equipoise {
namespace {

using Sink = std::function<void(std::string_view)>;

struct Writing {
  const Sink& sink;
  std::exception_ptr mistake;
  std::string message;  ///< of libpng
};

void on_bytes(png_structp png, png_bytep bytes, std::size_t count) {
  auto& writing = *static_cast<Writing*>(png_get_io_ptr(png));
  try {
    writing.sink({reinterpret_cast<const char*>(bytes), count});
    return;
  } catch (...) {
    writing.mistake = std::current_exception();
  }
  png_error(png, "not written");
}

void on_flush(png_structp) {}

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  auto& writing = *static_cast<Writing*>(png_get_error_ptr(png));
  writing.message = message;
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

/// libpng's two structures, gone with the object.
struct Structures {
  png_structp png = nullptr;
  png_infop info = nullptr;

  explicit Structures(Writing& writing)
      : png(png_create_write_struct(PNG_LIBPNG_VER_STRING, &writing, on_error, on_warning)) {
    if (png != nullptr) info = png_create_info_struct(png);
    if (info == nullptr) {
      png_destroy_write_struct(&png, &info);
      throw Error("libpng does not start: out of memory, or another version than this program was built for");
    }
    png_set_write_fn(png, &writing, on_bytes, on_flush);
  }
  Structures(const Structures&) = delete;
  Structures& operator=(const Structures&) = delete;
  ~Structures() { png_destroy_write_struct(&png, &info); }
};

// Nothing with a destructor is created between setjmp and a call that may jump back, here and in write_band.
bool write_head(png_structp png, png_infop info, const PngSettings& settings, const png_color* palette,
                png_text* texts) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_IHDR(png, info, static_cast<png_uint_32>(settings.width), static_cast<png_uint_32>(settings.height), 8,
               PNG_COLOR_TYPE_PALETTE, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_PLTE(png, info, palette, static_cast<int>(settings.palette.size()));
  png_set_sRGB(png, info, PNG_sRGB_INTENT_PERCEPTUAL);
  if (!settings.texts.empty()) png_set_text(png, info, texts, static_cast<int>(settings.texts.size()));
  png_set_compression_level(png, settings.level);
  png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_NONE);  // differences of palette numbers mean nothing
  png_write_info(png, info);
  return true;
}

bool write_band(png_structp png, const std::uint8_t* pixels, std::size_t width, std::size_t rows) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  for (std::size_t row = 0; row < rows; ++row) png_write_row(png, pixels + row * width);
  return true;
}

bool write_end(png_structp png, png_infop info) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_write_end(png, info);
  return true;
}

void check(const PngSettings& settings) {
  constexpr std::uint64_t most = PNG_UINT_31_MAX;
  if (settings.width == 0 || settings.height == 0 || settings.width > most || settings.height > most) {
    throw Error(fmt::format("a picture of {} x {} pixels is no PNG: each side should be 1 to {}", settings.width,
                            settings.height, most));
  }
  if (settings.palette.empty() || settings.palette.size() > 256) {
    throw Error(fmt::format("a palette of {} colours is no PNG's: it should have 1 to 256", settings.palette.size()));
  }
}

void write_png(const PngSettings& settings, const PngRows& rows, const Sink& sink) {
  check(settings);
  Writing writing{sink, nullptr, {}};
  const Structures structures(writing);
  const auto leave = [&] {
    if (writing.mistake) std::rethrow_exception(writing.mistake);
    throw Error(fmt::format("the picture was not written: {}", writing.message));
  };

  std::vector<png_color> palette;
  for (const Rgb& each : settings.palette) palette.push_back({each.red, each.green, each.blue});
  std::vector<std::pair<std::string, std::string>> held = settings.texts;
  std::vector<png_text> texts(held.size());
  for (std::size_t i = 0; i < held.size(); ++i) {
    texts[i] = {};
    texts[i].compression = PNG_ITXT_COMPRESSION_NONE;
    texts[i].key = held[i].first.data();
    texts[i].text = held[i].second.data();
    texts[i].itxt_length = held[i].second.size();
  }
  if (!write_head(structures.png, structures.info, settings, palette.data(), texts.data())) leave();

  const std::uint64_t band = std::clamp<std::uint64_t>((std::uint64_t{16} << 20) / settings.width, 1,
                                                       std::min<std::uint64_t>(1024, settings.height));
  std::vector<std::uint8_t> pixels(band * settings.width);
  for (std::uint64_t top = 0; top < settings.height; top += band) {
    const std::uint64_t count = std::min(band, settings.height - top);
    const std::span<std::uint8_t> part(pixels.data(), count * settings.width);
    rows(top, part);
    const auto wrong = std::ranges::find_if(part, [&](std::uint8_t pixel) { return pixel >= settings.palette.size(); });
    if (wrong != part.end())
      throw Error(fmt::format("a pixel has colour {} of a palette of {}", *wrong, settings.palette.size()));
    if (!write_band(structures.png, part.data(), settings.width, count)) leave();
  }
  if (!write_end(structures.png, structures.info)) leave();
}

}  // namespace

void save_png(const std::filesystem::path& path, const PngSettings& settings, const PngRows& rows) {
  check(settings);
  Output output(path);
  write_png(settings, rows, [&](std::string_view bytes) { output.append(bytes); });
  output.commit();
}

std::string png_bytes(const PngSettings& settings, const PngRows& rows) {
  std::string all;
  write_png(settings, rows, [&](std::string_view bytes) { all += bytes; });
  return all;
}

}  // namespace equipoise
