// The procedures that experiments name: each reads its settings, descends, and hands back tables and figures.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "equipoise/atlas/picture.hpp"
#include "equipoise/core/factors.hpp"
#include "equipoise/paper/experiment.hpp"

namespace equipoise {

/// What a procedure is lent. Called from several threads at once.
struct Laboratory {
  std::function<Matrix(const std::string& name)> load;  ///< a built-in matrix, or a data set by its name
  std::function<bool(std::size_t done, std::size_t total)>
      pulse;  ///< after every run, and with 0, 0 within long ones; false stops
  std::function<std::string(const Raster&, const std::vector<Rgb>& palette)> png;  ///< the bytes of a PNG file
  std::string reproduce;  ///< the command that makes the figures of this experiment again
};

struct Procedure {
  std::string_view name;
  std::string_view what;  ///< one sentence
  /// Throws Error for settings that do not fit, before the first step. Nothing where it was stopped.
  std::optional<Results> (*run)(const Experiment&, const Laboratory&);
};
std::span<const Procedure> procedures();
/// Throws Error with the list of names.
const Procedure& procedure_of(const Experiment& experiment);

std::optional<Results> measure_balancing(const Experiment& experiment, const Laboratory& laboratory);
std::optional<Results> measure_phases(const Experiment& experiment, const Laboratory& laboratory);
std::optional<Results> measure_general(const Experiment& experiment, const Laboratory& laboratory);
std::optional<Results> measure_sharpness(const Experiment& experiment, const Laboratory& laboratory);
std::optional<Results> measure_rates(const Experiment& experiment, const Laboratory& laboratory);
std::optional<Results> measure_beyond(const Experiment& experiment, const Laboratory& laboratory);
std::optional<Results> measure_conservation(const Experiment& experiment, const Laboratory& laboratory);
std::optional<Results> measure_real(const Experiment& experiment, const Laboratory& laboratory);

}  // namespace equipoise
