// The vector code of gram_rows() and add_product_rows(), compiled once for every target that Highway knows here.
//
// Lanes run along the columns of the result, whose last vector may be filled in part. A tile of kRows rows and up to
// kVectors vectors of it stays in registers: over all rows of P and Q for a Gram matrix, over the rank for a product.
// Products are rounded before they are added, and every entry adds up its own in order: all targets give the same bits,
// as spectral problems promise.
#include "equipoise/problems/gram_kernel.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "equipoise/problems/gram_kernel.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace equipoise::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
constexpr std::ptrdiff_t kMostLanes = 8;

#if HWY_TARGET <= HWY_AVX3
constexpr int kRows = 6, kVectors = 4;
#else
constexpr int kRows = 4, kVectors = 2;
#endif

/// Loads and stores where only `left` doubles may be left of a row.
template <class Lanes>
HWY_INLINE hn::Vec<Lanes> load_to(Lanes lanes, const double* from, std::ptrdiff_t left) {
  if (left >= static_cast<std::ptrdiff_t>(hn::Lanes(lanes))) return hn::LoadU(lanes, from);
#if HWY_TARGET <= HWY_AVX2
  return hn::MaskedLoad(hn::FirstN(lanes, static_cast<std::size_t>(left)), lanes, from);
#else
  // Elsewhere a masked load or store may touch what lies beyond the end.
  double copy[kMostLanes] = {};
  for (std::ptrdiff_t l = 0; l < left; ++l) copy[l] = from[l];
  return hn::LoadU(lanes, copy);
#endif
}
template <class Lanes>
HWY_INLINE void store_to(hn::Vec<Lanes> value, Lanes lanes, double* to, std::ptrdiff_t left) {
  if (left >= static_cast<std::ptrdiff_t>(hn::Lanes(lanes))) return hn::StoreU(value, lanes, to);
#if HWY_TARGET <= HWY_AVX2
  hn::BlendedStore(value, hn::FirstN(lanes, static_cast<std::size_t>(left)), lanes, to);
#else
  double copy[kMostLanes];
  hn::StoreU(value, lanes, copy);
  for (std::ptrdiff_t l = 0; l < left; ++l) to[l] = copy[l];
#endif
}

/// Row i of `to` becomes, or gains, the sum over t < count of factors[i * factor_row + t * factor_step] times row t of
/// `rows`.
struct Sums {
  const double* factors;
  std::ptrdiff_t factor_row, factor_step;
  const double* rows;
  std::ptrdiff_t count, width;  ///< `rows` and `to` have rows of `width` doubles
  double* to;
  bool adds;
};

/// ROWS rows from `first` on, VECTORS vectors from column `col` on.
template <class Lanes, int ROWS, int VECTORS>
HWY_NOINLINE void run_tile(const Sums& sums, std::ptrdiff_t first, std::ptrdiff_t col) {
  using Vec = hn::Vec<Lanes>;
  const Lanes lanes;
  const std::ptrdiff_t N = static_cast<std::ptrdiff_t>(hn::Lanes(lanes)), width = sums.width, left = width - col;
  const std::ptrdiff_t row = sums.factor_row, step = sums.factor_step, count = sums.count;
  double* const to = sums.to + first * width + col;
  Vec sum[ROWS][VECTORS];
  for (int i = 0; i < ROWS; ++i) {
    for (int v = 0; v < VECTORS; ++v)
      sum[i][v] = sums.adds ? load_to(lanes, to + i * width + v * N, left - v * N) : hn::Zero(lanes);
  }
  const double* factors = sums.factors + first * row;
  const double* from = sums.rows + col;
  const auto over = [&](const auto& last) HWY_ATTR {
    for (std::ptrdiff_t t = 0; t < count; ++t, factors += step, from += width) {
      Vec part[VECTORS];
      for (int v = 0; v + 1 < VECTORS; ++v) part[v] = hn::LoadU(lanes, from + v * N);
      part[VECTORS - 1] = last(from + (VECTORS - 1) * N);
      for (int i = 0; i < ROWS; ++i) {
        const Vec factor = hn::Set(lanes, factors[i * row]);
        for (int v = 0; v < VECTORS; ++v) sum[i][v] = hn::Add(sum[i][v], hn::Mul(factor, part[v]));
      }
    }
  };
  const std::ptrdiff_t beyond = left - (VECTORS - 1) * N;
  if (beyond >= N) {
    over([&](const double* at) HWY_ATTR { return hn::LoadU(lanes, at); });
  } else {
    over([&](const double* at) HWY_ATTR { return load_to(lanes, at, beyond); });
  }
  for (int i = 0; i < ROWS; ++i) {
    for (int v = 0; v < VECTORS; ++v) store_to(sum[i][v], lanes, to + i * width + v * N, left - v * N);
  }
}

template <class Lanes, int ROWS>
void run_rows(const Sums& sums, std::ptrdiff_t first) {
  const std::ptrdiff_t N = static_cast<std::ptrdiff_t>(hn::Lanes(Lanes()));
  std::ptrdiff_t col = 0;
  if constexpr (hn::MaxLanes(Lanes()) == hn::MaxLanes(hn::CappedTag<double, kMostLanes>())) {
    for (; col + (kVectors - 1) * N < sums.width; col += kVectors * N)
      run_tile<Lanes, ROWS, kVectors>(sums, first, col);
  }
  for (; col < sums.width; col += N) run_tile<Lanes, ROWS, 1>(sums, first, col);
}

/// Rows in groups as equal as can be: a single one would wait for the latency of its own sums.
template <std::ptrdiff_t MOST_LANES>
void run_with(const Sums& sums, std::ptrdiff_t rows) {
  using Lanes = hn::CappedTag<double, MOST_LANES>;
  const std::ptrdiff_t groups = (rows + kRows - 1) / kRows;
  for (std::ptrdiff_t group = 0; group < groups; ++group) {
    const std::ptrdiff_t first = group * rows / groups;
    switch ((group + 1) * rows / groups - first) {
      case 1:
        run_rows<Lanes, 1>(sums, first);
        break;
      case 2:
        run_rows<Lanes, 2>(sums, first);
        break;
      case 3:
        run_rows<Lanes, 3>(sums, first);
        break;
      case 4:
        run_rows<Lanes, 4>(sums, first);
        break;
#if HWY_TARGET <= HWY_AVX3
      case 5:
        run_rows<Lanes, 5>(sums, first);
        break;
      case 6:
        run_rows<Lanes, 6>(sums, first);
        break;
#endif
    }
  }
}

/// Narrow rows take narrow vectors, which need no copies.
void run_all(const Sums& sums, std::ptrdiff_t rows) {
  if (sums.count == 0) {  // without rows there may be no memory to point into
    if (!sums.adds) std::fill_n(sums.to, rows * sums.width, 0.0);
    return;
  }
  if (sums.width <= 2) return run_with<2>(sums, rows);
  if (sums.width <= 4) return run_with<4>(sums, rows);
  run_with<kMostLanes>(sums, rows);
}

void gram_here(const TallRows& P, const TallRows& Q, double* out) {
  run_all(Sums{P.data, 1, P.rank, Q.data, P.count, Q.rank, out, false}, P.rank);
}
void product_here(const TallRows& P, const double* G, std::ptrdiff_t cols, double* out) {
  run_all(Sums{P.data, P.rank, 1, G, P.rank, cols, out, true}, P.count);
}

}  // namespace
}  // namespace equipoise::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace equipoise {

HWY_EXPORT(gram_here);
HWY_EXPORT(product_here);

void gram_rows(const TallRows& P, const TallRows& Q, double* out) { HWY_DYNAMIC_DISPATCH(gram_here)(P, Q, out); }
void add_product_rows(const TallRows& P, const double* G, std::ptrdiff_t cols, double* out) {
  HWY_DYNAMIC_DISPATCH(product_here)(P, G, cols, out);
}

}  // namespace equipoise
#endif
