// What a sweep's folder shows: <field>.png and report.html, made from grid.toml and the .npy files alone.
#pragma once

#include <filesystem>
#include <vector>

namespace equipoise {

/// Draws a folder of a sweep, complete or not, and returns what it wrote: for two axes <field>.png for every field, one
/// pixel a cell; for an orbit orbit.png; and always report.html, in which pictures have at most 1024 pixels a side.
/// Each file is written whole or not at all. Each field takes two passes over its numbers and one over outcomes and
/// steps; fields are drawn side by side on oneTBB's threads, in about 30 MB each besides the mapped files. The same
/// files whatever the number of threads. Throws Error where the folder holds no sweep or cannot be written.
std::vector<std::filesystem::path> save_sweep_pictures(const std::filesystem::path& folder);

}  // namespace equipoise
