// The verbs of the command: each declares its flags and hands back what to do with them.
#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <string>

namespace equipoise::cli {

/// What a verb does once its flags are read; returns the exit code, throws Error for exit code 2.
using Action = std::function<int()>;

Action declare_factor(CLI::App& verb);
Action declare_predict(CLI::App& verb);
Action declare_sharpness(CLI::App& verb);
Action declare_info(CLI::App& verb);
Action declare_generate(CLI::App& verb);
Action declare_report(CLI::App& verb);
Action declare_reproduce(CLI::App& verb);
Action declare_sweep(CLI::App& verb);
Action declare_merge(CLI::App& verb);

/// Version, compiler, SIMD targets and threads, as --version prints them.
std::string version_text();

}  // namespace equipoise::cli
