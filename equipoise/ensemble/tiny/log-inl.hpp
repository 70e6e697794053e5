// log_of() for vectors of lanes: the same operations in the same order, hence the same bits. Included by
// both kernel.cpp, once for every target.
//
// Cost: some 40 operations and a division, for as many numbers as a vector has lanes.

HWY_BEFORE_NAMESPACE();
namespace equipoise::tiny::HWY_NAMESPACE {
namespace {

HWY_INLINE Vec logs_of(Vec x) {
  using namespace logarithm;
  const Tag tag;
  const Numbers numbers;
  const Mask has_log = hn::And(hn::Gt(x, hn::Zero(tag)), hn::Le(x, hn::Set(tag, largest_double)));
  const Mask small = hn::Lt(x, hn::Set(tag, std::numeric_limits<double>::min()));
  x = hn::IfThenElse(small, hn::Mul(x, hn::Set(tag, below_normal)), x);
  const auto bits = hn::BitCast(numbers, x);
  // A whole number below 2^52 becomes a double by standing at the end of 2^52.
  const auto at_the_end = hn::Or(hn::ShiftRight<52>(bits), hn::BitCast(numbers, hn::Set(tag, 0x1p52)));
  Vec exponent = hn::Sub(hn::BitCast(tag, at_the_end), hn::Set(tag, 0x1p52));
  exponent = hn::Sub(exponent, hn::IfThenElse(small, hn::Set(tag, 1022.0 + 54), hn::Set(tag, 1022.0)));
  const auto fraction_of = hn::Or(hn::And(bits, hn::Set(numbers, fraction_bits)), hn::Set(numbers, half_bits));
  Vec fraction = hn::BitCast(tag, fraction_of);
  const Vec one = hn::Set(tag, 1.0);
  const Mask low = hn::Lt(fraction, hn::Set(tag, root_half));
  fraction = hn::IfThenElse(low, hn::Add(fraction, fraction), fraction);
  exponent = hn::IfThenElse(low, hn::Sub(exponent, one), exponent);
  const Vec t = hn::Div(hn::Sub(fraction, one), hn::Add(fraction, one));
  const Vec t2 = hn::Mul(t, t);
  const Vec t4 = hn::Mul(t2, t2);
  Vec odd = hn::Zero(tag), even = hn::Zero(tag);
  for (int i = 10; i >= 0; i -= 2) odd = hn::Add(hn::Mul(odd, t4), hn::Set(tag, inverse[i]));
  for (int i = 9; i > 0; i -= 2) even = hn::Mul(hn::Add(even, hn::Set(tag, inverse[i])), t4);
  const Vec series = hn::Add(even, hn::Mul(odd, t2));
  const Vec twice = hn::Add(t, t);
  const Vec rest = hn::Add(hn::Mul(twice, series), hn::Mul(exponent, hn::Set(tag, log2_low)));
  const Vec log = hn::Add(hn::Mul(exponent, hn::Set(tag, log2_high)), hn::Add(twice, rest));
  return hn::IfThenElse(has_log, log, hn::Set(tag, nan));
}

}  // namespace
}  // namespace equipoise::tiny::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
