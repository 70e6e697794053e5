// Colours by formula: hues that stay apart for every eye, and maps in which equal steps look equal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace equipoise {

/// One pixel of sRGB (IEC 61966-2-1), 8 bits a channel.
struct Rgb {
  std::uint8_t red = 0, green = 0, blue = 0;
  bool operator==(const Rgb&) const = default;
};

/// The colour of that lightness (0 to 1), chroma and hue (degrees) in Oklab (B. Ottosson 2020, a space in which
/// distance is meant to be difference as seen). Where the screen has no such colour the chroma is lowered until it has.
Rgb colour(double lightness, double chroma, double hue);

/// "#rrggbb"
std::string hex(Rgb colour);

/// `count` colours from dark to light, violet over green to yellow: lightness L = 0.24 + 0.72 s, hue 300 - 195 s
/// degrees, chroma 0.05 + 0.07 sin(pi s), s chosen so that neighbours are equally far apart in Oklab. Lightness
/// ascends, so the order survives grey print and every colour blindness.
std::vector<Rgb> sequential_colours(std::size_t count);

/// `count` colours from blue over near white to orange-red: at a distance s from the middle (0 to 1) L = 0.97 - 0.55 s,
/// chroma 0.19 s, hue 255 below and 45 above; s as above. An odd count has the neutral colour in the middle.
std::vector<Rgb> diverging_colours(std::size_t count);

/// `count` shades of an outcome, a code of outcome.npy from 1 to 5, from light (fast) to dark (slow): blue converged,
/// green periodic, magenta chaotic, orange diverged, near black exhausted. Hue and lightness together keep any two
/// shades of two outcomes apart also for eyes without one kind of cone.
std::vector<Rgb> outcome_colours(std::uint8_t code, std::size_t count);

/// A cell that is not computed; one for which there is no number.
inline constexpr Rgb not_computed_colour{255, 255, 255};
inline constexpr Rgb no_number_colour{203, 203, 203};

}  // namespace equipoise
