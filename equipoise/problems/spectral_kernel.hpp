// Steps in spectral coordinates over some columns of both factors, by the widest vectors the processor has.
#pragma once

#include <cstddef>

namespace equipoise {

/// Partial sums of each sum, whatever the width of the vectors.
inline constexpr std::ptrdiff_t kLaneLimit = 8;

/// Both factors lie transposed: rank rows of `stride` doubles, lanes along the rows of X and Y, so that no rank wastes
/// lanes. The columns [first, first + count) are worked on, both multiples of kLaneLimit; beyond X and Y there are
/// zeros.
struct SpectralPass {
  std::ptrdiff_t first, count, rank, stride;
  double *xt, *yt;                ///< stepped in place; null where the factor has no column here
  const double* values;           ///< singular values, one a column, zero where there is no pair
  const double *gram_x, *gram_y;  ///< rank x rank, of the factors before the step
  double h;
  double* sums;  ///< spectral_sums(rank) doubles, added to; each sum is kLaneLimit partial ones
};

inline std::ptrdiff_t spectral_triangle(std::ptrdiff_t rank) { return rank * (rank + 1) / 2; }
/// Sums: the upper triangles of X^T X and Y^T Y row by row, |gradient|^2, and <S, X Y^T> over these columns.
inline std::ptrdiff_t spectral_sums(std::ptrdiff_t rank) { return (2 * spectral_triangle(rank) + 2) * kLaneLimit; }
/// Columns that are stepped together: two pieces of both factors fill a first cache of 32 KiB.
inline std::ptrdiff_t spectral_block(std::ptrdiff_t rank) {
  const std::ptrdiff_t fitting = 1024 / (rank > 0 ? rank : 1) / 32 * 32;
  return fitting < 32 ? 32 : fitting > 512 ? 512 : fitting;
}

/// The same bits on every target.
///
/// new x = x - h (G_y x - s y) and new y = y - h (G_x y - s x) for every column. Sums: the triangles of
/// the new factors; |gradient|^2 and <S, X Y^T> of the old ones. 3 rank^2 + 7 rank flops a column and factor (the lower
/// triangles are never formed); 8 rank bytes a column and factor from the second cache, and as many back.
void spectral_step(const SpectralPass& pass);
/// The triangles alone, with the same bits as the step that led to these factors would give them.
void spectral_grams(const SpectralPass& pass);

/// Adds up the lanes of the sums of one pass, `part` = spectral_sums(rank) doubles. totals: part / kLaneLimit of them.
/// The same bits everywhere.
void spectral_add_up(const double* sums, std::ptrdiff_t part, double* totals);
/// |S1 - X1 Y1^T|_F^2 over the first `rows` columns of xt and all `padded` ones of yt, which are whole vectors. 2 rank
/// flops an entry. The same bits on every target.
double spectral_leading(const double* xt, const double* yt, std::ptrdiff_t rank, std::ptrdiff_t stride,
                        std::ptrdiff_t rows, std::ptrdiff_t padded, const double* values);

}  // namespace equipoise
