// Tiny runs in the lanes of SIMD vectors, for every processor with fused multiply-adds that Highway knows here.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "equipoise/ensemble/tiny/ensemble.hpp"
#include "equipoise/ensemble/tiny/source.hpp"

namespace equipoise::tiny {

/// The names of the SIMD targets that this processor runs with fused multiply-adds, best first; may be empty.
std::vector<std::string> lane_targets();

/// Runs every cell of `kind` in lanes of settings.target, which is not empty, and reports it. Nothing is checked here.
void follow_in_lanes(const TinySettings& settings, const Source& runs, TinyRun::Kind kind, std::span<TinyEnd> ends);

/// All cells, of one kind and one max_steps, to the end without a look; orbits as in record_orbits(), unscaled
/// products.
void record_in_lanes(const std::string& target, std::span<const TinyRun> runs, std::size_t last,
                     std::span<double> orbits);

/// Takes `steps` steps of every lane, in place, and nothing else: what the looks are measured against. z holds the 2 or
/// 4 coordinates as arrays of m.size() one after the other. m.size() must be a multiple of 192.
void advance_lanes(const std::string& target, std::span<const double> m, std::span<double> z, std::uint64_t steps);

}  // namespace equipoise::tiny
