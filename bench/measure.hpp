// Turning plans into samples: every round lets every contender of a case run for a slice of time.
#pragma once

#include <cstdio>

#include "bench.hpp"

namespace equipoise::bench {

/// The fastest call among those that fit into `slice` seconds, at least two (one where slice is 0). Either clock has
/// its own fastest.
Seconds fastest_call(const std::function<void()>& call, double slice);

/// Runs the plans one after another and writes a row for each sample: case, threads, contender, repetition, seconds,
/// cpu_seconds, flops, bytes, error. Throws std::runtime_error where a contender's result is wrong.
void measure(const std::vector<Plan>& plans, const Options& options, std::FILE* csv);

}  // namespace equipoise::bench
