// What can be kept of each run of a sweep, and how it is stored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "equipoise/core/verdict.hpp"

namespace equipoise {

/// What can be kept of a run, in a file of its own named after it.
enum class Field {
  outcome,
  period,
  steps,
  loss,
  sharpness,
  ratio,
  imbalance,
  lyapunov,
  limit,
  product,
  norm_x,
  norm_y,
  multiplier,
  lyapunov_error,
  learning_rate
};
/// How a field is stored; NumPy's names for them are u1, u4, u8 and f8. Numbers that are not known are 0 in whole
/// numbers and NaN in float64.
enum class FieldType { uint8, uint32, uint64, float64 };
struct FieldInfo {
  Field field;
  std::string_view name;  ///< the file is <name>.npy
  FieldType type;
  std::string_view help;
};
/// All of them; the first usual_fields are kept where a grid does not say which.
std::span<const FieldInfo> field_list();
inline constexpr std::size_t usual_fields = 8;
const FieldInfo& info(Field field);
std::size_t bytes_of(FieldType type);

/// The codes in outcome.npy. 0 is a cell that is not computed.
inline constexpr std::string_view outcome_codes[] = {"not computed", "converged", "periodic",
                                                     "chaotic",      "diverged",  "exhausted"};
/// 1 to 5. Throws Error for `stopped`, which no finished cell is.
std::uint8_t outcome_code(Outcome outcome);

}  // namespace equipoise
