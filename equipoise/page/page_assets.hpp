// The look and the script of every report; both stand inside the page, which loads nothing.
#pragma once

#include <string_view>

namespace equipoise::page_assets {

/// style.css without its first line. Text is never set in the colours of curves and verdicts, since some are too pale
/// to read on white.
std::string_view style();

/// script.js without its first line. It has no less-than sign and no ampersand, so that the page is well-formed XML as
/// well as HTML.
std::string_view script();

}  // namespace equipoise::page_assets
