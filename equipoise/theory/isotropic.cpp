// Columns of equal length at right angles: doubles rule out what is far from it, exact products confirm the rest.
#include "equipoise/theory/isotropic.hpp"

#include <cmath>
#include <limits>

#include "equipoise/exact/exact.hpp"

namespace equipoise {
namespace {

Exact exact_dot(const Matrix& A, Index i, Index j) {
  Exact sum;
  for (Index k = 0; k < A.rows(); ++k) {
    if (A(k, i) != 0 && A(k, j) != 0) sum = sum + Exact(A(k, i)) * Exact(A(k, j));
  }
  return sum;
}

}  // namespace

Isotropy isotropy(const Matrix& A) {
  const Index n = A.rows();
  if (n != A.cols() || n == 0 || !A.allFinite()) return Isotropy::no;
  const double largest = A.cwiseAbs().maxCoeff();
  if (largest == 0) return Isotropy::exactly;
  // A power of two brings the largest entry near one, so that the Gram matrix neither overflows nor vanishes.
  const Matrix scaled = A * std::ldexp(1.0, -std::min(std::ilogb(largest), 1022));
  const Matrix gram = scaled.transpose() * scaled;
  const double square = gram(0, 0);
  const double deviation = (gram - square * Matrix::Identity(n, n)).cwiseAbs().maxCoeff();
  if (!(deviation <= 64 * static_cast<double>(n) * std::numeric_limits<double>::epsilon() * square))
    return Isotropy::no;
  const Exact first = exact_dot(A, 0, 0);
  for (Index i = 0; i < n; ++i) {
    if ((exact_dot(A, i, i) - first).sign() != 0) return Isotropy::nearly;
    for (Index j = 0; j < i; ++j) {
      if (exact_dot(A, i, j).sign() != 0) return Isotropy::nearly;
    }
  }
  return Isotropy::exactly;
}

}  // namespace equipoise
