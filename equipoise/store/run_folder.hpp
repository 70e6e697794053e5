// The folder of a run: written, and its samples read back.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "equipoise/core/run.hpp"

namespace equipoise {

/// Names of the rows of X and of Y; empty if there are none.
struct FactorIds {
  std::vector<std::string> rows, columns;
};
/// Writes rows.csv and columns.csv for ids that there are ("position,id", positions from 1), X.npy, Y.npy, samples.csv,
/// report.html and at last record.json, whose text is `record_json`. The folder exists. Throws Error where one of them
/// cannot be written.
void save_run(const std::filesystem::path& folder, std::string_view record_json, const Record& record,
              const FactorIds& ids = {});

/// Reads what samples_csv (solve/run_record.hpp) wrote. Throws Error naming the line.
std::vector<Sample> read_samples_csv(const std::filesystem::path& path);

}  // namespace equipoise
