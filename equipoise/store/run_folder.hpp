// The folder of a run, read back.
#pragma once

#include <filesystem>
#include <vector>

#include "equipoise/core/run.hpp"

namespace equipoise {

/// Reads what samples_csv (solve/run_record.hpp) wrote. Throws Error naming the line.
std::vector<Sample> read_samples_csv(const std::filesystem::path& path);

}  // namespace equipoise
