// Dyadic numbers on Boost's big integers, which stay inside this file.
#include "equipoise/exact/exact.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <boost/multiprecision/cpp_int.hpp>
#include <cstdint>
#include <utility>

#include "equipoise/core/error.hpp"

namespace equipoise {

struct Exact::Value {
  boost::multiprecision::cpp_int mantissa;
  std::int64_t exponent = 0;

  // An odd mantissa keeps numbers short and makes bits() meaningful.
  void normalise() {
    if (mantissa == 0) {
      exponent = 0;
      return;
    }
    // The backend keeps sign and magnitude apart: its limbs are those of |m|.
    const auto* limbs = mantissa.backend().limbs();
    unsigned zeros = 0;
    while (*limbs == 0) {
      zeros += std::numeric_limits<boost::multiprecision::limb_type>::digits;
      ++limbs;
    }
    zeros += static_cast<unsigned>(std::countr_zero(*limbs));
    mantissa >>= zeros;
    exponent += static_cast<std::int64_t>(zeros);
  }
};

Exact::Exact(double value) : value_(std::make_unique<Value>()) {
  if (!std::isfinite(value)) throw Error(fmt::format("exact arithmetic needs a finite number, not {}", value));
  if (value == 0) return;
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);
  value_->mantissa = static_cast<std::int64_t>(std::ldexp(fraction, 53));
  value_->exponent = exponent - 53;
  value_->normalise();
}

Exact::Exact(const Exact& other) : value_(std::make_unique<Value>(*other.value_)) {}
Exact::Exact(Exact&& other) noexcept = default;
Exact& Exact::operator=(const Exact& other) {
  *value_ = Value(*other.value_);
  return *this;
}
Exact& Exact::operator=(Exact&& other) noexcept {
  // Swapping keeps both sides usable.
  std::swap(value_, other.value_);
  return *this;
}
Exact::~Exact() = default;

Exact operator+(const Exact& a, const Exact& b) {
  const Exact::Value& high = a.value_->exponent >= b.value_->exponent ? *a.value_ : *b.value_;
  const Exact::Value& low = &high == a.value_.get() ? *b.value_ : *a.value_;
  if (high.mantissa == 0) return &high == a.value_.get() ? b : a;
  if (low.mantissa == 0) return &high == a.value_.get() ? a : b;
  Exact sum;
  sum.value_->mantissa = (high.mantissa << static_cast<unsigned>(high.exponent - low.exponent)) + low.mantissa;
  sum.value_->exponent = low.exponent;
  sum.value_->normalise();
  return sum;
}

Exact operator-(const Exact& a, const Exact& b) {
  Exact negative = b;
  negative.value_->mantissa = -negative.value_->mantissa;
  return a + negative;
}

Exact operator*(const Exact& a, const Exact& b) {
  Exact product;
  product.value_->mantissa = a.value_->mantissa * b.value_->mantissa;
  product.value_->exponent = product.value_->mantissa == 0 ? 0 : a.value_->exponent + b.value_->exponent;
  return product;  // odd times odd is odd
}

int Exact::sign() const { return value_->mantissa.sign(); }

std::size_t Exact::bits() const {
  if (value_->mantissa == 0) return 0;
  return boost::multiprecision::msb(boost::multiprecision::abs(value_->mantissa)) + 1;
}

double Exact::nearest() const {
  if (sign() == 0) return 0;
  const boost::multiprecision::cpp_int magnitude = boost::multiprecision::abs(value_->mantissa);
  // 62 leading bits fit an int64, whose conversion rounds once; a second rounding happens only among subnormals.
  const std::int64_t excess = static_cast<std::int64_t>(bits()) - 62;
  const boost::multiprecision::cpp_int shortened =
      excess > 0 ? boost::multiprecision::cpp_int(magnitude >> static_cast<unsigned>(excess)) : magnitude;
  const auto leading = static_cast<double>(static_cast<std::int64_t>(shortened));
  const std::int64_t exponent = value_->exponent + std::max<std::int64_t>(excess, 0);
  const int safe = static_cast<int>(std::min<std::int64_t>(std::max<std::int64_t>(exponent, -100000), 100000));
  return sign() * std::ldexp(leading, safe);
}

double Exact::root() const {
  if (sign() < 0) return std::numeric_limits<double>::quiet_NaN();
  if (sign() == 0) return 0;
  // Take out an even power of two so that the rest is near one: its double, its root and the product are then accurate.
  const std::int64_t top = value_->exponent + static_cast<std::int64_t>(bits());
  const std::int64_t half = top >= 0 ? top / 2 : -((1 - top) / 2);
  Exact rest = *this;
  rest.value_->exponent -= 2 * half;
  const int safe = static_cast<int>(std::min<std::int64_t>(std::max<std::int64_t>(half, -100000), 100000));
  return std::ldexp(std::sqrt(rest.nearest()), safe);
}

}  // namespace equipoise
