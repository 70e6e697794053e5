// What a folder of a sweep holds, in words and as JSON: the last thing that the verbs sweep and merge say.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "equipoise/store/sweep_folder.hpp"

namespace equipoise::cli {

/// What this process did; what the folder holds is read from it.
struct SweepWork {
  SweepTotals computed;
  double seconds = 0;
  std::string target;  ///< of the tiny runs; empty where none were computed
  int threads = 0;
  std::string report;  ///< the page that was drawn; empty where none was
};

/// A word as a shell takes it: in quotes where it needs them.
std::string in_shell_quotes(const std::string& word);

/// `next` is the command that goes on, where something is left to do.
std::string sweep_text(const SweepFolder& folder, const SweepWork& work, const std::string& next);
std::string sweep_json(const SweepFolder& folder, const SweepWork& work, const std::string& next);

}  // namespace equipoise::cli
