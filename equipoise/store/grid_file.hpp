// The TOML file that describes a grid, and the resolved one that a sweep leaves in its folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "equipoise/core/spelling.hpp"
#include "equipoise/io/text.hpp"
#include "equipoise/sweep/grid.hpp"

namespace equipoise {

/// Reads and resolves a grid. The name of a matrix is kept as it is written; it is looked for where the command runs.
/// Throws Error naming the file, and the line where there is one: for what is no TOML, unknown keys (with the nearest),
/// wrong types, ranges that are none, and all that resolved() refuses.
Grid read_grid(const Document& document);
/// The same from a file; "-" is standard input.
Grid load_grid(const std::filesystem::path& path);

/// A text that read_grid() reads back as exactly this grid, defaults spelled out.
std::string grid_toml(const Grid& grid);

/// Reads "h=0.1:0.2,x0=-1:1" or "h=0.1:0.2:4096", the third number being a count. Throws Error for anything else.
/// Messages name the setting `window` in that spelling.
std::vector<Window> read_windows(std::string_view text, const Spelling& spelling = as_keys);

}  // namespace equipoise
