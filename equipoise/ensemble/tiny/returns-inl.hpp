// Which runs come back to where they are within 64 steps, some vectors of them at a time. Included by kernel.cpp
// alone, once for every target.
//
// Cost: 64 steps of a lane, each with a test of 4 operations; for a few vectors the time is that of one chain.

HWY_BEFORE_NAMESPACE();
namespace equipoise::tiny::HWY_NAMESPACE {
namespace {

/// Runs that are looked at for a cycle. Nearly all that come back are periodic; the others need no closer look.
template <std::size_t S>
class Returns {
 public:
  bool full() const { return count_ == kSize; }
  bool empty() const { return count_ == 0; }

  HWY_INLINE void add(std::size_t lane, const State<S>& z, double m) {
    lane_[count_] = lane;
    for (std::size_t s = 0; s < S; ++s) z_[s][count_] = z[s];
    m_[count_] = m;
    ++count_;
  }

  /// 64 steps of every run. Of its numbers the first is compared: where that does not come back, the run does not.
  void walk() {
    if (count_ <= kWidth) walk_vectors<1>();
    else walk_vectors<kVecs>();
  }

  /// Hands every run to found(lane, whether it came back), and is empty.
  template <class Found>
  HWY_INLINE void take(const Found& found) {
    for (std::size_t i = 0; i < count_; ++i) found(lane_[i], (back_[i / kWidth] >> i % kWidth & 1U) != 0);
    count_ = 0;
  }

 private:
  static constexpr std::size_t kVecs = 2;
  static constexpr std::size_t kSize = kVecs * kWidth;

  template <std::size_t VECS>
  HWY_NOINLINE void walk_vectors() {
    const Tag tag;
    Vec at[VECS], z[VECS][S], m[VECS], far[VECS];
    Mask back[VECS];
    for_each<VECS>([&](auto v) HWY_ATTR {
      for (std::size_t s = 0; s < S; ++s) z[v][s] = hn::Load(tag, z_[s] + v * kWidth);
      at[v] = z[v][0];
      m[v] = hn::Load(tag, m_ + v * kWidth);
      far[v] = hn::Mul(hn::Mul(hn::Set(tag, endings::cycle_tolerance), lengths(z[v])), hn::Set(tag, reach(1, 1)));
      back[v] = hn::Ne(m[v], m[v]);  // nowhere
    });
    for (std::uint64_t i = 0; i < endings::largest_period; ++i) {
      for_each<VECS>([&](auto v) HWY_ATTR {
        step_lanes(z[v], m[v]);
        back[v] = hn::Or(back[v], hn::Le(hn::Abs(hn::Sub(z[v][0], at[v])), far[v]));
      });
    }
    for_each<VECS>([&](auto v) HWY_ATTR { back_[v] = bits_of(back[v]); });
  }

  alignas(64) double z_[S][kSize] = {};
  alignas(64) double m_[kSize] = {};
  std::size_t lane_[kSize];
  unsigned back_[kVecs] = {};
  std::size_t count_ = 0;
};

}  // namespace
}  // namespace equipoise::tiny::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
