// Oklab to sRGB, the largest chroma that a screen shows, and curves through Oklab walked at a constant speed.
#include "equipoise/page/colours.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numbers>

#include "equipoise/core/error.hpp"

namespace equipoise {
namespace {

struct Oklab {
  double L = 0, a = 0, b = 0;
};

using Linear = std::array<double, 3>;  ///< red, green, blue in proportion to light, 0 to 1 on a screen

Oklab from_polar(double lightness, double chroma, double hue) {
  const double angle = hue * std::numbers::pi / 180;
  return {lightness, chroma * std::cos(angle), chroma * std::sin(angle)};
}

// The two matrices of Oklab's definition.
Linear linear(const Oklab& at) {
  const double l = std::pow(at.L + 0.3963377774 * at.a + 0.2158037573 * at.b, 3);
  const double m = std::pow(at.L - 0.1055613458 * at.a - 0.0638541728 * at.b, 3);
  const double s = std::pow(at.L - 0.0894841775 * at.a - 1.2914855480 * at.b, 3);
  return {4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
          -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
          -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s};
}

bool on_screen(const Oklab& at) {
  constexpr double slack = 1e-4;  // less than half of one of 256 levels
  return std::ranges::all_of(linear(at), [](double light) { return light >= -slack && light <= 1 + slack; });
}

Oklab into_gamut(double lightness, double chroma, double hue) {
  const Oklab wanted = from_polar(lightness, chroma, hue);
  if (on_screen(wanted)) return wanted;
  double low = 0, high = chroma;
  for (int i = 0; i < 30; ++i) {
    const double middle = (low + high) / 2;
    (on_screen(from_polar(lightness, middle, hue)) ? low : high) = middle;
  }
  return from_polar(lightness, low, hue);
}

std::uint8_t level(double light) {
  const double clamped = std::clamp(light, 0.0, 1.0);
  const double encoded = clamped <= 0.0031308 ? 12.92 * clamped : 1.055 * std::pow(clamped, 1 / 2.4) - 0.055;
  return static_cast<std::uint8_t>(std::lround(255 * encoded));
}

Rgb rgb(const Oklab& at) {
  const Linear light = linear(at);
  return {level(light[0]), level(light[1]), level(light[2])};
}

double distance(const Oklab& one, const Oklab& other) {
  return std::hypot(one.L - other.L, one.a - other.a, one.b - other.b);
}

/// Points at equal distances along a curve that is given for s in [0, 1].
std::vector<Rgb> walked(std::size_t count, const std::function<Oklab(double)>& curve) {
  constexpr std::size_t pieces = 512;
  std::vector<double> length(pieces + 1, 0.0);
  Oklab before = curve(0);
  for (std::size_t i = 1; i <= pieces; ++i) {
    const Oklab here = curve(static_cast<double>(i) / pieces);
    length[i] = length[i - 1] + distance(before, here);
    before = here;
  }
  std::vector<Rgb> colours;
  colours.reserve(count);
  for (std::size_t k = 0; k < count; ++k) {
    const double wanted =
        count > 1 ? length.back() * static_cast<double>(k) / static_cast<double>(count - 1) : length.back() / 2;
    const auto after = std::ranges::lower_bound(length, wanted);
    const std::size_t i = std::max<std::size_t>(1, static_cast<std::size_t>(after - length.begin()));
    const double piece = length[i] - length[i - 1];
    const double part = piece > 0 ? (wanted - length[i - 1]) / piece : 0;
    colours.push_back(rgb(curve((static_cast<double>(i - 1) + part) / pieces)));
  }
  return colours;
}

/// Light to dark at one hue.
struct Shades {
  double light, dark, chroma, hue;
};

}  // namespace

Rgb colour(double lightness, double chroma, double hue) { return rgb(into_gamut(lightness, chroma, hue)); }

std::string hex(Rgb colour) { return fmt::format("#{:02x}{:02x}{:02x}", colour.red, colour.green, colour.blue); }

std::vector<Rgb> sequential_colours(std::size_t count) {
  return walked(count, [](double s) {
    return into_gamut(0.24 + 0.72 * s, 0.05 + 0.07 * std::sin(std::numbers::pi * s), 300 - 195 * s);
  });
}

std::vector<Rgb> diverging_colours(std::size_t count) {
  return walked(count, [](double along) {
    const double s = std::abs(2 * along - 1);
    return into_gamut(0.97 - 0.55 * s, 0.19 * s, along < 0.5 ? 255 : 45);
  });
}

std::vector<Rgb> outcome_colours(std::uint8_t code, std::size_t count) {
  // Without one kind of cone hue shrinks to "bluish or yellowish": there blue and orange differ from everything, and
  // the others by lightness. colours_test.cpp measures the distances.
  constexpr std::array<Shades, 5> shades = {{{0.76, 0.42, 0.16, 255},  // converged
                                             {0.93, 0.82, 0.13, 160},  // periodic
                                             {0.55, 0.44, 0.20, 0},    // chaotic
                                             {0.84, 0.60, 0.15, 75},   // diverged
                                             {0.26, 0.12, 0.00, 0}}};  // exhausted
  if (code < 1 || code > shades.size()) throw Error(fmt::format("an outcome's code is {}; it should be 1 to 5", code));
  const Shades& of = shades[code - 1];
  return walked(count, [&](double s) { return into_gamut(of.light + (of.dark - of.light) * s, of.chroma, of.hue); });
}

}  // namespace equipoise
