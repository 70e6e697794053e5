// How equal the magnitudes of X and Y are.
#pragma once

#include "equipoise/core/space.hpp"

namespace equipoise {

struct Balance {
  double norm_x = 0;     ///< |X|_F
  double norm_y = 0;     ///< |Y|_F
  double imbalance = 0;  ///< |X^T X - Y^T Y|_F, which small learning rates conserve
  double ratio = 1;      ///< the larger of the two norms over the smaller; 1 if both are zero, infinity if one is
};

/// Cost O((rows + cols) rank^2). Safe for magnitudes whose squares leave the range of double.
Balance balance(ConstFactors at, const Space& space = local_space());

}  // namespace equipoise
