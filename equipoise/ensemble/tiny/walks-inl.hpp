// From the last mark before a run's end to its exact step: at most 16 steps of some vectors of such runs, with a test
// at each. Included by kernel.cpp alone, once for every target.
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

/// Runs whose end is known to lie in the steps after a mark: walked together, some vectors of them at a time, to the
/// exact step. Numbers of cells and steps are doubles, exact below 2^53, so that they can be moved as the iterates are.
template <std::size_t S>
class Walks {
 public:
  static constexpr std::size_t kVecs = 4;
  static constexpr std::size_t kSize = kVecs * kWidth;

  bool full() const { return count_ >= kSize; }
  bool empty() const { return count_ == 0; }

  /// Adds the lanes of a set.
  HWY_INLINE void add(unsigned set, const Vec (&z)[S], Vec m, Vec near, Vec near_low, Vec cell, Vec at_step) {
    const Gather gather(set);
    const std::size_t count = count_;  // a copy, since every store might be to it
    const auto append = [&](Vec values, double* to) HWY_ATTR { hn::StoreU(gather(values), Tag(), to + count); };
    for (std::size_t s = 0; s < S; ++s) append(z[s], z_[s]);
    append(m, m_);
    append(near, near_);
    if constexpr (S == 4) append(near_low, near_low_);
    append(cell, cell_);
    append(at_step, at_step_);
    count_ = count + static_cast<std::size_t>(std::popcount(set));
  }

  /// Adds one lane.
  HWY_INLINE void add(const State<S>& z, const Map<S>& map, double cell, double at_step) {
    const std::size_t count = count_++;
    for (std::size_t s = 0; s < S; ++s) z_[s][count] = z[s];
    m_[count] = map.m;
    near_[count] = map.near;
    near_low_[count] = map.near_low;
    cell_[count] = cell;
    at_step_[count] = at_step;
  }

  /// Moves every run to the first iterate from which on the tolerance holds, up to 16 steps from the mark.
  HWY_NOINLINE void to_arrival() {
    pad();
    const Tag tag;
    Vec z[kVecs][S], end[kVecs][S], m[kVecs], near[kVecs], low[kVecs], when[kVecs];
    for_each<kVecs>([&](auto v) HWY_ATTR {
      load(v, z[v], m[v]);
      near[v] = hn::Load(tag, near_ + v * kWidth);
      low[v] = hn::Load(tag, near_low_ + v * kWidth);
      when[v] = hn::Zero(tag);
      for (std::size_t s = 0; s < S; ++s) end[v][s] = z[v][s];
    });
    for (std::uint64_t i = 1; i <= mark_every; ++i) {
      const Vec now = hn::Set(tag, static_cast<double>(i));
      for_each<kVecs>([&](auto v) HWY_ATTR {
        const Mask there = arrived_lanes(z[v], m[v], near[v], low[v]);
        step_lanes(z[v], m[v]);
        for (std::size_t s = 0; s < S; ++s) end[v][s] = hn::IfThenElse(there, end[v][s], z[v][s]);
        when[v] = hn::IfThenElse(there, when[v], now);
      });
    }
    for_each<kVecs>([&](auto v)
                        HWY_ATTR { store(v, end[v], when[v], hn::Sub(hn::Set(tag, 1.0), sums_of_squares(end[v]))); });
  }

  /// Moves every run to the first iterate at which Lemma E holds or which has no finite successor.
  HWY_NOINLINE void to_divergence() {
    const std::size_t count = pad();
    const Tag tag;
    Vec z[kVecs][S], end[kVecs][S], m[kVecs], low[kVecs], when[kVecs], proved[kVecs];
    Mask done[kVecs];
    for_each<kVecs>([&](auto v) HWY_ATTR {
      load(v, z[v], m[v]);
      low[v] = hn::Load(tag, near_low_ + v * kWidth);
      when[v] = proved[v] = hn::Zero(tag);
      for (std::size_t s = 0; s < S; ++s) end[v][s] = z[v][s];
      done[v] = hn::Not(hn::FirstN(tag, count - std::min(count, v * kWidth)));
    });
    bool all = false;
    for (std::uint64_t i = 0; !all; ++i) {
      const Vec now = hn::Set(tag, static_cast<double>(i));
      all = true;
      for_each<kVecs>([&](auto v) HWY_ATTR {
        const Mask sure = diverging_lanes(z[v], m[v], low[v]);
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
      });
    }
    for_each<kVecs>([&](auto v) HWY_ATTR { store(v, end[v], when[v], proved[v]); });
  }

  /// Calls found(cell) for every run that will be moved.
  template <class Found>
  HWY_INLINE void each_cell(const Found& found) const {
    const std::size_t count = std::min(count_, kSize);
    for (std::size_t i = 0; i < count; ++i) found(cell_[i]);
  }

  struct End {
    std::size_t cell;
    std::uint64_t step;
    double extra;  ///< arrival: the multiplier; divergence: 1 where it is proved
  };
  /// Hands the runs that were moved to found(end, their z), and keeps the others, less than a vector.
  template <class Found>
  HWY_INLINE void take(const Found& found) {
    const std::size_t count = std::min(count_, kSize);
    for (std::size_t i = 0; i < count; ++i) {
      found(End{static_cast<std::size_t>(cell_number_[i]), static_cast<std::uint64_t>(step_number_[i]), extra_[i]},
            [&]() HWY_ATTR { return state(i); });
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
  HWY_INLINE void store(std::size_t v, const Vec (&z)[S], Vec steps, Vec extra) {
    for (std::size_t s = 0; s < S; ++s) hn::Store(z[s], Tag(), z_[s] + v * kWidth);
    const hn::RebindToSigned<Tag> numbers;
    const Vec at_step = hn::Add(hn::Load(Tag(), at_step_ + v * kWidth), steps);
    hn::Store(hn::ConvertTo(numbers, at_step), numbers, step_number_ + v * kWidth);
    hn::Store(hn::ConvertTo(numbers, hn::Load(Tag(), cell_ + v * kWidth)), numbers, cell_number_ + v * kWidth);
    hn::Store(extra, Tag(), extra_ + v * kWidth);
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
  // Of the runs that were moved:
  alignas(64) double extra_[kSize] = {};
  alignas(64) std::int64_t cell_number_[kSize] = {};
  alignas(64) std::int64_t step_number_[kSize] = {};
  std::size_t count_ = 0;
};

}  // namespace
}  // namespace equipoise::tiny::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
