// Grams, steps, gradients and tangents of small problems beyond rank 4: columns go by fours, with a load for each fused
// multiply-add of an update and half a load for each of a Gram. Included by kernel.cpp alone, once for every
// target.

HWY_BEFORE_NAMESPACE();
namespace equipoise::small::HWY_NAMESPACE {
namespace {

/// Any rank beyond 4; the width is a multiple of 4.
class Wide {
 public:
  static constexpr std::size_t kVecs = 1;

  static void grams(const Form& form, const double* z, std::size_t size, double* grams) {
    for (std::size_t at = 0; at < size; at += kWidth) grams_at(form, z, size, at, grams);
  }

  static void advance(const Form& form, const double* h, double* z, double* grams, std::size_t size,
                      std::uint64_t steps, const Watched* watched) {
    const Tag tag;
    const std::size_t width = form.width;
    for (std::size_t at = 0; at < size; at += kWidth) {
      const Vec rate = hn::Load(tag, h + at);
      const double *const gram_x = grams + at, *const gram_y = gram_x + form.gram() * size;
      for (std::uint64_t step = 0; step < steps; ++step) {
        Vec new_x[most_width], new_y[most_width];
        for (std::size_t i = 0; i < std::max(form.rows, form.cols); ++i) {
          double *const x = z + i * width * size + at, *const y = z + (form.rows + i) * width * size + at;
          const bool pair = i < form.pairs();
          const Vec m = pair ? hn::Mul(rate, hn::Set(tag, form.values[i])) : hn::Zero(tag);
          const auto first = [&](const double* own, const double* other, std::size_t a) HWY_ATTR {
            const Vec here = hn::Load(tag, own + a * size);
            return pair ? hn::MulAdd(m, hn::Load(tag, other + a * size), here) : here;
          };
          if (i < form.rows)
            pull(
                width, size, x, gram_y, [&](std::size_t a) HWY_ATTR { return first(x, y, a); }, new_x);
          if (i < form.cols)
            pull(
                width, size, y, gram_x, [&](std::size_t a) HWY_ATTR { return first(y, x, a); }, new_y);
          if (i < form.rows) store_row(new_x, width, size, x);
          if (i < form.cols) store_row(new_y, width, size, y);
        }
        grams_at(form, z, size, at, grams);
        if (watched != nullptr) see_returns(form, *watched, z, size, at);
      }
    }
  }

  static void gradients(const Form& form, const double* h, const double* z, const double* grams, std::size_t size,
                        const double* most, double* squared) {
    const Tag tag;
    const std::size_t width = form.width;
    for (std::size_t at = 0; at < size; at += kWidth) {
      const Vec rate = hn::Load(tag, h + at);
      const double *const gram_x = grams + at, *const gram_y = gram_x + form.gram() * size;
      Vec x[most_width], y[most_width], pulled[most_width];
      for (std::size_t a = 0; a < width; ++a) x[a] = y[a] = hn::Zero(tag);
      const auto add = [&](const double* own, const double* other, Vec m, const double* gram, Vec* sums) HWY_ATTR {
        pull(
            width, size, own, gram,
            [&](std::size_t a)
                HWY_ATTR { return other != nullptr ? hn::Mul(m, hn::Load(tag, other + a * size)) : hn::Zero(tag); },
            pulled);
        for (std::size_t a = 0; a < width; ++a) sums[a] = hn::MulAdd(pulled[a], pulled[a], sums[a]);
      };
      const auto place = [&](std::size_t i) { return z + i * width * size + at; };
      bool over = false;
      for (std::size_t i = form.pairs(); i-- > 0 && !over;) {
        const Vec m = hn::Mul(rate, hn::Set(tag, form.values[i]));
        add(place(i), place(form.rows + i), m, gram_y, x);
        add(place(form.rows + i), place(i), m, gram_x, y);
        if (most != nullptr && (form.pairs() - 1 - i) % 4 == 0)
          over = hn::AllTrue(tag, hn::Gt(total(width, x, y), hn::Load(tag, most + at)));
      }
      for (std::size_t i = form.pairs(); i < form.rows && !over; ++i) add(place(i), nullptr, rate, gram_y, x);
      for (std::size_t i = form.pairs(); i < form.cols && !over; ++i)
        add(place(form.rows + i), nullptr, rate, gram_x, y);
      hn::Store(total(width, x, y), tag, squared + at);
    }
  }

  static void step_tangents(const Form& form, const double* h, const double* z, const double* grams, double* w,
                            std::size_t size) {
    const Tag tag;
    const std::size_t width = form.width;
    alignas(64) double mixed[2 * most_width * most_width * kWidth];
    for (std::size_t at = 0; at < size; at += kWidth) {
      const Vec rate = hn::Load(tag, h + at);
      const double *const gram_x = grams + at, *const gram_y = gram_x + form.gram() * size;
      double *const mixed_x = mixed, *const mixed_y = mixed + form.gram() * kWidth;
      mix(form.width, form.rows, z + at, w + at, size, mixed_x);
      mix(form.width, form.cols, z + form.rows * width * size + at, w + form.rows * width * size + at, size, mixed_y);
      const auto moved = [&](const double* own, const double* own_w, const double* other_w, Vec m, const double* gram,
                             const double* mixed_own, Vec* to) HWY_ATTR {
        for (std::size_t a = 0; a < width; ++a) {
          Vec sum = other_w != nullptr ? hn::Neg(hn::Mul(m, hn::Load(tag, other_w + a * size))) : hn::Zero(tag);
          for (std::size_t b = 0; b < width; ++b)
            sum = hn::MulAdd(hn::Load(tag, gram + (b * width + a) * size), hn::Load(tag, own_w + b * size), sum);
          for (std::size_t b = 0; b < width; ++b)
            sum = hn::MulAdd(hn::Load(tag, mixed_own + (b * width + a) * kWidth), hn::Load(tag, own + b * size), sum);
          to[a] = hn::Sub(hn::Load(tag, own_w + a * size), sum);
        }
      };
      Vec new_x[most_width], new_y[most_width];
      for (std::size_t i = 0; i < std::max(form.rows, form.cols); ++i) {
        const std::size_t x = i * width * size + at, y = (form.rows + i) * width * size + at;
        const bool pair = i < form.pairs();
        const Vec m = pair ? hn::Mul(rate, hn::Set(tag, form.values[i])) : hn::Zero(tag);
        if (i < form.rows) moved(z + x, w + x, pair ? w + y : nullptr, m, gram_y, mixed_y, new_x);
        if (i < form.cols) moved(z + y, w + y, pair ? w + x : nullptr, m, gram_x, mixed_x, new_y);
        if (i < form.rows) store_row(new_x, width, size, w + x);
        if (i < form.cols) store_row(new_y, width, size, w + y);
      }
    }
  }

 private:
  static HWY_INLINE void store_row(const Vec* row, std::size_t width, std::size_t size, double* to) {
    for (std::size_t a = 0; a < width; ++a) hn::Store(row[a], Tag(), to + a * size);
  }
  /// first(a) - own G for every column a, four at a time. Pointers are those of the lanes.
  template <class First>
  static HWY_INLINE void pull(std::size_t width, std::size_t size, const double* own, const double* gram,
                              const First& first, Vec* to) {
    for (std::size_t a = 0; a < width; a += 4) {
      Vec sum[4];
      for_each<4>([&](auto k) HWY_ATTR { sum[k] = first(a + k); });
      for (std::size_t b = 0; b < width; ++b) {
        const Vec here = hn::Load(Tag(), own + b * size);
        const double* const column = gram + (b * width + a) * size;
        for_each<4>([&](auto k) HWY_ATTR { sum[k] = hn::NegMulAdd(hn::Load(Tag(), column + k * size), here, sum[k]); });
      }
      for_each<4>([&](auto k) HWY_ATTR { to[a + k] = sum[k]; });
    }
  }
  static HWY_INLINE Vec total(std::size_t width, const Vec* x, const Vec* y) {
    Vec of_x = x[0], of_y = y[0];
    for (std::size_t a = 1; a < width; ++a) of_x = hn::Add(of_x, x[a]);
    for (std::size_t a = 1; a < width; ++a) of_y = hn::Add(of_y, y[a]);
    return hn::Add(of_x, of_y);
  }
  static HWY_INLINE void grams_at(const Form& form, const double* z, std::size_t size, std::size_t at, double* grams) {
    gram(form.width, form.rows, z + at, size, grams + at);
    gram(form.width, form.cols, z + form.rows * form.width * size + at, size, grams + form.gram() * size + at);
  }
  // Tiles of four by four columns, on and above the diagonal, and their mirror images.
  static HWY_INLINE void gram(std::size_t width, std::size_t count, const double* z, std::size_t size, double* to) {
    for (std::size_t a = 0; a < width; a += 4) {
      for (std::size_t b = a; b < width; b += 4) {
        Vec sum[16];
        for_each<16>([&](auto t) HWY_ATTR { sum[t] = hn::Zero(Tag()); });
        for (std::size_t i = 0; i < count; ++i) {
          const double* const row = z + i * width * size;
          Vec left[4], right[4];
          for_each<4>([&](auto k) HWY_ATTR {
            left[k] = hn::Load(Tag(), row + (a + k) * size);
            right[k] = hn::Load(Tag(), row + (b + k) * size);
          });
          for_each<16>([&](auto t) HWY_ATTR { sum[t] = hn::MulAdd(left[t / 4], right[t % 4], sum[t]); });
        }
        for_each<16>([&](auto t) HWY_ATTR {
          hn::Store(sum[t], Tag(), to + ((a + t / 4) * width + b + t % 4) * size);
          if (a != b) hn::Store(sum[t], Tag(), to + ((b + t % 4) * width + a + t / 4) * size);
        });
      }
    }
  }
  // W^T Z + Z^T W; `to` has kWidth lanes.
  static HWY_INLINE void mix(std::size_t width, std::size_t count, const double* z, const double* w, std::size_t size,
                             double* to) {
    for (std::size_t a = 0; a < width; ++a) {
      for (std::size_t b = a; b < width; ++b) {
        Vec one = hn::Zero(Tag()), other = one;
        for (std::size_t i = 0; i < count; ++i) {
          const std::size_t row = i * width * size;
          one = hn::MulAdd(hn::Load(Tag(), w + row + a * size), hn::Load(Tag(), z + row + b * size), one);
          other = hn::MulAdd(hn::Load(Tag(), w + row + b * size), hn::Load(Tag(), z + row + a * size), other);
        }
        const Vec sum = hn::Add(one, other);
        hn::Store(sum, Tag(), to + (a * width + b) * kWidth);
        hn::Store(sum, Tag(), to + (b * width + a) * kWidth);
      }
    }
  }
};

/// The functions for the rank of a form.
struct Arithmetic {
  void (*grams)(const Form&, const double* z, std::size_t size, double* grams);
  void (*advance)(const Form&, const double* h, double* z, double* grams, std::size_t size, std::uint64_t steps,
                  const Watched*);
  void (*gradients)(const Form&, const double* h, const double* z, const double* grams, std::size_t size,
                    const double* most, double* squared);
  void (*step_tangents)(const Form&, const double* h, const double* z, const double* grams, double* w,
                        std::size_t size);
  std::size_t together;  ///< lanes come in multiples of this
};
template <class Width>
Arithmetic arithmetic() {
  return {&Width::grams, &Width::advance, &Width::gradients, &Width::step_tangents, Width::kVecs * kWidth};
}
Arithmetic arithmetic_of(const Form& form) {
  switch (form.width) {
    case 1:
      return arithmetic<Narrow<1>>();
    case 2:
      return arithmetic<Narrow<2>>();
    case 3:
      return arithmetic<Narrow<3>>();
    case 4:
      return arithmetic<Narrow<4>>();
    default:
      return arithmetic<Wide>();
  }
}

}  // namespace
}  // namespace equipoise::small::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
