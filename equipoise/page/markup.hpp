// Text and numbers as they may stand in an HTML page: escaped, and never a NaN or an infinity.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace equipoise {

/// UTF-8 text with & < > " ' as numeric references, fit for an element's text and for a quoted attribute. Characters
/// that neither HTML nor XML can hold (controls, U+FFFE, U+FFFF) become U+FFFD.
std::string escaped(std::string_view text);

/// A number for people, plain UTF-8 without markup: at most `digits` significant digits, "3.2×10⁻⁵" beyond 1e-3 and
/// 1e5, a true minus sign. "—" where the value is not finite.
std::string readable(double value, int digits = 5);

/// 10 to an integer power: "1", "10", "100", "10⁻¹²".
std::string power_of_ten(int exponent);

/// A count with thin spaces between thousands: "100 000".
std::string readable(std::uint64_t count);

/// The shortest decimal text that reads back as the same double; "not known" where the value is not finite.
std::string exact(double value);

/// <data value="exact" title="exact">readable</data>, so that a page for people loses no digit; "not known" in a muted
/// span where the value is not finite.
std::string number_html(double value, int digits = 5);

}  // namespace equipoise
