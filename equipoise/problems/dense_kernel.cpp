// The vector code of product_pass() and residual_pass(), compiled once for every target that Highway knows here.
//
// Lanes run along the columns of A. A tile of kRows rows and kVectors vectors of columns is loaded, becomes residuals
// where they are asked for, and is multiplied from both sides, all without leaving the registers: what moves besides A
// are, for every rank, the tile's columns of vt and of out_yt, and a vector of sums for each row and rank, which is
// added up across lanes once all columns have passed. A pass over a row reads and writes those sums from the first
// cache, and the columns from the second.
//
// For each rank a tile of 6 x 4 vectors takes 48 multiply-adds, 20 loads and 10 stores, with a residual 72, 30 and 10;
// on two units that multiply and two that load, the multiply-adds are what limits it. 24 more are the squares of a
// residual. Below rank 4 to 8, by the processor, the memory that A comes from is the limit: 8 bytes (4 in single
// precision) per 4 or 6 rank flops.
//
// Tested in equipoise/problems/dense_test.cpp
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

// The tile leaves room for kVectors columns and a few more in 32 vector registers, or in 16. Better targets have
// smaller numbers.
#if HWY_TARGET <= HWY_AVX3
constexpr int kRows = 6, kVectors = 4;
#else
constexpr int kRows = 4, kVectors = 2;
#endif
/// Doubles of vt and of out_yt between which all rows pass: together half of a second-level cache of 512 KiB.
constexpr std::ptrdiff_t kStripDoubles = 16384;
constexpr std::ptrdiff_t kShortestStrip = 512;
/// Ranks whose sums and columns of a tile stay in the first cache: products take no more of them at a time, and pass
/// over the same rows again for the others.
constexpr std::ptrdiff_t kMostRanks = 32;
constexpr std::ptrdiff_t kMostLanes = 8;
static_assert(kPanelColumns % (kVectors * kMostLanes) == 0, "no tile spans two panels");
using Lanes = hn::CappedTag<double, kMostLanes>;
using Vec = hn::Vec<Lanes>;

HWY_INLINE std::ptrdiff_t lane_count() { return static_cast<std::ptrdiff_t>(hn::Lanes(Lanes())); }
HWY_INLINE Vec load_lanes(Lanes lanes, const double* from) { return hn::LoadU(lanes, from); }
HWY_INLINE Vec load_lanes(Lanes lanes, const float* from) {
  return hn::PromoteTo(lanes, hn::LoadU(hn::Rebind<float, Lanes>(), from));
}

/// The first `count` lanes; the others are zero. Goes through a copy: a masked load may touch what lies beyond A.
template <class Scalar>
HWY_INLINE Vec load_some(Lanes lanes, const Scalar* from, std::ptrdiff_t count) {
  Scalar copy[kMostLanes] = {};
  std::copy_n(from, count, copy);
  return load_lanes(lanes, copy);
}

template <class Scalar>
constexpr std::ptrdiff_t kLineEntries = 64 / sizeof(Scalar);
/// Lines of a row of a tile, or the one that it is a part of.
template <class Scalar>
HWY_INLINE std::ptrdiff_t lines_of_row() {
  return std::max<std::ptrdiff_t>(kVectors * lane_count() / kLineEntries<Scalar>, 1);
}

/// What residual_pass() is given; x and yt are not read where the pass is one of A itself.
template <class Scalar>
struct Pass : DensePass<Scalar> {
  const double *x, *yt;
};

/// What is fetched while a tile is worked on: the place of another one, this many entries further.
struct Ahead {
  std::ptrdiff_t distance;
  std::ptrdiff_t lines_a_rank;  ///< as many for every rank; all at once, while the tile is loaded, if 0
};

/// The ranks [first, end) of ROWS rows and VECTORS vectors of columns; of a single vector `valid` columns lie inside A.
/// `sums` holds ROWS vectors for each of the ranks. Adds the squares of the residual to `squares` by lanes. Where
/// `fresh`, out_yt has nothing to be added to. 4 ROWS VECTORS N rank flops, with a residual 2 ROWS VECTORS N more a
/// rank and for the squares.
template <bool RESIDUAL, int ROWS, int VECTORS, class Scalar>
HWY_INLINE Vec tile(const Pass<Scalar>& pass, std::ptrdiff_t row, std::ptrdiff_t col, std::ptrdiff_t valid,
                    std::ptrdiff_t first, std::ptrdiff_t end, Ahead ahead, bool fresh, double* HWY_RESTRICT sums,
                    Vec squares) {
  const Lanes lanes;
  const std::ptrdiff_t N = lane_count(), rank = pass.rank;
  const std::ptrdiff_t place = col / kPanelColumns * kPanelColumns * rank + col % kPanelColumns;
  const bool partial = VECTORS == 1 && valid < N;
  // The end of a line's length, since its start lies in a line that the one before it has fetched, on whatever address
  // A begins.
  constexpr std::ptrdiff_t kLine = kLineEntries<Scalar>;
  const Scalar* const fetched = pass.a + row * pass.a_stride + col + ahead.distance + kLine - 1;
  const std::ptrdiff_t lines = VECTORS == 1 ? 0 : lines_of_row<Scalar>();
  Vec r[ROWS][VECTORS];
  for (int i = 0; i < ROWS; ++i) {
    const Scalar* a = pass.a + (row + i) * pass.a_stride + col;
    if (ahead.lines_a_rank == 0) {
      for (std::ptrdiff_t line = 0; line < lines; ++line) hwy::Prefetch(fetched + i * pass.a_stride + line * kLine);
    }
    for (int v = 0; v < VECTORS; ++v) r[i][v] = partial ? load_some(lanes, a, valid) : load_lanes(lanes, a + v * N);
  }

  if constexpr (RESIDUAL) {
    const double* HWY_RESTRICT x = pass.x + row * rank;
    const double* HWY_RESTRICT y = pass.yt + place;
    for (std::ptrdiff_t k = 0; k < rank; ++k, y += kPanelColumns) {
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
  }

  // Ranks in the opposite order: at large ones the first cache still has the last columns of yt, and not the first.
  const double* HWY_RESTRICT u = pass.u + row * rank;
  const double* HWY_RESTRICT w = pass.vt + place + end * kPanelColumns;
  double* out = pass.out_yt + place + end * kPanelColumns;
  alignas(64) static constexpr double kNothing[VECTORS * kMostLanes] = {};
  const double* old = fresh ? kNothing : out;
  const std::ptrdiff_t old_stride = fresh ? 0 : kPanelColumns;
  sums += (end - first) * ROWS * N;
  std::ptrdiff_t line = 0, fetched_row = 0;
  for (std::ptrdiff_t k = end - 1; k >= first; --k) {
    w -= kPanelColumns, out -= kPanelColumns, old -= old_stride, sums -= ROWS * N;
    for (std::ptrdiff_t n = 0; n < ahead.lines_a_rank && fetched_row < ROWS; ++n) {
      hwy::Prefetch(fetched + fetched_row * pass.a_stride + line * kLine);
      if (++line >= lines) line = 0, ++fetched_row;
    }
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

/// The ranks [first, end) of ROWS rows along the columns [from, from + width). `sums`: room for ROWS vectors for each
/// rank.
template <bool RESIDUAL, int ROWS, class Scalar>
HWY_NOINLINE Vec rows_along(const Pass<Scalar>& pass, std::ptrdiff_t row, std::ptrdiff_t from, std::ptrdiff_t width,
                            std::ptrdiff_t first, std::ptrdiff_t end, double* sums, Vec squares) {
  const Lanes lanes;
  const std::ptrdiff_t N = lane_count(), past = from + width, ranks = end - first;
  // A is fetched some 600 cycles ahead of its use. Nearer comes too late; farther is evicted by the columns and sums of
  // large ranks. Where there are ranks enough, a few lines with each of them: memory is busy all the time then.
  const std::ptrdiff_t tiles_ahead = std::clamp<std::ptrdiff_t>(16 / std::max<std::ptrdiff_t>(ranks, 1), 1, 4);
  const std::ptrdiff_t fetched = tiles_ahead * kVectors * N, lines = ROWS * lines_of_row<Scalar>();
  Ahead ahead{0, ranks < 6 ? 0 : (lines + ranks - 1) / ranks};
  const bool fresh = pass.sets_out_yt && row == 0;
  std::fill_n(sums, ROWS * ranks * N, 0.0);
  std::ptrdiff_t col = from;
  for (; col + kVectors * N <= past; col += kVectors * N) {
    // Past the end of these rows come the next ones.
    ahead.distance = col + fetched < past ? fetched : ROWS * pass.a_stride - width + fetched;
    squares = tile<RESIDUAL, ROWS, kVectors>(pass, row, col, N, first, end, ahead, fresh, sums, squares);
  }
  for (; col < past; col += N)
    squares =
        tile<RESIDUAL, ROWS, 1>(pass, row, col, std::min(N, past - col), first, end, {0, 0}, fresh, sums, squares);
  double* out_x = pass.out_x + row * pass.rank;
  for (std::ptrdiff_t k = first; k < end; ++k, sums += ROWS * N) {
    for (int i = 0; i < ROWS; ++i)
      out_x[i * pass.rank + k] -= hn::GetLane(hn::SumOfLanes(lanes, hn::LoadU(lanes, sums + i * N)));
  }
  return squares;
}

/// All ranks, as many at a time as a residual, which needs all of them, and the first cache allow.
template <bool RESIDUAL, int ROWS, class Scalar>
Vec ranks_along(const Pass<Scalar>& pass, std::ptrdiff_t row, std::ptrdiff_t from, std::ptrdiff_t width, double* sums,
                Vec squares) {
  const std::ptrdiff_t rank = pass.rank, parts = RESIDUAL ? 1 : (rank + kMostRanks - 1) / kMostRanks;
  for (std::ptrdiff_t part = 0; part < parts; ++part)
    squares = rows_along<RESIDUAL, ROWS>(pass, row, from, width, part * rank / parts, (part + 1) * rank / parts, sums,
                                         squares);
  return squares;
}

/// Strips of columns so narrow that vt and out_yt stay in the second cache while all rows pass by.
template <bool RESIDUAL, class Scalar>
double pass_over(const Pass<Scalar>& pass) {
  const Lanes lanes;
  const std::ptrdiff_t rank = std::max<std::ptrdiff_t>(pass.rank, 1);
  const auto sums = hwy::AllocateAligned<double>(static_cast<std::size_t>(kRows * rank * lane_count()));
  if (!sums) throw std::bad_alloc();
  const std::ptrdiff_t fitting = std::max(kStripDoubles / rank, kShortestStrip),
                       panels = (pass.cols + kPanelColumns - 1) / kPanelColumns,
                       strips = (pass.cols + fitting - 1) / fitting;
  const std::ptrdiff_t length = strips == 0 ? 1 : (panels + strips - 1) / strips * kPanelColumns;
  Vec squares = hn::Zero(lanes);
  for (std::ptrdiff_t col = 0; col < pass.cols; col += length) {
    const std::ptrdiff_t width = std::min(length, pass.cols - col);
    std::ptrdiff_t row = 0;
    for (; row + kRows <= pass.rows; row += kRows)
      squares = ranks_along<RESIDUAL, kRows>(pass, row, col, width, sums.get(), squares);
    for (; row < pass.rows; ++row) squares = ranks_along<RESIDUAL, 1>(pass, row, col, width, sums.get(), squares);
  }
  return hn::GetLane(hn::SumOfLanes(lanes, squares));
}

double residual_of_doubles(const DensePass<double>& pass, const double* x, const double* yt) {
  return pass_over<true>(Pass<double>{pass, x, yt});
}
double residual_of_floats(const DensePass<float>& pass, const double* x, const double* yt) {
  return pass_over<true>(Pass<float>{pass, x, yt});
}
void products_of_doubles(const DensePass<double>& pass) { pass_over<false>(Pass<double>{pass, nullptr, nullptr}); }
void products_of_floats(const DensePass<float>& pass) { pass_over<false>(Pass<float>{pass, nullptr, nullptr}); }

}  // namespace
}  // namespace equipoise::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace equipoise {

HWY_EXPORT(residual_of_doubles);
HWY_EXPORT(residual_of_floats);
HWY_EXPORT(products_of_doubles);
HWY_EXPORT(products_of_floats);

double residual_pass(const DensePass<double>& pass, const double* x, const double* yt) {
  return HWY_DYNAMIC_DISPATCH(residual_of_doubles)(pass, x, yt);
}
double residual_pass(const DensePass<float>& pass, const double* x, const double* yt) {
  return HWY_DYNAMIC_DISPATCH(residual_of_floats)(pass, x, yt);
}
void product_pass(const DensePass<double>& pass) { HWY_DYNAMIC_DISPATCH(products_of_doubles)(pass); }
void product_pass(const DensePass<float>& pass) { HWY_DYNAMIC_DISPATCH(products_of_floats)(pass); }

}  // namespace equipoise
#endif
