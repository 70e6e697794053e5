// The vector code of residual_pass(), compiled once for every target that Highway knows here.
//
// Lanes run along the columns of A. A tile of kRows rows and kVectors vectors of columns is loaded, becomes residuals,
// and is multiplied from both sides, all without leaving the registers: what moves besides A are, for every rank, the
// tile's columns of Y^T and of out_yt, and a vector of sums for each row and rank, which is added up across lanes once
// all columns have passed. A pass over a row reads and writes those sums from the first cache, and the columns from the
// second.
//
// For each rank a tile of 6 x 4 vectors takes 72 multiply-adds, 30 loads and 10 stores; on two units that multiply and
// two that load, the multiply-adds are what limits it. 24 more are the squares, some 4 % of the work at rank 8. Beyond
// rank 5 or so arithmetic is the limit, below it the memory that A comes from: 8 bytes (4 in single precision) per 6
// rank flops.
#include "equipoise/problems/dense_kernel.hpp"

#include <hwy/aligned_allocator.h>

#include <algorithm>
#include <cstddef>
#include <new>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "equipoise/problems/dense_kernel.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first
#include <hwy/cache_control.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace equipoise::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Lanes = hn::CappedTag<double, kLaneLimit>;
using Vec = hn::Vec<Lanes>;

// The tile leaves room for kVectors columns and a few more in 32 vector registers, or in 16. Better targets have
// smaller numbers.
#if HWY_TARGET <= HWY_AVX3
constexpr int kRows = 6, kVectors = 4;
#else
constexpr int kRows = 4, kVectors = 2;
#endif
/// Doubles of Y^T and of out_yt between which all rows pass: together half of a second-level cache of 512 KiB.
constexpr std::ptrdiff_t kStripDoubles = 16384;
constexpr std::ptrdiff_t kShortestStrip = 512;

HWY_INLINE std::ptrdiff_t lane_count() { return static_cast<std::ptrdiff_t>(hn::Lanes(Lanes())); }
HWY_INLINE Vec load_lanes(Lanes lanes, const double* from) { return hn::LoadU(lanes, from); }
HWY_INLINE Vec load_lanes(Lanes lanes, const float* from) {
  return hn::PromoteTo(lanes, hn::LoadU(hn::Rebind<float, Lanes>(), from));
}

/// The first `count` lanes; the others are zero. Goes through a copy: a masked load may touch what lies beyond A.
template <class Scalar>
HWY_INLINE Vec load_some(Lanes lanes, const Scalar* from, std::ptrdiff_t count) {
  Scalar copy[kLaneLimit] = {};
  std::copy_n(from, count, copy);
  return load_lanes(lanes, copy);
}

/// ROWS rows and VECTORS vectors of columns; of a single vector `valid` columns lie inside A. `sums` holds ROWS vectors
/// for each rank. Adds the squares of the residual to `squares` by lanes. Where `fresh`, out_yt has nothing to be added
/// to. 2 ROWS VECTORS N (3 rank + 1) flops.
template <int ROWS, int VECTORS, class Scalar>
HWY_INLINE Vec tile(const ResidualPass<Scalar>& pass, std::ptrdiff_t row, std::ptrdiff_t col, std::ptrdiff_t valid,
                    std::ptrdiff_t ahead, bool fresh, double* HWY_RESTRICT sums, Vec squares) {
  const Lanes lanes;
  const std::ptrdiff_t N = lane_count(), rank = pass.rank, stride = pass.stride;
  const bool partial = VECTORS == 1 && valid < N;
  Vec r[ROWS][VECTORS];
  for (int i = 0; i < ROWS; ++i) {
    const Scalar* a = pass.a + (row + i) * pass.a_stride + col;
    for (int v = 0; v < VECTORS; ++v) {
      // The end of a vector, since its start lies in a line that the one before it has fetched, on whatever address A
      // begins.
      if (static_cast<std::size_t>((v + 1) * N) * sizeof(Scalar) % 64 == 0) hwy::Prefetch(a + (v + 1) * N - 1 + ahead);
      r[i][v] = partial ? load_some(lanes, a, valid) : load_lanes(lanes, a + v * N);
    }
  }

  const double* HWY_RESTRICT x = pass.x + row * rank;
  const double* HWY_RESTRICT y = pass.yt + col;
  for (std::ptrdiff_t k = 0; k < rank; ++k, y += stride) {
    Vec y_k[VECTORS];
    for (int v = 0; v < VECTORS; ++v) y_k[v] = hn::LoadU(lanes, y + v * N);
    for (int i = 0; i < ROWS; ++i) {
      const Vec x_ik = hn::Set(lanes, x[i * rank + k]);
      for (int v = 0; v < VECTORS; ++v) r[i][v] = hn::NegMulAdd(x_ik, y_k[v], r[i][v]);
    }
  }

  // One chain of multiply-adds a vector of columns: a single one would last as long as all the rest.
  Vec square[VECTORS];
  for (int v = 0; v < VECTORS; ++v) square[v] = hn::Zero(lanes);
  for (int i = 0; i < ROWS; ++i) {
    for (int v = 0; v < VECTORS; ++v) {
      // Padding of y times an infinite x would be NaN, which must not reach the sums.
      if (partial) r[i][v] = hn::IfThenElseZero(hn::FirstN(lanes, static_cast<std::size_t>(valid)), r[i][v]);
      square[v] = hn::MulAdd(r[i][v], r[i][v], square[v]);
    }
  }
  for (int v = 0; v < VECTORS; ++v) squares = hn::Add(squares, square[v]);

  // Ranks in the opposite order: at large ones the first cache still has the last columns of Y^T, and not the first.
  const double* HWY_RESTRICT u = pass.u + row * rank;
  const double* HWY_RESTRICT w = pass.vt + col + rank * stride;
  double* out = pass.out_yt + col + rank * stride;
  alignas(64) static constexpr double kNothing[VECTORS * kLaneLimit] = {};
  const double* old = fresh ? kNothing : out;
  const std::ptrdiff_t old_stride = fresh ? 0 : stride;
  sums += rank * ROWS * N;
  for (std::ptrdiff_t k = rank - 1; k >= 0; --k) {
    w -= stride, out -= stride, old -= old_stride, sums -= ROWS * N;
    Vec column[VECTORS];
    for (int v = 0; v < VECTORS; ++v) column[v] = hn::LoadU(lanes, old + v * N);
    for (int i = 0; i < ROWS; ++i) {
      const Vec u_ik = hn::Set(lanes, u[i * rank + k]);
      for (int v = 0; v < VECTORS; ++v) column[v] = hn::NegMulAdd(u_ik, r[i][v], column[v]);
    }
    for (int v = 0; v < VECTORS; ++v) hn::StoreU(column[v], lanes, out + v * N);

    for (int v = 0; v < VECTORS; ++v) column[v] = hn::LoadU(lanes, w + v * N);
    for (int i = 0; i < ROWS; ++i) {
      Vec sum = hn::LoadU(lanes, sums + i * N);
      for (int v = 0; v < VECTORS; ++v) sum = hn::MulAdd(r[i][v], column[v], sum);
      hn::StoreU(sum, lanes, sums + i * N);
    }
  }
  return squares;
}

/// ROWS rows along the columns [first, first + width). `sums`: room for ROWS vectors for each rank.
template <int ROWS, class Scalar>
HWY_NOINLINE Vec rows_along(const ResidualPass<Scalar>& pass, std::ptrdiff_t row, std::ptrdiff_t first,
                            std::ptrdiff_t width, double* sums, Vec squares) {
  const Lanes lanes;
  const std::ptrdiff_t N = lane_count(), end = first + width;
  // A is fetched some 600 cycles ahead of its use. Nearer comes too late; farther is evicted by the columns and sums of
  // large ranks.
  const std::ptrdiff_t tiles_ahead = std::clamp<std::ptrdiff_t>(16 / std::max<std::ptrdiff_t>(pass.rank, 1), 1, 4);
  const std::ptrdiff_t fetched = tiles_ahead * kVectors * N;
  const bool fresh = pass.sets_out_yt && row == 0;
  std::fill_n(sums, ROWS * pass.rank * N, 0.0);
  std::ptrdiff_t col = first;
  for (; col + kVectors * N <= end; col += kVectors * N) {
    // Past the end of these rows come the next ones.
    const std::ptrdiff_t ahead = col + fetched < end ? fetched : ROWS * pass.a_stride - width + fetched;
    squares = tile<ROWS, kVectors>(pass, row, col, N, ahead, fresh, sums, squares);
  }
  for (; col < end; col += N) squares = tile<ROWS, 1>(pass, row, col, std::min(N, end - col), 0, fresh, sums, squares);
  double* out_x = pass.out_x + row * pass.rank;
  for (std::ptrdiff_t k = 0; k < pass.rank; ++k) {
    for (int i = 0; i < ROWS; ++i) {
      out_x[i * pass.rank + k] -= hn::GetLane(hn::SumOfLanes(lanes, hn::LoadU(lanes, sums + (k * ROWS + i) * N)));
    }
  }
  return squares;
}

/// Strips of columns so narrow that Y^T and out_yt stay in the second cache while all rows pass by.
template <class Scalar>
double pass_over(const ResidualPass<Scalar>& pass) {
  const Lanes lanes;
  const std::ptrdiff_t rank = std::max<std::ptrdiff_t>(pass.rank, 1), tile_cols = kVectors * lane_count();
  const auto sums = hwy::AllocateAligned<double>(static_cast<std::size_t>(kRows * rank * lane_count()));
  if (!sums) throw std::bad_alloc();
  const std::ptrdiff_t fitting = std::max(kStripDoubles / rank, kShortestStrip),
                       strips = (pass.cols + fitting - 1) / fitting;
  const std::ptrdiff_t length =
      strips == 0 ? 1 : ((pass.cols + strips - 1) / strips + tile_cols - 1) / tile_cols * tile_cols;
  Vec squares = hn::Zero(lanes);
  for (std::ptrdiff_t col = 0; col < pass.cols; col += length) {
    const std::ptrdiff_t width = std::min(length, pass.cols - col);
    std::ptrdiff_t row = 0;
    for (; row + kRows <= pass.rows; row += kRows)
      squares = rows_along<kRows>(pass, row, col, width, sums.get(), squares);
    for (; row < pass.rows; ++row) squares = rows_along<1>(pass, row, col, width, sums.get(), squares);
  }
  return hn::GetLane(hn::SumOfLanes(lanes, squares));
}

double double_pass(const ResidualPass<double>& pass) { return pass_over(pass); }
double float_pass(const ResidualPass<float>& pass) { return pass_over(pass); }

}  // namespace
}  // namespace equipoise::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace equipoise {

HWY_EXPORT(double_pass);
HWY_EXPORT(float_pass);

double residual_pass(const ResidualPass<double>& pass) { return HWY_DYNAMIC_DISPATCH(double_pass)(pass); }
double residual_pass(const ResidualPass<float>& pass) { return HWY_DYNAMIC_DISPATCH(float_pass)(pass); }

}  // namespace equipoise
#endif
