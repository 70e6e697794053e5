// Numbers of twice the precision of double, as unevaluated sums of two doubles, one at a time and in columns.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

namespace equipoise {

/// high + low with |low| at most half a unit in the last place of high.
struct DoubleDouble {
  double high = 0;
  double low = 0;

  DoubleDouble() = default;
  DoubleDouble(double value) : high(value) {}  // NOLINT(google-explicit-constructor): every double is one
  DoubleDouble(double large, double small) : high(large), low(small) {}
};

/// No +, - or * below, nor any operation of the columns, has a larger relative error: 3 u^2 + 13 u^3 for sums and 7 u^2
/// for products, u = 2^-53 (Joldes, Muller, Popescu, ACM TOMS 44, 2017, theorems 3.1 and 5.1), barring underflow.
inline constexpr double double_double_unit = 0x1p-102;

/// What a bound of an error of such numbers is made of.
namespace error_bound {
inline constexpr double unit = double_double_unit;
inline constexpr double generous =
    1 + 1e-9;  ///< covers the rounding of the bounds themselves, sums of at most some 1e6 positive terms
inline constexpr double underflow =
    1e-280;  ///< what it may take from a norm of numbers near 1; far below any other error
}  // namespace error_bound

namespace double_double {
inline DoubleDouble two_sum(double a, double b) {
  const double sum = a + b;
  const double shift = sum - a;
  return {sum, (a - (sum - shift)) + (b - shift)};
}
/// |a| >= |b|, or a = 0.
inline DoubleDouble fast_two_sum(double a, double b) {
  const double sum = a + b;
  return {sum, b - (sum - a)};
}
inline DoubleDouble two_product(double a, double b) {
  const double product = a * b;
  return {product, std::fma(a, b, -product)};
}
}  // namespace double_double

inline DoubleDouble operator-(const DoubleDouble& a) { return {-a.high, -a.low}; }
inline DoubleDouble operator+(const DoubleDouble& a, const DoubleDouble& b) {
  const DoubleDouble s = double_double::two_sum(a.high, b.high);
  const DoubleDouble t = double_double::two_sum(a.low, b.low);
  const DoubleDouble v = double_double::fast_two_sum(s.high, s.low + t.high);
  return double_double::fast_two_sum(v.high, t.low + v.low);
}
inline DoubleDouble operator-(const DoubleDouble& a, const DoubleDouble& b) { return a + -b; }
inline DoubleDouble operator*(const DoubleDouble& a, const DoubleDouble& b) {
  const DoubleDouble c = double_double::two_product(a.high, b.high);
  return double_double::fast_two_sum(c.high, c.low + (a.high * b.low + a.low * b.high));
}
/// An exact power of two times a, but for underflow.
inline DoubleDouble scaled(const DoubleDouble& a, int exponent) {
  return {std::ldexp(a.high, exponent), std::ldexp(a.low, exponent)};
}

/// Good to a few units; whoever needs a bound multiplies back.
DoubleDouble quotient(const DoubleDouble& a, const DoubleDouble& b);
/// sqrt(a), a >= 0, in the same sense.
DoubleDouble root(const DoubleDouble& a);

/// Columns of double-double numbers, all of one length, padded with zeros to whole vectors of the processor.
/// Every operation costs about 20 flops an entry and runs on the widest vectors there are; sums over an entire column
/// may differ in their last bits between processors.
class Columns {
 public:
  Columns(std::ptrdiff_t length, std::ptrdiff_t count);

  std::ptrdiff_t length() const { return length_; }
  std::ptrdiff_t count() const { return count_; }
  /// Entry i of column j; the low part is set to zero.
  void set(std::ptrdiff_t i, std::ptrdiff_t j, double value);
  void clear(std::ptrdiff_t j);
  void copy(std::ptrdiff_t from, const Columns& source, std::ptrdiff_t to);

  /// Column j += factor * column k of `other`.
  void add_multiple(std::ptrdiff_t j, const DoubleDouble& factor, const Columns& other, std::ptrdiff_t k);
  /// The same for a factor and a column whose low parts are all zero: their products are exact, which is faster.
  void add_exact_multiple(std::ptrdiff_t j, double factor, const Columns& other, std::ptrdiff_t k);
  /// (column i, column j) <- (c column i + s column j, c column j - s column i)
  void rotate(std::ptrdiff_t i, std::ptrdiff_t j, const DoubleDouble& c, const DoubleDouble& s);
  /// The sum of products; no entry's product meets more than length() + 8 roundings.
  DoubleDouble dot(std::ptrdiff_t i, std::ptrdiff_t j) const;

 private:
  double* high(std::ptrdiff_t j) { return values_.data() + 2 * j * stride_; }
  double* low(std::ptrdiff_t j) { return high(j) + stride_; }
  const double* high(std::ptrdiff_t j) const { return values_.data() + 2 * j * stride_; }
  const double* low(std::ptrdiff_t j) const { return high(j) + stride_; }

  std::ptrdiff_t length_, count_, stride_;
  std::vector<double> values_;  // of each column the high parts, then the low parts
};

}  // namespace equipoise
