// The lanes of batch.hpp, compiled once for every target that Highway knows here.
//
// A lane holds one run. A block is 64 steps of every lane on local copies, the iterates of steps 0, 16, 32 and 48 being kept; then
// come the looks, as masks: near a minimiser, or |r| not below 4, so that NaN shows. A lane whose run ends hands the last mark
// before the event to a second set of lanes, which walks at most 16 steps with a test at each and so finds its exact step, and
// is refilled at once. Everything rarer than that is decided by look() of batch_rules.hpp.
//
// Cost of a step, per vector: pair 3 fused multiply-adds (6 flops a lane), isotropic 12 operations (22 flops), with a tangent 9 and
// 32 more. No memory is read or written in the 16 steps between marks; a look costs 8 operations and 4 stores of two vectors.
#include "equipoise/core/batch_kernel.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <utility>

#include "equipoise/core/batch_rules.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "equipoise/core/batch_kernel.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first
#include <hwy/cache_control.h>
#include <hwy/highway.h>

// True where hn::MulAdd rounds once; elsewhere the plain loop is the only one with the bits that define the result. Vectors whose
// width is known at run time alone (SVE, RVV) cannot be held in arrays and are left to NEON or to the plain loop.
#undef EQUIPOISE_FUSED
#if HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128 || \
    HWY_TARGET == HWY_WASM || HWY_TARGET == HWY_WASM_EMU256 || HWY_HAVE_SCALABLE || \
    defined(HWY_DISABLE_BMI2_FMA)
#define EQUIPOISE_FUSED 0
#else
#define EQUIPOISE_FUSED 1
#endif

HWY_BEFORE_NAMESPACE();
namespace equipoise::tiny::HWY_NAMESPACE {
namespace {

#if EQUIPOISE_FUSED

namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::CappedTag<double, 8>;
using Vec = hn::Vec<Tag>;
using Mask = hn::Mask<Tag>;
constexpr std::size_t kWidth = hn::MaxLanes(Tag());

// The chain of a pair's step is two fused multiply-adds of 4 cycles; two pipes want 16 of them, from 5.3 vectors. An isotropic step
// has 12 operations in a chain of 4.
template <std::size_t S, bool TANGENT>
constexpr std::size_t kVectors = S == 2 ? (TANGENT ? 3 : 6) : (TANGENT ? 1 : 3);

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

/// near(...) == Near::minimiser of batch_rules.hpp.
HWY_INLINE Mask arrived_lanes(const Vec (&z)[2], Vec m, Vec near, Vec) {
  return hn::Le(hn::Abs(hn::NegMulAdd(z[0], z[1], m)), near);
}
/// near(...) != Near::nothing.
HWY_INLINE Mask near_lanes(const Vec (&z)[4], Vec m, Vec near, Vec near_low) {
  const Vec P = squared_length(z[0], z[1]);
  const Vec Q = squared_length(z[2], z[3]);
  const Vec steepest = hn::Max(hn::Max(hn::Abs(hn::NegMulAdd(Q, z[0], hn::Mul(m, z[2]))), hn::Abs(hn::NegMulAdd(Q, z[1], hn::Mul(m, z[3])))),
                               hn::Max(hn::Abs(hn::NegMulAdd(P, z[2], hn::Mul(m, z[0]))), hn::Abs(hn::NegMulAdd(P, z[3], hn::Mul(m, z[1])))));
  const Vec largest = hn::Max(hn::Max(hn::Abs(z[0]), hn::Abs(z[1])), hn::Max(hn::Abs(z[2]), hn::Abs(z[3])));
  const Vec bound = hn::Max(hn::Mul(near, largest), near_low);
  return hn::And(hn::Le(hn::Add(steepest, steepest), bound), hn::Ge(near, hn::Zero(Tag())));
}

HWY_INLINE Mask arrived_lanes(const Vec (&z)[4], Vec m, Vec near, Vec near_low) {
  const Vec S = hn::Add(squared_length(z[0], z[1]), squared_length(z[2], z[3]));
  return hn::And(near_lanes(z, m, near, near_low), hn::Ge(S, m));
}

/// Where look() might have something to say. |x y| below half a unit in the last place of m makes r = m: the saddle.
HWY_INLINE Mask worth_a_look(const Vec (&z)[2], Vec m, Vec near, Vec) {
  const Vec r = hn::NegMulAdd(z[0], z[1], m);
  const Vec size = hn::Abs(r);
  const Mask bounded = hn::Lt(size, hn::Set(Tag(), 4.0));
  return hn::Or(hn::Or(hn::Le(size, near), hn::Eq(r, m)), hn::Not(bounded));
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

/// diverges(...) of batch_rules.hpp.
HWY_INLINE Mask diverging_lanes(const Vec (&z)[2], Vec m) {
  const Tag tag;
  const Vec r = hn::Mul(hn::Abs(hn::NegMulAdd(z[0], z[1], m)), hn::Set(tag, below_one));
  const Vec S = squared_length(z[0], z[1]);
  const Vec S2 = hn::Add(S, S);
  const Mask large = hn::Ge(r, hn::Add(hn::Set(tag, 4.0), m));
  const Mask known = hn::Le(S2, hn::Set(tag, std::numeric_limits<double>::max()));
  return hn::And(hn::And(large, known), hn::Ge(hn::Mul(r, hn::Abs(hn::Mul(z[0], z[1]))), S2));
}
HWY_INLINE Mask diverging_lanes(const Vec (&z)[4], Vec m) {
  const Tag tag;
  const Vec four = hn::Set(tag, 4.0);
  const Vec P = squared_length(z[0], z[1]);
  const Vec Q = squared_length(z[2], z[3]);
  const Vec product = hn::Mul(hn::Mul(P, Q), hn::Set(tag, below_one));
  const Vec needed = hn::Mul(four, hn::Add(hn::Set(tag, 1.0), m));
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

HWY_INLINE unsigned bits_of(Mask mask) {
  std::uint8_t bytes[8] = {};
  hn::StoreMaskBits(Tag(), mask, bytes);
  return bytes[0];
}

/// An iterate that nothing happens to: a minimiser that is never near.
template <std::size_t S>
constexpr State<S> kIdle = [] {
  State<S> z{};
  z[0] = 1;
  z[S / 2] = 1;
  return z;
}();

/// Runs whose end is known to lie in the steps after a mark: walked together, some vectors of them at a time, to the exact step.
/// Numbers of cells and steps are doubles, exact below 2^53, so that they can be moved as the iterates are.
template <std::size_t S>
class Walks {
 public:
  static constexpr std::size_t kVecs = 4;
  static constexpr std::size_t kSize = kVecs * kWidth;

  bool full() const { return count_ >= kSize; }
  bool empty() const { return count_ == 0; }

  HWY_INLINE void add(const State<S>& z, double m, double near, double near_low, double cell, double at_step) {
    for (std::size_t s = 0; s < S; ++s) z_[s][count_] = z[s];
    m_[count_] = m;
    near_[count_] = near;
    if constexpr (S == 4) near_low_[count_] = near_low;
    cell_[count_] = cell;
    at_step_[count_] = at_step;
    ++count_;
  }

  /// Calls found(cell, z, step) with the first iterate from which on the tolerance holds, up to 16 steps from the mark.
  template <class Found>
  HWY_NOINLINE void to_arrival(Found&& found) {
    const std::size_t count = pad();
    const Tag tag;
    Vec z[kVecs][S], end[kVecs][S], m[kVecs], near[kVecs], low[kVecs], when[kVecs];
    for (std::size_t v = 0; v < kVecs; ++v) {
      load(v, z[v], m[v]);
      near[v] = hn::Load(tag, near_ + v * kWidth);
      low[v] = hn::Load(tag, near_low_ + v * kWidth);
      when[v] = hn::Load(tag, at_step_ + v * kWidth);
      for (std::size_t s = 0; s < S; ++s) end[v][s] = z[v][s];
    }
    const Vec one = hn::Set(tag, 1.0);
    Vec now[kVecs];
    for (std::size_t v = 0; v < kVecs; ++v) now[v] = when[v];
    for (std::uint64_t i = 0; i < mark_every; ++i) {
      for (std::size_t v = 0; v < kVecs; ++v) {
        const Mask there = arrived_lanes(z[v], m[v], near[v], low[v]);
        step_lanes(z[v], m[v]);
        now[v] = hn::Add(now[v], one);
        for (std::size_t s = 0; s < S; ++s) end[v][s] = hn::IfThenElse(there, end[v][s], z[v][s]);
        when[v] = hn::IfThenElse(there, when[v], now[v]);
      }
    }
    for (std::size_t v = 0; v < kVecs; ++v) store(v, end[v], when[v]);
    for (std::size_t i = 0; i < count; ++i) found(static_cast<std::size_t>(cell_[i]), state(i), static_cast<std::uint64_t>(at_step_[i]));
    drop(count);
  }

  /// Calls found(cell, z, step, proved) with the first iterate at which Lemma E holds or which has no finite successor.
  template <class Found>
  HWY_NOINLINE void to_divergence(Found&& found) {
    const std::size_t count = pad();
    const Tag tag;
    Vec z[kVecs][S], end[kVecs][S], m[kVecs], when[kVecs], proved[kVecs];
    Mask done[kVecs];
    for (std::size_t v = 0; v < kVecs; ++v) {
      load(v, z[v], m[v]);
      when[v] = proved[v] = hn::Zero(tag);
      for (std::size_t s = 0; s < S; ++s) end[v][s] = z[v][s];
      alignas(64) double used[kWidth];
      for (std::size_t i = 0; i < kWidth; ++i) used[i] = v * kWidth + i < count ? 1.0 : 0.0;
      done[v] = hn::Eq(hn::Load(tag, used), hn::Zero(tag));
    }
    bool all = false;
    for (std::uint64_t i = 0; !all; ++i) {
      const Vec now = hn::Set(tag, static_cast<double>(i));
      all = true;
      for (std::size_t v = 0; v < kVecs; ++v) {
        const Mask sure = diverging_lanes(z[v], m[v]);
        Vec next[S];
        for (std::size_t s = 0; s < S; ++s) next[s] = z[v][s];
        step_lanes(next, m[v]);
        const Mask hit = hn::AndNot(done[v], hn::Or(sure, hn::Not(finite_lanes(next))));
        for (std::size_t s = 0; s < S; ++s) end[v][s] = hn::IfThenElse(hit, z[v][s], end[v][s]);
        when[v] = hn::IfThenElse(hit, now, when[v]);
        proved[v] = hn::IfThenElse(hn::And(hit, sure), hn::Set(tag, 1.0), proved[v]);
        done[v] = hn::Or(done[v], hit);
        all = all && hn::AllTrue(tag, done[v]);
        for (std::size_t s = 0; s < S; ++s) z[v][s] = next[s];
      }
    }
    alignas(64) double sure[kSize];
    for (std::size_t v = 0; v < kVecs; ++v) {
      store(v, end[v], hn::Add(hn::Load(tag, at_step_ + v * kWidth), when[v]));
      hn::Store(proved[v], tag, sure + v * kWidth);
    }
    for (std::size_t i = 0; i < count; ++i) {
      found(static_cast<std::size_t>(cell_[i]), state(i), static_cast<std::uint64_t>(at_step_[i]), sure[i] != 0);
    }
    drop(count);
  }

 private:
  static constexpr std::size_t kRoom = kSize + kWidth;  // lanes are added a vector at a time

  // Fills the vectors up with lanes to which nothing happens; returns how many are in use.
  std::size_t pad() {
    for (std::size_t i = count_; i < kSize; ++i) {
      for (std::size_t s = 0; s < S; ++s) z_[s][i] = kIdle<S>[s];
      m_[i] = 1;
      near_[i] = -1;
      near_low_[i] = 0;
    }
    return std::min(count_, kSize);
  }
  // Moves what came after the first vectors to the front: less than a vector.
  void drop(std::size_t count) {
    for (std::size_t i = count; i < count_; ++i) {
      for (std::size_t s = 0; s < S; ++s) z_[s][i - count] = z_[s][i];
      m_[i - count] = m_[i];
      near_[i - count] = near_[i];
      near_low_[i - count] = near_low_[i];
      cell_[i - count] = cell_[i];
      at_step_[i - count] = at_step_[i];
    }
    count_ -= count;
  }
  HWY_INLINE void load(std::size_t v, Vec (&z)[S], Vec& m) const {
    for (std::size_t s = 0; s < S; ++s) z[s] = hn::Load(Tag(), z_[s] + v * kWidth);
    m = hn::Load(Tag(), m_ + v * kWidth);
  }
  HWY_INLINE void store(std::size_t v, const Vec (&z)[S], Vec at_step) {
    for (std::size_t s = 0; s < S; ++s) hn::Store(z[s], Tag(), z_[s] + v * kWidth);
    hn::Store(at_step, Tag(), at_step_ + v * kWidth);
  }
  HWY_INLINE State<S> state(std::size_t i) const {
    State<S> z;
    for (std::size_t s = 0; s < S; ++s) z[s] = z_[s][i];
    return z;
  }

  alignas(64) double z_[S][kRoom] = {};
  alignas(64) double m_[kRoom] = {};
  alignas(64) double near_[kRoom] = {};
  alignas(64) double near_low_[kRoom] = {};
  alignas(64) double cell_[kRoom] = {};
  alignas(64) double at_step_[kRoom] = {};
  std::size_t count_ = 0;
};

/// Runs that were scaled and can enter a lane as they are: what begin() does, some hundreds at a time.
template <std::size_t S>
class Ready {
 public:
  static constexpr std::size_t kSize = 256;

  std::size_t count = 0, next = 0;
  alignas(64) double z[S][kSize];
  alignas(64) double m[kSize];
  alignas(64) double near[kSize];
  alignas(64) double near_low[kSize] = {};
  double cell[kSize];
  std::uint64_t blocks[kSize];  ///< until look() is due

  /// Takes cells from `from` on until full; returns the first that was not taken. Cells that need more care, because they end at once
  /// or are out of range, go to `others`.
  std::size_t fill(std::span<const TinyRun> runs, TinyRun::Kind kind, std::size_t from, std::vector<std::size_t>& others) {
    const Tag tag;
    std::size_t taken = 0;
    for (; from < runs.size() && taken < kSize; ++from) {
      const TinyRun& run = runs[from];
      if (run.kind != kind) continue;
      h_[taken] = run.h;
      m[taken] = run.mu;
      if constexpr (S == 2) {
        z[0][taken] = run.x[0];
        z[1][taken] = run.y[0];
      } else {
        z[0][taken] = run.x[0];
        z[1][taken] = run.x[1];
        z[2][taken] = run.y[0];
        z[3][taken] = run.y[1];
        near_low[taken] = run.shape;
      }
      near[taken] = run.tolerance;
      max_steps_[taken] = run.max_steps;
      cell[taken] = static_cast<double>(from);
      ++taken;
    }
    for (std::size_t i = taken; i < (taken + kWidth - 1) / kWidth * kWidth; ++i) {
      h_[i] = m[i] = near[i] = near_low[i] = 1;
      for (std::size_t s = 0; s < S; ++s) z[s][i] = 1;
    }
    for (std::size_t i = 0; i < taken; i += kWidth) scale(i);
    // In place: those that need care are left out.
    count = next = 0;
    for (std::size_t i = 0; i < taken; ++i) {
      const std::uint64_t event = first_event(m[i], max_steps_[i]);
      if (care_[i] != 0 || event < look_every) {
        others.push_back(static_cast<std::size_t>(cell[i]));
        continue;
      }
      for (std::size_t s = 0; s < S; ++s) z[s][count] = z[s][i];
      m[count] = m[i];
      near[count] = near[i];
      near_low[count] = near_low[i];
      cell[count] = cell[i];
      blocks[count] = event / look_every;
      ++count;
    }
    return from;
  }

 private:
  static HWY_INLINE std::uint64_t first_event(double m_of, std::uint64_t max_steps) {
    if (S == 4 || m_of >= 1) max_steps = std::min(max_steps, first_cycle_look);
    return max_steps;
  }

  HWY_INLINE void scale(std::size_t i) {
    const Tag tag;
    const Vec zero = hn::Zero(tag);
    const Vec h = hn::Load(tag, h_ + i);
    const Vec mu = hn::Load(tag, m + i);
    const Vec tolerance = hn::Load(tag, near + i);
    const Vec root = hn::Sqrt(h);
    const Vec signed_root = hn::IfThenElse(hn::Lt(mu, zero), hn::Neg(root), root);
    const Vec m_of = hn::Mul(h, hn::Abs(mu));
    Vec at[S];
    Mask plain = hn::IsFinite(m_of);
    Mask at_zero = hn::Eq(zero, zero);
    for (std::size_t s = 0; s < S; ++s) {
      at[s] = hn::Mul(s < S / 2 ? root : signed_root, hn::Load(tag, z[s] + i));
      plain = hn::And(plain, hn::IsFinite(at[s]));
      at_zero = hn::And(at_zero, hn::Eq(at[s], zero));
      hn::Store(at[s], tag, z[s] + i);
    }
    // m = 0, and iterates without a gradient, are left to begin().
    Mask care = hn::Or(hn::Or(hn::Not(plain), at_zero), hn::Eq(m_of, zero));
    Vec size = m_of;
    if constexpr (S == 2) {
      care = hn::Or(care, hn::Eq(hn::NegMulAdd(at[0], at[1], m_of), zero));
    } else {
      const Vec low = zero;
      size = hn::Mul(m_of, hn::Sqrt(hn::Load(tag, near_low + i)));
      hn::Store(hn::Mul(hn::Mul(tolerance, size), hn::Sqrt(size)), tag, near_low + i);
      care = hn::Or(care, near_lanes(at, m_of, zero, low));
    }
    care = hn::Or(care, hn::Eq(tolerance, zero));
    hn::Store(m_of, tag, m + i);
    hn::Store(hn::Mul(tolerance, size), tag, near + i);
    hn::Store(hn::IfThenElseZero(care, hn::Set(tag, 1.0)), tag, care_ + i);
  }

  alignas(64) double h_[kSize];
  alignas(64) double care_[kSize];
  std::uint64_t max_steps_[kSize];
};

/// Where runs come from and where their rows go.
template <std::size_t S>
struct Cells {
  std::span<const TinyRun> runs;
  TinyRun::Kind kind;
  const BatchSettings& settings;
  std::span<TinyEnd> ends;
  std::size_t next = 0;                                         ///< the first cell that `ready` has not seen
  Ready<S> ready;
  std::vector<std::size_t> others;                              ///< cells to begin with care
  std::vector<std::pair<std::size_t, Follow<S>>> with_tangent;  ///< runs that go on where a tangent is followed

  HWY_INLINE bool stopped() const { return settings.stop != nullptr && settings.stop->load(std::memory_order_relaxed); }
  HWY_INLINE void finish(std::size_t cell, const Ending<S>& ending) {
    report_ending(ending, ends[cell]);
    if (settings.measures) report_measures<S>(runs[cell], ending.z, ends[cell]);
  }
};

template <std::size_t S, bool TANGENT>
class Lanes {
 public:
  explicit Lanes(Cells<S>& cells) : cells_(cells) {
    for (std::size_t i = 0; i < kSize; ++i) idle(i);
  }

  void run() {
    for (std::size_t i = 0; i < kSize; ++i) refill(i);
    while (active_ > 0) {
      if (cells_.stopped()) return;
      take_blocks();
      ++blocks_;
      for (std::size_t v = 0; v < kVecs; ++v) {
        if (looks_[v] != 0) after_block(v, looks_[v]);
      }
      if (blocks_ >= first_due_) look_at_due();
    }
    while (!arrivals_.empty()) flush_arrivals();
    while (!divergences_.empty()) flush_divergences();
  }

 private:
  static constexpr std::size_t kVecs = kVectors<S, TANGENT>;
  static constexpr std::size_t kSize = kVecs * kWidth;

  // 16 steps of every lane. Loaded and stored here: g++ 12 leaves arrays of vectors in memory that live across a loop around this one.
  HWY_INLINE void take_steps(std::size_t mark) {
    const Tag tag;
    Vec z[kVecs][S], m[kVecs], w[kVecs][S];
    for (std::size_t v = 0; v < kVecs; ++v) {
      for (std::size_t s = 0; s < S; ++s) {
        z[v][s] = hn::Load(tag, z_[s] + v * kWidth);
        hn::Store(z[v][s], tag, marks_[mark][s] + v * kWidth);
        if constexpr (TANGENT) w[v][s] = hn::Load(tag, w_[s] + v * kWidth);
      }
      m[v] = hn::Load(tag, m_ + v * kWidth);
    }
    for (std::uint64_t i = 0; i < mark_every; ++i) {
      for (std::size_t v = 0; v < kVecs; ++v) {
        if constexpr (TANGENT) step_tangents(z[v], w[v], m[v]);
        step_lanes(z[v], m[v]);
      }
    }
    for (std::size_t v = 0; v < kVecs; ++v) {
      for (std::size_t s = 0; s < S; ++s) {
        hn::Store(z[v][s], tag, z_[s] + v * kWidth);
        if constexpr (TANGENT) hn::Store(w[v][s], tag, w_[s] + v * kWidth);
      }
    }
  }

  // 64 steps of every lane; then which lanes deserve a look.
  HWY_NOINLINE void take_blocks() {
    const Tag tag;
    for (std::size_t mark = 0; mark < most_marks; ++mark) take_steps(mark);
    for (std::size_t v = 0; v < kVecs; ++v) {
      Vec z[S];
      load_mark(v, z_, z);
      looks_[v] = bits_of(worth_a_look(z, hn::Load(tag, m_ + v * kWidth), hn::Load(tag, near_ + v * kWidth), hn::Load(tag, near_low_ + v * kWidth)));
    }
    if constexpr (TANGENT) {
      for (std::size_t v = 0; v < kVecs; ++v) {
        Vec w[S];
        load_mark(v, w_, w);
        const Vec norm = lengths(w);
        hn::Store(norm, tag, norm_ + v * kWidth);
        for (std::size_t s = 0; s < S; ++s) hn::Store(hn::Div(w[s], norm), tag, w_[s] + v * kWidth);
      }
      for (std::size_t i = 0; i < kSize; ++i) {
        if (follow_[i].growth) follow_[i].growth->add(log_of(norm_[i]));
      }
    }
  }

  HWY_INLINE std::uint64_t step_of(std::size_t i) const {
    return static_cast<std::uint64_t>(origin_[i] + static_cast<double>(look_every * blocks_));
  }

  // The two common endings, by the rules of look(): the lanes are handed to the walks from the last mark before the event, and
  // refilled. Whatever is rarer goes to look() itself. About 40 operations on a vector, however many of its lanes end.
  HWY_INLINE void after_block(std::size_t v, unsigned bits) {
    const Tag tag;
    const Vec m = hn::Load(tag, m_ + v * kWidth);
    const Vec near = hn::Load(tag, near_ + v * kWidth);
    const Vec near_low = hn::Load(tag, near_low_ + v * kWidth);
    Vec z[S];
    load_mark(v, z_, z);
    const Mask diverged = hn::Or(diverging_lanes(z, m), hn::Not(finite_lanes(z)));
    const Mask stable = hn::Le(sums_of_squares(z), hn::Set(tag, stable_sharpness));
    const Mask arrived = hn::AndNot(diverged, hn::And(stable, arrived_lanes(z, m, near, near_low)));
    const unsigned ending = bits_of(hn::Or(diverged, arrived));
    if (ending != 0) {
      Vec from[S];
      load_mark(v, marks_[0], from);
      Vec at = hn::Add(hn::Load(tag, origin_ + v * kWidth), hn::Set(tag, static_cast<double>(look_every * (blocks_ - 1))));
      for (std::size_t mark = 1; mark < most_marks; ++mark) {
        Vec there[S];
        load_mark(v, marks_[mark], there);
        // A mark before the event: everything earlier is before it, too.
        const Mask later = hn::Or(hn::And(diverged, bounded_lanes(there, m)), hn::AndNot(diverged, hn::Not(arrived_lanes(there, m, near, near_low))));
        for (std::size_t s = 0; s < S; ++s) from[s] = hn::IfThenElse(later, there[s], from[s]);
        at = hn::IfThenElse(later, hn::Add(first_of_block(v), hn::Set(tag, static_cast<double>(mark * mark_every))), at);
      }
      alignas(64) double start[S][kWidth], start_step[kWidth];
      for (std::size_t s = 0; s < S; ++s) hn::Store(from[s], tag, start[s]);
      hn::Store(at, tag, start_step);
      const unsigned diverging = bits_of(diverged);
      for (unsigned left = ending; left != 0; left &= left - 1) {
        const auto lane = static_cast<std::size_t>(std::countr_zero(left));
        const std::size_t i = v * kWidth + lane;
        State<S> begun;
        for (std::size_t s = 0; s < S; ++s) begun[s] = start[s][lane];
        const auto* end = reinterpret_cast<const char*>(&cells_.ends[static_cast<std::size_t>(cell_[i])]);
        hwy::Prefetch(end);
        hwy::Prefetch(end + 64);
        Walks<S>& walks = (diverging >> lane & 1U) != 0 ? divergences_ : arrivals_;
        walks.add(begun, m_[i], near_[i], near_low_[i], cell_[i], start_step[lane]);
        replace(i);
      }
      if (arrivals_.full()) flush_arrivals();
      if (divergences_.full()) flush_divergences();
    }
    for (unsigned left = bits & ~ending; left != 0; left &= left - 1) {
      const std::size_t i = v * kWidth + static_cast<std::size_t>(std::countr_zero(left));
      if (due_[i] > blocks_) take_a_look(i);  // otherwise look_at_due() comes to it
    }
  }

  HWY_INLINE Vec first_of_block(std::size_t v) const {
    return hn::Add(hn::Load(Tag(), origin_ + v * kWidth), hn::Set(Tag(), static_cast<double>(look_every * (blocks_ - 1))));
  }
  static HWY_INLINE void load_mark(std::size_t v, const double (&from)[S][kSize], Vec (&z)[S]) {
    for (std::size_t s = 0; s < S; ++s) z[s] = hn::Load(Tag(), from[s] + v * kWidth);
  }

  HWY_NOINLINE void look_at_due() {
    for (std::size_t i = 0; i < kSize; ++i) {
      if (due_[i] <= blocks_) take_a_look(i);
    }
    first_due_ = *std::min_element(due_, due_ + kSize);
  }

  HWY_NOINLINE void take_a_look(std::size_t i) {
    Follow<S>& follow = follow_[i];
    const auto cell = static_cast<std::size_t>(cell_[i]);
    Ending<S> ending;
    if (!follows_[i]) begin(cells_.runs[cell], follow, ending);
    follows_[i] = true;
    for (std::size_t s = 0; s < S; ++s) follow.z[s] = z_[s][i];
    if constexpr (TANGENT) {
      for (std::size_t s = 0; s < S; ++s) follow.tangent[s] = w_[s][i];
    }
    follow.step = step_of(i);
    Marks<S> marks;
    marks.first_step = follow.step - look_every;
    marks.count = most_marks;
    for (std::size_t mark = 0; mark < most_marks; ++mark) {
      for (std::size_t s = 0; s < S; ++s) marks.at[mark][s] = marks_[mark][s][i];
    }
    if (look(follow, marks, ending)) {
      cells_.finish(cell, ending);
      replace(i);
    } else if (!go_on(i, cell)) {
      replace(i);
    }
  }

  // True where the run of follow_[i] stays in this lane for at least a block. It may be finished here by the plain loop.
  bool go_on(std::size_t i, std::size_t cell) {
    Follow<S>& follow = follow_[i];
    if (!TANGENT && follow.follows_tangent()) {
      cells_.with_tangent.emplace_back(cell, std::move(follow));
      return false;
    }
    if (follow.max_steps - follow.step < look_every) {
      Marks<S> marks;
      Ending<S> ending;
      take_block(follow, marks);
      if (look(follow, marks, ending)) cells_.finish(cell, ending);
      return false;
    }
    for (std::size_t s = 0; s < S; ++s) z_[s][i] = follow.z[s];
    if constexpr (TANGENT) {
      for (std::size_t s = 0; s < S; ++s) w_[s][i] = follow.tangent[s];
    }
    m_[i] = follow.map.m;
    // A run that lingers is looked at after every block.
    near_[i] = follow.lingers ? -1 : follow.map.near;
    near_low_[i] = follow.map.near_low;
    cell_[i] = static_cast<double>(cell);
    follows_[i] = true;
    // An event that is no multiple of 64 is the end of the budget: the lane is left at the look before it.
    enter(i, follow.step, (follow.event - follow.step) / look_every);
    return true;
  }
  HWY_INLINE void enter(std::size_t i, std::uint64_t step, std::uint64_t blocks) {
    origin_[i] = static_cast<double>(step) - static_cast<double>(look_every * blocks_);
    due_[i] = blocks_ + blocks;
    first_due_ = std::min(first_due_, due_[i]);
  }

  HWY_INLINE void idle(std::size_t i) {
    for (std::size_t s = 0; s < S; ++s) z_[s][i] = kIdle<S>[s];
    for (std::size_t s = 0; s < S; ++s) w_[s][i] = 1;
    m_[i] = 1;
    near_[i] = -1;
    near_low_[i] = 0;
    due_[i] = never;
    follow_[i].growth.reset();
  }

  HWY_INLINE void replace(std::size_t i) {
    --active_;
    refill(i);
  }

  HWY_INLINE void refill(std::size_t i) {
    if constexpr (!TANGENT) {
      Ready<S>& ready = cells_.ready;
      if (ready.next < ready.count) {
        const std::size_t k = ready.next++;
        for (std::size_t s = 0; s < S; ++s) z_[s][i] = ready.z[s][k];
        m_[i] = ready.m[k];
        near_[i] = ready.near[k];
        if constexpr (S == 4) near_low_[i] = ready.near_low[k];
        cell_[i] = ready.cell[k];
        follows_[i] = false;
        ++active_;
        enter(i, 0, ready.blocks[k]);
        return;
      }
    }
    refill_with_care(i);
  }

  // The next run that needs a lane; those that end at once are finished on the way.
  HWY_NOINLINE void refill_with_care(std::size_t i) {
    if constexpr (TANGENT) {
      while (!cells_.with_tangent.empty()) {
        const std::size_t cell = cells_.with_tangent.back().first;
        follow_[i] = std::move(cells_.with_tangent.back().second);
        cells_.with_tangent.pop_back();
        if (go_on(i, cell)) {
          ++active_;
          return;
        }
      }
    } else {
      while (true) {
        while (!cells_.others.empty()) {
          const std::size_t cell = cells_.others.back();
          cells_.others.pop_back();
          Ending<S> ending;
          if (begin(cells_.runs[cell], follow_[i], ending)) {
            cells_.finish(cell, ending);
          } else if (go_on(i, cell)) {
            ++active_;
            return;
          }
        }
        if (cells_.next == cells_.runs.size()) break;
        cells_.next = cells_.ready.fill(cells_.runs, cells_.kind, cells_.next, cells_.others);
        if (cells_.ready.count > 0) return refill(i);
      }
    }
    idle(i);
  }

  void flush_arrivals() {
    arrivals_.to_arrival([this](std::size_t cell, const State<S>& z, std::uint64_t at_step) {
      cells_.finish(cell, at_stable_minimiser(z, at_step));
    });
  }
  void flush_divergences() {
    divergences_.to_divergence([this](std::size_t cell, const State<S>& z, std::uint64_t at_step, bool proved) {
      cells_.finish(cell, divergence(z, at_step, proved));
    });
  }

  Cells<S>& cells_;
  alignas(64) double z_[S][kSize];
  alignas(64) double w_[S][kSize];
  alignas(64) double m_[kSize];
  alignas(64) double near_[kSize];
  alignas(64) double near_low_[kSize];
  alignas(64) double norm_[kSize];
  alignas(64) double cell_[kSize] = {};
  alignas(64) double origin_[kSize] = {};  // step of the run less 64 times the number of blocks
  alignas(64) double marks_[most_marks][S][kSize];
  unsigned looks_[kVecs] = {};
  std::size_t active_ = 0;
  std::uint64_t blocks_ = 0;  // taken so far by every lane
  std::uint64_t first_due_ = never;
  std::uint64_t due_[kSize];  // the number of blocks at which look() comes by
  bool follows_[kSize] = {};  // follow_ is in use: the lane has a history beyond its iterate
  Follow<S> follow_[kSize];
  Walks<S> arrivals_;
  Walks<S> divergences_;
};

template <std::size_t S>
void follow_all(std::span<const TinyRun> runs, TinyRun::Kind kind, const BatchSettings& settings, std::span<TinyEnd> ends) {
  Cells<S> cells{runs, kind, settings, ends, 0, {}, {}, {}};
  Lanes<S, false>(cells).run();
  if (!cells.with_tangent.empty()) Lanes<S, true>(cells).run();
}

void follow_kind(std::span<const TinyRun> runs, TinyRun::Kind kind, const BatchSettings& settings, std::span<TinyEnd> ends) {
  if (kind == TinyRun::Kind::pair) {
    follow_all<2>(runs, kind, settings, ends);
  } else {
    follow_all<4>(runs, kind, settings, ends);
  }
}

// `steps` steps of kVecs vectors. 3 or 12 operations a step and vector; no memory.
template <std::size_t S, std::size_t kVecs>
HWY_INLINE void advance_vectors(Vec (&z)[kVecs][S], const Vec (&m)[kVecs], std::uint64_t steps) {
  for (std::uint64_t i = 0; i < steps; ++i) {
    for (std::size_t v = 0; v < kVecs; ++v) step_lanes(z[v], m[v]);
  }
}

template <std::size_t S>
void advance_kind(std::span<const double> m_of, std::span<double> z_of, std::uint64_t steps) {
  constexpr std::size_t kVecs = kVectors<S, false>;
  const Tag tag;
  const std::size_t count = m_of.size();
  for (std::size_t from = 0; from + kVecs * kWidth <= count; from += kVecs * kWidth) {
    Vec z[kVecs][S], m[kVecs];
    for (std::size_t v = 0; v < kVecs; ++v) {
      for (std::size_t s = 0; s < S; ++s) z[v][s] = hn::LoadU(tag, z_of.data() + s * count + from + v * kWidth);
      m[v] = hn::LoadU(tag, m_of.data() + from + v * kWidth);
    }
    advance_vectors(z, m, steps);
    for (std::size_t v = 0; v < kVecs; ++v) {
      for (std::size_t s = 0; s < S; ++s) hn::StoreU(z[v][s], tag, z_of.data() + s * count + from + v * kWidth);
    }
  }
}

void advance(std::span<const double> m, std::span<double> z, std::uint64_t steps) {
  if (z.size() == 2 * m.size()) advance_kind<2>(m, z, steps);
  else advance_kind<4>(m, z, steps);
}

HWY_INLINE Vec products(const Vec (&z)[2]) { return hn::Mul(z[0], z[1]); }
HWY_INLINE Vec products(const Vec (&z)[4]) { return hn::MulAdd(z[1], z[3], hn::Mul(z[0], z[2])); }

template <std::size_t S>
void record_kind(std::span<const TinyRun> runs, std::size_t last, std::span<double> orbits) {
  constexpr std::size_t kVecs = kVectors<S, false>;
  constexpr std::size_t kSize = kVecs * kWidth;
  const Tag tag;
  alignas(64) double z_of[S][kSize], m_of[kSize], row[kSize];
  for (std::size_t from = 0; from < runs.size(); from += kSize) {
    const std::size_t count = std::min(kSize, runs.size() - from);
    for (std::size_t i = 0; i < kSize; ++i) {
      Follow<S> follow;
      Ending<S> ending;
      begin(runs[from + std::min(i, count - 1)], follow, ending);
      for (std::size_t s = 0; s < S; ++s) z_of[s][i] = follow.z[s];
      m_of[i] = follow.map.m;
    }
    Vec z[kVecs][S], m[kVecs];
    for (std::size_t v = 0; v < kVecs; ++v) {
      for (std::size_t s = 0; s < S; ++s) z[v][s] = hn::Load(tag, z_of[s] + v * kWidth);
      m[v] = hn::Load(tag, m_of + v * kWidth);
    }
    const std::uint64_t total = runs[from].max_steps;
    advance_vectors(z, m, total + 1 - last);
    for (std::size_t k = 0; k < last; ++k) {
      for (std::size_t v = 0; v < kVecs; ++v) hn::Store(products(z[v]), tag, row + v * kWidth);
      for (std::size_t i = 0; i < count; ++i) orbits[(from + i) * last + k] = row[i];
      if (k + 1 < last) advance_vectors(z, m, 1);
    }
  }
}

void record(std::span<const TinyRun> runs, std::size_t last, std::span<double> orbits) {
  if (runs.front().kind == TinyRun::Kind::pair) record_kind<2>(runs, last, orbits);
  else record_kind<4>(runs, last, orbits);
}

#else

void follow_kind(std::span<const TinyRun>, TinyRun::Kind, const BatchSettings&, std::span<TinyEnd>) {}
void record(std::span<const TinyRun>, std::size_t, std::span<double>) {}
void advance(std::span<const double>, std::span<double>, std::uint64_t) {}

#endif

std::int64_t fused_target() { return EQUIPOISE_FUSED ? HWY_TARGET : 0; }

}  // namespace
}  // namespace equipoise::tiny::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace equipoise::tiny {

HWY_EXPORT(follow_kind);
HWY_EXPORT(record);
HWY_EXPORT(advance);
HWY_EXPORT(fused_target);

#if (HWY_TARGETS & (HWY_TARGETS - 1)) == 0  // Highway's tables then have one entry
#define EQUIPOISE_AT(function, index) HWY_DISPATCH_TABLE(function)[(index) * 0]
#else
#define EQUIPOISE_AT(function, index) HWY_DISPATCH_TABLE(function)[index]
#endif

namespace {

// The entry of Highway's table for one target: the same index as dynamic dispatch would use on a processor whose best it is.
std::size_t index_of(std::int64_t target) {
  hwy::ChosenTarget chosen;
  chosen.Update(target);
  return chosen.GetIndex();
}

std::size_t index_of(const std::string& name) {
  static const std::vector<std::int64_t> targets = hwy::SupportedAndGeneratedTargets();
  for (const std::int64_t target : targets) {
    if (name == hwy::TargetName(target)) return index_of(target);
  }
  return index_of(std::int64_t{0});
}

}  // namespace

std::vector<std::string> lane_targets() {
  std::vector<std::string> names;
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    if (EQUIPOISE_AT(fused_target, index_of(target))() == target) names.emplace_back(hwy::TargetName(target));
  }
  return names;
}

void follow_in_lanes(const BatchSettings& settings, std::span<const TinyRun> runs, TinyRun::Kind kind, std::span<TinyEnd> ends) {
  EQUIPOISE_AT(follow_kind, index_of(settings.target))(runs, kind, settings, ends);
}

void record_in_lanes(const std::string& target, std::span<const TinyRun> runs, std::size_t last, std::span<double> orbits) {
  EQUIPOISE_AT(record, index_of(target))(runs, last, orbits);
}

void advance_lanes(const std::string& target, std::span<const double> m, std::span<double> z, std::uint64_t steps) {
  EQUIPOISE_AT(advance, index_of(target))(m, z, steps);
}

}  // namespace equipoise::tiny
#endif
