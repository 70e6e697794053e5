// Runs on their way into lanes: scaled a vector at a time, so that refilling a lane is a few copies. Included by
// kernel.cpp alone, once for every target.
//
// Cost of a run: two square roots, five steps and some 30 operations of a lane; 80 bytes read of a row, 8 of a column.

HWY_BEFORE_NAMESPACE();
namespace equipoise::tiny::HWY_NAMESPACE {
namespace {

/// Runs that were scaled and can enter a lane as they are: what begin() does, some hundreds at a time.
template <std::size_t S>
class Ready {
 public:
  static constexpr std::size_t kSize = 256;
  static constexpr std::size_t kRoom = kSize + kWidth;  ///< vectors are read from anywhere and written behind the last

  std::size_t count = 0, next = 0;
  alignas(64) double z[S][kRoom];
  alignas(64) double m[kRoom];
  alignas(64) double near[kRoom];
  alignas(64) double near_low[kRoom];
  alignas(64) double cell[kRoom];
  alignas(64) double blocks[kRoom];  ///< until look() is due

  /// Takes cells from `from` on until full; returns the first that was not taken. Those that diverge within some steps
  /// are handed to doomed(set of lanes, z, m, near, near_low, cells) at once. Cells that need more care, because they
  /// end at the start or are out of range, go to `others`.
  template <class Doomed>
  HWY_INLINE std::size_t fill(const Source& runs, TinyRun::Kind kind, std::size_t from,
                              std::vector<std::size_t>& others, const Doomed& doomed) {
    taken_ = 0;
    from = runs.columns != nullptr ? read_columns(*runs.columns, kind, from) : read_rows(runs.rows, kind, from);
    count = next = 0;
    for (std::size_t i = 0; i < taken_; i += kWidth) scale(i, taken_ - i, others, doomed);
    return from;
  }

 private:
  std::size_t read_rows(std::span<const TinyRun> rows, TinyRun::Kind kind, std::size_t from) {
    for (; from < rows.size() && taken_ < kSize; ++from) {
      const TinyRun& run = rows[from];
      if (run.kind != kind) continue;
      h_[taken_] = run.h;
      mu_[taken_] = run.mu;
      for (std::size_t s = 0; s < S / 2; ++s) at_[s][taken_] = run.x[s];
      for (std::size_t s = 0; s < S / 2; ++s) at_[S / 2 + s][taken_] = run.y[s];
      if constexpr (S == 4) shape_[taken_] = run.shape;
      tolerance_[taken_] = run.tolerance;
      max_steps_[taken_] = static_cast<double>(run.max_steps);  // beyond 2^53 it is rounded, and never reached
      cell_[taken_] = static_cast<double>(from);
      ++taken_;
    }
    return from;
  }
  std::size_t read_columns(const TinyColumns& columns, TinyRun::Kind kind, std::size_t from) {
    if (columns.shared.kind != kind) return columns.count;
    taken_ = std::min(kSize, columns.count - from);
    const auto read = [&](const double* column, double shared, double* to) {
      if (column != nullptr) std::copy_n(column + from, taken_, to);
      else std::fill_n(to, taken_, shared);
    };
    const TinyRun& shared = columns.shared;
    read(columns.h, shared.h, h_);
    read(columns.mu, shared.mu, mu_);
    for (std::size_t s = 0; s < S / 2; ++s) read(columns.x[s], shared.x[s], at_[s]);
    for (std::size_t s = 0; s < S / 2; ++s) read(columns.y[s], shared.y[s], at_[S / 2 + s]);
    if constexpr (S == 4) read(columns.shape, shared.shape, shape_);
    read(columns.tolerance, shared.tolerance, tolerance_);
    std::fill_n(max_steps_, taken_, static_cast<double>(shared.max_steps));
    for (std::size_t i = 0; i < taken_; ++i) cell_[i] = static_cast<double>(from + i);
    return from + taken_;
  }

  // Scales a vector of runs, of which the first `used` are there, and appends them. m = 0, and iterates without a
  // gradient, are left to begin().
  template <class Doomed>
  HWY_INLINE void scale(std::size_t i, std::size_t used, std::vector<std::size_t>& others, const Doomed& doomed) {
    const Tag tag;
    const Vec zero = hn::Zero(tag);
    const Vec h = hn::Load(tag, h_ + i);
    const Vec mu = hn::Load(tag, mu_ + i);
    const Vec tolerance = hn::Load(tag, tolerance_ + i);
    const Vec root = hn::Sqrt(h);
    const Vec signed_root = hn::IfThenElse(hn::Lt(mu, zero), hn::Neg(root), root);
    const Vec m_of = hn::Mul(h, hn::Abs(mu));
    Vec at[S];
    Mask plain = hn::And(hn::IsFinite(m_of), hn::Gt(m_of, zero));
    Mask somewhere = hn::Ne(tolerance, tolerance);  // nowhere
    for (std::size_t s = 0; s < S; ++s) {
      at[s] = hn::Mul(s < S / 2 ? root : signed_root, hn::Load(tag, at_[s] + i));
      plain = hn::And(plain, hn::IsFinite(at[s]));
      somewhere = hn::Or(somewhere, hn::Ne(at[s], zero));
    }
    plain = hn::And(plain, hn::And(somewhere, hn::Gt(tolerance, zero)));
    Vec size = m_of, low = zero;
    if constexpr (S == 2) {
      const Vec share = hn::Mul(hn::Mul(hn::Set(tag, 2.00001), tolerance), tolerance);
      low = hn::Mul(m_of, hn::Add(share, hn::Set(tag, saddle_room)));
      plain = hn::And(plain, hn::Ne(hn::NegMulAdd(at[0], at[1], m_of), zero));
    } else {
      size = hn::Mul(m_of, hn::Sqrt(hn::Load(tag, shape_ + i)));
      low = size;
      plain = hn::AndNot(near_lanes(at, m_of, zero, zero), plain);
      plain = hn::And(plain, hn::Ge(hn::Mul(tolerance, size), hn::Set(tag, least_near)));
    }
    // The first event: the end of the budget, or the first look for a cycle where there may be one.
    Vec event = hn::Load(tag, max_steps_ + i);
    const Vec cycle_look = hn::Set(tag, static_cast<double>(endings::first_cycle_look));
    if constexpr (S == 2) event = hn::IfThenElse(hn::Ge(m_of, hn::Set(tag, 1.0)), hn::Min(event, cycle_look), event);
    else event = hn::Min(event, cycle_look);
    plain = hn::And(plain, hn::Ge(event, hn::Set(tag, static_cast<double>(look_every))));

    const Mask there = hn::FirstN(tag, used);
    plain = hn::And(plain, there);
    const Vec near_of = hn::Mul(tolerance, size);
    const Vec cell_of = hn::Load(tag, cell_ + i);
    const Mask diverging = hn::And(plain, diverges_soon(at, m_of, low));
    if (!hn::AllFalse(tag, diverging)) doomed(bits_of(diverging), at, m_of, near_of, low, cell_of);

    const unsigned left_to_others = bits_of(hn::AndNot(plain, there));
    const unsigned set = bits_of(hn::AndNot(diverging, plain));
    const Gather gather(set);
    const std::size_t behind = count;  // a copy, since every store might be to it
    const auto append = [&](Vec values, double* to) HWY_ATTR { hn::StoreU(gather(values), tag, to + behind); };
    for (std::size_t s = 0; s < S; ++s) append(at[s], z[s]);
    append(m_of, m);
    append(near_of, near);
    append(low, near_low);
    append(cell_of, cell);
    append(hn::Floor(hn::Mul(event, hn::Set(tag, 1.0 / look_every))), blocks);
    count = behind + static_cast<std::size_t>(std::popcount(set));
    for (unsigned left = left_to_others; left != 0; left &= left - 1) {
      others.push_back(static_cast<std::size_t>(cell_[i + static_cast<std::size_t>(std::countr_zero(left))]));
    }
  }

  // Where Lemma E holds after some steps, or nothing is finite any more: neither ends, so no step between needs a test.
  static HWY_INLINE Mask diverges_soon(const Vec (&start)[S], Vec m_of, Vec near_low) {
    Vec at[S];
    for (std::size_t s = 0; s < S; ++s) at[s] = start[s];
    for (int k = 0; k < kEarlySteps; ++k) step_lanes(at, m_of);
    return hn::Or(diverging_lanes(at, m_of, near_low), hn::Not(finite_lanes(at)));
  }
  static constexpr int kEarlySteps = 5;

  // Runs as they are given, an array a number.
  std::size_t taken_ = 0;
  alignas(64) double at_[S][kSize] = {};
  alignas(64) double h_[kSize] = {};
  alignas(64) double mu_[kSize] = {};
  alignas(64) double tolerance_[kSize] = {};
  alignas(64) double shape_[kSize] = {};
  alignas(64) double max_steps_[kSize] = {};
  alignas(64) double cell_[kSize] = {};
};

}  // namespace
}  // namespace equipoise::tiny::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
