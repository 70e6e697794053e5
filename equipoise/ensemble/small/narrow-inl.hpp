// Grams, steps, gradients and tangents of small problems up to rank 4: the Grams stay in registers, as far as they fit,
// 3 d^2 + 3 d fused multiply-adds a pair of rows with 2 d loads and stores. Included by kernel.cpp alone, once
// for every target.

HWY_BEFORE_NAMESPACE();
namespace equipoise::small::HWY_NAMESPACE {
namespace {

/// Vectors that are stepped together: a small step is a chain that one vector would wait for.
template <std::size_t D>
constexpr std::size_t kTogether = D == 1   ? 4
                                  : D == 2 ? 2
                                           : 1;

template <std::size_t D>
constexpr std::size_t kTriangle = D*(D + 1) / 2;
/// The place of entry (a, b) among the rows of the upper triangle.
template <std::size_t D>
constexpr std::size_t in_triangle(std::size_t a, std::size_t b) {
  const std::size_t low = a < b ? a : b, high = a < b ? b : a;
  return low * D - low * (low + 1) / 2 + high;
}

/// A rank that is known when this is compiled.
template <std::size_t D>
class Narrow {
 public:
  static constexpr std::size_t kVecs = kTogether<D>;

  static void grams(const Form& form, const double* z, std::size_t size, double* grams) {
    for (std::size_t at = 0; at < size; at += kWidth) {
      Vec x[kTriangle<D>], y[kTriangle<D>];
      clear(x);
      clear(y);
      for (std::size_t i = 0; i < form.rows; ++i) add(row(z, i, size, at), x);
      for (std::size_t i = 0; i < form.cols; ++i) add(row(z, form.rows + i, size, at), y);
      store_gram(x, grams, size, at);
      store_gram(y, grams + form.gram() * size, size, at);
    }
  }

  static void advance(const Form& form, const double* h, double* z, double* grams, std::size_t size,
                      std::uint64_t steps, const Watched* watched) {
    for (std::size_t at = 0; at < size; at += kVecs * kWidth) {
      if (watched != nullptr) advance_vectors<true>(form, h, z, grams, size, at, steps, watched);
      else advance_vectors<false>(form, h, z, grams, size, at, steps, watched);
    }
  }

  /// |g|^2 into `squared`. With `most`, no further than until every lane of a vector has more than that: what stands in
  /// `squared` is then more, too.
  static void gradients(const Form& form, const double* h, const double* z, const double* grams, std::size_t size,
                        const double* most, double* squared) {
    const Tag tag;
    for (std::size_t at = 0; at < size; at += kWidth) {
      Vec gram_x[kTriangle<D>], gram_y[kTriangle<D>];
      load_gram(grams, size, at, gram_x);
      load_gram(grams + form.gram() * size, size, at, gram_y);
      const Vec rate = hn::Load(tag, h + at);
      Vec x[D], y[D];
      for_each<D>([&](auto a) HWY_ATTR { x[a] = y[a] = hn::Zero(tag); });
      bool over = false;
      for (std::size_t i = form.pairs(); i-- > 0 && !over;) {
        const Row own_x = row(z, i, size, at), own_y = row(z, form.rows + i, size, at);
        const Vec m = hn::Mul(rate, hn::Set(tag, form.values[i]));
        add_squares(pull(own_x, gram_y, [&](auto a) HWY_ATTR { return hn::Mul(m, own_y.at[a]); }), x);
        add_squares(pull(own_y, gram_x, [&](auto a) HWY_ATTR { return hn::Mul(m, own_x.at[a]); }), y);
        if (most != nullptr && (form.pairs() - 1 - i) % 4 == 0)
          over = hn::AllTrue(tag, hn::Gt(total(x, y), hn::Load(tag, most + at)));
      }
      if (!over) {
        const auto nothing = [&](auto) HWY_ATTR { return hn::Zero(tag); };
        for (std::size_t i = form.pairs(); i < form.rows; ++i)
          add_squares(pull(row(z, i, size, at), gram_y, nothing), x);
        for (std::size_t i = form.pairs(); i < form.cols; ++i)
          add_squares(pull(row(z, form.rows + i, size, at), gram_x, nothing), y);
      }
      hn::Store(total(x, y), tag, squared + at);
    }
  }

  static void step_tangents(const Form& form, const double* h, const double* z, const double* grams, double* w,
                            std::size_t size) {
    const Tag tag;
    for (std::size_t at = 0; at < size; at += kWidth) {
      Vec gram_x[kTriangle<D>], gram_y[kTriangle<D>], mixed_x[kTriangle<D>], mixed_y[kTriangle<D>];
      load_gram(grams, size, at, gram_x);
      load_gram(grams + form.gram() * size, size, at, gram_y);
      mix(z, w, 0, form.rows, size, at, mixed_x);
      mix(z, w, form.rows, form.cols, size, at, mixed_y);
      const Vec rate = hn::Load(tag, h + at);
      const auto moved = [&](const Row& own, const Row& own_w, const Row* other_w, Vec m, const Vec* gram,
                             const Vec* mixed) HWY_ATTR {
        Row result;
        for_each<D>([&](auto a) HWY_ATTR {
          Vec sum = other_w != nullptr ? hn::Neg(hn::Mul(m, other_w->at[a])) : hn::Zero(tag);
          for_each<D>([&](auto b) HWY_ATTR { sum = hn::MulAdd(gram[in_triangle<D>(b, a)], own_w.at[b], sum); });
          for_each<D>([&](auto b) HWY_ATTR { sum = hn::MulAdd(mixed[in_triangle<D>(b, a)], own.at[b], sum); });
          result.at[a] = hn::Sub(own_w.at[a], sum);
        });
        return result;
      };
      for (std::size_t i = 0; i < std::max(form.rows, form.cols); ++i) {
        const bool pair = i < form.pairs();
        const Vec m = pair ? hn::Mul(rate, hn::Set(tag, form.values[i])) : hn::Zero(tag);
        Row w_x, w_y;
        if (i < form.rows) w_x = row(w, i, size, at);
        if (i < form.cols) w_y = row(w, form.rows + i, size, at);
        if (i < form.rows)
          store_row(moved(row(z, i, size, at), w_x, pair ? &w_y : nullptr, m, gram_y, mixed_y), w, i, size, at);
        if (i < form.cols) {
          store_row(moved(row(z, form.rows + i, size, at), w_y, pair ? &w_x : nullptr, m, gram_x, mixed_x), w,
                    form.rows + i, size, at);
        }
      }
    }
  }

 private:
  struct Row {
    Vec at[D];
  };

  static HWY_INLINE Row row(const double* from, std::size_t i, std::size_t size, std::size_t at) {
    Row result;
    for_each<D>([&](auto a) HWY_ATTR { result.at[a] = hn::Load(Tag(), from + (i * D + a) * size + at); });
    return result;
  }
  static HWY_INLINE void store_row(const Row& from, double* to, std::size_t i, std::size_t size, std::size_t at) {
    for_each<D>([&](auto a) HWY_ATTR { hn::Store(from.at[a], Tag(), to + (i * D + a) * size + at); });
  }
  static HWY_INLINE void clear(Vec (&gram)[kTriangle<D>]) {
    for_each<kTriangle<D>>([&](auto t) HWY_ATTR { gram[t] = hn::Zero(Tag()); });
  }
  static HWY_INLINE void add(const Row& row, Vec (&gram)[kTriangle<D>]) {
    for_each<D>([&](auto a) HWY_ATTR {
      for_each<D - a>([&](auto k) HWY_ATTR {
        Vec& sum = gram[in_triangle<D>(a, a + k)];
        sum = hn::MulAdd(row.at[a], row.at[a + k], sum);
      });
    });
  }
  static HWY_INLINE void load_gram(const double* from, std::size_t size, std::size_t at, Vec (&gram)[kTriangle<D>]) {
    for_each<D>([&](auto a) HWY_ATTR {
      for_each<D - a>([&](auto k) HWY_ATTR {
        gram[in_triangle<D>(a, a + k)] = hn::Load(Tag(), from + (a * D + a + k) * size + at);
      });
    });
  }
  static HWY_INLINE void store_gram(const Vec (&gram)[kTriangle<D>], double* to, std::size_t size, std::size_t at) {
    for_each<D * D>([&](auto t) HWY_ATTR { hn::Store(gram[in_triangle<D>(t / D, t % D)], Tag(), to + t * size + at); });
  }
  /// first(a) - own G, for every column a.
  template <class First>
  static HWY_INLINE Row pull(const Row& own, const Vec (&gram)[kTriangle<D>], const First& first) {
    Row result;
    for_each<D>([&](auto a) HWY_ATTR {
      Vec sum = first(a);
      for_each<D>([&](auto b) HWY_ATTR { sum = hn::NegMulAdd(gram[in_triangle<D>(b, a)], own.at[b], sum); });
      result.at[a] = sum;
    });
    return result;
  }
  static HWY_INLINE void add_squares(const Row& row, Vec (&sums)[D]) {
    for_each<D>([&](auto a) HWY_ATTR { sums[a] = hn::MulAdd(row.at[a], row.at[a], sums[a]); });
  }
  static HWY_INLINE Vec total(const Vec (&x)[D], const Vec (&y)[D]) {
    Vec of_x = x[0], of_y = y[0];
    for_each<D - 1>([&](auto a) HWY_ATTR {
      of_x = hn::Add(of_x, x[a + 1]);
      of_y = hn::Add(of_y, y[a + 1]);
    });
    return hn::Add(of_x, of_y);
  }
  // W^T Z + Z^T W over some rows.
  static HWY_INLINE void mix(const double* z, const double* w, std::size_t first, std::size_t count, std::size_t size,
                             std::size_t at, Vec (&mixed)[kTriangle<D>]) {
    Vec product[D * D];
    for_each<D * D>([&](auto t) HWY_ATTR { product[t] = hn::Zero(Tag()); });
    for (std::size_t i = first; i < first + count; ++i) {
      const Row own = row(z, i, size, at), own_w = row(w, i, size, at);
      for_each<D * D>([&](auto t) HWY_ATTR { product[t] = hn::MulAdd(own_w.at[t / D], own.at[t % D], product[t]); });
    }
    for_each<D>([&](auto a) HWY_ATTR {
      for_each<D - a>([&](auto k) HWY_ATTR {
        mixed[in_triangle<D>(a, a + k)] = hn::Add(product[a * D + a + k], product[(a + k) * D + a]);
      });
    });
  }

  template <bool WATCHED>
  static HWY_INLINE void advance_vectors(const Form& form, const double* h, double* z, double* grams, std::size_t size,
                                         std::size_t at, std::uint64_t steps, const Watched* watched) {
    const Tag tag;
    const std::size_t pairs = form.pairs(), rows = form.rows, cols = form.cols;
    const double* const values = form.values.data();
    double* const grams_of_y = grams + form.gram() * size;
    Vec gram_x[kVecs][kTriangle<D>], gram_y[kVecs][kTriangle<D>], rate[kVecs];
    for_each<kVecs>([&](auto v) HWY_ATTR {
      load_gram(grams, size, at + v * kWidth, gram_x[v]);
      load_gram(grams_of_y, size, at + v * kWidth, gram_y[v]);
      rate[v] = hn::Load(tag, h + at + v * kWidth);
    });
    for (; steps > 0; --steps) {
      Vec next_x[kVecs][kTriangle<D>], next_y[kVecs][kTriangle<D>];
      for_each<kVecs>([&](auto v) HWY_ATTR {
        clear(next_x[v]);
        clear(next_y[v]);
      });
      for (std::size_t i = 0; i < pairs; ++i) {
        const Vec value = hn::Set(tag, values[i]);
        for_each<kVecs>([&](auto v) HWY_ATTR {
          const std::size_t place = at + v * kWidth;
          const Row x = row(z, i, size, place), y = row(z, rows + i, size, place);
          const Vec m = hn::Mul(rate[v], value);
          const Row new_x = pull(x, gram_y[v], [&](auto a) HWY_ATTR { return hn::MulAdd(m, y.at[a], x.at[a]); });
          const Row new_y = pull(y, gram_x[v], [&](auto a) HWY_ATTR { return hn::MulAdd(m, x.at[a], y.at[a]); });
          store_row(new_x, z, i, size, place);
          store_row(new_y, z, rows + i, size, place);
          add(new_x, next_x[v]);
          add(new_y, next_y[v]);
        });
      }
      for (std::size_t i = pairs; i < rows; ++i) {
        for_each<kVecs>([&](auto v) HWY_ATTR {
          const std::size_t place = at + v * kWidth;
          const Row x = row(z, i, size, place);
          const Row new_x = pull(x, gram_y[v], [&](auto a) HWY_ATTR { return x.at[a]; });
          store_row(new_x, z, i, size, place);
          add(new_x, next_x[v]);
        });
      }
      for (std::size_t i = pairs; i < cols; ++i) {
        for_each<kVecs>([&](auto v) HWY_ATTR {
          const std::size_t place = at + v * kWidth;
          const Row y = row(z, rows + i, size, place);
          const Row new_y = pull(y, gram_x[v], [&](auto a) HWY_ATTR { return y.at[a]; });
          store_row(new_y, z, rows + i, size, place);
          add(new_y, next_y[v]);
        });
      }
      for_each<kVecs>([&](auto v) HWY_ATTR {
        for_each<kTriangle<D>>([&](auto t) HWY_ATTR {
          gram_x[v][t] = next_x[v][t];
          gram_y[v][t] = next_y[v][t];
        });
        if constexpr (WATCHED) see_returns(form, *watched, z, size, at + v * kWidth);
      });
    }
    for_each<kVecs>([&](auto v) HWY_ATTR {
      store_gram(gram_x[v], grams, size, at + v * kWidth);
      store_gram(gram_y[v], grams_of_y, size, at + v * kWidth);
    });
  }
};

}  // namespace
}  // namespace equipoise::small::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
