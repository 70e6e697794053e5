// From the last mark before a run's end to its exact step: at most 16 steps of some vectors of such runs, with a test at each. Included
// by batch_kernel.cpp alone, once for every target.
//
// Cost of a run that arrives: 16 steps and tests of a lane, some 10 operations each, and its way in and out of memory.

HWY_BEFORE_NAMESPACE();
namespace equipoise::tiny::HWY_NAMESPACE {
namespace {

/// An iterate that nothing happens to: a minimiser that is never near.
template <std::size_t S>
constexpr State<S> kIdle = [] {
  State<S> z{};
  z[0] = 1;
  z[S / 2] = 1;
  return z;
}();

/// Runs whose end is known to lie in the steps after a mark: walked together, some vectors of them at a time, to the exact step.
/// Numbers of cells and steps are doubles, exact below 2^53, so that they can be moved as the iterates are.
template <std::size_t S>
class Walks {
 public:
  static constexpr std::size_t kVecs = 4;
  static constexpr std::size_t kSize = kVecs * kWidth;

  bool full() const { return count_ >= kSize; }
  bool empty() const { return count_ == 0; }

  HWY_INLINE void add(const State<S>& z, double m, double near, double near_low, double cell, double at_step) {
    for (std::size_t s = 0; s < S; ++s) z_[s][count_] = z[s];
    m_[count_] = m;
    near_[count_] = near;
    if constexpr (S == 4) near_low_[count_] = near_low;
    cell_[count_] = cell;
    at_step_[count_] = at_step;
    ++count_;
  }

  /// Calls found(cell, z, step) with the first iterate from which on the tolerance holds, up to 16 steps from the mark.
  template <class Found>
  HWY_NOINLINE void to_arrival(Found&& found) {
    const std::size_t count = pad();
    const Tag tag;
    Vec z[kVecs][S], end[kVecs][S], m[kVecs], near[kVecs], low[kVecs], when[kVecs];
    for (std::size_t v = 0; v < kVecs; ++v) {
      load(v, z[v], m[v]);
      near[v] = hn::Load(tag, near_ + v * kWidth);
      low[v] = hn::Load(tag, near_low_ + v * kWidth);
      when[v] = hn::Load(tag, at_step_ + v * kWidth);
      for (std::size_t s = 0; s < S; ++s) end[v][s] = z[v][s];
    }
    const Vec one = hn::Set(tag, 1.0);
    Vec now[kVecs];
    for (std::size_t v = 0; v < kVecs; ++v) now[v] = when[v];
    for (std::uint64_t i = 0; i < mark_every; ++i) {
      for (std::size_t v = 0; v < kVecs; ++v) {
        const Mask there = arrived_lanes(z[v], m[v], near[v], low[v]);
        step_lanes(z[v], m[v]);
        now[v] = hn::Add(now[v], one);
        for (std::size_t s = 0; s < S; ++s) end[v][s] = hn::IfThenElse(there, end[v][s], z[v][s]);
        when[v] = hn::IfThenElse(there, when[v], now[v]);
      }
    }
    for (std::size_t v = 0; v < kVecs; ++v) store(v, end[v], when[v]);
    for (std::size_t i = 0; i < count; ++i) found(static_cast<std::size_t>(cell_[i]), state(i), static_cast<std::uint64_t>(at_step_[i]));
    drop(count);
  }

  /// Calls found(cell, z, step, proved) with the first iterate at which Lemma E holds or which has no finite successor.
  template <class Found>
  HWY_NOINLINE void to_divergence(Found&& found) {
    const std::size_t count = pad();
    const Tag tag;
    Vec z[kVecs][S], end[kVecs][S], m[kVecs], when[kVecs], proved[kVecs];
    Mask done[kVecs];
    for (std::size_t v = 0; v < kVecs; ++v) {
      load(v, z[v], m[v]);
      when[v] = proved[v] = hn::Zero(tag);
      for (std::size_t s = 0; s < S; ++s) end[v][s] = z[v][s];
      alignas(64) double used[kWidth];
      for (std::size_t i = 0; i < kWidth; ++i) used[i] = v * kWidth + i < count ? 1.0 : 0.0;
      done[v] = hn::Eq(hn::Load(tag, used), hn::Zero(tag));
    }
    bool all = false;
    for (std::uint64_t i = 0; !all; ++i) {
      const Vec now = hn::Set(tag, static_cast<double>(i));
      all = true;
      for (std::size_t v = 0; v < kVecs; ++v) {
        const Mask sure = diverging_lanes(z[v], m[v]);
        Vec next[S];
        for (std::size_t s = 0; s < S; ++s) next[s] = z[v][s];
        step_lanes(next, m[v]);
        const Mask hit = hn::AndNot(done[v], hn::Or(sure, hn::Not(finite_lanes(next))));
        for (std::size_t s = 0; s < S; ++s) end[v][s] = hn::IfThenElse(hit, z[v][s], end[v][s]);
        when[v] = hn::IfThenElse(hit, now, when[v]);
        proved[v] = hn::IfThenElse(hn::And(hit, sure), hn::Set(tag, 1.0), proved[v]);
        done[v] = hn::Or(done[v], hit);
        all = all && hn::AllTrue(tag, done[v]);
        for (std::size_t s = 0; s < S; ++s) z[v][s] = next[s];
      }
    }
    alignas(64) double sure[kSize];
    for (std::size_t v = 0; v < kVecs; ++v) {
      store(v, end[v], hn::Add(hn::Load(tag, at_step_ + v * kWidth), when[v]));
      hn::Store(proved[v], tag, sure + v * kWidth);
    }
    for (std::size_t i = 0; i < count; ++i) {
      found(static_cast<std::size_t>(cell_[i]), state(i), static_cast<std::uint64_t>(at_step_[i]), sure[i] != 0);
    }
    drop(count);
  }

 private:
  static constexpr std::size_t kRoom = kSize + kWidth;  // lanes are added a vector at a time

  // Fills the vectors up with lanes to which nothing happens; returns how many are in use.
  std::size_t pad() {
    for (std::size_t i = count_; i < kSize; ++i) {
      for (std::size_t s = 0; s < S; ++s) z_[s][i] = kIdle<S>[s];
      m_[i] = 1;
      near_[i] = -1;
      near_low_[i] = 0;
    }
    return std::min(count_, kSize);
  }
  // Moves what came after the first vectors to the front: less than a vector.
  void drop(std::size_t count) {
    for (std::size_t i = count; i < count_; ++i) {
      for (std::size_t s = 0; s < S; ++s) z_[s][i - count] = z_[s][i];
      m_[i - count] = m_[i];
      near_[i - count] = near_[i];
      near_low_[i - count] = near_low_[i];
      cell_[i - count] = cell_[i];
      at_step_[i - count] = at_step_[i];
    }
    count_ -= count;
  }
  HWY_INLINE void load(std::size_t v, Vec (&z)[S], Vec& m) const {
    for (std::size_t s = 0; s < S; ++s) z[s] = hn::Load(Tag(), z_[s] + v * kWidth);
    m = hn::Load(Tag(), m_ + v * kWidth);
  }
  HWY_INLINE void store(std::size_t v, const Vec (&z)[S], Vec at_step) {
    for (std::size_t s = 0; s < S; ++s) hn::Store(z[s], Tag(), z_[s] + v * kWidth);
    hn::Store(at_step, Tag(), at_step_ + v * kWidth);
  }
  HWY_INLINE State<S> state(std::size_t i) const {
    State<S> z;
    for (std::size_t s = 0; s < S; ++s) z[s] = z_[s][i];
    return z;
  }

  alignas(64) double z_[S][kRoom] = {};
  alignas(64) double m_[kRoom] = {};
  alignas(64) double near_[kRoom] = {};
  alignas(64) double near_low_[kRoom] = {};
  alignas(64) double cell_[kRoom] = {};
  alignas(64) double at_step_[kRoom] = {};
  std::size_t count_ = 0;
};

}  // namespace
}  // namespace equipoise::tiny::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
