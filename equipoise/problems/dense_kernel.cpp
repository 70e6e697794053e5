// The vector code of residual_pass(), compiled once for every target that Highway knows here.
//
// Lanes run along the columns of A. Up to rank kFusedRank a few rows walk along the columns with their part of X and the
// sums for out_x in registers: an entry of A is loaded, becomes a residual and is used up. Beyond, 2 kRows rows meet a
// piece of columns twice. First R = A - X Y^T is formed, kRows x kVectors vectors at a time, and left in a small
// buffer; then R multiplies V and U, kDepth columns of them at a time. Their sums for out_x wait in memory, lane by lane,
// and are added up across lanes once a tile, since that costs as much as ten multiply-adds.
// A moves 8 bytes (4 in single precision) from memory per 6 rank flops; everything else comes from the first two caches.
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

// What the accumulators need: 32 vector registers, or 16.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
constexpr int kRows = 6, kVectors = 4, kDepth = 2;
#else
constexpr int kRows = 4, kVectors = 2, kDepth = 1;
#endif
constexpr std::ptrdiff_t kFusedRank = 6;
/// Columns whose residuals wait in the buffer. Shorter pieces cost more in loading and storing the sums than they gain.
constexpr std::ptrdiff_t kLongestPiece = 256;
/// Rows of the residual buffer are not 4096 bytes apart, which would let their stores and loads alias.
constexpr std::ptrdiff_t kResidualStride = kLongestPiece + kLaneLimit;
/// Doubles of Y^T and of out_yt in a tile: half of a second-level cache of 512 KiB.
constexpr std::ptrdiff_t kTileDoubles = 16384;

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

/// Columns that are worked on.
template <class Scalar>
struct Piece {
  const ResidualPass<Scalar>& pass;
  std::ptrdiff_t first_col, width;
};

/// Residual of ROWS rows and VECTORS vectors of columns from column `col` of the piece; `valid` columns of the last
/// vector lie inside A. Returns the lanes' sums of squares.
template <int ROWS, int VECTORS, bool PARTIAL, class Scalar>
HWY_INLINE Vec form_residual_block(const Piece<Scalar>& piece, std::ptrdiff_t row, std::ptrdiff_t col,
                                   std::ptrdiff_t valid, double* HWY_RESTRICT residual, Vec squares) {
  const Lanes lanes;
  const std::ptrdiff_t N = static_cast<std::ptrdiff_t>(hn::Lanes(lanes));
  const auto& pass = piece.pass;
  Vec r[ROWS][VECTORS];
  for (int i = 0; i < ROWS; ++i) {
    const Scalar* a = pass.a + (row + i) * pass.a_stride + piece.first_col + col;
    for (int v = 0; v < VECTORS; ++v) {
      r[i][v] = PARTIAL ? load_some(lanes, a, valid) : load_lanes(lanes, a + v * N);
    }
  }
  const double* HWY_RESTRICT x = pass.x + row * pass.rank;
  const double* HWY_RESTRICT y = pass.yt + piece.first_col + col;
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

/// 2 ROWS GROUPS width rank flops. The groups take turns, so that they find the same columns of Y^T in the first cache.
template <int ROWS, int GROUPS, class Scalar>
Vec form_residual(const Piece<Scalar>& piece, std::ptrdiff_t row, double* HWY_RESTRICT residual, Vec squares) {
  const Lanes lanes;
  const std::ptrdiff_t N = static_cast<std::ptrdiff_t>(hn::Lanes(lanes));
  const auto for_each_group = [&](const auto& body) {
    for (int g = 0; g < GROUPS; ++g) body(row + g * ROWS, residual + g * ROWS * kResidualStride);
  };
  std::ptrdiff_t col = 0;
  for (; col + kVectors * N <= piece.width; col += kVectors * N) {
    for_each_group([&](std::ptrdiff_t first_row, double* to) {
      squares = form_residual_block<ROWS, kVectors, false>(piece, first_row, col, N, to, squares);
    });
  }
  for (; col + N <= piece.width; col += N) {
    for_each_group([&](std::ptrdiff_t first_row, double* to) {
      squares = form_residual_block<ROWS, 1, false>(piece, first_row, col, N, to, squares);
    });
  }
  if (col < piece.width) {
    for_each_group([&](std::ptrdiff_t first_row, double* to) {
      squares = form_residual_block<ROWS, 1, true>(piece, first_row, col, piece.width - col, to, squares);
    });
  }
  return squares;
}

/// sums += R V by lanes, and out_yt -= (R^T U)^T, for DEPTH columns of U and V from k on: 4 ROWS width DEPTH flops.
/// `sums` holds rank vectors for each row, those of the first row first. Meanwhile the entries of A from `soon` and `later`
/// on are fetched, which are needed next: memory works while the residual is multiplied.
template <int ROWS, int DEPTH, class Scalar>
void multiply_residual(const Piece<Scalar>& piece, std::ptrdiff_t row, std::ptrdiff_t k,
                       const double* HWY_RESTRICT residual, double* HWY_RESTRICT sums, const Scalar* soon,
                       const Scalar* later) {
  const Lanes lanes;
  const std::ptrdiff_t N = static_cast<std::ptrdiff_t>(hn::Lanes(lanes));
  const auto& pass = piece.pass;
  const double* HWY_RESTRICT v = pass.vt + k * pass.stride + piece.first_col;
  double* HWY_RESTRICT out_y = pass.out_yt + k * pass.stride + piece.first_col;
  Vec u[ROWS][DEPTH];
  Vec sum[ROWS][DEPTH];
  for (int i = 0; i < ROWS; ++i) {
    for (int l = 0; l < DEPTH; ++l) {
      u[i][l] = hn::Set(lanes, pass.u[(row + i) * pass.rank + k + l]);
      sum[i][l] = hn::LoadU(lanes, sums + (i * pass.rank + k + l) * N);
    }
  }
  // Beyond the last column of A the residual is zero and V^T is padding: whole vectors are safe.
  for (std::ptrdiff_t col = 0; col < piece.width; col += N) {
    hwy::Prefetch(soon + col);
    hwy::Prefetch(later + col);
    Vec v_l[DEPTH], out[DEPTH];
    for (int l = 0; l < DEPTH; ++l) {
      v_l[l] = hn::LoadU(lanes, v + l * pass.stride + col);
      out[l] = hn::LoadU(lanes, out_y + l * pass.stride + col);
    }
    for (int i = 0; i < ROWS; ++i) {
      const Vec r = hn::LoadU(lanes, residual + i * kResidualStride + col);
      for (int l = 0; l < DEPTH; ++l) {
        sum[i][l] = hn::MulAdd(r, v_l[l], sum[i][l]);
        out[l] = hn::NegMulAdd(u[i][l], r, out[l]);
      }
    }
    for (int l = 0; l < DEPTH; ++l) hn::StoreU(out[l], lanes, out_y + l * pass.stride + col);
  }
  for (int i = 0; i < ROWS; ++i) {
    for (int l = 0; l < DEPTH; ++l) hn::StoreU(sum[i][l], lanes, sums + (i * pass.rank + k + l) * N);
  }
}

/// out_x of ROWS rows loses the sums of the lanes.
template <class Scalar>
void add_up_lanes(const ResidualPass<Scalar>& pass, std::ptrdiff_t row, std::ptrdiff_t rows, const double* sums) {
  const Lanes lanes;
  const std::ptrdiff_t N = static_cast<std::ptrdiff_t>(hn::Lanes(lanes));
  double* out_x = pass.out_x + row * pass.rank;
  for (std::ptrdiff_t at = 0; at < rows * pass.rank; ++at) {
    out_x[at] -= hn::GetLane(hn::SumOfLanes(lanes, hn::LoadU(lanes, sums + at * N)));
  }
}

/// GROUPS groups of ROWS rows along the columns [first_col, first_col + width). `sums`: room for one vector a row and
/// rank.
template <int ROWS, int GROUPS, class Scalar>
Vec buffered_rows(const ResidualPass<Scalar>& pass, std::ptrdiff_t first_col, std::ptrdiff_t width, std::ptrdiff_t row,
                  double* residual, double* sums, Vec squares) {
  const Lanes lanes;
  const std::ptrdiff_t N = static_cast<std::ptrdiff_t>(hn::Lanes(lanes));
  const std::ptrdiff_t group_sums = ROWS * pass.rank * N, group_residual = ROWS * kResidualStride;
  std::fill_n(sums, GROUPS * group_sums, 0.0);
  const std::ptrdiff_t calls = (pass.rank + kDepth - 1) / kDepth;
  for (std::ptrdiff_t col = 0; col < width; col += kLongestPiece) {
    const Piece<Scalar> piece{pass, first_col + col, std::min(kLongestPiece, width - col)};
    squares = form_residual<ROWS, GROUPS>(piece, row, residual, squares);
    // The same rows in the next piece, or the next rows in the first one: two rows in each call until all are fetched.
    const bool last = col + kLongestPiece >= width;
    const Scalar* next = pass.a + row * pass.a_stride + first_col;
    next += last ? ROWS * GROUPS * pass.a_stride : col + kLongestPiece;
    std::ptrdiff_t fetched = 0;
    const auto row_to_fetch = [&] { return next + std::min<std::ptrdiff_t>(fetched++, ROWS * GROUPS - 1) * pass.a_stride; };
    const auto multiply = [&]<int DEPTH>(std::ptrdiff_t k) {
      for (int g = 0; g < GROUPS; ++g) {
        const Scalar* soon = row_to_fetch();
        const Scalar* later = calls < ROWS ? row_to_fetch() : soon;
        multiply_residual<ROWS, DEPTH>(piece, row + g * ROWS, k, residual + g * group_residual, sums + g * group_sums,
                                       soon, later);
      }
    };
    std::ptrdiff_t k = 0;
    for (; k + kDepth <= pass.rank; k += kDepth) multiply.template operator()<kDepth>(k);
    for (; k < pass.rank; ++k) multiply.template operator()<1>(k);
  }
  add_up_lanes(pass, row, ROWS * GROUPS, sums);
  return squares;
}

/// One vector of columns of ROWS rows, all of it in registers: 6 ROWS N RANK flops.
template <int ROWS, int RANK, bool SAME, bool PARTIAL, class Scalar>
HWY_INLINE void fused_block(const ResidualPass<Scalar>& pass, const Scalar* const* a, std::ptrdiff_t col,
                            std::ptrdiff_t valid, const Vec (&x)[ROWS][RANK], const Vec (&u)[ROWS][RANK],
                            Vec (&sum)[ROWS][RANK], Vec& squares) {
  const Lanes lanes;
  Vec y[RANK], v[RANK], out[RANK];
  for (int k = 0; k < RANK; ++k) {
    y[k] = hn::LoadU(lanes, pass.yt + k * pass.stride + col);
    v[k] = SAME ? y[k] : hn::LoadU(lanes, pass.vt + k * pass.stride + col);
    out[k] = hn::LoadU(lanes, pass.out_yt + k * pass.stride + col);
  }
  for (int i = 0; i < ROWS; ++i) {
    Vec r = PARTIAL ? load_some(lanes, a[i] + col, valid) : load_lanes(lanes, a[i] + col);
    for (int k = 0; k < RANK; ++k) r = hn::NegMulAdd(x[i][k], y[k], r);
    // Padding of y times an infinite x would be NaN, which must not reach the sums.
    if (PARTIAL) r = hn::IfThenElseZero(hn::FirstN(lanes, static_cast<std::size_t>(valid)), r);
    squares = hn::MulAdd(r, r, squares);
    for (int k = 0; k < RANK; ++k) {
      sum[i][k] = hn::MulAdd(r, v[k], sum[i][k]);
      out[k] = hn::NegMulAdd(SAME ? x[i][k] : u[i][k], r, out[k]);
    }
  }
  for (int k = 0; k < RANK; ++k) hn::StoreU(out[k], lanes, pass.out_yt + k * pass.stride + col);
}

template <int ROWS, int RANK, bool SAME, class Scalar>
Vec fused_rows(const ResidualPass<Scalar>& pass, std::ptrdiff_t first_col, std::ptrdiff_t width, std::ptrdiff_t row,
               Vec squares) {
  const Lanes lanes;
  const std::ptrdiff_t N = static_cast<std::ptrdiff_t>(hn::Lanes(lanes));
  constexpr std::ptrdiff_t kAhead = 2048 / static_cast<std::ptrdiff_t>(sizeof(Scalar));
  Vec x[ROWS][RANK], u[ROWS][RANK], sum[ROWS][RANK];
  const Scalar* a[ROWS];
  for (int i = 0; i < ROWS; ++i) {
    a[i] = pass.a + (row + i) * pass.a_stride;
    for (int k = 0; k < RANK; ++k) {
      x[i][k] = hn::Set(lanes, pass.x[(row + i) * RANK + k]);
      u[i][k] = SAME ? x[i][k] : hn::Set(lanes, pass.u[(row + i) * RANK + k]);
      sum[i][k] = hn::Zero(lanes);
    }
  }
  const std::ptrdiff_t end = first_col + width;
  std::ptrdiff_t col = first_col;
  for (; col + N <= end; col += N) {
    for (int i = 0; i < ROWS; ++i) {
      hwy::Prefetch(a[i] + col + (col + kAhead < end ? kAhead : ROWS * pass.a_stride - width + kAhead));
    }
    fused_block<ROWS, RANK, SAME, false>(pass, a, col, N, x, u, sum, squares);
  }
  if (col < end) fused_block<ROWS, RANK, SAME, true>(pass, a, col, end - col, x, u, sum, squares);
  for (int i = 0; i < ROWS; ++i) {
    for (int k = 0; k < RANK; ++k) {
      pass.out_x[(row + i) * RANK + k] -= hn::GetLane(hn::SumOfLanes(lanes, sum[i][k]));
    }
  }
  return squares;
}

/// Tiles of columns so short that Y^T and out_yt stay in the second cache while all rows pass by.
template <class Scalar, class Body>
void for_each_tile(const ResidualPass<Scalar>& pass, const Body& body) {
  const std::ptrdiff_t fitting = kTileDoubles / std::max<std::ptrdiff_t>(pass.rank, 1) / kLongestPiece * kLongestPiece;
  const std::ptrdiff_t length = std::max(fitting, 2 * kLongestPiece);
  for (std::ptrdiff_t col = 0; col < pass.cols; col += length) body(col, std::min(length, pass.cols - col));
}

template <int RANK, bool SAME, class Scalar>
Vec fused_pass(const ResidualPass<Scalar>& pass) {
  constexpr int kFusedRows = RANK == 1 ? 2 * kRows : RANK == 2 ? kRows : kRows / 2;
  Vec squares = hn::Zero(Lanes());
  for_each_tile(pass, [&](std::ptrdiff_t col, std::ptrdiff_t width) {
    std::ptrdiff_t row = 0;
    for (; row + kFusedRows <= pass.rows; row += kFusedRows) {
      squares = fused_rows<kFusedRows, RANK, SAME>(pass, col, width, row, squares);
    }
    for (; row < pass.rows; ++row) squares = fused_rows<1, RANK, SAME>(pass, col, width, row, squares);
  });
  return squares;
}

template <class Scalar>
Vec buffered_pass(const ResidualPass<Scalar>& pass) {
  const Lanes lanes;
  alignas(64) double residual[2 * kRows * kResidualStride];
  const std::size_t vectors = 2 * kRows * static_cast<std::size_t>(std::max<std::ptrdiff_t>(pass.rank, 1));
  const auto sums = hwy::AllocateAligned<double>(vectors * hn::Lanes(lanes));
  if (!sums) throw std::bad_alloc();
  Vec squares = hn::Zero(lanes);
  for_each_tile(pass, [&](std::ptrdiff_t col, std::ptrdiff_t width) {
    std::ptrdiff_t row = 0;
    for (; row + 2 * kRows <= pass.rows; row += 2 * kRows) {
      squares = buffered_rows<kRows, 2>(pass, col, width, row, residual, sums.get(), squares);
    }
    for (; row + kRows <= pass.rows; row += kRows) {
      squares = buffered_rows<kRows, 1>(pass, col, width, row, residual, sums.get(), squares);
    }
    for (; row < pass.rows; ++row) squares = buffered_rows<1, 1>(pass, col, width, row, residual, sums.get(), squares);
  });
  return squares;
}

template <int RANK, class Scalar>
Vec fused_pass(const ResidualPass<Scalar>& pass) {
  return pass.x == pass.u && pass.yt == pass.vt ? fused_pass<RANK, true>(pass) : fused_pass<RANK, false>(pass);
}

template <class Scalar>
double pass_over(const ResidualPass<Scalar>& pass) {
  static_assert(kFusedRank == 6);
  const Vec squares = pass.rank == 1   ? fused_pass<1>(pass)
                      : pass.rank == 2 ? fused_pass<2>(pass)
                      : pass.rank == 3 ? fused_pass<3>(pass)
                      : pass.rank == 4 ? fused_pass<4>(pass)
                      : pass.rank == 5 ? fused_pass<5>(pass)
                      : pass.rank == 6 ? fused_pass<6>(pass)
                                       : buffered_pass(pass);
  return hn::GetLane(hn::SumOfLanes(Lanes(), squares));
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
