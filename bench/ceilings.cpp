// The ceilings, compiled for every target that Highway knows here and chosen as the kernels choose theirs.
#include "ceilings.hpp"

#include <oneapi/tbb/parallel_for.h>

#include <atomic>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ceilings.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first
#include <hwy/cache_control.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace equipoise::bench::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Lanes = hn::ScalableTag<double>;

/// 24 flops a lane and round. Twelve chains hide a latency of four cycles on up to three units.
double chains(std::int64_t rounds, double* sink) {
  const Lanes lanes;
  const auto factor = hn::Set(lanes, 0.999999), term = hn::Set(lanes, 1e-6);
  // Twelve different starts: equal ones would be computed once.
  auto a = hn::Set(lanes, sink[0]), b = hn::Set(lanes, sink[1]), c = hn::Set(lanes, sink[2]),
       d = hn::Set(lanes, sink[3]);
  auto e = hn::Set(lanes, sink[4]), f = hn::Set(lanes, sink[5]), g = hn::Set(lanes, sink[6]),
       h = hn::Set(lanes, sink[7]);
  auto i = hn::Set(lanes, sink[8]), j = hn::Set(lanes, sink[9]), k = hn::Set(lanes, sink[10]),
       l = hn::Set(lanes, sink[11]);
  for (std::int64_t round = 0; round < rounds; ++round) {
    a = hn::MulAdd(a, factor, term);
    b = hn::MulAdd(b, factor, term);
    c = hn::MulAdd(c, factor, term);
    d = hn::MulAdd(d, factor, term);
    e = hn::MulAdd(e, factor, term);
    f = hn::MulAdd(f, factor, term);
    g = hn::MulAdd(g, factor, term);
    h = hn::MulAdd(h, factor, term);
    i = hn::MulAdd(i, factor, term);
    j = hn::MulAdd(j, factor, term);
    k = hn::MulAdd(k, factor, term);
    l = hn::MulAdd(l, factor, term);
  }
  const auto all = hn::Add(hn::Add(hn::Add(a, b), hn::Add(c, d)),
                           hn::Add(hn::Add(hn::Add(e, f), hn::Add(g, h)), hn::Add(hn::Add(i, j), hn::Add(k, l))));
  *sink = hn::GetLane(hn::SumOfLanes(lanes, all));
  return 24 * static_cast<double>(hn::Lanes(lanes)) * static_cast<double>(rounds);
}

/// `size` is a multiple of 64. Eight sums keep more loads in flight than memory can answer; what comes 4 KiB later is
/// fetched, since processors stop fetching ahead at the end of a page.
double read_piece(const std::byte* from, std::size_t size) {
  const Lanes lanes;
  const std::size_t N = hn::Lanes(lanes), count = size / sizeof(double);
  const double* values = reinterpret_cast<const double*>(from);
  auto a = hn::Zero(lanes), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
  std::size_t at = 0;
  for (; at + 8 * N <= count; at += 8 * N) {
    for (std::size_t line = 0; line < 8 * N; line += 8) hwy::Prefetch(values + at + 512 + line);
    a = hn::Add(a, hn::LoadU(lanes, values + at));
    b = hn::Add(b, hn::LoadU(lanes, values + at + N));
    c = hn::Add(c, hn::LoadU(lanes, values + at + 2 * N));
    d = hn::Add(d, hn::LoadU(lanes, values + at + 3 * N));
    e = hn::Add(e, hn::LoadU(lanes, values + at + 4 * N));
    f = hn::Add(f, hn::LoadU(lanes, values + at + 5 * N));
    g = hn::Add(g, hn::LoadU(lanes, values + at + 6 * N));
    h = hn::Add(h, hn::LoadU(lanes, values + at + 7 * N));
  }
  double sum = hn::GetLane(
      hn::SumOfLanes(lanes, hn::Add(hn::Add(hn::Add(a, b), hn::Add(c, d)), hn::Add(hn::Add(e, f), hn::Add(g, h)))));
  for (; at < count; ++at) sum += values[at];
  return sum;
}

/// VECTORS vectors of each row; sums enough to hide the latency of a multiply-add. Rows of several lines are fetched 16
/// entries ahead, which pays for them alone.
template <int VECTORS>
double gather_vectors(const std::uint32_t* columns, const double* values, std::ptrdiff_t count, const double* rows,
                      std::ptrdiff_t stride) {
  const hn::CappedTag<double, 8> lanes;
  const std::ptrdiff_t N = static_cast<std::ptrdiff_t>(hn::Lanes(lanes));
  constexpr int kTurns = VECTORS < 4 ? 4 : 2;
  constexpr std::ptrdiff_t kAhead = 16;
  hn::Vec<hn::CappedTag<double, 8>> sum[kTurns][VECTORS];
  for (int t = 0; t < kTurns; ++t) {
    for (int v = 0; v < VECTORS; ++v) sum[t][v] = hn::Zero(lanes);
  }
  const auto add = [&](std::ptrdiff_t e, int t) HWY_ATTR {
    const auto value = hn::Set(lanes, values[e]);
    const double* const row = rows + static_cast<std::ptrdiff_t>(columns[e]) * stride;
    for (int v = 0; v < VECTORS; ++v) sum[t][v] = hn::MulAdd(value, hn::LoadU(lanes, row + v * N), sum[t][v]);
  };
  std::ptrdiff_t e = 0;
  for (; e + kTurns + kAhead <= count; e += kTurns) {
    for (int t = 0; t < kTurns; ++t) {
      for (std::ptrdiff_t k = 0; VECTORS * N > 8 && k < VECTORS * N; k += 8)
        hwy::Prefetch(rows + static_cast<std::ptrdiff_t>(columns[e + t + kAhead]) * stride + k);
      add(e + t, t);
    }
  }
  for (; e < count; ++e) add(e, 0);
  for (int t = 0; t < kTurns; ++t) {
    for (int v = 0; v < VECTORS; ++v) sum[0][0] = hn::Add(sum[0][0], sum[t][v]);
  }
  return hn::GetLane(hn::SumOfLanes(lanes, sum[0][0]));
}

double gather_here(const std::uint32_t* columns, const double* values, std::ptrdiff_t count, const double* rows,
                   std::ptrdiff_t stride) {
  const std::ptrdiff_t N = static_cast<std::ptrdiff_t>(hn::Lanes(hn::CappedTag<double, 8>()));
  if (stride == N) return gather_vectors<1>(columns, values, count, rows, stride);
  if (stride == 2 * N) return gather_vectors<2>(columns, values, count, rows, stride);
  double sum = 0;
  for (std::ptrdiff_t at = 0; at < stride; at += 4 * N)
    sum += gather_vectors<4>(columns, values, count, rows + at, stride);
  return sum;
}

}  // namespace
}  // namespace equipoise::bench::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace equipoise::bench {

HWY_EXPORT(chains);
HWY_EXPORT(read_piece);
HWY_EXPORT(gather_here);

namespace {
std::atomic<double> seen{0};  ///< what the loops computed, so that no compiler leaves them out
}

double fma_chains(int threads, std::int64_t rounds) {
  std::atomic<double> flops{0};
  const auto body = [&](int) {
    double sink[12];
    for (int chain = 0; chain < 12; ++chain) sink[chain] = chain + seen.load() * 1e-30;
    const double done = HWY_DYNAMIC_DISPATCH(chains)(rounds, sink);
    seen.store(sink[0]);
    for (double old = flops.load(); !flops.compare_exchange_weak(old, old + done);) {
    }
  };
  tbb::parallel_for(0, threads, body, tbb::simple_partitioner());
  return flops.load();
}

double gather_rows(const std::uint32_t* columns, const double* values, std::ptrdiff_t count, const double* rows,
                   std::ptrdiff_t stride) {
  const double sum = HWY_DYNAMIC_DISPATCH(gather_here)(columns, values, count, rows, stride);
  seen.store(sum);
  return sum;
}

double read_all(std::span<const std::byte> memory) {
  constexpr std::size_t kPieces = 64;
  const std::size_t piece = memory.size() / kPieces / 64 * 64;
  std::atomic<double> total{0};
  tbb::parallel_for(std::size_t{0}, kPieces, [&](std::size_t i) {
    total.store(HWY_DYNAMIC_DISPATCH(read_piece)(memory.data() + i * piece, piece));
  });
  seen.store(total.load());
  return total.load();
}

}  // namespace equipoise::bench
#endif
