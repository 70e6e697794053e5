// The lanes themselves: blocks of 64 steps, looks, and a new run for every lane whose run ended. Included by
// kernel.cpp alone, once for every target.
//
// Cost, per vector: nothing but steps in the 16 between marks; a mark is two stores, a look 10 operations. A vector of
// which several lanes end takes some 140 instructions, however many they are; each of those lanes then a walk, a row
// and its part of making runs ready.

HWY_BEFORE_NAMESPACE();
namespace equipoise::tiny::HWY_NAMESPACE {
namespace {

template <std::size_t S, bool TANGENT>
class Lanes {
 public:
  explicit Lanes(Cells<S>& cells) : cells_(cells) {
    for (std::size_t i = 0; i < kSize; ++i) idle(i);
    std::fill_n(first_due_, kWidth, kNever);
  }

  void run() {
    for (std::size_t i = 0; i < kSize; ++i) refill(i);
    while (active_ > 0) {
      if (cells_.stopped()) return;
      take_blocks();
      settle();
    }
    while (!arrivals_.empty()) cells_.flush_arrivals(arrivals_);
    while (!divergences_.empty()) cells_.flush_divergences(divergences_);
  }

 private:
  static constexpr std::size_t kVecs = kVectors<S, TANGENT>;
  static constexpr std::size_t kSize = kVecs * kWidth;
  static_assert(kSize <= 64);
  static constexpr double kNever = std::numeric_limits<double>::infinity();

  // 64 steps of every lane, the iterates of every 16th being kept; then which lanes deserve a look.
  HWY_NOINLINE void take_blocks() {
    const Tag tag;
    Vec z[kVecs][S], m[kVecs], w[kVecs][S];
    for_each<kVecs>([&](auto v) HWY_ATTR {
      load(z_, v * kWidth, z[v]);
      m[v] = hn::Load(tag, m_ + v * kWidth);
      if constexpr (TANGENT) load(w_, v * kWidth, w[v]);
    });
    for (std::size_t mark = 0; mark < most_marks; ++mark) {
      for_each<kVecs>([&](auto v) HWY_ATTR { store(z[v], marks_[mark], v * kWidth); });
      // Unrolled, g++ 12 sorts the steps by vectors, and a processor does not look far enough ahead to find the others.
#pragma GCC unroll 1
      for (std::uint64_t i = 0; i < mark_every; ++i) {
        for_each<kVecs>([&](auto v) HWY_ATTR {
          if constexpr (TANGENT) step_tangents(z[v], w[v], m[v]);
          step_lanes(z[v], m[v]);
        });
      }
    }
    std::uint64_t looks = 0;
    for_each<kVecs>([&](auto v) HWY_ATTR {
      const std::size_t at = v * kWidth;
      store(z[v], z_, at);
      const Mask look = worth_a_look(z[v], m[v], hn::Load(tag, near_ + at), hn::Load(tag, near_low_ + at));
      looks |= std::uint64_t{bits_of(look)} << (v * kWidth);
    });
    looks_ = looks;
    ++blocks_;
    if constexpr (TANGENT) {
      for_each<kVecs>([&](auto v) HWY_ATTR {
        const std::size_t at = v * kWidth;
        const Vec norm = lengths(w[v]);
        hn::Store(logs_of(norm), tag, log_growth_ + at);
        for (std::size_t s = 0; s < S; ++s) hn::Store(hn::Div(w[v][s], norm), tag, w_[s] + at);
      });
      for (std::size_t i = 0; i < kSize; ++i) {
        if (follow_[i].growth) follow_[i].growth->add(log_growth_[i]);
      }
    }
  }

  // Ends and looks after a block.
  HWY_INLINE void settle() {
    for (std::uint64_t looks = looks_; looks != 0;) {
      const std::size_t first = static_cast<std::size_t>(std::countr_zero(looks)) / kWidth * kWidth;
      constexpr std::uint64_t one_vector = (std::uint64_t{1} << kWidth) - 1;
      after_block(first, static_cast<unsigned>(looks >> first & one_vector));
      looks &= ~(one_vector << first);
    }
    if (any_due()) look_at_due();
  }
  HWY_INLINE double blocks_so_far() const { return static_cast<double>(blocks_); }

  HWY_INLINE std::uint64_t step_of(std::size_t i) const {
    return static_cast<std::uint64_t>(origin_[i] + static_cast<double>(look_every) * blocks_so_far());
  }

  // The two common endings, by the rules of look(): the lanes are handed to the walks from the last mark before the
  // event, and refilled. Whatever is rarer goes to look() itself. All of it for the vector of lanes from `first` on,
  // however many of them end.
  HWY_INLINE void after_block(std::size_t first, unsigned bits) {
    // For one lane alone vectors are the longer way.
    if (std::has_single_bit(bits) && arrives_alone(first + static_cast<std::size_t>(std::countr_zero(bits)))) return;
    const Tag tag;
    const Vec m = hn::Load(tag, m_ + first);
    const Vec near = hn::Load(tag, near_ + first);
    const Vec near_low = hn::Load(tag, near_low_ + first);
    Vec z[S];
    load(z_, first, z);
    const Mask arrived =
        hn::And(hn::Le(sums_of_squares(z), hn::Set(tag, stable_sharpness)), arrived_lanes(z, m, near, near_low));
    const unsigned arriving = bits_of(arrived);
    // Most looks end here: S <= 2 goes with |x y| <= 1, and no run diverges there.
    const unsigned diverging =
        arriving == bits ? 0 : bits_of(hn::Or(diverging_lanes(z, m, near_low), hn::Not(finite_lanes(z))));
    if (arriving != 0) {
      hand_over(first, arriving, arrivals_, m, near, near_low,
                [&](const Vec(&there)[S]) HWY_ATTR { return hn::Not(arrived_lanes(there, m, near, near_low)); });
      if (arrivals_.full()) cells_.flush_arrivals(arrivals_);
    }
    if (diverging != 0) {
      hand_over(first, diverging, divergences_, m, near, near_low,
                [&](const Vec(&there)[S]) HWY_ATTR { return bounded_lanes(there, m); });
      if (divergences_.full()) cells_.flush_divergences(divergences_);
    }
    const unsigned ending = diverging | arriving;
    if (ending != 0) replace(first, ending);
    for (unsigned left = bits & ~ending; left != 0; left &= left - 1) {
      const std::size_t i = first + static_cast<std::size_t>(std::countr_zero(left));
      if (due_[i] > blocks_so_far()) take_a_look(i);  // otherwise look_at_due() comes to it
    }
  }

  // The same for one lane that arrived at a stable minimiser; false where it did not.
  HWY_INLINE bool arrives_alone(std::size_t i) {
    Map<S> map;
    map.m = m_[i];
    map.near = near_[i];
    map.near_low = near_low_[i];
    if (sum_of_squares(state(z_, i)) > stable_sharpness || !arrived(map, state(z_, i))) return false;
    // The last mark that has not arrived, or the first: without a branch, since nobody can tell which it will be.
    unsigned before = 1;
    for (std::size_t mark = 1; mark < most_marks; ++mark) {
      before |= static_cast<unsigned>(!arrived(map, state(marks_[mark], i))) << mark;
    }
    const auto mark = static_cast<std::size_t>(std::bit_width(before)) - 1;
    const double step = origin_[i] + static_cast<double>(look_every * (blocks_ - 1) + mark * mark_every);
    arrivals_.add(state(marks_[mark], i), map, cell_[i], step);
    if (arrivals_.full()) cells_.flush_arrivals(arrivals_);
    replace_lane(i);
    return true;
  }
  static HWY_INLINE State<S> state(const double (&from)[S][kSize], std::size_t i) {
    State<S> z;
    for (std::size_t s = 0; s < S; ++s) z[s] = from[s][i];
    return z;
  }

  // Adds lanes to `walks` from the last mark of which `before` holds, or from the first. A mark before the event:
  // everything earlier is before it, too.
  template <class Before>
  HWY_INLINE void hand_over(std::size_t first, unsigned set, Walks<S>& walks, Vec m, Vec near, Vec near_low,
                            const Before& before) {
    const Tag tag;
    Vec from[S];
    load(marks_[0], first, from);
    Vec at = hn::Zero(tag);
    for (std::size_t mark = 1; mark < most_marks; ++mark) {
      Vec there[S];
      load(marks_[mark], first, there);
      const Mask later = before(there);
      for (std::size_t s = 0; s < S; ++s) from[s] = hn::IfThenElse(later, there[s], from[s]);
      at = hn::IfThenElse(later, hn::Set(tag, static_cast<double>(mark * mark_every)), at);
    }
    const Vec first_step =
        hn::Add(hn::Load(tag, origin_ + first), hn::Set(tag, static_cast<double>(look_every * (blocks_ - 1))));
    walks.add(set, from, m, near, near_low, hn::Load(tag, cell_ + first), hn::Add(first_step, at));
  }
  static HWY_INLINE void load(const double (&from)[S][kSize], std::size_t first, Vec (&z)[S]) {
    for (std::size_t s = 0; s < S; ++s) z[s] = hn::Load(Tag(), from[s] + first);
  }
  static HWY_INLINE void store(const Vec (&z)[S], double (&to)[S][kSize], std::size_t first) {
    for (std::size_t s = 0; s < S; ++s) hn::Store(z[s], Tag(), to[s] + first);
  }

  HWY_INLINE bool any_due() const {
    return !hn::AllFalse(Tag(), hn::Le(hn::Load(Tag(), first_due_), hn::Set(Tag(), blocks_so_far())));
  }

  // A look for a cycle that finds none is 64 steps of one chain; those that are due together are taken beside each
  // other.
  HWY_NOINLINE void look_at_due() {
    Returns<S> returns;
    for (std::size_t i = 0; i < kSize; ++i) {
      if (due_[i] > blocks_so_far()) continue;
      State<S> z;
      for (std::size_t s = 0; s < S; ++s) z[s] = z_[s][i];
      returns.add(i, z, m_[i]);
      if (returns.full()) look_at(returns);
    }
    look_at(returns);
    for (std::size_t lane = 0; lane < kWidth; ++lane) {
      first_due_[lane] = kNever;
      for (std::size_t i = lane; i < kSize; i += kWidth) first_due_[lane] = std::min(first_due_[lane], due_[i]);
    }
  }
  HWY_INLINE void look_at(Returns<S>& returns) {
    if (returns.empty()) return;
    returns.walk();
    returns.take([&](std::size_t i, bool may_return) {
      if (may_return || !passes_by(i)) take_a_look(i, may_return);
    });
  }
  // What look() does at a look for a cycle that finds none, for a run without a history that is near nothing: it plans
  // the next. False where there may be more to do.
  HWY_INLINE bool passes_by(std::size_t i) {
    const std::uint64_t step = step_of(i);
    const std::uint64_t max_steps = cells_.runs.run(static_cast<std::size_t>(cell_[i])).max_steps;
    const bool simple = !TANGENT && (follows_[i / kWidth] >> i % kWidth & 1U) == 0 &&
                        2 * step < endings::first_growth_look && max_steps - step >= look_every;
    if (!simple || (looks_ >> i & 1U) != 0) return false;
    due_[i] = blocks_so_far() + static_cast<double>((std::min(max_steps, 2 * step) - step) / look_every);
    return true;
  }

  HWY_NOINLINE void take_a_look(std::size_t i, bool may_return = true) {
    Follow<S>& follow = follow_[i];
    const auto cell = static_cast<std::size_t>(cell_[i]);
    Ending<S> ending;
    unsigned& follows = follows_[i / kWidth];
    const unsigned bit = 1U << i % kWidth;
    if ((follows & bit) == 0) begin(cells_.runs.run(cell), follow, ending);
    follows |= bit;
    for (std::size_t s = 0; s < S; ++s) follow.z[s] = z_[s][i];
    if constexpr (TANGENT) {
      for (std::size_t s = 0; s < S; ++s) follow.tangent[s] = w_[s][i];
    }
    follow.step = step_of(i);
    catch_up(follow);
    Marks<S> marks;
    marks.first_step = follow.step - look_every;
    marks.count = most_marks;
    for (std::size_t mark = 0; mark < most_marks; ++mark) {
      for (std::size_t s = 0; s < S; ++s) marks.at[mark][s] = marks_[mark][s][i];
    }
    if (look(follow, marks, ending, may_return)) {
      cells_.finish(cell, ending);
      replace_lane(i);
    } else if (!go_on(i, cell)) {
      replace_lane(i);
    }
  }

  // True where the run of follow_[i] stays in this lane for at least a block. It may be finished here by the plain
  // loop.
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
    follows_[i / kWidth] |= 1U << i % kWidth;
    // An event that is no multiple of 64 is the end of the budget: the lane is left at the look before it.
    enter(i, follow.step, static_cast<double>((follow.event - follow.step) / look_every));
    return true;
  }
  HWY_INLINE void enter(std::size_t i, std::uint64_t step, double blocks) {
    origin_[i] = static_cast<double>(step) - static_cast<double>(look_every) * blocks_so_far();
    due_[i] = blocks_so_far() + blocks;
    double& first_due = first_due_[i % kWidth];
    first_due = std::min(first_due, due_[i]);
  }

  HWY_INLINE void idle(std::size_t i) {
    for (std::size_t s = 0; s < S; ++s) z_[s][i] = kIdle<S>[s];
    for (std::size_t s = 0; s < S; ++s) w_[s][i] = 1;
    m_[i] = 1;
    near_[i] = -1;
    near_low_[i] = 0;
    due_[i] = kNever;
    follow_[i].growth.reset();
  }

  // New runs for some lanes of the vector from `first` on, where `ready` has so many. Each number is read from the next
  // run on and spread over those lanes.
  HWY_INLINE bool take_ready(std::size_t first, unsigned set) {
    if constexpr (!TANGENT) {
      Ready<S>& ready = cells_.ready;
      const auto count = static_cast<std::size_t>(std::popcount(set));
      if (ready.next + count > ready.count) return false;
      const Tag tag;
      const Spread spread(set);
      const std::size_t next = ready.next;  // a copy, since every store might be to it
      const auto renew = [&](const double* from, double* lanes) HWY_ATTR {
        hn::Store(spread(hn::LoadU(tag, from + next), hn::Load(tag, lanes + first)), tag, lanes + first);
      };
      for (std::size_t s = 0; s < S; ++s) renew(ready.z[s], z_[s]);
      renew(ready.m, m_);
      renew(ready.near, near_);
      renew(ready.near_low, near_low_);
      renew(ready.cell, cell_);
      const Vec due = spread(hn::Add(hn::LoadU(tag, ready.blocks + next), hn::Set(tag, blocks_so_far())),
                             hn::Load(tag, due_ + first));
      hn::Store(due, tag, due_ + first);
      hn::Store(hn::Min(due, hn::Load(tag, first_due_)), tag, first_due_);
      const Vec origin = hn::Set(tag, -static_cast<double>(look_every) * blocks_so_far());
      hn::Store(spread.put(origin, hn::Load(tag, origin_ + first)), tag, origin_ + first);
      follows_[first / kWidth] &= ~set;
      ready.next = next + count;
      return true;
    }
    return false;
  }

  HWY_INLINE void replace(std::size_t first, unsigned set) {
    if (take_ready(first, set)) return;
    for (unsigned left = set; left != 0; left &= left - 1)
      replace_lane(first + static_cast<std::size_t>(std::countr_zero(left)));
  }

  HWY_INLINE void replace_lane(std::size_t i) {
    --active_;
    refill(i);
  }

  HWY_INLINE void refill(std::size_t i) {
    if constexpr (!TANGENT) {
      Ready<S>& ready = cells_.ready;
      if (ready.next < ready.count) {
        const std::size_t next = ready.next++;
        for (std::size_t s = 0; s < S; ++s) z_[s][i] = ready.z[s][next];
        m_[i] = ready.m[next];
        near_[i] = ready.near[next];
        near_low_[i] = ready.near_low[next];
        cell_[i] = ready.cell[next];
        follows_[i / kWidth] &= ~(1U << i % kWidth);
        enter(i, 0, ready.blocks[next]);
        ++active_;
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
          if (begin(cells_.runs.run(cell), follow_[i], ending)) {
            cells_.finish(cell, ending);
          } else if (go_on(i, cell)) {
            ++active_;
            return;
          }
        }
        if (cells_.next == cells_.runs.size()) break;
        cells_.next =
            cells_.ready.fill(cells_.runs, cells_.kind, cells_.next, cells_.others,
                              [&](unsigned set, const Vec(&z)[S], Vec m, Vec near, Vec near_low, Vec cell) HWY_ATTR {
                                divergences_.add(set, z, m, near, near_low, cell, hn::Zero(Tag()));
                                if (divergences_.full()) cells_.flush_divergences(divergences_);
                              });
        if (cells_.ready.count > 0) return refill(i);
      }
    }
    idle(i);
  }

  Cells<S>& cells_;
  alignas(64) double z_[S][kSize];
  alignas(64) double w_[S][kSize];
  alignas(64) double m_[kSize];
  alignas(64) double near_[kSize];
  alignas(64) double near_low_[kSize];
  alignas(64) double log_growth_[kSize];
  alignas(64) double cell_[kSize] = {};
  alignas(64) double origin_[kSize] = {};  // step of the run less 64 times the number of blocks
  alignas(64) double marks_[most_marks][S][kSize];
  std::uint64_t looks_ = 0;  // a bit a lane
  std::size_t active_ = 0;
  std::uint64_t blocks_ = 0;              // taken so far by every lane
  alignas(64) double due_[kSize];         // the number of blocks at which look() comes by
  alignas(64) double first_due_[kWidth];  // no more than the least of them, by place in their vectors
  unsigned follows_[kSize / kWidth] =
      {};  // follow_ is in use: the lane has a history beyond its iterate; a bit a lane of a vector
  Follow<S> follow_[kSize];
  Walks<S> arrivals_;
  Walks<S> divergences_;
};

}  // namespace
}  // namespace equipoise::tiny::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
