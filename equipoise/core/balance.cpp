// Norms and imbalance, safe against overflow of squares.
#include "equipoise/core/balance.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "equipoise/core/numbers.hpp"

namespace equipoise {

Balance balance(ConstFactors at, const Space& space) {
  Balance result;
  if (!space.finite(at.flat())) return {nan, nan, nan, nan};
  const double largest = space.largest(at.flat());
  if (largest == 0) return result;
  // A power of two near the largest entry: dividing by it is exact and keeps every square within range.
  const int exponent = std::ilogb(largest);
  const Matrix X = at.X().unaryExpr([exponent](double x) { return std::scalbn(x, -exponent); });
  const Matrix Y = at.Y().unaryExpr([exponent](double y) { return std::scalbn(y, -exponent); });
  result.norm_x = std::scalbn(std::sqrt(space.squared_norm(flat(X))), exponent);
  result.norm_y = std::scalbn(std::sqrt(space.squared_norm(flat(Y))), exponent);
  result.imbalance = std::scalbn((space.gram(X, X) - space.gram(Y, Y)).norm(), 2 * exponent);
  const double low = std::min(result.norm_x, result.norm_y);
  const double high = std::max(result.norm_x, result.norm_y);
  result.ratio = low > 0 ? high / low : std::numeric_limits<double>::infinity();
  return result;
}

}  // namespace equipoise
