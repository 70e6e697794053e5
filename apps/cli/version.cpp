// What --version prints: enough to reproduce a run.
//
// Tested in tests/cli/verbs.py
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <Eigen/Core>

#include <hwy/targets.h>

#include <vector>

#include "apps/cli/verbs.hpp"
#include "equipoise/ensemble/tiny/ensemble.hpp"
#include "equipoise/problems/parallel/threads.hpp"

namespace equipoise::cli {

std::string version_text() {
  std::vector<std::string> targets;
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) targets.emplace_back(hwy::TargetName(target));
#if defined(__clang__)
  const std::string compiler = fmt::format("clang {}", __clang_version__);
#else
  const std::string compiler = fmt::format("g++ {}", __VERSION__);
#endif
  return fmt::format(
      "equipoise {}\ncompiler: {}\nSIMD targets: {}\nsweep targets: {} (EQUIPOISE_TARGET picks one)\nBLAS: none (Eigen "
      "{}.{}.{})\nthreads: {}",
      EQUIPOISE_VERSION, compiler, fmt::join(targets, " "), fmt::join(batch_targets(), " "), EIGEN_WORLD_VERSION,
      EIGEN_MAJOR_VERSION, EIGEN_MINOR_VERSION, available_threads());
}

}  // namespace equipoise::cli
