// The exact sign of polynomials in doubles: a filter that knows its own rounding error, and numbers that never round.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>

namespace equipoise {

/// A dyadic number m 2^e, closed under +, - and *, never rounded, of any magnitude.
/// Used only where doubles cannot tell a sign; a product of two k-bit numbers has 2k bits.
class Exact {
 public:
  /// Throws Error for NaN and infinities.
  Exact(double value = 0);  // NOLINT(google-explicit-constructor): a double is a dyadic number
  Exact(const Exact& other);
  Exact(Exact&& other) noexcept;
  Exact& operator=(const Exact& other);
  Exact& operator=(Exact&& other) noexcept;
  ~Exact();

  friend Exact operator+(const Exact& a, const Exact& b);
  friend Exact operator-(const Exact& a, const Exact& b);
  friend Exact operator*(const Exact& a, const Exact& b);

  int sign() const;          ///< -1, 0 or 1
  std::size_t bits() const;  ///< length of m, which is odd or zero
  double nearest() const;    ///< within one unit in the last place; infinite where double's range ends
  double root() const;       ///< the square root to within two units in the last place; NaN for a negative number

 private:
  struct Value;
  std::unique_ptr<Value> value_;
};

/// A double with a bound of its distance to the number that exact arithmetic would have given.
/// Overflow makes the bound infinite or NaN, so that no sign is claimed; underflow is part of the bound.
struct Approximate {
  double value = 0;
  double error = 0;

  Approximate(double exact = 0) : value(exact) {}  // NOLINT(google-explicit-constructor): a double is its own value
  Approximate(double nearby, double distance) : value(nearby), error(distance) {}
};

namespace approximate {
constexpr double unit = std::numeric_limits<double>::epsilon();  // twice the rounding error of one operation
constexpr double smallest = std::numeric_limits<double>::denorm_min();
// The error bounds are sums and products of non-negative doubles, each rounded: this factor covers their rounding.
constexpr double inflate = 1 + 16 * unit;
}  // namespace approximate

inline Approximate operator+(const Approximate& a, const Approximate& b) {
  const double value = a.value + b.value;
  return {value, (a.error + b.error + approximate::unit * std::abs(value)) * approximate::inflate};
}
inline Approximate operator-(const Approximate& a, const Approximate& b) {
  const double value = a.value - b.value;
  return {value, (a.error + b.error + approximate::unit * std::abs(value)) * approximate::inflate};
}
inline Approximate operator*(const Approximate& a, const Approximate& b) {
  const double value = a.value * b.value;
  const double error = std::abs(a.value) * b.error + std::abs(b.value) * a.error + a.error * b.error;
  // Each of the four products may lose up to `smallest` to underflow.
  return {value, (error + approximate::unit * std::abs(value)) * approximate::inflate + 8 * approximate::smallest};
}

/// The sign where the error bound allows one, otherwise nothing.
inline std::optional<int> sign(const Approximate& a) {
  if (a.value > a.error) return 1;
  if (a.value < -a.error) return -1;
  return std::nullopt;
}
inline std::optional<int> sign(const Exact& a) { return a.sign(); }

/// The sign of alpha + beta sqrt(gamma), gamma >= 0, without taking a root: where the two terms disagree, their squares
/// decide.
template <class Number>
std::optional<int> sign_with_root(const Number& alpha, const Number& beta, const Number& gamma) {
  const auto sign_alpha = sign(alpha);
  const auto sign_beta = sign(beta);
  const auto sign_gamma = sign(gamma);
  if (!sign_alpha || !sign_beta || !sign_gamma) return std::nullopt;
  const int sign_root = *sign_gamma > 0 ? *sign_beta : 0;
  if (*sign_alpha == sign_root || sign_root == 0) return sign_alpha;
  if (*sign_alpha == 0) return sign_root;
  const auto larger = sign(alpha * alpha - beta * beta * gamma);
  if (!larger) return std::nullopt;
  return *larger * *sign_alpha;
}

}  // namespace equipoise
