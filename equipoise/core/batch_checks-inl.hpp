// Whether the numbers of many runs are in range, a vector of numbers at a time. Included by batch_kernel.cpp alone,
// once for every target.
//
// Cost of a run: 80 bytes read once, 10 comparisons of two bounds, a vector of them at a time.

HWY_BEFORE_NAMESPACE();
namespace equipoise::tiny::HWY_NAMESPACE {
namespace {

/// How many of the first runs are known to be in range: mu, x, y and shape finite, h positive and finite, the tolerance
/// in [0, 1]. Those that are left over, and all of them where one is not in range, are for a closer look. A run is ten
/// words: five vectors hold whole runs.
std::size_t known_in_range(std::span<const TinyRun> runs) {
  constexpr std::size_t kWords = sizeof(TinyRun) / sizeof(double), kVecs = 5, kRuns = kVecs * kWidth / kWords;
  static_assert(kWords == 10 && sizeof(TinyRun) % sizeof(double) == 0 && kWidth % 2 == 0);
  constexpr auto word = [](std::size_t offset) { return offset / sizeof(double); };
  const Tag tag;
  alignas(64) double low[kVecs * kWidth], high[kVecs * kWidth], other[kVecs * kWidth];
  for (std::size_t i = 0; i < kVecs * kWidth; ++i) {
    const std::size_t at = i % kWords;
    const bool h = at == word(offsetof(TinyRun, h)), tolerance = at == word(offsetof(TinyRun, tolerance));
    low[i] = h ? std::numeric_limits<double>::denorm_min() : tolerance ? 0 : -largest_double;
    high[i] = tolerance ? 1 : largest_double;
    other[i] = at == word(offsetof(TinyRun, kind)) || at == word(offsetof(TinyRun, max_steps)) ? 1 : 0;  // no doubles
  }
  Mask bad[kVecs], counts[kVecs];
  for_each<kVecs>([&](auto v) HWY_ATTR {
    counts[v] = hn::Eq(hn::Load(tag, other + v * kWidth), hn::Zero(tag));
    bad[v] = hn::Not(hn::Eq(hn::Zero(tag), hn::Zero(tag)));
  });
  std::size_t i = 0;
  for (; i + kRuns <= runs.size(); i += kRuns) {
    const auto* const numbers = reinterpret_cast<const std::uint8_t*>(&runs[i]);
    for_each<kVecs>([&](auto v) HWY_ATTR {
      using Bytes = hn::Repartition<std::uint8_t, Tag>;
      const Vec values = hn::BitCast(tag, hn::LoadU(Bytes(), numbers + v * kWidth * sizeof(double)));
      const Mask good =
          hn::And(hn::Ge(values, hn::Load(tag, low + v * kWidth)), hn::Le(values, hn::Load(tag, high + v * kWidth)));
      bad[v] = hn::Or(bad[v], hn::AndNot(good, counts[v]));
    });
  }
  bool good = true;
  for_each<kVecs>([&](auto v) HWY_ATTR { good = good && hn::AllFalse(tag, bad[v]); });
  return good ? i : 0;
}

}  // namespace
}  // namespace equipoise::tiny::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
