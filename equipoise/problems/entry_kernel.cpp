// The vector code of entry_pass(), compiled once for every target that Highway knows here.
//
// Lanes run along the rank. While a segment lasts, its row of P (and U) and of the output stay in registers; an entry
// brings one row of Q (and V), which the block of columns keeps in the second cache. Rows that come soon are fetched.
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

template <EntryWork WORK, class Lanes, int VECTORS>
EntrySums over_segments(const EntryPass& pass) {
  constexpr bool measures = WORK != EntryWork::multiply;
  constexpr bool is_hessian = WORK == EntryWork::hessian;
  const Lanes lanes;
  const std::ptrdiff_t line = 8;
  auto residuals = hn::Zero(lanes), products = hn::Zero(lanes);
  std::ptrdiff_t at = 0;
  for (const Segment* segment = pass.first_segment; segment != pass.last_segment; ++segment) {
    const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(segment->row) * pass.stride;
    const std::ptrdiff_t end = at + static_cast<std::ptrdiff_t>(segment->count);
    Row<Lanes, VECTORS> p{}, u{};
    if constexpr (measures) p = load_row<Lanes, VECTORS>(pass.p + row);
    if constexpr (is_hessian) u = load_row<Lanes, VECTORS>(pass.u + row);
    Row<Lanes, VECTORS> out = load_row<Lanes, VECTORS>(pass.out + row);
    for (; at < end; ++at) {
      const std::ptrdiff_t soon =
          static_cast<std::ptrdiff_t>(pass.columns[at + BlockedEntries::kColumnsBeyond]) * pass.stride;
      for (std::ptrdiff_t k = 0; k < pass.stride; k += line) {
        hwy::Prefetch(pass.q + soon + k);
        if constexpr (is_hessian) hwy::Prefetch(pass.v + soon + k);
      }
      const std::ptrdiff_t col = static_cast<std::ptrdiff_t>(pass.columns[at]) * pass.stride;
      const Row<Lanes, VECTORS> q = load_row<Lanes, VECTORS>(pass.q + col);
      const auto a = hn::Set(lanes, pass.values[at]);
      if constexpr (!measures) {
        add_scaled(hn::Neg(a), q, out);
      } else {
        const auto product = hn::SumOfLanes(lanes, lane_products(p, q));
        const auto r = hn::Sub(a, product);
        const auto weighted = pass.weights == nullptr ? r : hn::Mul(r, hn::Set(lanes, pass.weights[at]));
        if constexpr (WORK == EntryWork::multiply_measure) {
          residuals = hn::MulAdd(r, r, residuals);
          products = hn::MulAdd(product, product, products);
          add_scaled(hn::Neg(a), q, out);
        } else if constexpr (WORK == EntryWork::residual) {
          residuals = hn::MulAdd(weighted, r, residuals);
          add_scaled(hn::Neg(weighted), q, out);
        } else {
          const Row<Lanes, VECTORS> v = load_row<Lanes, VECTORS>(pass.v + col);
          auto change = hn::SumOfLanes(lanes, hn::Add(lane_products(u, q), lane_products(p, v)));
          if (pass.weights != nullptr) change = hn::Mul(change, hn::Set(lanes, pass.weights[at]));
          add_scaled(change, q, out);
          add_scaled(hn::Neg(weighted), v, out);
        }
      }
    }
    const std::size_t N = hn::Lanes(lanes);
    for (int v = 0; v < VECTORS; ++v) hn::StoreU(out.part[v], lanes, pass.out + row + static_cast<std::size_t>(v) * N);
  }
  return {hn::GetLane(residuals), hn::GetLane(products)};
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
