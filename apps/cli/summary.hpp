// What `factor` prints for people.
#pragma once

#include <filesystem>
#include <string>

#include "equipoise/solve/run_record.hpp"

namespace equipoise::cli {

/// Some lines on a run; `folder` is where its report was written, or empty.
std::string summary(const RunDocument& document, const std::filesystem::path& folder);

}  // namespace equipoise::cli
