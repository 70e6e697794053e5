// Twelve independent chains of fused multiply-adds: 12 operations a round and lane, no memory.
#include "ceiling.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ceiling.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace equipoise::bench::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

double chains(std::int64_t rounds) {
  const hn::ScalableTag<double> tag;
  using Vec = hn::Vec<decltype(tag)>;
  const Vec factor = hn::Set(tag, 0.999999);
  Vec sums[12];
  for (int i = 0; i < 12; ++i) sums[i] = hn::Set(tag, 1.0 + i);
  for (std::int64_t k = 0; k < rounds; ++k) {
    for (int i = 0; i < 12; ++i) sums[i] = hn::MulAdd(sums[i], factor, factor);
  }
  Vec total = hn::Zero(tag);
  for (int i = 0; i < 12; ++i) total = hn::Add(total, sums[i]);
  const double lanes = static_cast<double>(hn::Lanes(tag));
  const double sum = hn::GetLane(hn::SumOfLanes(tag, total));
  return sum == 0.5 ? 0 : 12 * lanes * static_cast<double>(rounds);  // the sum is used, or the loop would vanish
}

}  // namespace
}  // namespace equipoise::bench::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace equipoise::bench {
HWY_EXPORT(chains);
double fma_lane_operations(std::int64_t rounds) { return HWY_DYNAMIC_DISPATCH(chains)(rounds); }
}  // namespace equipoise::bench
#endif
