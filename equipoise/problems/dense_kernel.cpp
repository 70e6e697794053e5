// The vector code of residual_pass(), compiled once for every target that Highway knows here.
//
// A row block of kRows rows meets a tile of columns twice. First R = A - X Y^T is formed, kRows x 2 vectors at a time,
// and left in a small buffer; then R multiplies V and U, at most four columns of them at a time, so that the
// sums for out_x stay in registers. The tile of Y^T, V^T and out_yt stays in cache while all rows pass by.
// A row block moves 8 bytes of A per 6 rank flops; everything else is served by the first two caches.
#include "equipoise/problems/dense_kernel.hpp"

#include <algorithm>
#include <cstddef>

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

constexpr std::ptrdiff_t kRows = 4;
constexpr std::ptrdiff_t kLongestTile = 512;
/// Rows of the residual buffer are not 4096 bytes apart, which would let their stores and loads alias.
constexpr std::ptrdiff_t kResidualStride = kLongestTile + kLaneLimit;

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

/// The pass, and where in it we are: `first_col` is the first column of the tile, `width` its number of columns.
template <class Scalar>
struct Tile {
  const ResidualPass<Scalar>& pass;
  std::ptrdiff_t first_col, width;
};

/// Residual of ROWS rows and VECTORS vectors of columns from column `col` of the tile; `valid` columns of the last
/// vector lie inside A. Returns the lanes' sums of squares.
template <int ROWS, int VECTORS, bool PARTIAL, class Scalar>
HWY_INLINE Vec form_residual_block(const Tile<Scalar>& tile, std::ptrdiff_t row, std::ptrdiff_t col,
                                   std::ptrdiff_t valid, double* HWY_RESTRICT residual, Vec squares) {
  const Lanes lanes;
  const std::ptrdiff_t N = static_cast<std::ptrdiff_t>(hn::Lanes(lanes));
  const auto& pass = tile.pass;
  Vec r[ROWS][VECTORS];
  for (int i = 0; i < ROWS; ++i) {
    const Scalar* a = pass.a + (row + i) * pass.a_stride + tile.first_col + col;
    for (int v = 0; v < VECTORS; ++v) {
      r[i][v] = PARTIAL ? load_some(lanes, a, valid) : load_lanes(lanes, a + v * N);
    }
  }
  const double* x = pass.x + row * pass.rank;
  const double* y = pass.yt + tile.first_col + col;
  for (std::ptrdiff_t k = 0; k < pass.rank; ++k) {
    Vec y_k[VECTORS];
    for (int v = 0; v < VECTORS; ++v) y_k[v] = hn::LoadU(lanes, y + k * pass.stride + v * N);
    for (int i = 0; i < ROWS; ++i) {
      const Vec x_ik = hn::Set(lanes, x[i * pass.rank + k]);
      for (int v = 0; v < VECTORS; ++v) r[i][v] = hn::NegMulAdd(x_ik, y_k[v], r[i][v]);
    }
  }
  for (int i = 0; i < ROWS; ++i) {
    for (int v = 0; v < VECTORS; ++v) {
      // Padding of y times an infinite x would be NaN, which must not reach the sums.
      if (PARTIAL) r[i][v] = hn::IfThenElseZero(hn::FirstN(lanes, static_cast<std::size_t>(valid)), r[i][v]);
      squares = hn::MulAdd(r[i][v], r[i][v], squares);
      hn::StoreU(r[i][v], lanes, residual + i * kResidualStride + col + v * N);
    }
  }
  return squares;
}

template <int ROWS, class Scalar>
double form_residual(const Tile<Scalar>& tile, std::ptrdiff_t row, double* HWY_RESTRICT residual) {
  const Lanes lanes;
  const std::ptrdiff_t N = static_cast<std::ptrdiff_t>(hn::Lanes(lanes));
  Vec squares = hn::Zero(lanes);
  std::ptrdiff_t col = 0;
  const bool another_block_follows = row + 2 * ROWS <= tile.pass.rows;
  for (; col + 2 * N <= tile.width; col += 2 * N) {
    if (another_block_follows) {
      for (int i = 0; i < ROWS; ++i) {
        hwy::Prefetch(tile.pass.a + (row + ROWS + i) * tile.pass.a_stride + tile.first_col + col);
      }
    }
    squares = form_residual_block<ROWS, 2, false>(tile, row, col, N, residual, squares);
  }
  for (; col + N <= tile.width; col += N) {
    squares = form_residual_block<ROWS, 1, false>(tile, row, col, N, residual, squares);
  }
  if (col < tile.width) {
    squares = form_residual_block<ROWS, 1, true>(tile, row, col, tile.width - col, residual, squares);
  }
  return hn::GetLane(hn::SumOfLanes(lanes, squares));
}

/// out_x -= R V and out_yt -= (R^T U)^T for DEPTH columns of U and V from k on.
template <int ROWS, int DEPTH, class Scalar>
void multiply_residual(const Tile<Scalar>& tile, std::ptrdiff_t row, std::ptrdiff_t k,
                       const double* HWY_RESTRICT residual) {
  const Lanes lanes;
  const std::ptrdiff_t N = static_cast<std::ptrdiff_t>(hn::Lanes(lanes));
  const auto& pass = tile.pass;
  const double* HWY_RESTRICT v = pass.vt + k * pass.stride + tile.first_col;
  double* HWY_RESTRICT out_y = pass.out_yt + k * pass.stride + tile.first_col;
  Vec u[ROWS][DEPTH];
  Vec sum[ROWS][DEPTH];
  for (int i = 0; i < ROWS; ++i) {
    for (int l = 0; l < DEPTH; ++l) {
      u[i][l] = hn::Set(lanes, pass.u[(row + i) * pass.rank + k + l]);
      sum[i][l] = hn::Zero(lanes);
    }
  }
  // Beyond the width of the tile the residual is zero and V^T is padding: whole vectors are safe.
  for (std::ptrdiff_t col = 0; col < tile.width; col += N) {
    Vec r[ROWS];
    for (int i = 0; i < ROWS; ++i) r[i] = hn::LoadU(lanes, residual + i * kResidualStride + col);
    for (int l = 0; l < DEPTH; ++l) {
      const Vec v_l = hn::LoadU(lanes, v + l * pass.stride + col);
      Vec out = hn::LoadU(lanes, out_y + l * pass.stride + col);
      for (int i = 0; i < ROWS; ++i) {
        sum[i][l] = hn::MulAdd(r[i], v_l, sum[i][l]);
        out = hn::NegMulAdd(u[i][l], r[i], out);
      }
      hn::StoreU(out, lanes, out_y + l * pass.stride + col);
    }
  }
  double* out_x = pass.out_x + row * pass.rank + k;
  for (int i = 0; i < ROWS; ++i) {
    for (int l = 0; l < DEPTH; ++l) out_x[i * pass.rank + l] -= hn::GetLane(hn::SumOfLanes(lanes, sum[i][l]));
  }
}

template <int ROWS, class Scalar>
double row_block(const Tile<Scalar>& tile, std::ptrdiff_t row, double* residual) {
  const double squares = form_residual<ROWS>(tile, row, residual);
  std::ptrdiff_t k = 0;
  for (; k + 4 <= tile.pass.rank; k += 4) multiply_residual<ROWS, 4>(tile, row, k, residual);
  switch (tile.pass.rank - k) {
    case 3:
      multiply_residual<ROWS, 3>(tile, row, k, residual);
      break;
    case 2:
      multiply_residual<ROWS, 2>(tile, row, k, residual);
      break;
    case 1:
      multiply_residual<ROWS, 1>(tile, row, k, residual);
      break;
    default:
      break;
  }
  return squares;
}

template <class Scalar>
double pass_over(const ResidualPass<Scalar>& pass) {
  // About 24 KiB of Y^T, V^T and out_yt a tile, or 64 columns where the rank is too large for that.
  const std::ptrdiff_t fitting = 1024 / std::max<std::ptrdiff_t>(pass.rank, 1) / 16 * 16;
  const std::ptrdiff_t tile_width = std::clamp<std::ptrdiff_t>(fitting, 64, kLongestTile);
  alignas(64) double residual[kRows * kResidualStride];
  double squares = 0;
  for (std::ptrdiff_t first_col = 0; first_col < pass.cols; first_col += tile_width) {
    const Tile<Scalar> tile{pass, first_col, std::min(tile_width, pass.cols - first_col)};
    std::ptrdiff_t row = 0;
    for (; row + kRows <= pass.rows; row += kRows) squares += row_block<kRows>(tile, row, residual);
    for (; row < pass.rows; ++row) squares += row_block<1>(tile, row, residual);
  }
  return squares;
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
