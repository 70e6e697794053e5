// The targets of both ensembles: their names, and which one a caller means. For the two ensembles alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace equipoise::tiny {

inline constexpr std::string_view scalar_target = "scalar";

/// The name of a target of this processor, the best where `target` is empty. Throws Error for any other.
std::string resolved_target(const std::string& target);
/// The place of a SIMD target in Highway's tables.
std::size_t index_of_target(const std::string& target);
/// Throws Error where a run of max_steps has no `last` last iterates.
void require_iterates(std::size_t cell, std::size_t last, std::uint64_t max_steps);

}  // namespace equipoise::tiny
