// What steps cost in plain and in spectral coordinates, and what one SVD costs.
#include "equipoise/solve/coordinates.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace equipoise {

CoordinatesChoice choose_coordinates(Shape shape, std::uint64_t expected_steps, std::optional<double> identity_times) {
  // Measured on one machine (docs/performance.md): flops of the dense kernel that take as long as one of the SVD's, and
  // the fixed cost of a step in spectral coordinates, in the same currency.
  constexpr double svd_flops_per_entry_and_side = 80;
  constexpr double fixed_flops = 20000;
  constexpr double worth_flops = 2e9;  // some tens of milliseconds: below that nobody waits
  const auto rows = static_cast<double>(shape.rows), cols = static_cast<double>(shape.cols),
             rank = static_cast<double>(shape.rank);
  const double least = std::min(rows, cols);
  const double plain_step = 4 * rows * cols * rank;  // half as much again where the loss is small
  const double moving = 2 * rank + 1;
  const bool is_identity = identity_times.has_value() && moving < rows;
  const double svd = is_identity ? 0 : svd_flops_per_entry_and_side * rows * cols * least;
  const double kept = is_identity ? 2 * moving : std::min(rows, least + rank) + std::min(cols, least + rank);
  const double kept_columns = std::min(rank, kept + 1);
  const double spectral_step = 10 * kept * kept_columns * kept_columns + fixed_flops;
  const double saved = (plain_step - spectral_step) * static_cast<double>(expected_steps) - svd;
  if (spectral_step >= plain_step) {
    return {false, fmt::format("plain coordinates: at {} x {} and rank {} a step is no cheaper in spectral ones",
                               shape.rows, shape.cols, shape.rank)};
  }
  if (is_identity && saved > 0) {
    return {true,
            fmt::format("spectral coordinates: A is {} times the identity, so that no SVD is needed", *identity_times)};
  }
  if (saved < worth_flops) {
    return {false, fmt::format("plain coordinates: over {} steps at most, one SVD would not be worth its time",
                               expected_steps)};
  }
  return {true, fmt::format("spectral coordinates: one SVD costs about as much as {:.0f} steps, and makes each about "
                            "{:.0f} times cheaper; {} were expected",
                            svd / plain_step, plain_step / spectral_step, expected_steps)};
}

}  // namespace equipoise
