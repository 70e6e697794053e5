// The lanes themselves: blocks of 64 steps, looks, and a new run for every lane whose run ended. Included by batch_kernel.cpp
// alone, once for every target.
//
// Cost: no memory is read or written in the 16 steps between marks; a mark is 4 loads and stores of two vectors, a look 8 operations
// a vector, an ending some 100 cycles.

HWY_BEFORE_NAMESPACE();
namespace equipoise::tiny::HWY_NAMESPACE {
namespace {

/// Where runs come from and where their rows go.
template <std::size_t S>
struct Cells {
  std::span<const TinyRun> runs;
  TinyRun::Kind kind;
  const BatchSettings& settings;
  std::span<TinyEnd> ends;
  std::size_t next = 0;                                         ///< the first cell that `ready` has not seen
  Ready<S> ready;
  std::vector<std::size_t> others;                              ///< cells to begin with care
  std::vector<std::pair<std::size_t, Follow<S>>> with_tangent;  ///< runs that go on where a tangent is followed

  HWY_INLINE bool stopped() const { return settings.stop != nullptr && settings.stop->load(std::memory_order_relaxed); }
  HWY_INLINE void finish(std::size_t cell, const Ending<S>& ending) {
    report_ending(ending, ends[cell]);
    if (settings.measures) report_measures<S>(runs[cell], ending.z, ends[cell]);
  }
};

template <std::size_t S, bool TANGENT>
class Lanes {
 public:
  explicit Lanes(Cells<S>& cells) : cells_(cells) {
    for (std::size_t i = 0; i < kSize; ++i) idle(i);
  }

  void run() {
    for (std::size_t i = 0; i < kSize; ++i) refill(i);
    while (active_ > 0) {
      if (cells_.stopped()) return;
      take_blocks();
      ++blocks_;
      for (std::size_t v = 0; v < kVecs; ++v) {
        if (looks_[v] != 0) after_block(v, looks_[v]);
      }
      if (blocks_ >= first_due_) look_at_due();
    }
    while (!arrivals_.empty()) flush_arrivals();
    while (!divergences_.empty()) flush_divergences();
  }

 private:
  static constexpr std::size_t kVecs = kVectors<S, TANGENT>;
  static constexpr std::size_t kSize = kVecs * kWidth;

  // 16 steps of every lane. Loaded and stored here: g++ 12 leaves arrays of vectors in memory that live across a loop around this one.
  HWY_INLINE void take_steps(std::size_t mark) {
    const Tag tag;
    Vec z[kVecs][S], m[kVecs], w[kVecs][S];
    for (std::size_t v = 0; v < kVecs; ++v) {
      for (std::size_t s = 0; s < S; ++s) {
        z[v][s] = hn::Load(tag, z_[s] + v * kWidth);
        hn::Store(z[v][s], tag, marks_[mark][s] + v * kWidth);
        if constexpr (TANGENT) w[v][s] = hn::Load(tag, w_[s] + v * kWidth);
      }
      m[v] = hn::Load(tag, m_ + v * kWidth);
    }
    for (std::uint64_t i = 0; i < mark_every; ++i) {
      for (std::size_t v = 0; v < kVecs; ++v) {
        if constexpr (TANGENT) step_tangents(z[v], w[v], m[v]);
        step_lanes(z[v], m[v]);
      }
    }
    for (std::size_t v = 0; v < kVecs; ++v) {
      for (std::size_t s = 0; s < S; ++s) {
        hn::Store(z[v][s], tag, z_[s] + v * kWidth);
        if constexpr (TANGENT) hn::Store(w[v][s], tag, w_[s] + v * kWidth);
      }
    }
  }

  // 64 steps of every lane; then which lanes deserve a look.
  HWY_NOINLINE void take_blocks() {
    const Tag tag;
    for (std::size_t mark = 0; mark < most_marks; ++mark) take_steps(mark);
    for (std::size_t v = 0; v < kVecs; ++v) {
      Vec z[S];
      load_mark(v, z_, z);
      looks_[v] = bits_of(worth_a_look(z, hn::Load(tag, m_ + v * kWidth), hn::Load(tag, near_ + v * kWidth), hn::Load(tag, near_low_ + v * kWidth)));
    }
    if constexpr (TANGENT) {
      for (std::size_t v = 0; v < kVecs; ++v) {
        Vec w[S];
        load_mark(v, w_, w);
        const Vec norm = lengths(w);
        hn::Store(norm, tag, norm_ + v * kWidth);
        for (std::size_t s = 0; s < S; ++s) hn::Store(hn::Div(w[s], norm), tag, w_[s] + v * kWidth);
      }
      for (std::size_t i = 0; i < kSize; ++i) {
        if (follow_[i].growth) follow_[i].growth->add(log_of(norm_[i]));
      }
    }
  }

  HWY_INLINE std::uint64_t step_of(std::size_t i) const {
    return static_cast<std::uint64_t>(origin_[i] + static_cast<double>(look_every * blocks_));
  }

  // The two common endings, by the rules of look(): the lanes are handed to the walks from the last mark before the event, and
  // refilled. Whatever is rarer goes to look() itself. About 40 operations on a vector, however many of its lanes end.
  HWY_INLINE void after_block(std::size_t v, unsigned bits) {
    const Tag tag;
    const Vec m = hn::Load(tag, m_ + v * kWidth);
    const Vec near = hn::Load(tag, near_ + v * kWidth);
    const Vec near_low = hn::Load(tag, near_low_ + v * kWidth);
    Vec z[S];
    load_mark(v, z_, z);
    const Mask diverged = hn::Or(diverging_lanes(z, m), hn::Not(finite_lanes(z)));
    const Mask stable = hn::Le(sums_of_squares(z), hn::Set(tag, stable_sharpness));
    const Mask arrived = hn::AndNot(diverged, hn::And(stable, arrived_lanes(z, m, near, near_low)));
    const unsigned ending = bits_of(hn::Or(diverged, arrived));
    if (ending != 0) {
      Vec from[S];
      load_mark(v, marks_[0], from);
      Vec at = hn::Add(hn::Load(tag, origin_ + v * kWidth), hn::Set(tag, static_cast<double>(look_every * (blocks_ - 1))));
      for (std::size_t mark = 1; mark < most_marks; ++mark) {
        Vec there[S];
        load_mark(v, marks_[mark], there);
        // A mark before the event: everything earlier is before it, too.
        const Mask later = hn::Or(hn::And(diverged, bounded_lanes(there, m)), hn::AndNot(diverged, hn::Not(arrived_lanes(there, m, near, near_low))));
        for (std::size_t s = 0; s < S; ++s) from[s] = hn::IfThenElse(later, there[s], from[s]);
        at = hn::IfThenElse(later, hn::Add(first_of_block(v), hn::Set(tag, static_cast<double>(mark * mark_every))), at);
      }
      alignas(64) double start[S][kWidth], start_step[kWidth];
      for (std::size_t s = 0; s < S; ++s) hn::Store(from[s], tag, start[s]);
      hn::Store(at, tag, start_step);
      const unsigned diverging = bits_of(diverged);
      for (unsigned left = ending; left != 0; left &= left - 1) {
        const auto lane = static_cast<std::size_t>(std::countr_zero(left));
        const std::size_t i = v * kWidth + lane;
        State<S> begun;
        for (std::size_t s = 0; s < S; ++s) begun[s] = start[s][lane];
        const auto* end = reinterpret_cast<const char*>(&cells_.ends[static_cast<std::size_t>(cell_[i])]);
        hwy::Prefetch(end);
        hwy::Prefetch(end + 64);
        Walks<S>& walks = (diverging >> lane & 1U) != 0 ? divergences_ : arrivals_;
        walks.add(begun, m_[i], near_[i], near_low_[i], cell_[i], start_step[lane]);
        replace(i);
      }
      if (arrivals_.full()) flush_arrivals();
      if (divergences_.full()) flush_divergences();
    }
    for (unsigned left = bits & ~ending; left != 0; left &= left - 1) {
      const std::size_t i = v * kWidth + static_cast<std::size_t>(std::countr_zero(left));
      if (due_[i] > blocks_) take_a_look(i);  // otherwise look_at_due() comes to it
    }
  }

  HWY_INLINE Vec first_of_block(std::size_t v) const {
    return hn::Add(hn::Load(Tag(), origin_ + v * kWidth), hn::Set(Tag(), static_cast<double>(look_every * (blocks_ - 1))));
  }
  static HWY_INLINE void load_mark(std::size_t v, const double (&from)[S][kSize], Vec (&z)[S]) {
    for (std::size_t s = 0; s < S; ++s) z[s] = hn::Load(Tag(), from[s] + v * kWidth);
  }

  HWY_NOINLINE void look_at_due() {
    for (std::size_t i = 0; i < kSize; ++i) {
      if (due_[i] <= blocks_) take_a_look(i);
    }
    first_due_ = *std::min_element(due_, due_ + kSize);
  }

  HWY_NOINLINE void take_a_look(std::size_t i) {
    Follow<S>& follow = follow_[i];
    const auto cell = static_cast<std::size_t>(cell_[i]);
    Ending<S> ending;
    if (!follows_[i]) begin(cells_.runs[cell], follow, ending);
    follows_[i] = true;
    for (std::size_t s = 0; s < S; ++s) follow.z[s] = z_[s][i];
    if constexpr (TANGENT) {
      for (std::size_t s = 0; s < S; ++s) follow.tangent[s] = w_[s][i];
    }
    follow.step = step_of(i);
    Marks<S> marks;
    marks.first_step = follow.step - look_every;
    marks.count = most_marks;
    for (std::size_t mark = 0; mark < most_marks; ++mark) {
      for (std::size_t s = 0; s < S; ++s) marks.at[mark][s] = marks_[mark][s][i];
    }
    if (look(follow, marks, ending)) {
      cells_.finish(cell, ending);
      replace(i);
    } else if (!go_on(i, cell)) {
      replace(i);
    }
  }

  // True where the run of follow_[i] stays in this lane for at least a block. It may be finished here by the plain loop.
  bool go_on(std::size_t i, std::size_t cell) {
    Follow<S>& follow = follow_[i];
    if (!TANGENT && follow.follows_tangent()) {
      cells_.with_tangent.emplace_back(cell, std::move(follow));
      return false;
    }
    if (follow.max_steps - follow.step < look_every) {
      Marks<S> marks;
      Ending<S> ending;
      take_block(follow, marks);
      if (look(follow, marks, ending)) cells_.finish(cell, ending);
      return false;
    }
    for (std::size_t s = 0; s < S; ++s) z_[s][i] = follow.z[s];
    if constexpr (TANGENT) {
      for (std::size_t s = 0; s < S; ++s) w_[s][i] = follow.tangent[s];
    }
    m_[i] = follow.map.m;
    // A run that lingers is looked at after every block.
    near_[i] = follow.lingers ? -1 : follow.map.near;
    near_low_[i] = follow.map.near_low;
    cell_[i] = static_cast<double>(cell);
    follows_[i] = true;
    // An event that is no multiple of 64 is the end of the budget: the lane is left at the look before it.
    enter(i, follow.step, (follow.event - follow.step) / look_every);
    return true;
  }
  HWY_INLINE void enter(std::size_t i, std::uint64_t step, std::uint64_t blocks) {
    origin_[i] = static_cast<double>(step) - static_cast<double>(look_every * blocks_);
    due_[i] = blocks_ + blocks;
    first_due_ = std::min(first_due_, due_[i]);
  }

  HWY_INLINE void idle(std::size_t i) {
    for (std::size_t s = 0; s < S; ++s) z_[s][i] = kIdle<S>[s];
    for (std::size_t s = 0; s < S; ++s) w_[s][i] = 1;
    m_[i] = 1;
    near_[i] = -1;
    near_low_[i] = 0;
    due_[i] = never;
    follow_[i].growth.reset();
  }

  HWY_INLINE void replace(std::size_t i) {
    --active_;
    refill(i);
  }

  HWY_INLINE void refill(std::size_t i) {
    if constexpr (!TANGENT) {
      Ready<S>& ready = cells_.ready;
      if (ready.next < ready.count) {
        const std::size_t k = ready.next++;
        for (std::size_t s = 0; s < S; ++s) z_[s][i] = ready.z[s][k];
        m_[i] = ready.m[k];
        near_[i] = ready.near[k];
        if constexpr (S == 4) near_low_[i] = ready.near_low[k];
        cell_[i] = ready.cell[k];
        follows_[i] = false;
        ++active_;
        enter(i, 0, ready.blocks[k]);
        return;
      }
    }
    refill_with_care(i);
  }

  // The next run that needs a lane; those that end at once are finished on the way.
  HWY_NOINLINE void refill_with_care(std::size_t i) {
    if constexpr (TANGENT) {
      while (!cells_.with_tangent.empty()) {
        const std::size_t cell = cells_.with_tangent.back().first;
        follow_[i] = std::move(cells_.with_tangent.back().second);
        cells_.with_tangent.pop_back();
        if (go_on(i, cell)) {
          ++active_;
          return;
        }
      }
    } else {
      while (true) {
        while (!cells_.others.empty()) {
          const std::size_t cell = cells_.others.back();
          cells_.others.pop_back();
          Ending<S> ending;
          if (begin(cells_.runs[cell], follow_[i], ending)) {
            cells_.finish(cell, ending);
          } else if (go_on(i, cell)) {
            ++active_;
            return;
          }
        }
        if (cells_.next == cells_.runs.size()) break;
        cells_.next = cells_.ready.fill(cells_.runs, cells_.kind, cells_.next, cells_.others);
        if (cells_.ready.count > 0) return refill(i);
      }
    }
    idle(i);
  }

  void flush_arrivals() {
    arrivals_.to_arrival([this](std::size_t cell, const State<S>& z, std::uint64_t at_step) {
      cells_.finish(cell, at_stable_minimiser(z, at_step));
    });
  }
  void flush_divergences() {
    divergences_.to_divergence([this](std::size_t cell, const State<S>& z, std::uint64_t at_step, bool proved) {
      cells_.finish(cell, divergence(z, at_step, proved));
    });
  }

  Cells<S>& cells_;
  alignas(64) double z_[S][kSize];
  alignas(64) double w_[S][kSize];
  alignas(64) double m_[kSize];
  alignas(64) double near_[kSize];
  alignas(64) double near_low_[kSize];
  alignas(64) double norm_[kSize];
  alignas(64) double cell_[kSize] = {};
  alignas(64) double origin_[kSize] = {};  // step of the run less 64 times the number of blocks
  alignas(64) double marks_[most_marks][S][kSize];
  unsigned looks_[kVecs] = {};
  std::size_t active_ = 0;
  std::uint64_t blocks_ = 0;  // taken so far by every lane
  std::uint64_t first_due_ = never;
  std::uint64_t due_[kSize];  // the number of blocks at which look() comes by
  bool follows_[kSize] = {};  // follow_ is in use: the lane has a history beyond its iterate
  Follow<S> follow_[kSize];
  Walks<S> arrivals_;
  Walks<S> divergences_;
};

}  // namespace
}  // namespace equipoise::tiny::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
