// Running a test on each SIMD target that the processor has, for tests only.
#pragma once

#include <cstdint>

namespace equipoise::testing {

/// Dispatches to one of Highway's targets while it lives.
class OnlyTarget {
 public:
  explicit OnlyTarget(std::int64_t target);
  ~OnlyTarget();
  OnlyTarget(const OnlyTarget&) = delete;
  OnlyTarget& operator=(const OnlyTarget&) = delete;
};

}  // namespace equipoise::testing
