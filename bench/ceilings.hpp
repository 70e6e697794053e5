// What the machine can do at most, measured beside the kernels: multiply-adds and reading memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace equipoise::bench {

/// `rounds` times 12 independent fused multiply-adds on the widest vectors, on as many threads as oneTBB may use (at
/// most `threads`). Returns the flops done; memory is not touched.
double fma_chains(int threads, std::int64_t rounds);

/// Adds values[e] times row columns[e] of `rows`, which are `stride` doubles apart (8, 16, or a multiple of 32), for
/// every e < count. Returns something that depends on all of them.
double gather_rows(const std::uint32_t* columns, const double* values, std::ptrdiff_t count, const double* rows,
                   std::ptrdiff_t stride);

/// Reads every byte once, in 64 pieces spread over the threads. Returns something that depends on all of them.
double read_all(std::span<const std::byte> memory);

}  // namespace equipoise::bench
