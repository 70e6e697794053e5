// Small problems in the lanes of SIMD vectors, for every processor with fused multiply-adds that Highway knows here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "equipoise/ensemble/small/ensemble.hpp"
#include "equipoise/ensemble/small/rules.hpp"

namespace equipoise::small {

/// Runs every cell in lanes of settings.target, which is one of tiny::lane_targets(), and reports it. Nothing is
/// checked here.
void follow_in_lanes(const Form& form, const SmallSettings& settings, std::span<const SmallRun> runs,
                     std::span<TinyEnd> ends);

/// All cells, of one max_steps, to the end without a look; orbits as in record_small_orbits(), scaled by h.
void record_in_lanes(const Form& form, const std::string& target, std::span<const SmallRun> runs, std::size_t last,
                     std::span<double> orbits);

/// As small_lyapunov_exponents(), of runs of one max_steps.
void exponents_in_lanes(const Form& form, const std::string& target, std::span<const SmallRun> runs,
                        std::span<double> exponents);

}  // namespace equipoise::small
