// Runs on their way into lanes: scaled a vector at a time, so that refilling a lane is a few copies. Included by batch_kernel.cpp
// alone, once for every target.
//
// Cost of a run: two square roots and some 10 operations of a lane; 100 bytes read and as many written, in cache.

HWY_BEFORE_NAMESPACE();
namespace equipoise::tiny::HWY_NAMESPACE {
namespace {

/// Runs that were scaled and can enter a lane as they are: what begin() does, some hundreds at a time.
template <std::size_t S>
class Ready {
 public:
  static constexpr std::size_t kSize = 256;

  std::size_t count = 0, next = 0;
  alignas(64) double z[S][kSize];
  alignas(64) double m[kSize];
  alignas(64) double near[kSize];
  alignas(64) double near_low[kSize] = {};
  double cell[kSize];
  std::uint64_t blocks[kSize];  ///< until look() is due

  /// Takes cells from `from` on until full; returns the first that was not taken. Cells that need more care, because they end at once
  /// or are out of range, go to `others`.
  std::size_t fill(std::span<const TinyRun> runs, TinyRun::Kind kind, std::size_t from, std::vector<std::size_t>& others) {
    const Tag tag;
    std::size_t taken = 0;
    for (; from < runs.size() && taken < kSize; ++from) {
      const TinyRun& run = runs[from];
      if (run.kind != kind) continue;
      h_[taken] = run.h;
      m[taken] = run.mu;
      if constexpr (S == 2) {
        z[0][taken] = run.x[0];
        z[1][taken] = run.y[0];
      } else {
        z[0][taken] = run.x[0];
        z[1][taken] = run.x[1];
        z[2][taken] = run.y[0];
        z[3][taken] = run.y[1];
        near_low[taken] = run.shape;
      }
      near[taken] = run.tolerance;
      max_steps_[taken] = run.max_steps;
      cell[taken] = static_cast<double>(from);
      ++taken;
    }
    for (std::size_t i = taken; i < (taken + kWidth - 1) / kWidth * kWidth; ++i) {
      h_[i] = m[i] = near[i] = near_low[i] = 1;
      for (std::size_t s = 0; s < S; ++s) z[s][i] = 1;
    }
    for (std::size_t i = 0; i < taken; i += kWidth) scale(i);
    // In place: those that need care are left out.
    count = next = 0;
    for (std::size_t i = 0; i < taken; ++i) {
      const std::uint64_t event = first_event(m[i], max_steps_[i]);
      if (care_[i] != 0 || event < look_every) {
        others.push_back(static_cast<std::size_t>(cell[i]));
        continue;
      }
      for (std::size_t s = 0; s < S; ++s) z[s][count] = z[s][i];
      m[count] = m[i];
      near[count] = near[i];
      near_low[count] = near_low[i];
      cell[count] = cell[i];
      blocks[count] = event / look_every;
      ++count;
    }
    return from;
  }

 private:
  static HWY_INLINE std::uint64_t first_event(double m_of, std::uint64_t max_steps) {
    if (S == 4 || m_of >= 1) max_steps = std::min(max_steps, first_cycle_look);
    return max_steps;
  }

  HWY_INLINE void scale(std::size_t i) {
    const Tag tag;
    const Vec zero = hn::Zero(tag);
    const Vec h = hn::Load(tag, h_ + i);
    const Vec mu = hn::Load(tag, m + i);
    const Vec tolerance = hn::Load(tag, near + i);
    const Vec root = hn::Sqrt(h);
    const Vec signed_root = hn::IfThenElse(hn::Lt(mu, zero), hn::Neg(root), root);
    const Vec m_of = hn::Mul(h, hn::Abs(mu));
    Vec at[S];
    Mask plain = hn::IsFinite(m_of);
    Mask at_zero = hn::Eq(zero, zero);
    for (std::size_t s = 0; s < S; ++s) {
      at[s] = hn::Mul(s < S / 2 ? root : signed_root, hn::Load(tag, z[s] + i));
      plain = hn::And(plain, hn::IsFinite(at[s]));
      at_zero = hn::And(at_zero, hn::Eq(at[s], zero));
      hn::Store(at[s], tag, z[s] + i);
    }
    // m = 0, and iterates without a gradient, are left to begin().
    Mask care = hn::Or(hn::Or(hn::Not(plain), at_zero), hn::Eq(m_of, zero));
    Vec size = m_of;
    if constexpr (S == 2) {
      care = hn::Or(care, hn::Eq(hn::NegMulAdd(at[0], at[1], m_of), zero));
    } else {
      const Vec low = zero;
      size = hn::Mul(m_of, hn::Sqrt(hn::Load(tag, near_low + i)));
      hn::Store(hn::Mul(hn::Mul(tolerance, size), hn::Sqrt(size)), tag, near_low + i);
      care = hn::Or(care, near_lanes(at, m_of, zero, low));
    }
    care = hn::Or(care, hn::Eq(tolerance, zero));
    hn::Store(m_of, tag, m + i);
    hn::Store(hn::Mul(tolerance, size), tag, near + i);
    hn::Store(hn::IfThenElseZero(care, hn::Set(tag, 1.0)), tag, care_ + i);
  }

  alignas(64) double h_[kSize];
  alignas(64) double care_[kSize];
  std::uint64_t max_steps_[kSize];
};

}  // namespace
}  // namespace equipoise::tiny::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
