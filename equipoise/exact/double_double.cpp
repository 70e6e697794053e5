// The loops over double-double columns, compiled once for every target that Highway knows here.
//
// Sums and products are those of the header, lane by lane. A product's rounding error comes from a fused multiply-add
// where the processor has one and from Dekker's splitting elsewhere: both are exact, so the bits are the same.
#include "equipoise/exact/double_double.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "equipoise/exact/double_double.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace equipoise::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Lanes = hn::CappedTag<double, 8>;
using Vec = hn::Vec<Lanes>;

struct Pair {
  Vec high, low;
};

HWY_INLINE Pair two_sum(Vec a, Vec b) {
  const Vec sum = hn::Add(a, b);
  const Vec shift = hn::Sub(sum, a);
  return {sum, hn::Add(hn::Sub(a, hn::Sub(sum, shift)), hn::Sub(b, shift))};
}

HWY_INLINE Pair fast_two_sum(Vec a, Vec b) {
  const Vec sum = hn::Add(a, b);
  return {sum, hn::Sub(b, hn::Sub(sum, a))};
}

HWY_INLINE Pair two_product(Vec a, Vec b) {
  const Vec product = hn::Mul(a, b);
#if HWY_NATIVE_FMA
  return {product, hn::MulSub(a, b, product)};
#else
  // Dekker: halves of 26 bits, whose products are exact. Overflows above 2^996, where the result is then NaN.
  const Lanes lanes;
  const Vec splitter = hn::Set(lanes, 0x1p27 + 1);
  const Vec ca = hn::Mul(splitter, a);
  const Vec cb = hn::Mul(splitter, b);
  const Vec a1 = hn::Sub(ca, hn::Sub(ca, a));
  const Vec b1 = hn::Sub(cb, hn::Sub(cb, b));
  const Vec a2 = hn::Sub(a, a1);
  const Vec b2 = hn::Sub(b, b1);
  const Vec rest = hn::Add(hn::Add(hn::Sub(hn::Mul(a1, b1), product), hn::Mul(a1, b2)), hn::Mul(a2, b1));
  return {product, hn::Add(rest, hn::Mul(a2, b2))};
#endif
}

HWY_INLINE Pair add(Pair a, Pair b) {
  const Pair s = two_sum(a.high, b.high);
  const Pair t = two_sum(a.low, b.low);
  const Pair v = fast_two_sum(s.high, hn::Add(s.low, t.high));
  return fast_two_sum(v.high, hn::Add(t.low, v.low));
}

HWY_INLINE Pair multiply(Pair a, Pair b) {
  const Pair c = two_product(a.high, b.high);
  const Vec cross = hn::Add(hn::Mul(a.high, b.low), hn::Mul(a.low, b.high));
  return fast_two_sum(c.high, hn::Add(c.low, cross));
}

HWY_INLINE Pair load(const double* high, const double* low, std::ptrdiff_t at) {
  const Lanes lanes;
  return {hn::LoadU(lanes, high + at), hn::LoadU(lanes, low + at)};
}

HWY_INLINE void store(Pair value, double* high, double* low, std::ptrdiff_t at) {
  const Lanes lanes;
  hn::StoreU(value.high, lanes, high + at);
  hn::StoreU(value.low, lanes, low + at);
}

HWY_INLINE Pair everywhere(const DoubleDouble& value) {
  const Lanes lanes;
  return {hn::Set(lanes, value.high), hn::Set(lanes, value.low)};
}

HWY_INLINE std::ptrdiff_t step() { return static_cast<std::ptrdiff_t>(hn::Lanes(Lanes())); }

void add_multiple(std::ptrdiff_t size, const DoubleDouble& factor, const double* x, const double* x_low, double* y,
                  double* y_low) {
  const Pair f = everywhere(factor);
  for (std::ptrdiff_t i = 0; i < size; i += step()) {
    store(add(load(y, y_low, i), multiply(f, load(x, x_low, i))), y, y_low, i);
  }
}

void add_exact_multiple(std::ptrdiff_t size, double factor, const double* x, double* y, double* y_low) {
  const Lanes lanes;
  const Vec f = hn::Set(lanes, factor);
  for (std::ptrdiff_t i = 0; i < size; i += step()) {
    store(add(load(y, y_low, i), two_product(f, hn::LoadU(lanes, x + i))), y, y_low, i);
  }
}

void rotate(std::ptrdiff_t size, const DoubleDouble& c, const DoubleDouble& s, double* x, double* x_low, double* y,
            double* y_low) {
  const Pair cosine = everywhere(c);
  const Pair sine = everywhere(s);
  const Pair minus_sine = everywhere(-s);
  for (std::ptrdiff_t i = 0; i < size; i += step()) {
    const Pair a = load(x, x_low, i);
    const Pair b = load(y, y_low, i);
    store(add(multiply(cosine, a), multiply(sine, b)), x, x_low, i);
    store(add(multiply(cosine, b), multiply(minus_sine, a)), y, y_low, i);
  }
}

DoubleDouble dot(std::ptrdiff_t size, const double* x, const double* x_low, const double* y, const double* y_low) {
  const Lanes lanes;
  Pair sum{hn::Zero(lanes), hn::Zero(lanes)};
  for (std::ptrdiff_t i = 0; i < size; i += step()) {
    sum = add(sum, multiply(load(x, x_low, i), load(y, y_low, i)));
  }
  double high[8], low[8];
  hn::StoreU(sum.high, lanes, high);
  hn::StoreU(sum.low, lanes, low);
  DoubleDouble total;
  for (std::ptrdiff_t lane = 0; lane < step(); ++lane) total = total + DoubleDouble(high[lane], low[lane]);
  return total;
}

}  // namespace
}  // namespace equipoise::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace equipoise {

HWY_EXPORT(add_multiple);
HWY_EXPORT(add_exact_multiple);
HWY_EXPORT(rotate);
HWY_EXPORT(dot);

DoubleDouble quotient(const DoubleDouble& a, const DoubleDouble& b) {
  const double first = a.high / b.high;
  const DoubleDouble rest = a - b * DoubleDouble(first);
  return DoubleDouble(first) + DoubleDouble(rest.high / b.high);
}

DoubleDouble root(const DoubleDouble& a) {
  if (!(a.high > 0)) return {};
  const double first = std::sqrt(a.high);
  const DoubleDouble rest = a - double_double::two_product(first, first);
  return DoubleDouble(first) + DoubleDouble(rest.high / (2 * first));
}

Columns::Columns(std::ptrdiff_t length, std::ptrdiff_t count)
    : length_(length), count_(count), stride_((length + 7) / 8 * 8) {
  values_.resize(static_cast<std::size_t>(2 * stride_ * count));
}

void Columns::set(std::ptrdiff_t i, std::ptrdiff_t j, double value) {
  high(j)[i] = value;
  low(j)[i] = 0;
}

void Columns::clear(std::ptrdiff_t j) { std::fill_n(high(j), 2 * stride_, 0.0); }

void Columns::copy(std::ptrdiff_t from, const Columns& source, std::ptrdiff_t to) {
  std::copy_n(source.high(from), 2 * stride_, high(to));
}

void Columns::add_multiple(std::ptrdiff_t j, const DoubleDouble& factor, const Columns& other, std::ptrdiff_t k) {
  HWY_DYNAMIC_DISPATCH(add_multiple)(stride_, factor, other.high(k), other.low(k), high(j), low(j));
}

void Columns::add_exact_multiple(std::ptrdiff_t j, double factor, const Columns& other, std::ptrdiff_t k) {
  HWY_DYNAMIC_DISPATCH(add_exact_multiple)(stride_, factor, other.high(k), high(j), low(j));
}

void Columns::rotate(std::ptrdiff_t i, std::ptrdiff_t j, const DoubleDouble& c, const DoubleDouble& s) {
  HWY_DYNAMIC_DISPATCH(rotate)(stride_, c, s, high(i), low(i), high(j), low(j));
}

DoubleDouble Columns::dot(std::ptrdiff_t i, std::ptrdiff_t j) const {
  return HWY_DYNAMIC_DISPATCH(dot)(stride_, high(i), low(i), high(j), low(j));
}

}  // namespace equipoise
#endif
