// JSON as plotly.js reads it, and the styles of curves.
//
// Tested in equipoise/page/figure_test.cpp
#include "equipoise/page/plotly_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace equipoise::plotly {

const Style& style_at(int style) { return all_styles[static_cast<std::size_t>((style - 1) % Figure::styles)]; }

std::string json_number(double value, bool exactly) {
  if (!std::isfinite(value)) return "null";
  return exactly ? fmt::format("{}", value) : fmt::format("{:.9g}", value);
}

std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == '<' || c == '>' || c == '&' || c == 0x7f) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string plotly_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\n':
        out += ' ';
        break;
      default:
        out += c;
    }
  }
  return json_text(out);
}

double on_axis(double value, Scale scale) { return scale == Scale::log ? std::log10(value) : value; }

bool drawable(double value, Scale scale) { return std::isfinite(value) && (scale == Scale::linear || value > 0); }

void Extent::add(double value, Scale scale) {
  if (!drawable(value, scale)) return;
  low = std::min(low, value);
  high = std::max(high, value);
}

}  // namespace equipoise::plotly
