// What the machine can do at most, measured beside the kernels: multiply-adds and reading memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace equipoise::bench {

/// `rounds` times 12 independent fused multiply-adds on the widest vectors, on as many threads as oneTBB may use (at
/// most `threads`). Returns the flops done; memory is not touched.
double fma_chains(int threads, std::int64_t rounds);

/// Reads every byte once, in 64 pieces spread over the threads. Returns something that depends on all of them.
double read_all(std::span<const std::byte> memory);

}  // namespace equipoise::bench
