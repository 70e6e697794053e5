// Construction of factors, with the checks that a view cannot make.
//
// Tested in equipoise/core/start_test.cpp
#include "equipoise/core/factors.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "equipoise/core/error.hpp"

namespace equipoise {

Factors::Factors(Shape shape) : shape_(shape) {
  if (shape.rows < 0 || shape.cols < 0 || shape.rank < 0) {
    throw Error(fmt::format("factors cannot have a negative size (rows {}, cols {}, rank {})", shape.rows, shape.cols,
                            shape.rank));
  }
  values_.assign(static_cast<std::size_t>(shape.size()), 0.0);
}

Factors::Factors(const Matrix& X_values, const Matrix& Y_values)
    : Factors(Shape{X_values.rows(), Y_values.rows(), X_values.cols()}) {
  if (X_values.cols() != Y_values.cols()) {
    throw Error(
        fmt::format("X has {} columns and Y has {}; both must have rank columns", X_values.cols(), Y_values.cols()));
  }
  X() = X_values;
  Y() = Y_values;
}

Factors::Factors(ConstFactors view) : Factors(view.shape()) {
  std::copy_n(view.data(), view.shape().size(), values_.data());
}

}  // namespace equipoise
