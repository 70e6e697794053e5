// From the iterate before a block to the event within it: walk() of rules.hpp for as many runs as stand in lanes
// together, with the tests at each step. Included by kernel.cpp alone, once for every target.

HWY_BEFORE_NAMESPACE();
namespace equipoise::small::HWY_NAMESPACE {
namespace {

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
        surely |= std::uint64_t{bits_of(Sides(form_, limits_.needed2.get(), grams_.get(), size_, at).diverge())} << at;
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

}  // namespace
}  // namespace equipoise::small::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
