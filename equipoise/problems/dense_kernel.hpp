// One pass over some rows of a dense A: products from both sides with A or with A - X Y^T, by the widest vectors the
// processor has.
#pragma once

#include <cstddef>

namespace equipoise {

/// Arrays over the columns of A (yt, vt, out_yt) are kept in panels: `rank` rows of kPanelColumns doubles, and then the
/// next kPanelColumns columns. What a step touches at a time lies together so. The last panel is a full one, too: what
/// lies beyond cols is read and written, and must hold zeros in yt and vt.
inline constexpr std::ptrdiff_t kPanelColumns = 32;

/// What a pass reads and adds to. a: rows x cols, consecutive rows a_stride apart. u, out_x: rows x rank, row-major. No
/// alignment is needed anywhere, though panels on cache lines are faster. The outputs overlap nothing.
template <class Scalar>
struct DensePass {
  std::ptrdiff_t rows, cols, rank;
  const Scalar* a;
  std::ptrdiff_t a_stride;
  const double *u, *vt;
  double *out_x, *out_yt;
  bool sets_out_yt = false;  ///< out_yt holds nothing to be added to; with at least one row
};

/// out_x -= A V, out_yt -= (A^T U)^T. 4 rows cols rank flops; A is read once. Arithmetic is double, with fused
/// multiply-adds where the processor has them: targets may differ in the last bits, but one target always gives the
/// same bits.
void product_pass(const DensePass<double>& pass);
void product_pass(const DensePass<float>& pass);

/// The same with R = A - X Y^T in place of A, x being rows x rank like u and yt like vt; they may be the same. Returns
/// |R|_F^2. 6 rows cols rank flops.
double residual_pass(const DensePass<double>& pass, const double* x, const double* yt);
double residual_pass(const DensePass<float>& pass, const double* x, const double* yt);

}  // namespace equipoise
