// A step of every lane, and the tests on where it led, as vectors. Included by kernel.cpp alone, once for every
// target.
//
// Cost of a step, per vector: pair 3 fused multiply-adds (6 flops a lane), isotropic 12 operations (22 flops), with a
// tangent 9 and 32 more.

HWY_BEFORE_NAMESPACE();
namespace equipoise::tiny::HWY_NAMESPACE {
namespace {

// The chain of a pair's step is two fused multiply-adds of 4 cycles; two pipes want 16 of them, from 5.3 vectors.
// Measured on a Zen 5: 8 vectors of 512 bits take 97 % of the multiply-add ceiling, 7 take 91 % and 6 take 85 %; with
// 16 registers, for 256 bits, 6 are best. An isotropic step has 12 operations in a chain of 4.
constexpr bool kWide = kWidth == 8;
template <std::size_t S, bool TANGENT>
constexpr std::size_t kVectors = S == 2 ? (TANGENT ? 3
                                           : kWide ? 8
                                                   : 6)
                                        : (TANGENT ? 1
                                           : kWide ? 4
                                                   : 3);

HWY_INLINE Vec squared_length(Vec a, Vec b) { return hn::MulAdd(b, b, hn::Mul(a, a)); }

HWY_INLINE void step_lanes(Vec (&z)[2], Vec m) {
  const Vec r = hn::NegMulAdd(z[0], z[1], m);
  const Vec x = hn::MulAdd(r, z[1], z[0]);
  z[1] = hn::MulAdd(r, z[0], z[1]);
  z[0] = x;
}
HWY_INLINE void step_lanes(Vec (&z)[4], Vec m) {
  const Vec P = squared_length(z[0], z[1]);
  const Vec Q = squared_length(z[2], z[3]);
  const Vec x1 = hn::MulAdd(m, z[2], hn::NegMulAdd(Q, z[0], z[0]));
  const Vec x2 = hn::MulAdd(m, z[3], hn::NegMulAdd(Q, z[1], z[1]));
  z[2] = hn::MulAdd(m, z[0], hn::NegMulAdd(P, z[2], z[2]));
  z[3] = hn::MulAdd(m, z[1], hn::NegMulAdd(P, z[3], z[3]));
  z[0] = x1;
  z[1] = x2;
}

HWY_INLINE void step_tangents(const Vec (&z)[2], Vec (&w)[2], Vec m) {
  const Vec r = hn::NegMulAdd(z[0], z[1], m);
  const Vec q = hn::MulAdd(z[0], w[1], hn::Mul(z[1], w[0]));
  const Vec a = hn::MulAdd(r, w[1], hn::NegMulAdd(q, z[1], w[0]));
  w[1] = hn::MulAdd(r, w[0], hn::NegMulAdd(q, z[0], w[1]));
  w[0] = a;
}
HWY_INLINE void step_tangents(const Vec (&z)[4], Vec (&w)[4], Vec m) {
  const Vec P = squared_length(z[0], z[1]);
  const Vec Q = squared_length(z[2], z[3]);
  const Vec half_dQ = hn::MulAdd(z[3], w[3], hn::Mul(z[2], w[2]));
  const Vec half_dP = hn::MulAdd(z[1], w[1], hn::Mul(z[0], w[0]));
  const Vec dQ = hn::Add(half_dQ, half_dQ);
  const Vec dP = hn::Add(half_dP, half_dP);
  const Vec a1 = hn::MulAdd(m, w[2], hn::NegMulAdd(dQ, z[0], hn::NegMulAdd(Q, w[0], w[0])));
  const Vec a2 = hn::MulAdd(m, w[3], hn::NegMulAdd(dQ, z[1], hn::NegMulAdd(Q, w[1], w[1])));
  w[2] = hn::MulAdd(m, w[0], hn::NegMulAdd(dP, z[2], hn::NegMulAdd(P, w[2], w[2])));
  w[3] = hn::MulAdd(m, w[1], hn::NegMulAdd(dP, z[3], hn::NegMulAdd(P, w[3], w[3])));
  w[0] = a1;
  w[1] = a2;
}
HWY_INLINE Vec lengths(const Vec (&w)[2]) { return hn::Sqrt(squared_length(w[0], w[1])); }
HWY_INLINE Vec lengths(const Vec (&w)[4]) {
  return hn::Sqrt(hn::Add(squared_length(w[0], w[1]), squared_length(w[2], w[3])));
}

/// near(...) == Near::minimiser of rules.hpp.
HWY_INLINE Mask arrived_lanes(const Vec (&z)[2], Vec m, Vec near, Vec) {
  return hn::Le(hn::Abs(hn::NegMulAdd(z[0], z[1], m)), near);
}
/// near(...) != Near::nothing.
HWY_INLINE Mask near_lanes(const Vec (&z)[4], Vec m, Vec near, Vec near_low) {
  const Vec P = squared_length(z[0], z[1]);
  const Vec Q = squared_length(z[2], z[3]);
  const Vec of_x = squared_length(hn::NegMulAdd(Q, z[0], hn::Mul(m, z[2])), hn::NegMulAdd(Q, z[1], hn::Mul(m, z[3])));
  const Vec of_y = squared_length(hn::NegMulAdd(P, z[2], hn::Mul(m, z[0])), hn::NegMulAdd(P, z[3], hn::Mul(m, z[1])));
  const Vec bound = hn::Mul(hn::Mul(near, near), hn::Max(hn::Add(P, Q), near_low));
  return hn::And(hn::Le(hn::Add(of_x, of_y), bound), hn::Ge(near, hn::Zero(Tag())));
}

HWY_INLINE Mask arrived_lanes(const Vec (&z)[4], Vec m, Vec near, Vec near_low) {
  const Vec S = hn::Add(squared_length(z[0], z[1]), squared_length(z[2], z[3]));
  return hn::And(near_lanes(z, m, near, near_low), hn::Ge(S, m));
}

/// Where look() might have something to say.
HWY_INLINE Mask worth_a_look(const Vec (&z)[2], Vec m, Vec near, Vec near_low) {
  const Vec r = hn::NegMulAdd(z[0], z[1], m);
  const Vec size = hn::Abs(r);
  const Mask bounded = hn::Lt(size, hn::Set(Tag(), 4.0));
  const Mask saddle = hn::Le(hn::Abs(hn::Sub(m, r)), near_low);
  return hn::Or(hn::Or(hn::Le(size, near), saddle), hn::Not(bounded));
}
HWY_INLINE Mask worth_a_look(const Vec (&z)[4], Vec m, Vec near, Vec near_low) {
  const Vec product = hn::Mul(squared_length(z[0], z[1]), squared_length(z[2], z[3]));
  return hn::Or(near_lanes(z, m, near, near_low), hn::Not(hn::Lt(product, hn::Set(Tag(), 16.0))));
}

HWY_INLINE Vec sums_of_squares(const Vec (&z)[2]) { return squared_length(z[0], z[1]); }
HWY_INLINE Vec sums_of_squares(const Vec (&z)[4]) {
  return hn::Add(squared_length(z[0], z[1]), squared_length(z[2], z[3]));
}

/// What Lemma E rules out, at this iterate and every earlier one.
HWY_INLINE Mask bounded_lanes(const Vec (&z)[2], Vec m) {
  return hn::Lt(hn::Abs(hn::NegMulAdd(z[0], z[1], m)), hn::Set(Tag(), 4.0));
}
HWY_INLINE Mask bounded_lanes(const Vec (&z)[4], Vec) {
  return hn::Lt(hn::Mul(squared_length(z[0], z[1]), squared_length(z[2], z[3])), hn::Set(Tag(), 16.0));
}

/// diverges(...) of rules.hpp.
HWY_INLINE Mask diverging_lanes(const Vec (&z)[2], Vec m, Vec) {
  const Tag tag;
  const Vec r = hn::Mul(hn::Abs(hn::NegMulAdd(z[0], z[1], m)), hn::Set(tag, below_one));
  const Vec S = squared_length(z[0], z[1]);
  const Vec S2 = hn::Add(S, S);
  const Mask large = hn::Ge(r, hn::Add(hn::Set(tag, 4.0), m));
  const Mask known = hn::Le(S2, hn::Set(tag, std::numeric_limits<double>::max()));
  return hn::And(hn::And(large, known), hn::Ge(hn::Mul(r, hn::Abs(hn::Mul(z[0], z[1]))), S2));
}
HWY_INLINE Mask diverging_lanes(const Vec (&z)[4], Vec, Vec near_low) {
  const Tag tag;
  const Vec four = hn::Set(tag, 4.0);
  const Vec P = squared_length(z[0], z[1]);
  const Vec Q = squared_length(z[2], z[3]);
  const Vec product = hn::Mul(hn::Mul(P, Q), hn::Set(tag, below_one));
  const Vec needed = hn::Mul(four, hn::Add(hn::Set(tag, 1.0), near_low));
  const Vec S4 = hn::Mul(four, hn::Add(P, Q));
  const Mask known = hn::Le(S4, hn::Set(tag, std::numeric_limits<double>::max()));
  return hn::And(hn::And(hn::Ge(product, hn::Mul(needed, needed)), known), hn::Ge(product, S4));
}

template <std::size_t S>
HWY_INLINE Mask finite_lanes(const Vec (&z)[S]) {
  Mask all = hn::IsFinite(z[0]);
  for (std::size_t s = 1; s < S; ++s) all = hn::And(all, hn::IsFinite(z[s]));
  return all;
}

}  // namespace
}  // namespace equipoise::tiny::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
