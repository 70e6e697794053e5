// The lanes of small problems: blocks of 16 steps, looks, and a new run for every lane whose run ended. Included by
// kernel.cpp alone, once for every target.
//
// Cost, per block and vector: 16 steps, a copy of the state, and of a gradient what it takes to see that no lane is
// near anything.

HWY_BEFORE_NAMESPACE();
namespace equipoise::small::HWY_NAMESPACE {
namespace {

/// Where runs come from and where their rows go.
struct Cells {
  const Form& form;
  std::span<const SmallRun> runs;
  const SmallSettings& settings;
  std::span<TinyEnd> ends;
  std::size_t next = 0;
  std::vector<std::pair<std::size_t, Follow>> waiting;       ///< runs that go on from where they are
  std::vector<std::pair<std::size_t, Follow>> with_tangent;  ///< and those that go on with a tangent

  bool stopped() const { return settings.stop != nullptr && settings.stop->load(std::memory_order_relaxed); }
  void finish(std::size_t cell, const Ending& ending) {
    report(form, ending, runs[cell].start->overlap, settings.measures, settings.sharpness, ends[cell]);
  }
};

class Lanes {
 public:
  /// `tangents`: the runs of cells.with_tangent, each with its tangent; otherwise all others.
  Lanes(Cells& cells, bool tangents)
      : cells_(cells),
        form_(cells.form),
        tangents_(tangents),
        arithmetic_(arithmetic_of(cells.form)),
        size_(arithmetic_.together),
        limits_(size_),
        z_(array_of(form_.entries() * size_)),
        before_(array_of(form_.entries() * size_)),
        grams_(array_of(2 * form_.gram() * size_)),
        squared_(array_of(size_)),
        most_(array_of(size_)),
        watched_places_(array_of(form_.telling.size() * size_)),
        watched_room_(array_of(size_, -1)),
        returned_(array_of(size_)),
        w_(array_of(tangents ? form_.entries() * size_ : 0)),
        log_growth_(array_of(size_)),
        lane_(size_),
        walks_(form_, arithmetic_) {}

  void run() {
    refill();
    while (active_ != 0 || !walks_.empty()) {
      if (cells_.stopped()) return;
      if (active_ != 0) {
        take_block();
        settle();
      } else {
        flush_walks();
      }
      refill();
    }
  }

 private:
  struct Lane {
    std::size_t cell = 0;
    std::uint64_t origin = 0;  ///< step of the run less 16 times the blocks so far; may wrap
    Follow follow;             ///< z, before, tangent and the steps are out of date
  };

  std::uint64_t step_of(std::size_t i) const { return lane_[i].origin + look_every * blocks_; }
  bool is_active(std::size_t i) const { return (active_ >> i & 1U) != 0; }

  void take_block() {
    if (drop_vanishing(form_, z_.get(), size_)) arithmetic_.grams(form_, z_.get(), size_, grams_.get());
    if (tangents_) drop_vanishing(form_, w_.get(), size_);
    std::copy_n(z_.get(), form_.entries() * size_, before_.get());
    const Watched watched{watched_places_.get(), watched_room_.get(), returned_.get()};
    const Watched* const watching = watchers_ != 0 ? &watched : nullptr;
    if (tangents_) {
      for (std::uint64_t i = 0; i < look_every; ++i) {
        arithmetic_.step_tangents(form_, limits_.h.get(), z_.get(), grams_.get(), w_.get(), size_);
        arithmetic_.advance(form_, limits_.h.get(), z_.get(), grams_.get(), size_, 1, watching);
      }
    } else {
      arithmetic_.advance(form_, limits_.h.get(), z_.get(), grams_.get(), size_, look_every, watching);
    }
    ++blocks_;
    if (tangents_) measure_growth();
    const Tag tag;
    std::uint64_t left = 0, near = 0;
    for (std::size_t at = 0; at < size_; at += kWidth) {
      const Vec length = lengths(form_, grams_.get(), size_, at);
      hn::Store(most_near(limits_.slope2.get(), limits_.low2.get(), length, at), tag, most_.get() + at);
      const Mask leaves = Sides(form_, limits_.needed2.get(), grams_.get(), size_, at).may_have_left();
      left |= std::uint64_t{bits_of(leaves)} << at;
    }
    arithmetic_.gradients(form_, limits_.h.get(), z_.get(), grams_.get(), size_, most_.get(), squared_.get());
    for (std::size_t at = 0; at < size_; at += kWidth) {
      const Mask is_near = hn::Le(hn::Load(tag, squared_.get() + at), hn::Load(tag, most_.get() + at));
      near |= std::uint64_t{bits_of(is_near)} << at;
    }
    left_ = left & active_;
    flagged_ = (left | near) & active_;
  }

  void measure_growth() {
    normalise(form_, w_.get(), size_, log_growth_.get());
    for (std::size_t i = 0; i < size_; ++i) {
      Follow& follow = lane_[i].follow;
      if (!is_active(i)) continue;
      follow.open_growth += log_growth_[i];
      if (step_of(i) % tiny::look_every != 0) continue;
      follow.growth->add(follow.open_growth);
      follow.open_growth = 0;
    }
  }

  void settle() {
    for (std::uint64_t left = flagged_; left != 0; left &= left - 1) {
      const auto i = static_cast<std::size_t>(std::countr_zero(left));
      Follow& follow = lane_[i].follow;
      if (follow.lingers || follow.growth) {
        look_at(i, true);
        continue;
      }
      follow.step = step_of(i) - look_every;
      take_state(before_.get(), size_, i, follow.z);
      walks_.add(lane_[i].cell, std::move(follow), (left_ >> i & 1U) != 0);
      leave(i);
      if (walks_.full()) flush_walks();
    }
    if (blocks_ < next_due_) return;
    for (std::size_t i = 0; i < size_; ++i) {
      if (is_active(i) && blocks_until_event(i) == 0) look_at(i, lane_[i].follow.lingers);
    }
    next_due_ = never;
    for (std::size_t i = 0; i < size_; ++i) {
      if (is_active(i)) next_due_ = std::min(next_due_, blocks_ + blocks_until_event(i));
    }
  }
  // Whole ones: an end of the budget that is no multiple of 16 is met at the look before it.
  std::uint64_t blocks_until_event(std::size_t i) const { return (lane_[i].follow.event - step_of(i)) / look_every; }

  void flush_walks() {
    walks_.take([&](std::size_t cell, Follow follow, const Event& event, const std::vector<double>& z) {
      Ending ending;
      if (ends_with(form_, follow.h, event, follow.step, z.data(), ending)) {
        cells_.finish(cell, ending);
        spare_.push_back(std::move(follow));
        return;
      }
      // It is at an unstable point: the plain loop takes the block again and sees what comes of it.
      small::take_block(form_, follow);
      if (look(form_, follow, ending)) cells_.finish(cell, ending);
      else cells_.waiting.emplace_back(cell, std::move(follow));
    });
  }

  /// look(), with what the lane has. `flagged`: the iterate may be one that a run ends at.
  void look_at(std::size_t i, bool flagged) {
    Follow& follow = lane_[i].follow;
    follow.step = step_of(i);
    follow.before_step = follow.step - look_every;
    take_state(z_.get(), size_, i, follow.z);
    if (flagged) take_state(before_.get(), size_, i, follow.before);
    if (tangents_) take_state(w_.get(), size_, i, follow.tangent);
    Ending ending;
    if (look(form_, follow, ending, flagged, returned_[i] != 0)) {
      cells_.finish(lane_[i].cell, ending);
      spare_.push_back(std::move(follow));
      leave(i);
    } else if (!stays(follow)) {
      go_on_elsewhere(lane_[i].cell, std::move(follow));
      leave(i);
    } else {
      watch(i);
      next_due_ = std::min(next_due_, blocks_ + blocks_until_event(i));
    }
  }

  /// Whether a run belongs into these lanes for a block at least.
  bool stays(const Follow& follow) const {
    return follow.follows_tangent() == tangents_ && follow.max_steps - follow.step >= look_every;
  }
  void go_on_elsewhere(std::size_t cell, Follow follow) {
    if (follow.max_steps - follow.step < look_every) {
      Ending ending;
      small::take_block(form_, follow);
      if (look(form_, follow, ending)) cells_.finish(cell, ending);
      spare_.push_back(std::move(follow));
    } else {
      cells_.with_tangent.emplace_back(cell, std::move(follow));
    }
  }

  /// Begins to watch for returns where the run has just kept a candidate. Of one that was kept elsewhere they are not
  /// known, and the plain loop will look.
  void watch(std::size_t i) {
    const Follow& follow = lane_[i].follow;
    const std::uint64_t bit = std::uint64_t{1} << i;
    watchers_ &= ~bit;
    watched_room_[i] = -1;
    if (follow.candidate_step == never) return;
    const bool begins = follow.candidate_step == follow.step;
    returned_[i] = begins ? 0 : 1;
    if (!begins) return;
    watchers_ |= bit;
    for (std::size_t k = 0; k < form_.telling.size(); ++k)
      watched_places_[k * size_ + i] = z_[form_.telling[k] * size_ + i];
    watched_room_[i] = return_room * std::sqrt(length_of(form_, grams_.get(), size_, i));
  }

  /// A lane in which nothing happens.
  void leave(std::size_t i) {
    const std::uint64_t bit = std::uint64_t{1} << i;
    active_ &= ~bit;
    watchers_ &= ~bit;
    watched_room_[i] = -1;
    for (std::size_t e = 0; e < form_.entries(); ++e) z_[e * size_ + i] = 0;
    for (std::size_t e = 0; e < 2 * form_.gram(); ++e) grams_[e * size_ + i] = 0;
    if (tangents_) {
      for (std::size_t e = 0; e < form_.entries(); ++e) w_[e * size_ + i] = 1;
    }
    limits_.idle(i);
  }

  /// Runs for all lanes that have none.
  void refill() {
    for (std::size_t i = 0; i < size_; ++i) {
      while (!is_active(i)) {
        std::size_t cell = 0;
        Follow follow;
        std::vector<std::pair<std::size_t, Follow>>& begun = tangents_ ? cells_.with_tangent : cells_.waiting;
        if (!begun.empty()) {
          std::tie(cell, follow) = std::move(begun.back());
          begun.pop_back();
        } else if (!tangents_ && cells_.next < cells_.runs.size()) {
          cell = cells_.next++;
          if (!spare_.empty()) {
            follow = std::move(spare_.back());
            spare_.pop_back();
          }
          begin(form_, cells_.runs[cell], follow);
        } else {
          return;
        }
        if (stays(follow)) enter(i, cell, std::move(follow));
        else go_on_elsewhere(cell, std::move(follow));
      }
    }
  }

  void enter(std::size_t i, std::size_t cell, Follow follow) {
    put_state(follow.z, z_.get(), size_, i);
    room_.resize(2 * form_.gram());
    grams_of(form_, follow.z.data(), room_.data());
    put_state(room_, grams_.get(), size_, i);
    if (tangents_) put_state(follow.tangent, w_.get(), size_, i);
    limits_.put(i, follow.h, follow.limits);
    lane_[i].cell = cell;
    lane_[i].origin = follow.step - look_every * blocks_;
    lane_[i].follow = std::move(follow);
    active_ |= std::uint64_t{1} << i;
    watch(i);
    next_due_ = std::min(next_due_, blocks_ + blocks_until_event(i));
  }

  Cells& cells_;
  const Form& form_;
  bool tangents_;
  Arithmetic arithmetic_;
  std::size_t size_;
  LaneLimits limits_;
  Array z_, before_, grams_, squared_, most_;
  Array watched_places_, watched_room_, returned_;
  Array w_, log_growth_;
  std::vector<Lane> lane_;
  Walks walks_;
  std::vector<Follow> spare_;
  std::vector<double> room_;
  std::uint64_t blocks_ = 0, next_due_ = 0, active_ = 0;
  std::uint64_t left_ = 0, flagged_ = 0;  ///< after a block: lanes that diverge, and those that may end
  std::uint64_t watchers_ = 0;
};

}  // namespace
}  // namespace equipoise::small::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
