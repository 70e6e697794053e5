// Experiments on disk: where they are, and how a TOML file becomes an Experiment.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "equipoise/core/spelling.hpp"
#include "equipoise/io/text.hpp"
#include "equipoise/paper/experiment.hpp"

namespace equipoise {

/// Reads title, question, paper, reading, procedure, [settings], [quick] (which replaces settings where `quick`) and
/// [[claim]]. Throws Error naming the file and the line for what is no TOML, unknown keys, missing ones and values of a
/// wrong kind. What a procedure makes of its settings, and a claim of its table, is checked by them, with the same
/// lines.
Experiment read_experiment(const Document& document, bool quick);
Experiment load_experiment(const std::filesystem::path& path, bool quick);

/// The folder of the experiments that come with the command: share/equipoise/experiments beside an installed one,
/// experiments/ of the source tree above one that was built there. Throws Error that says where it looked.
std::filesystem::path experiments_folder(const Spelling& spelling = as_keys);
/// The .toml files of a folder, sorted by name. Throws Error where there is none.
std::vector<std::filesystem::path> experiment_files(const std::filesystem::path& folder);

}  // namespace equipoise
