// Steps without looks, and the last iterates of runs that end for no reason but their number of steps. Included by
// kernel.cpp alone, once for every target.

HWY_BEFORE_NAMESPACE();
namespace equipoise::tiny::HWY_NAMESPACE {
namespace {

// `steps` steps of kVecs vectors. 3 or 12 operations a step and vector; no memory.
template <std::size_t S, std::size_t kVecs>
HWY_INLINE void advance_vectors(Vec (&z)[kVecs][S], const Vec (&m)[kVecs], std::uint64_t steps) {
  for (std::uint64_t i = 0; i < steps; ++i) {
    for (std::size_t v = 0; v < kVecs; ++v) step_lanes(z[v], m[v]);
  }
}

template <std::size_t S>
void advance_kind(std::span<const double> m_of, std::span<double> z_of, std::uint64_t steps) {
  constexpr std::size_t kVecs = kVectors<S, false>;
  const Tag tag;
  const std::size_t count = m_of.size();
  for (std::size_t from = 0; from + kVecs * kWidth <= count; from += kVecs * kWidth) {
    Vec z[kVecs][S], m[kVecs];
    for (std::size_t v = 0; v < kVecs; ++v) {
      for (std::size_t s = 0; s < S; ++s) z[v][s] = hn::LoadU(tag, z_of.data() + s * count + from + v * kWidth);
      m[v] = hn::LoadU(tag, m_of.data() + from + v * kWidth);
    }
    advance_vectors(z, m, steps);
    for (std::size_t v = 0; v < kVecs; ++v) {
      for (std::size_t s = 0; s < S; ++s) hn::StoreU(z[v][s], tag, z_of.data() + s * count + from + v * kWidth);
    }
  }
}

void advance(std::span<const double> m, std::span<double> z, std::uint64_t steps) {
  if (z.size() == 2 * m.size()) advance_kind<2>(m, z, steps);
  else advance_kind<4>(m, z, steps);
}

HWY_INLINE Vec products(const Vec (&z)[2]) { return hn::Mul(z[0], z[1]); }
HWY_INLINE Vec products(const Vec (&z)[4]) { return hn::MulAdd(z[1], z[3], hn::Mul(z[0], z[2])); }

template <std::size_t S>
void record_kind(std::span<const TinyRun> runs, std::size_t last, std::span<double> orbits) {
  constexpr std::size_t kVecs = kVectors<S, false>;
  constexpr std::size_t kSize = kVecs * kWidth;
  const Tag tag;
  alignas(64) double z_of[S][kSize], m_of[kSize], row[kSize];
  for (std::size_t from = 0; from < runs.size(); from += kSize) {
    const std::size_t count = std::min(kSize, runs.size() - from);
    for (std::size_t i = 0; i < kSize; ++i) {
      Follow<S> follow;
      Ending<S> ending;
      begin(runs[from + std::min(i, count - 1)], follow, ending);
      for (std::size_t s = 0; s < S; ++s) z_of[s][i] = follow.z[s];
      m_of[i] = follow.map.m;
    }
    Vec z[kVecs][S], m[kVecs];
    for (std::size_t v = 0; v < kVecs; ++v) {
      for (std::size_t s = 0; s < S; ++s) z[v][s] = hn::Load(tag, z_of[s] + v * kWidth);
      m[v] = hn::Load(tag, m_of + v * kWidth);
    }
    const std::uint64_t total = runs[from].max_steps;
    advance_vectors(z, m, total + 1 - last);
    for (std::size_t k = 0; k < last; ++k) {
      for (std::size_t v = 0; v < kVecs; ++v) hn::Store(products(z[v]), tag, row + v * kWidth);
      for (std::size_t i = 0; i < count; ++i) orbits[(from + i) * last + k] = row[i];
      if (k + 1 < last) advance_vectors(z, m, 1);
    }
  }
}

void record(std::span<const TinyRun> runs, std::size_t last, std::span<double> orbits) {
  if (runs.front().kind == TinyRun::Kind::pair) record_kind<2>(runs, last, orbits);
  else record_kind<4>(runs, last, orbits);
}

}  // namespace
}  // namespace equipoise::tiny::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
