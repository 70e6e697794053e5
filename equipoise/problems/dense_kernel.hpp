// One pass over some rows of a dense A: the residual and both of its products, by the widest vectors the processor has.
#pragma once

#include <cstddef>

namespace equipoise {

/// Arrays over the columns of A (yt, vt, out_yt) are `rank` rows of `stride` doubles: lanes run along the columns.
/// stride is at least cols rounded up to kLaneLimit; what lies beyond cols is read and written, and must hold numbers.
inline constexpr std::ptrdiff_t kLaneLimit = 8;

/// What residual_pass() reads and adds to. a: rows x cols, consecutive rows a_stride apart. x, u, out_x: rows x rank,
/// row-major. No alignment is needed anywhere. x may be u and yt may be vt; the outputs overlap nothing.
template <class Scalar>
struct ResidualPass {
  std::ptrdiff_t rows, cols, rank;
  const Scalar* a;
  std::ptrdiff_t a_stride;
  const double *x, *yt;  ///< the residual is R = A - X Y^T
  const double *u, *vt;  ///< and is multiplied by these
  std::ptrdiff_t stride;
  double *out_x, *out_yt;    ///< out_x -= R V, out_yt -= (R^T U)^T
  bool sets_out_yt = false;  ///< out_yt = -(R^T U)^T instead, whatever it holds; with at least one row
};

/// Returns |R|_F^2. 6 rows cols rank flops; A is read once. Arithmetic is double, with fused multiply-adds where the
/// processor has them: targets may differ in the last bits, but one target always gives the same bits.
double residual_pass(const ResidualPass<double>& pass);
double residual_pass(const ResidualPass<float>& pass);

}  // namespace equipoise
