// The vector code of spectral_step(), compiled once for every target that Highway knows here.
//
// A block of columns is stepped in two rounds. The first forms the gradient kTile rows times kVectors vectors at a time
// in registers: the diagonal part, then the product with the other factor's Gram matrix; its squares are summed there,
// and the new rows wait in a buffer, since both factors need the old ones of each other. The second round adds them to
// the new Gram matrix, a kGram x kGram piece of its upper triangle in registers at a time, and puts them in their place
// on the way. A step thus moves each factor once from the second cache and once back.
//
// Every sum has eight partial ones, column c adding to the one of c modulo 8 in the order of the columns (squares: 32),
// whatever the width of the vectors, and every multiply-add rounds once: all targets give the same bits.
//
// Tested in equipoise/problems/spectral_test.cpp
#include "equipoise/problems/spectral_kernel.hpp"

#include <hwy/aligned_allocator.h>

#include <algorithm>
#include <cmath>
#include <new>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "equipoise/problems/spectral_kernel.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first
#include <hwy/highway.h>

#include "equipoise/core/simd-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace equipoise::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Lanes = hn::CappedTag<double, kLaneLimit>;
using Vec = hn::Vec<Lanes>;

// Rows of a tile, the same everywhere since their squares are summed in turn; then what fits into 32 vector registers,
// or 16.
constexpr int kTile = 4;
#if HWY_TARGET <= HWY_AVX3
constexpr int kVectors = 4, kGram = 4;
#else
constexpr int kVectors = 2, kGram = 3;
#endif
constexpr std::ptrdiff_t kSquareLanes = 4 * kLaneLimit;

/// a b + c, rounded once. Processors without it are slow here, and exact.
HWY_INLINE Vec fused(Vec a, Vec b, Vec c) {
#if EQUIPOISE_FUSED
  return hn::MulAdd(a, b, c);
#else
  const Lanes lanes;
  double factors[kLaneLimit], others[kLaneLimit], sums[kLaneLimit];
  hn::StoreU(a, lanes, factors);
  hn::StoreU(b, lanes, others);
  hn::StoreU(c, lanes, sums);
  for (std::size_t i = 0; i < hn::Lanes(lanes); ++i) sums[i] = std::fma(factors[i], others[i], sums[i]);
  return hn::LoadU(lanes, sums);
#endif
}

/// `width` columns of one factor: rows `stride` doubles apart.
struct Piece {
  const double* at;
  std::ptrdiff_t stride, width;
};

/// How a step sees the other factor: as rows that the diagonal pairs with these, which give <x, -s other> besides or
/// not; or not at all.
enum class Pairs { with_cross, without_cross, none };

/// Sums by lanes. They wait in memory: registers are for the tile.
struct Sums {
  alignas(64) double squares[kSquareLanes] = {};  ///< |gradient|^2
  alignas(64) double cross[kSquareLanes] = {};    ///< <x, -s other>
};

/// What stays the same over the columns of a piece.
struct Step {
  Piece x, other;
  const double* values;
  const double* gram;
  std::ptrdiff_t rank;
  double h;
  double* out;  ///< rows out_stride apart
  std::ptrdiff_t out_stride;
};

/// Rows [l, l + ROWS) and VECTORS vectors of columns: out = x - h g with g_l = sum over k of G_kl x_k - s other_l.
/// ROWS (2 rank + 5) flops a column, 2 more a row with the cross sum. All before and after the sum over k goes row by
/// row, since otherwise the addresses of all rows want a register each, and there are not that many.
template <int ROWS, int VECTORS, Pairs PAIRS>
HWY_INLINE void step_tile(const Step& step, std::ptrdiff_t l, std::ptrdiff_t col, Sums& sums) {
  const Lanes lanes;
  const std::ptrdiff_t N = static_cast<std::ptrdiff_t>(hn::Lanes(lanes));
  const std::ptrdiff_t stride = step.x.stride, out_stride = step.out_stride, rank = step.rank;
  const double* HWY_RESTRICT const x = step.x.at + col;
  const std::ptrdiff_t slot = col % kSquareLanes;  // VECTORS of them lie side by side: col is a multiple of VECTORS N
  Vec g[ROWS][VECTORS];
  if constexpr (PAIRS == Pairs::none) {
    for (int i = 0; i < ROWS; ++i) {
      for (int v = 0; v < VECTORS; ++v) g[i][v] = hn::Zero(lanes);
    }
  } else {
    const double* HWY_RESTRICT other = step.other.at + l * stride + col;
    const double* HWY_RESTRICT x_row = x + l * stride;
    Vec s[VECTORS], cross[VECTORS];
    for (int v = 0; v < VECTORS; ++v) s[v] = hn::Neg(hn::LoadU(lanes, step.values + col + v * N));
    if constexpr (PAIRS == Pairs::with_cross) {
      for (int v = 0; v < VECTORS; ++v) cross[v] = hn::LoadU(lanes, sums.cross + slot + v * N);
    }
    for (int i = 0; i < ROWS; ++i, other += stride, x_row += stride) {
      for (int v = 0; v < VECTORS; ++v) {
        g[i][v] = hn::Mul(s[v], hn::LoadU(lanes, other + v * N));
        if constexpr (PAIRS == Pairs::with_cross) cross[v] = fused(hn::LoadU(lanes, x_row + v * N), g[i][v], cross[v]);
      }
    }
    if constexpr (PAIRS == Pairs::with_cross) {
      for (int v = 0; v < VECTORS; ++v) hn::StoreU(cross[v], lanes, sums.cross + slot + v * N);
    }
  }
  const double* HWY_RESTRICT gram = step.gram + l;
  const double* HWY_RESTRICT x_k = x;
  for (std::ptrdiff_t k = 0; k < rank; ++k, gram += rank, x_k += stride) {
    Vec of_x[VECTORS];
    for (int v = 0; v < VECTORS; ++v) of_x[v] = hn::LoadU(lanes, x_k + v * N);
    for (int i = 0; i < ROWS; ++i) {
      const Vec of_gram = hn::Set(lanes, gram[i]);
      for (int v = 0; v < VECTORS; ++v) g[i][v] = fused(of_gram, of_x[v], g[i][v]);
    }
  }
  const Vec rate = hn::Set(lanes, -step.h);
  const double* HWY_RESTRICT x_row = x + l * stride;
  double* HWY_RESTRICT out = step.out + l * out_stride + col;
  Vec squares[VECTORS];
  for (int v = 0; v < VECTORS; ++v) squares[v] = hn::LoadU(lanes, sums.squares + slot + v * N);
  for (int i = 0; i < ROWS; ++i, x_row += stride, out += out_stride) {
    for (int v = 0; v < VECTORS; ++v) {
      squares[v] = fused(g[i][v], g[i][v], squares[v]);
      hn::StoreU(fused(rate, g[i][v], hn::LoadU(lanes, x_row + v * N)), lanes, out + v * N);
    }
  }
  for (int v = 0; v < VECTORS; ++v) hn::StoreU(squares[v], lanes, sums.squares + slot + v * N);
}

template <int ROWS, Pairs PAIRS>
HWY_NOINLINE void step_rows(const Step& step, std::ptrdiff_t l, Sums& sums) {
  const std::ptrdiff_t N = static_cast<std::ptrdiff_t>(hn::Lanes(Lanes()));
  std::ptrdiff_t col = 0;
  for (; col + kVectors * N <= step.x.width; col += kVectors * N) step_tile<ROWS, kVectors, PAIRS>(step, l, col, sums);
  for (; col < step.x.width; col += N) step_tile<ROWS, 1, PAIRS>(step, l, col, sums);
}

/// 2 rank^2 + 5 rank flops a column, 2 rank more with the cross sum.
template <Pairs PAIRS>
void step_piece(const Step& step, Sums& sums) {
  std::ptrdiff_t l = 0;
  for (; l + kTile <= step.rank; l += kTile) step_rows<kTile, PAIRS>(step, l, sums);
  for (; l < step.rank; ++l) step_rows<1, PAIRS>(step, l, sums);
}

HWY_INLINE std::ptrdiff_t sum_of(std::ptrdiff_t k, std::ptrdiff_t l, std::ptrdiff_t rank) {
  return (k * rank - k * (k - 1) / 2 + l - k) * kLaneLimit;
}

/// Where rows are copied to.
struct Place {
  double* at;  ///< null: they stay
  std::ptrdiff_t stride;
};

/// The sums of x_k x_l for k in ROWS rows from `k` on and l in COLS rows from `l` on; with DIAGONAL, k = l and only the
/// upper half, and with COPY these rows are copied to their place, which costs no load.
template <int ROWS, int COLS, bool DIAGONAL, bool COPY>
HWY_NOINLINE void gram_tile(const Piece& x, std::ptrdiff_t rank, std::ptrdiff_t k, std::ptrdiff_t l,
                            double* HWY_RESTRICT sums, const Place& place) {
  const Lanes lanes;
  const std::ptrdiff_t N = static_cast<std::ptrdiff_t>(hn::Lanes(lanes)), width = x.width, stride = x.stride;
  const double* HWY_RESTRICT at_k = x.at + k * stride;
  const double* HWY_RESTRICT at_l = x.at + l * stride;
  double* HWY_RESTRICT to = COPY ? place.at + l * place.stride : nullptr;
  const std::ptrdiff_t to_stride = place.stride;
  // The sums in use, in loops of constant length: from those over j >= i alone g++ 12 makes a `rep movs`, which takes
  // longer than the sums.
  Vec sum[ROWS][COLS];
  const auto for_each_sum = [&](const auto& body) {
    for (int i = 0; i < ROWS; ++i) {
      for (int j = 0; j < COLS; ++j) {
        if (!DIAGONAL || j >= i) body(i, j);
      }
    }
  };
  // Where the sums of row k + i begin at column l. To work it out for every single sum took as long as adding up.
  double* at[ROWS];
  at[0] = sums + sum_of(k, l, rank);
  for (int i = 1; i < ROWS; ++i) at[i] = at[i - 1] + (rank - k - i) * kLaneLimit;
  for (std::ptrdiff_t lane = 0; lane < kLaneLimit; lane += N) {
    for_each_sum([&](int i, int j) HWY_ATTR { sum[i][j] = hn::LoadU(lanes, at[i] + j * kLaneLimit + lane); });
    for (std::ptrdiff_t c = lane; c < width; c += kLaneLimit) {
      Vec x_k[ROWS], x_l[COLS];
      for (int j = 0; j < COLS; ++j) x_l[j] = hn::LoadU(lanes, at_l + j * stride + c);
      for (int i = 0; i < ROWS; ++i) x_k[i] = DIAGONAL ? x_l[i] : hn::LoadU(lanes, at_k + i * stride + c);
      if (COPY) {
        for (int j = 0; j < COLS; ++j) hn::StoreU(x_l[j], lanes, to + j * to_stride + c);
      }
      for_each_sum([&](int i, int j) HWY_ATTR { sum[i][j] = fused(x_k[i], x_l[j], sum[i][j]); });
    }
    for_each_sum([&](int i, int j) HWY_ATTR { hn::StoreU(sum[i][j], lanes, at[i] + j * kLaneLimit + lane); });
  }
}

/// rank (rank + 1) flops a column.
template <bool COPY>
void add_gram(const Piece& x, std::ptrdiff_t rank, double* sums, const Place& place) {
  std::ptrdiff_t k = 0;
  for (; k + kGram <= rank; k += kGram) {
    gram_tile<kGram, kGram, true, COPY>(x, rank, k, k, sums, place);
    std::ptrdiff_t l = k + kGram;
    for (; l + kGram <= rank; l += kGram) gram_tile<kGram, kGram, false, false>(x, rank, k, l, sums, place);
    for (; l < rank; ++l) gram_tile<kGram, 1, false, false>(x, rank, k, l, sums, place);
  }
  for (; k < rank; ++k) {
    gram_tile<1, 1, true, COPY>(x, rank, k, k, sums, place);
    for (std::ptrdiff_t l = k + 1; l < rank; ++l) gram_tile<1, 1, false, false>(x, rank, k, l, sums, place);
  }
}

/// to += the sums, in a fixed order.
void add_lanes(const double* sums, double* to) {
  for (std::ptrdiff_t lane = 0; lane < kLaneLimit; ++lane) {
    double all = 0;
    for (std::ptrdiff_t at = lane; at < kSquareLanes; at += kLaneLimit) all += sums[at];
    to[lane] += all;
  }
}

/// Doubles that start on a cache line: on the stack where they are few, as they are at ranks up to 64.
class Buffer {
 public:
  explicit Buffer(std::ptrdiff_t size) {
    if (size <= kFew) return;
    many_ = hwy::AllocateAligned<double>(static_cast<std::size_t>(size));
    if (!many_) throw std::bad_alloc();
  }
  double* data() { return many_ ? many_.get() : few_; }

 private:
  static constexpr std::ptrdiff_t kFew = 4096;
  alignas(64) double few_[kFew];
  hwy::AlignedFreeUniquePtr<double[]> many_;
};

template <bool STEP>
void over_blocks(const SpectralPass& pass) {
  const std::ptrdiff_t rank = pass.rank, block = spectral_block(rank), triangle = spectral_triangle(rank) * kLaneLimit;
  Sums sums;
  Buffer buffer(STEP ? 2 * rank * block : 0);
  double* const new_x = buffer.data();
  double* const new_y = new_x + rank * block;
  const auto piece_of = [&](const double* factor, std::ptrdiff_t from) {
    const std::ptrdiff_t width = std::max<std::ptrdiff_t>(std::min(block, pass.first + pass.count - from), 0);
    return Piece{factor == nullptr ? nullptr : factor + from, pass.stride, factor == nullptr ? 0 : width};
  };
  for (std::ptrdiff_t from = pass.first; from < pass.first + pass.count; from += block) {
    const Piece x = piece_of(pass.xt, from), y = piece_of(pass.yt, from);
    if constexpr (STEP) {
      const double* values = pass.values + from;
      const Step of_x{x, y, values, pass.gram_y, rank, pass.h, new_x, block};
      const Step of_y{y, x, values, pass.gram_x, rank, pass.h, new_y, block};
      if (x.width > 0 && y.width > 0) {
        step_piece<Pairs::with_cross>(of_x, sums);
        step_piece<Pairs::without_cross>(of_y, sums);
      } else if (x.width > 0) {
        step_piece<Pairs::none>(of_x, sums);
      } else {
        step_piece<Pairs::none>(of_y, sums);
      }
      if (x.width > 0) add_gram<true>({new_x, block, x.width}, rank, pass.sums, {pass.xt + from, pass.stride});
      if (y.width > 0)
        add_gram<true>({new_y, block, y.width}, rank, pass.sums + triangle, {pass.yt + from, pass.stride});
    } else {
      if (x.width > 0) add_gram<false>(x, rank, pass.sums, {});
      if (y.width > 0) add_gram<false>(y, rank, pass.sums + triangle, {});
    }
  }
  double* const more = pass.sums + 2 * triangle;
  add_lanes(sums.squares, more);
  add_lanes(sums.cross, more + kLaneLimit);
}

/// ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7)) of eight lanes.
HWY_INLINE double all_lanes(const double* lane) {
  return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

void add_up_here(const double* sums, std::ptrdiff_t part, double* totals) {
  for (std::ptrdiff_t at = 0; at < part; at += kLaneLimit) totals[at / kLaneLimit] = all_lanes(sums + at);
}

double leading_here(const double* xt, const double* yt, std::ptrdiff_t rank, std::ptrdiff_t stride, std::ptrdiff_t rows,
                    std::ptrdiff_t padded, const double* values) {
  const Lanes lanes;
  const std::ptrdiff_t N = static_cast<std::ptrdiff_t>(hn::Lanes(lanes));
  alignas(64) double squares[kLaneLimit] = {};
  for (std::ptrdiff_t i = 0; i < rows; ++i) {
    for (std::ptrdiff_t col = 0; col < padded; col += N) {
      alignas(64) double start[kLaneLimit] = {};
      if (i >= col && i < col + N) start[i - col] = -values[i];
      Vec r = hn::LoadU(lanes, start);
      for (std::ptrdiff_t k = 0; k < rank; ++k) {
        r = fused(hn::Set(lanes, xt[k * stride + i]), hn::LoadU(lanes, yt + k * stride + col), r);
      }
      double* const to = squares + col % kLaneLimit;
      hn::StoreU(fused(r, r, hn::LoadU(lanes, to)), lanes, to);
    }
  }
  return all_lanes(squares);
}

void step_here(const SpectralPass& pass) { over_blocks<true>(pass); }
void grams_here(const SpectralPass& pass) { over_blocks<false>(pass); }

}  // namespace
}  // namespace equipoise::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace equipoise {

HWY_EXPORT(step_here);
HWY_EXPORT(grams_here);
HWY_EXPORT(add_up_here);
HWY_EXPORT(leading_here);

void spectral_step(const SpectralPass& pass) { HWY_DYNAMIC_DISPATCH(step_here)(pass); }
void spectral_grams(const SpectralPass& pass) { HWY_DYNAMIC_DISPATCH(grams_here)(pass); }
void spectral_add_up(const double* sums, std::ptrdiff_t part, double* totals) {
  HWY_DYNAMIC_DISPATCH(add_up_here)(sums, part, totals);
}
double spectral_leading(const double* xt, const double* yt, std::ptrdiff_t rank, std::ptrdiff_t stride,
                        std::ptrdiff_t rows, std::ptrdiff_t padded, const double* values) {
  return HWY_DYNAMIC_DISPATCH(leading_here)(xt, yt, rank, stride, rows, padded, values);
}

}  // namespace equipoise
#endif
