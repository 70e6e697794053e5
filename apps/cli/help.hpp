// Help, manual page and shell completion, all from the one list of verbs and flags.
#pragma once

#include <CLI/App.hpp>
#include <cstddef>
#include <string>
#include <string_view>

#include "equipoise/core/setting.hpp"

namespace equipoise::cli {

/// What help writes for the value of a setting: N, X, its words with bars between them, or TEXT.
std::string value_name(const Setting& setting);

/// No line is longer than `width` columns. `verb`: null for the whole command.
std::string help_text(const CLI::App& command, const CLI::App* verb, std::size_t width);
/// Columns of the terminal that standard output goes to; 80 if it goes elsewhere.
std::size_t help_width();

/// The manual page, section 1, in roff.
std::string manual_page(const CLI::App& command);

/// A script that completes verbs, flags and the words of flags. `shell`: bash, zsh or fish.
std::string completion_script(const CLI::App& command, std::string_view shell);

}  // namespace equipoise::cli
