// The lanes of small problems: blocks of 16 steps, looks, walks to the exact step, and a new run for every lane whose
// run ended. Included by small_kernel.cpp alone, once for every target.
//
// Cost, per block and vector: 16 steps, a copy of the state, and of a gradient what it takes to see that no lane is
// near anything. Runs that end are walked through their last block a vector at a time, at two to three steps' cost a
// step.

HWY_BEFORE_NAMESPACE();
namespace equipoise::small::HWY_NAMESPACE {
namespace {

using Array = hwy::AlignedFreeUniquePtr<double[]>;
Array array_of(std::size_t count, double value = 0) {
  Array result = hwy::AllocateAligned<double>(std::max<std::size_t>(count, 1));
  if (result == nullptr) throw std::bad_alloc();
  std::fill_n(result.get(), count, value);
  return result;
}

void put_state(const std::vector<double>& from, double* to, std::size_t size, std::size_t lane) {
  for (std::size_t e = 0; e < from.size(); ++e) to[e * size + lane] = from[e];
}
void take_state(const double* from, std::size_t size, std::size_t lane, std::vector<double>& to) {
  for (std::size_t e = 0; e < to.size(); ++e) to[e] = from[e * size + lane];
}

/// squared_length(), of one lane.
double length_of(const Form& form, const double* grams, std::size_t size, std::size_t lane) {
  double of_x = 0, of_y = 0;
  for (std::size_t a = 0; a < form.width; ++a) of_x += grams[a * (form.width + 1) * size + lane];
  for (std::size_t a = 0; a < form.width; ++a) of_y += grams[(form.gram() + a * (form.width + 1)) * size + lane];
  return of_x + of_y;
}

HWY_INLINE Mask finite(Vec length) { return hn::Le(length, hn::Set(Tag(), largest_double)); }

/// diverges(), for a vector.
HWY_INLINE Mask diverging(const Form& form, const double* needed2, const double* grams, std::size_t size,
                          std::size_t at) {
  const Tag tag;
  const std::size_t width = form.width;
  const double *const x = grams + at, *const y = x + form.gram() * size;
  Vec of_x = hn::Zero(tag), of_y = of_x, diagonal = of_x, beside = of_x;
  for (std::size_t a = 0; a < width; ++a) {
    const std::size_t own = a * (width + 1) * size;
    of_x = hn::Add(of_x, hn::Load(tag, x + own));
    of_y = hn::Add(of_y, hn::Load(tag, y + own));
    diagonal = hn::MulAdd(hn::Load(tag, x + own), hn::Load(tag, y + own), diagonal);
    for (std::size_t b = a + 1; b < width; ++b) {
      const std::size_t place = (a * width + b) * size;
      beside = hn::MulAdd(hn::Load(tag, x + place), hn::Load(tag, y + place), beside);
    }
  }
  const Vec inner = hn::MulAdd(hn::Set(tag, 2.0), beside, diagonal);
  const Vec bound = hn::NegMulAdd(hn::Mul(hn::Set(tag, form.error), of_x), of_y, inner);
  const Vec product = hn::Mul(bound, hn::Set(tag, form.share));
  const Vec length = hn::Add(of_x, of_y);
  return hn::And(hn::And(hn::Ge(product, hn::Load(tag, needed2 + at)),
                         hn::Ge(product, hn::Mul(hn::Set(tag, form.sum_factor), length))),
                 finite(length));
}

/// What |g|^2 of a near iterate may be.
HWY_INLINE Vec most_near(const double* slope2, const double* low2, Vec length, std::size_t at) {
  const Tag tag;
  const Vec by_length = hn::Mul(hn::Load(tag, slope2 + at), length);
  const Vec low = hn::Load(tag, low2 + at);
  return hn::IfThenElse(hn::Lt(by_length, low), low, by_length);  // as std::max, also of a NaN
}

/// Numbers of every lane that its looks need.
struct LaneLimits {
  Array h, slope2, low2, needed2;
  explicit LaneLimits(std::size_t size)
      : h(array_of(size, 1)), slope2(array_of(size, -1)), low2(array_of(size, -1)), needed2(array_of(size, infinity)) {}
  void put(std::size_t lane, double rate, const Limits& limits) {
    h[lane] = rate;
    slope2[lane] = limits.slope2;
    low2[lane] = limits.low2;
    needed2[lane] = limits.needed2;
  }
  Limits limits(std::size_t lane) const { return {slope2[lane], low2[lane], needed2[lane]}; }
  void idle(std::size_t lane) { put(lane, 1, {-1, -1, infinity}); }
};

/// sum_of_squares(), for a vector.
HWY_INLINE Vec sums_of_squares(const Form& form, const double* w, std::size_t size, std::size_t at) {
  const Tag tag;
  const auto columns = [&](std::size_t first, std::size_t last) HWY_ATTR {
    Vec total = hn::Zero(tag);
    for (std::size_t a = 0; a < form.width; ++a) {
      Vec sum = hn::Zero(tag);
      for (std::size_t i = first; i < last; ++i) {
        const Vec here = hn::Load(tag, w + (i * form.width + a) * size + at);
        sum = hn::MulAdd(here, here, sum);
      }
      total = hn::Add(total, sum);
    }
    return total;
  };
  const Vec of_x = columns(0, form.rows);
  return hn::Add(of_x, columns(form.rows, form.rows + form.cols));
}

/// drop_vanishing(), for all lanes. True where there was anything to drop.
HWY_INLINE bool drop_vanishing(const Form& form, double* z, std::size_t size) {
  const Tag tag;
  const Vec least = hn::Set(tag, vanishing), zero = hn::Zero(tag);
  bool any = false;
  for (std::size_t e = 0; e < form.entries() * size; e += kWidth) {
    const Vec here = hn::Load(tag, z + e);
    const Mask gone = hn::And(hn::Lt(hn::Abs(here), least), hn::Ne(here, zero));
    if (HWY_LIKELY(hn::AllFalse(tag, gone))) continue;
    hn::Store(hn::IfThenElse(gone, zero, here), tag, z + e);
    any = true;
  }
  return any;
}

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

/// walk(), for as many runs as stand in lanes together.
class Walks {
 public:
  Walks(const Form& form, const Arithmetic& arithmetic)
      : form_(form),
        arithmetic_(arithmetic),
        size_(arithmetic.together),
        limits_(size_),
        z_(array_of(form.entries() * size_)),
        next_(array_of(form.entries() * size_)),
        grams_(array_of(2 * form.gram() * size_)),
        next_grams_(array_of(2 * form.gram() * size_)),
        squared_(array_of(size_)),
        run_(size_),
        event_(size_) {}

  bool full() const { return count_ == size_; }
  bool empty() const { return count_ == 0; }

  /// A run that stands where its last block began; `left`: it diverges within it.
  void add(std::size_t cell, Follow follow, bool left) {
    put_state(follow.z, z_.get(), size_, count_);
    limits_.put(count_, follow.h, left ? far_from_all(follow.limits) : follow.limits);
    run_[count_++] = {cell, std::move(follow)};
  }

  /// Walks them all, and hands each to found(cell, run as it was added, event, z at the event).
  template <class Found>
  void take(const Found& found) {
    for (std::size_t lane = count_; lane < size_; ++lane) {
      for (std::size_t e = 0; e < form_.entries(); ++e) z_[e * size_ + lane] = 0;
      limits_.idle(lane);
    }
    to_events();
    z_of_one_.resize(form_.entries());
    const std::size_t count = std::exchange(count_, 0);
    for (std::size_t lane = 0; lane < count; ++lane) {
      take_state(z_.get(), size_, lane, z_of_one_);
      found(run_[lane].first, std::move(run_[lane].second), event_[lane], z_of_one_);
    }
  }

 private:
  void to_events() {
    const Tag tag;
    arithmetic_.grams(form_, z_.get(), size_, grams_.get());
    std::uint64_t open = (std::uint64_t{1} << count_) - 1;  // runs whose event has not come
    for (std::size_t lane = 0; lane < count_; ++lane) event_[lane] = Event{};
    for (std::uint64_t k = 0;; ++k) {
      arithmetic_.gradients(form_, limits_.h.get(), z_.get(), grams_.get(), size_, nullptr, squared_.get());
      std::uint64_t in_range = 0, surely = 0, near = 0;
      for (std::size_t at = 0; at < size_; at += kWidth) {
        const Vec length = lengths(form_, grams_.get(), size_, at);
        in_range |= std::uint64_t{bits_of(finite(length))} << at;
        surely |= std::uint64_t{bits_of(diverging(form_, limits_.needed2.get(), grams_.get(), size_, at))} << at;
        const Vec most = most_near(limits_.slope2.get(), limits_.low2.get(), length, at);
        near |= std::uint64_t{bits_of(hn::Le(hn::Load(tag, squared_.get() + at), most))} << at;
      }
      for (std::size_t lane = 0; lane < count_; ++lane) {
        if ((open >> lane & 1U) != 0) event_[lane].squared[k] = squared_[lane];
      }
      close(open & ~in_range, Event::Kind::out_of_range, k, open);
      close(open & surely, Event::Kind::proved_divergence, k, open);
      close(open & near, Event::Kind::near, k, open);
      if (k == look_every) close(open, Event::Kind::nothing, k, open);
      if (open == 0) return;
      std::copy_n(z_.get(), form_.entries() * size_, next_.get());
      std::copy_n(grams_.get(), 2 * form_.gram() * size_, next_grams_.get());
      arithmetic_.advance(form_, limits_.h.get(), next_.get(), next_grams_.get(), size_, 1, nullptr);
      in_range = 0;
      for (std::size_t at = 0; at < size_; at += kWidth)
        in_range |= std::uint64_t{bits_of(finite(lengths(form_, next_grams_.get(), size_, at)))} << at;
      close(open & ~in_range, Event::Kind::out_of_range, k, open);
      if (open == 0) return;
      for (std::size_t at = 0; at < size_; at += kWidth) {
        const std::uint8_t bytes[8] = {static_cast<std::uint8_t>(open >> at)};
        const Mask goes_on = hn::LoadMaskBits(tag, bytes);
        keep(goes_on, next_.get() + at, z_.get() + at, form_.entries());
        keep(goes_on, next_grams_.get() + at, grams_.get() + at, 2 * form_.gram());
      }
    }
  }
  HWY_INLINE void keep(Mask which, const double* from, double* to, std::size_t count) const {
    const Tag tag;
    for (std::size_t e = 0; e < count; ++e) {
      double* const place = to + e * size_;
      hn::Store(hn::IfThenElse(which, hn::Load(tag, from + e * size_), hn::Load(tag, place)), tag, place);
    }
  }
  void close(std::uint64_t which, Event::Kind kind, std::uint64_t after, std::uint64_t& open) {
    for (std::uint64_t left = which; left != 0; left &= left - 1) {
      Event& event = event_[static_cast<std::size_t>(std::countr_zero(left))];
      event.kind = kind;
      event.after = after;
    }
    open &= ~which;
  }

  const Form& form_;
  const Arithmetic& arithmetic_;
  std::size_t size_;
  LaneLimits limits_;
  Array z_, next_, grams_, next_grams_, squared_;
  std::vector<std::pair<std::size_t, Follow>> run_;
  std::vector<Event> event_;
  std::vector<double> z_of_one_;
  std::size_t count_ = 0;
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
      const Mask leaves =
          hn::Or(hn::Not(finite(length)), diverging(form_, limits_.needed2.get(), grams_.get(), size_, at));
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
    const Tag tag;
    for (std::size_t at = 0; at < size_; at += kWidth) {
      const Vec norm = hn::Sqrt(sums_of_squares(form_, w_.get(), size_, at));
      hn::Store(tiny::HWY_NAMESPACE::logs_of(norm), tag, log_growth_.get() + at);
      for (std::size_t e = 0; e < form_.entries(); ++e) {
        double* const place = w_.get() + e * size_ + at;
        hn::Store(hn::Div(hn::Load(tag, place), norm), tag, place);
      }
    }
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

/// Steps without looks: some lanes of runs, all of one length.
class Stretch {
 public:
  Stretch(const Form& form, std::span<const SmallRun> runs)
      : form_(form),
        arithmetic_(arithmetic_of(form)),
        size_(arithmetic_.together),
        count_(std::min(size_, runs.size())),
        h_(array_of(size_, 1)),
        z_(array_of(form.entries() * size_)),
        grams_(array_of(2 * form.gram() * size_)) {
    Follow follow;
    for (std::size_t i = 0; i < size_; ++i) {
      begin(form, runs[std::min(i, count_ - 1)], follow);
      put_state(follow.z, z_.get(), size_, i);
      h_[i] = follow.h;
    }
    arithmetic_.grams(form, z_.get(), size_, grams_.get());
  }

  std::size_t count() const { return count_; }
  /// As advance_by_blocks().
  void advance(std::uint64_t steps, double* w = nullptr) {
    for (const std::uint64_t end = taken_ + steps; taken_ < end;) {
      if (taken_ % look_every == 0) {
        if (drop_vanishing(form_, z_.get(), size_)) arithmetic_.grams(form_, z_.get(), size_, grams_.get());
        if (w != nullptr) drop_vanishing(form_, w, size_);
      }
      const std::uint64_t length = std::min(look_every - taken_ % look_every, end - taken_);
      for (std::uint64_t i = 0; w != nullptr && i < length; ++i) {
        arithmetic_.step_tangents(form_, h_.get(), z_.get(), grams_.get(), w, size_);
        arithmetic_.advance(form_, h_.get(), z_.get(), grams_.get(), size_, 1, nullptr);
      }
      if (w == nullptr) arithmetic_.advance(form_, h_.get(), z_.get(), grams_.get(), size_, length, nullptr);
      taken_ += length;
    }
  }
  /// How much of the largest singular pair the product of lane i has, scaled.
  double product(std::size_t i) const {
    const double* const x = z_.get() + i;
    const double* const y = x + form_.rows * form_.width * size_;
    double sum = x[0] * y[0];
    for (std::size_t a = 1; a < form_.width; ++a) sum = std::fma(x[a * size_], y[a * size_], sum);
    return sum;
  }

  /// As exponent_plainly() in small_batch.cpp.
  void exponents(std::uint64_t steps, double* to) {
    const Tag tag;
    const std::vector<double> tangent = first_tangent(form_);
    const Array w = array_of(form_.entries() * size_), sum = array_of(size_), log = array_of(size_);
    for (std::size_t i = 0; i < size_; ++i) put_state(tangent, w.get(), size_, i);
    const std::uint64_t half = steps / 2;
    while (taken_ < steps) {
      const bool counts = taken_ >= half;
      advance(end_of_stretch(taken_, half, steps) - taken_, w.get());
      for (std::size_t at = 0; at < size_; at += kWidth) {
        const Vec norm = hn::Sqrt(sums_of_squares(form_, w.get(), size_, at));
        for (std::size_t e = 0; e < form_.entries(); ++e) {
          double* const place = w.get() + e * size_ + at;
          hn::Store(hn::Div(hn::Load(tag, place), norm), tag, place);
        }
        hn::Store(tiny::HWY_NAMESPACE::logs_of(norm), tag, log.get() + at);
      }
      for (std::size_t i = 0; counts && i < size_; ++i) sum[i] += log[i];
    }
    for (std::size_t i = 0; i < count_; ++i) {
      const bool in_range = length_of(form_, grams_.get(), size_, i) <= largest_double;
      to[i] = in_range ? sum[i] / static_cast<double>(steps - half) : nan;
    }
  }

 private:
  const Form& form_;
  Arithmetic arithmetic_;
  std::size_t size_, count_;
  Array h_, z_, grams_;
  std::uint64_t taken_ = 0;
};

}  // namespace
}  // namespace equipoise::small::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
