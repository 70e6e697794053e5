// A large .npy read in place: mapped into memory, never copied.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "equipoise/core/spelling.hpp"
#include "equipoise/problems/matrix_data.hpp"

namespace equipoise {

/// Files below this many bytes are as well read.
inline constexpr std::uint64_t worth_mapping = std::uint64_t{256} << 20;

/// Nothing where the file is smaller than `least` bytes or no two-dimensional .npy of float64 or float32 in C order and
/// the byte order of this machine, aligned to its numbers: such a file must be read and converted. Throws Error for a
/// broken header and for an entry that is not finite, naming it.
/// The file must not be shortened while it is mapped; what is written to it may or may not be seen.
std::optional<DenseInPlace> map_npy(const std::string& name, std::uint64_t least = worth_mapping,
                                    const Spelling& spelling = as_keys);

}  // namespace equipoise
