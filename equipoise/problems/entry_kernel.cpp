// The vector code of entry_pass(), compiled once for every target that Highway knows here.
//
// Lanes run along the rank. While a segment lasts, its row of P (and U) and of the output stay in registers; an entry
// brings one row of Q (and V), which the block of columns keeps in the second cache. Rows that come soon are fetched.
//
// Tested in equipoise/problems/observed_test.cpp
#include "equipoise/problems/entry_kernel.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "equipoise/problems/entry_kernel.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first
#include <hwy/cache_control.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace equipoise::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// A row of VECTORS vectors held in registers.
template <class Lanes, int VECTORS>
struct Row {
  hn::Vec<Lanes> part[VECTORS];
};

template <class Lanes, int VECTORS>
HWY_INLINE Row<Lanes, VECTORS> load_row(const double* from) {
  const Lanes lanes;
  const std::size_t N = hn::Lanes(lanes);
  Row<Lanes, VECTORS> row;
  for (int v = 0; v < VECTORS; ++v) row.part[v] = hn::LoadU(lanes, from + static_cast<std::size_t>(v) * N);
  return row;
}

template <class Lanes, int VECTORS>
HWY_INLINE hn::Vec<Lanes> lane_products(const Row<Lanes, VECTORS>& a, const Row<Lanes, VECTORS>& b) {
  hn::Vec<Lanes> sum = hn::Mul(a.part[0], b.part[0]);
  for (int v = 1; v < VECTORS; ++v) sum = hn::MulAdd(a.part[v], b.part[v], sum);
  return sum;
}

template <class Lanes, int VECTORS>
HWY_INLINE void add_scaled(hn::Vec<Lanes> factor, const Row<Lanes, VECTORS>& from, Row<Lanes, VECTORS>& to) {
  for (int v = 0; v < VECTORS; ++v) to.part[v] = hn::MulAdd(factor, from.part[v], to.part[v]);
}

/// The lanes' sum of `even` in every even lane, that of `odd` in every odd one: fewer shuffles than two sums take.
template <class Lanes>
HWY_INLINE hn::Vec<Lanes> sums_of_two(hn::Vec<Lanes> even, hn::Vec<Lanes> odd) {
  constexpr Lanes lanes;
  hn::Vec<Lanes> sum = hn::Add(hn::OddEven(odd, even), hn::Reverse2(lanes, hn::OddEven(even, odd)));
  if constexpr (hn::MaxLanes(lanes) > 2) sum = hn::Add(sum, hn::SwapAdjacentBlocks(sum));
  if constexpr (hn::MaxLanes(lanes) > 4) sum = hn::Add(sum, hn::ReverseBlocks(lanes, sum));
  return sum;
}

/// One entry, or two neighbouring ones of a segment in the even and the odd lanes.
template <EntryWork WORK, class Lanes, int VECTORS>
struct EntryStep {
  using Vec = hn::Vec<Lanes>;
  static constexpr bool kMeasures = WORK != EntryWork::multiply;
  static constexpr bool kHessian = WORK == EntryWork::hessian;

  const EntryPass& pass;
  struct Sums {
    Vec residuals = hn::Zero(Lanes()), products = hn::Zero(Lanes());
  };
  Row<Lanes, VECTORS> p{}, u{};  ///< of the segment's row
  Sums of_ones{};                ///< every lane has them
  Sums of_twos{};                ///< those of the even entries in every even lane, of the odd ones in every odd lane

  HWY_INLINE Row<Lanes, VECTORS> row(const double* from, std::ptrdiff_t at) const {
    return load_row<Lanes, VECTORS>(from + static_cast<std::ptrdiff_t>(pass.columns[at]) * pass.stride);
  }
  HWY_INLINE void fetch(std::ptrdiff_t at) const {
    constexpr std::ptrdiff_t line = 8;
    const std::ptrdiff_t soon =
        static_cast<std::ptrdiff_t>(pass.columns[at + BlockedEntries::kColumnsBeyond]) * pass.stride;
    for (std::ptrdiff_t k = 0; k < pass.stride; k += line) {
      hwy::Prefetch(pass.q + soon + k);
      if constexpr (kHessian) hwy::Prefetch(pass.v + soon + k);
    }
  }

  /// What multiplies q in `out`, and v for a Hessian product, from the entry, its weight and its dot products.
  struct Multipliers {
    Vec of_q, of_v;
  };
  HWY_INLINE Multipliers multipliers(Vec a, Vec weight, Vec product, Vec change, Sums& sums) const {
    if constexpr (WORK == EntryWork::multiply) return {hn::Neg(a), a};
    const Vec r = hn::Sub(a, product);
    if constexpr (WORK == EntryWork::multiply_measure) {
      sums.residuals = hn::MulAdd(r, r, sums.residuals);
      sums.products = hn::MulAdd(product, product, sums.products);
      return {hn::Neg(a), a};
    }
    const Vec weighted = pass.weights == nullptr ? r : hn::Mul(r, weight);
    if constexpr (WORK == EntryWork::residual) {
      sums.residuals = hn::MulAdd(weighted, r, sums.residuals);
      return {hn::Neg(weighted), a};
    }
    return {pass.weights == nullptr ? change : hn::Mul(change, weight), hn::Neg(weighted)};
  }

  HWY_INLINE Vec change_lanes(const Row<Lanes, VECTORS>& q, const Row<Lanes, VECTORS>& v) const {
    return hn::Add(lane_products(u, q), lane_products(p, v));
  }

  HWY_INLINE void one(std::ptrdiff_t at, Row<Lanes, VECTORS>& out) {
    constexpr Lanes lanes;
    fetch(at);
    const Row<Lanes, VECTORS> q = row(pass.q, at), v = kHessian ? row(pass.v, at) : q;
    const Vec a = hn::Set(lanes, pass.values[at]);
    const Vec weight = kMeasures && pass.weights != nullptr ? hn::Set(lanes, pass.weights[at]) : a;
    const Vec product = kMeasures ? hn::SumOfLanes(lanes, lane_products(p, q)) : a;
    const Vec change = kHessian ? hn::SumOfLanes(lanes, change_lanes(q, v)) : a;
    const Multipliers by = multipliers(a, weight, product, change, of_ones);
    add_scaled(by.of_q, q, out);
    if constexpr (kHessian) add_scaled(by.of_v, v, out);
  }

  /// Where entries are measured: the one at `at` and the one behind it, each to its own sums.
  HWY_INLINE void two(std::ptrdiff_t at, Row<Lanes, VECTORS>& out, Row<Lanes, VECTORS>& other) {
    constexpr Lanes lanes;
    fetch(at);
    fetch(at + 1);
    const Row<Lanes, VECTORS> q = row(pass.q, at), q1 = row(pass.q, at + 1);
    const Row<Lanes, VECTORS> v = kHessian ? row(pass.v, at) : q, v1 = kHessian ? row(pass.v, at + 1) : q1;
    const Vec a = hn::LoadDup128(lanes, pass.values + at);
    const Vec weight = pass.weights != nullptr ? hn::LoadDup128(lanes, pass.weights + at) : a;
    const Vec product = sums_of_two<Lanes>(lane_products(p, q), lane_products(p, q1));
    const Vec change = kHessian ? sums_of_two<Lanes>(change_lanes(q, v), change_lanes(q1, v1)) : a;
    const Multipliers by = multipliers(a, weight, product, change, of_twos);
    add_scaled(hn::DupEven(by.of_q), q, out);
    add_scaled(hn::DupOdd(by.of_q), q1, other);
    if constexpr (kHessian) {
      add_scaled(hn::DupEven(by.of_v), v, out);
      add_scaled(hn::DupOdd(by.of_v), v1, other);
    }
  }
};

template <EntryWork WORK, class Lanes, int VECTORS>
EntrySums over_segments(const EntryPass& pass) {
  using Step = EntryStep<WORK, Lanes, VECTORS>;
  constexpr Lanes lanes;
  // Sums across lanes are what pairs save: a sixth of a step of observed entries at rank 8 where segments are long, and
  // nothing where they are short. Two rows of three vectors are too many to hold, and of less than eight numbers too
  // little to save.
  constexpr bool pairs = Step::kMeasures && VECTORS <= 2 && VECTORS * hn::MaxLanes(lanes) >= 8;
  Step step{pass};
  std::ptrdiff_t at = 0;
  for (const Segment* segment = pass.first_segment; segment != pass.last_segment; ++segment) {
    const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(segment->row) * pass.stride;
    const std::ptrdiff_t end = at + static_cast<std::ptrdiff_t>(segment->count);
    if constexpr (Step::kMeasures) step.p = load_row<Lanes, VECTORS>(pass.p + row);
    if constexpr (Step::kHessian) step.u = load_row<Lanes, VECTORS>(pass.u + row);
    Row<Lanes, VECTORS> out = load_row<Lanes, VECTORS>(pass.out + row);
    if constexpr (pairs) {
      Row<Lanes, VECTORS> other;
      for (int v = 0; v < VECTORS; ++v) other.part[v] = hn::Zero(lanes);
      for (; at + 1 < end; at += 2) step.two(at, out, other);
      for (int v = 0; v < VECTORS; ++v) out.part[v] = hn::Add(out.part[v], other.part[v]);
    }
    for (; at < end; ++at) step.one(at, out);
    const std::size_t N = hn::Lanes(lanes);
    for (int v = 0; v < VECTORS; ++v) hn::StoreU(out.part[v], lanes, pass.out + row + static_cast<std::size_t>(v) * N);
  }
  EntrySums sums{hn::GetLane(step.of_ones.residuals), hn::GetLane(step.of_ones.products)};
  if constexpr (pairs) {
    const auto both = [](hn::Vec<Lanes> lanes_of) { return hn::GetLane(lanes_of) + hn::GetLane(hn::DupOdd(lanes_of)); };
    sums.residuals += both(step.of_twos.residuals);
    sums.products += both(step.of_twos.products);
  }
  return sums;
}

/// The same for ranks that do not fit into registers: whole vectors, whatever their number.
template <EntryWork WORK>
EntrySums over_segments_of_any_rank(const EntryPass& pass) {
  using Lanes = hn::CappedTag<double, 8>;
  const Lanes lanes;
  const std::ptrdiff_t N = static_cast<std::ptrdiff_t>(hn::Lanes(lanes));
  const auto dot = [&](const double* a, const double* b) {
    auto sum = hn::Zero(lanes);
    for (std::ptrdiff_t k = 0; k < pass.stride; k += N) {
      sum = hn::MulAdd(hn::LoadU(lanes, a + k), hn::LoadU(lanes, b + k), sum);
    }
    return hn::GetLane(hn::SumOfLanes(lanes, sum));
  };
  const auto add = [&](double factor, const double* from, double* to) {
    const auto scale = hn::Set(lanes, factor);
    for (std::ptrdiff_t k = 0; k < pass.stride; k += N) {
      hn::StoreU(hn::MulAdd(scale, hn::LoadU(lanes, from + k), hn::LoadU(lanes, to + k)), lanes, to + k);
    }
  };
  EntrySums sums;
  std::ptrdiff_t at = 0;
  for (const Segment* segment = pass.first_segment; segment != pass.last_segment; ++segment) {
    const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(segment->row) * pass.stride;
    const std::ptrdiff_t end = at + static_cast<std::ptrdiff_t>(segment->count);
    for (; at < end; ++at) {
      const std::ptrdiff_t col = static_cast<std::ptrdiff_t>(pass.columns[at]) * pass.stride;
      const double* q = pass.q + col;
      const double a = pass.values[at], w = pass.weights == nullptr ? 1 : pass.weights[at];
      if constexpr (WORK == EntryWork::multiply) {
        add(-a, q, pass.out + row);
      } else {
        const double product = dot(pass.p + row, q), r = a - product;
        if constexpr (WORK == EntryWork::multiply_measure) {
          sums.residuals += r * r;
          sums.products += product * product;
          add(-a, q, pass.out + row);
        } else if constexpr (WORK == EntryWork::residual) {
          sums.residuals += w * r * r;
          add(-(w * r), q, pass.out + row);
        } else {
          const double* v = pass.v + col;
          add(w * (dot(pass.u + row, q) + dot(pass.p + row, v)), q, pass.out + row);
          add(-(w * r), v, pass.out + row);
        }
      }
    }
  }
  return sums;
}

/// The number of vectors becomes a constant of the compiler; `rest` of them are still to be counted.
template <EntryWork WORK, class Lanes, int VECTORS>
EntrySums with_vectors(const EntryPass& pass, std::ptrdiff_t vectors) {
  if constexpr (VECTORS > 8) {
    return over_segments_of_any_rank<WORK>(pass);
  } else {
    if (vectors == VECTORS) return over_segments<WORK, Lanes, VECTORS>(pass);
    // 1, 2, 3, 4, then 6 and 8: each of them is compiled for four kinds of work and every target.
    return with_vectors < WORK, Lanes, VECTORS < 4 ? VECTORS + 1 : VECTORS + 2 > (pass, vectors);
  }
}

template <EntryWork WORK>
EntrySums with_work(const EntryPass& pass) {
  if (pass.stride == 1) return over_segments<WORK, hn::CappedTag<double, 1>, 1>(pass);
  if (pass.stride == 2) return over_segments<WORK, hn::CappedTag<double, 2>, 1>(pass);
  if (pass.stride == 4) {
    using Lanes = hn::CappedTag<double, 4>;
    return with_vectors<WORK, Lanes, 1>(pass, 4 / static_cast<std::ptrdiff_t>(hn::Lanes(Lanes())));
  }
  using Lanes = hn::CappedTag<double, 8>;
  return with_vectors<WORK, Lanes, 1>(pass, pass.stride / static_cast<std::ptrdiff_t>(hn::Lanes(Lanes())));
}

EntrySums entry_pass_here(const EntryPass& pass) {
  switch (pass.work) {
    case EntryWork::multiply:
      return with_work<EntryWork::multiply>(pass);
    case EntryWork::multiply_measure:
      return with_work<EntryWork::multiply_measure>(pass);
    case EntryWork::residual:
      return with_work<EntryWork::residual>(pass);
    case EntryWork::hessian:
      break;
  }
  return with_work<EntryWork::hessian>(pass);
}

}  // namespace
}  // namespace equipoise::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace equipoise {

HWY_EXPORT(entry_pass_here);

EntrySums entry_pass(const EntryPass& pass) { return HWY_DYNAMIC_DISPATCH(entry_pass_here)(pass); }

}  // namespace equipoise
#endif
