// Small problems without looks: orbits and Lyapunov exponents. Included by kernel.cpp alone, once for every
// target.

HWY_BEFORE_NAMESPACE();
namespace equipoise::small::HWY_NAMESPACE {
namespace {

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

  /// As exponent_plainly() in ensemble.cpp.
  void exponents(std::uint64_t steps, double* to) {
    const std::vector<double> tangent = first_tangent(form_);
    const Array w = array_of(form_.entries() * size_), sum = array_of(size_), log = array_of(size_);
    for (std::size_t i = 0; i < size_; ++i) put_state(tangent, w.get(), size_, i);
    const std::uint64_t half = steps / 2;
    while (taken_ < steps) {
      const bool counts = taken_ >= half;
      advance(end_of_stretch(taken_, half, steps) - taken_, w.get());
      normalise(form_, w.get(), size_, log.get());
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
