// Text and numbers as they may stand in an HTML page.
//
// Tested in equipoise/page/page_test.cpp
#include "equipoise/page/markup.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

namespace equipoise {
namespace {

constexpr std::string_view minus = "\u2212";

std::string superscript(int value) {
  static constexpr std::string_view digits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string out = value < 0 ? "⁻" : "";
  for (const char c : std::to_string(std::abs(value))) out += digits[c - '0'];
  return out;
}

std::string with_minus_sign(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '-') {
      out += minus;
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    if (c == '&') {
      out += "&#38;";
    } else if (c == '<') {
      out += "&#60;";
    } else if (c == '>') {
      out += "&#62;";
    } else if (c == '"') {
      out += "&#34;";
    } else if (c == '\'') {
      out += "&#39;";
    } else if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f) {
      out += "\uFFFD";
    } else if (byte == 0xEF && (text.substr(i, 3) == "\xEF\xBF\xBE" || text.substr(i, 3) == "\xEF\xBF\xBF")) {
      out += "\uFFFD";
      i += 2;
    } else {
      out += c;
    }
  }
  return out;
}

std::string power_of_ten(int exponent) {
  if (exponent == 0) return "1";
  if (exponent == 1) return "10";
  if (exponent == 2) return "100";
  if (exponent == 3) return "1000";
  return "10" + superscript(exponent);
}

std::string readable(double value, int digits) {
  if (!std::isfinite(value)) return "—";
  if (value == 0) return "0";
  // Rounding first, so that 99999.9 is 10⁵ and not 1×10⁵ with the exponent of the unrounded value.
  const std::string scientific = fmt::format("{:.{}e}", value, digits - 1);
  const std::size_t e = scientific.find('e');
  const int exponent = std::atoi(scientific.c_str() + e + 1);
  if (exponent >= -3 && exponent < 5) {
    return with_minus_sign(fmt::format("{:.{}g}", value, std::max(digits, exponent + 1)));
  }
  std::string mantissa = scientific.substr(0, e);
  if (mantissa.find('.') != std::string::npos) {
    mantissa.erase(mantissa.find_last_not_of('0') + 1);
    if (mantissa.back() == '.') mantissa.pop_back();
  }
  if (mantissa == "1") return power_of_ten(exponent);
  return with_minus_sign(mantissa) + "×10" + superscript(exponent);
}

std::string readable(std::uint64_t count) {
  std::string out = std::to_string(count);
  if (out.size() < 5) return out;
  for (auto i = static_cast<std::ptrdiff_t>(out.size()) - 3; i > 0; i -= 3) {
    out.insert(static_cast<std::size_t>(i), "\u202F");
  }
  return out;
}

std::string exact(double value) { return std::isfinite(value) ? fmt::format("{}", value) : "not known"; }

std::string number_html(double value, int digits) {
  if (!std::isfinite(value)) return "<span class=\"muted\">not known</span>";
  return fmt::format("<data value=\"{0}\" title=\"{0}\">{1}</data>", exact(value), readable(value, digits));
}

}  // namespace equipoise
