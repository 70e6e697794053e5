// Norms and imbalance, safe against overflow of squares.
#include "equipoise/core/balance.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "equipoise/core/numbers.hpp"

namespace equipoise {

Balance balance(ConstFactors at) {
  Balance result;
  if (!at.flat().allFinite()) {
    return {nan, nan, nan, nan};
  }
  const double largest = at.shape().size() > 0 ? at.flat().cwiseAbs().maxCoeff() : 0;
  if (largest == 0) return result;
  // A power of two near the largest entry: dividing by it is exact and keeps every square within range.
  const int exponent = std::ilogb(largest);
  const Matrix X = at.X().unaryExpr([exponent](double x) { return std::scalbn(x, -exponent); });
  const Matrix Y = at.Y().unaryExpr([exponent](double y) { return std::scalbn(y, -exponent); });
  result.norm_x = std::scalbn(X.norm(), exponent);
  result.norm_y = std::scalbn(Y.norm(), exponent);
  result.imbalance = std::scalbn((X.transpose() * X - Y.transpose() * Y).norm(), 2 * exponent);
  const double low = std::min(result.norm_x, result.norm_y);
  const double high = std::max(result.norm_x, result.norm_y);
  result.ratio = low > 0 ? high / low : std::numeric_limits<double>::infinity();
  return result;
}

}  // namespace equipoise
