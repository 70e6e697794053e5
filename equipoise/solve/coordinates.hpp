// The cost model of coordinates: when one SVD pays for cheaper steps.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "equipoise/core/factors.hpp"

namespace equipoise {

/// Whether spectral coordinates pay for a dense complete A, and the reason in words, from the shape and the steps
/// expected; a multiple of the identity needs no SVD.
struct CoordinatesChoice {
  bool spectral = false;
  std::string why;
};
CoordinatesChoice choose_coordinates(Shape shape, std::uint64_t expected_steps,
                                     std::optional<double> identity_times = std::nullopt);

}  // namespace equipoise
