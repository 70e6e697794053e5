// The most fused multiply-adds that one core does.
#pragma once

#include <cstdint>

namespace equipoise::bench {

/// `rounds` times 12 independent chains of fused multiply-adds on the widest vectors, no memory. Returns the number of lane operations.
double fma_lane_operations(std::int64_t rounds);

}  // namespace equipoise::bench
