// What a look asks of vectors of small problems: lengths, Lemma E, what is near, what vanishes; and the arrays of
// lanes. Included by kernel.cpp alone, once for every target.

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

/// Both sides of Lemma E, for a vector: as diverges() and may_have_left() have them.
struct Sides {
  Vec product, length, needed2, sums;
  HWY_INLINE Sides(const Form& form, const double* needed, const double* grams, std::size_t size, std::size_t at) {
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
    product = hn::Mul(bound, hn::Set(tag, form.share));
    length = hn::Add(of_x, of_y);
    needed2 = hn::Load(tag, needed + at);
    sums = hn::Mul(hn::Set(tag, form.sum_factor), length);
  }
  HWY_INLINE Mask diverge() const {
    return hn::And(hn::And(hn::Ge(product, needed2), hn::Ge(product, sums)), finite(length));
  }
  HWY_INLINE Mask may_have_left() const {
    return hn::Not(hn::And(hn::Or(hn::Lt(product, needed2), hn::Lt(product, sums)), finite(length)));
  }
};

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

/// normalise(), for all lanes.
HWY_INLINE void normalise(const Form& form, double* w, std::size_t size, double* logs) {
  const Tag tag;
  for (std::size_t at = 0; at < size; at += kWidth) {
    const Vec norm = hn::Sqrt(sums_of_squares(form, w, size, at));
    hn::Store(tiny::HWY_NAMESPACE::logs_of(norm), tag, logs + at);
    for (std::size_t e = 0; e < form.entries(); ++e) {
      double* const place = w + e * size + at;
      hn::Store(hn::Div(hn::Load(tag, place), norm), tag, place);
    }
  }
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

}  // namespace
}  // namespace equipoise::small::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
