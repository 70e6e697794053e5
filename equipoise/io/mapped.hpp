// A large .npy read in place: mapped into memory, never copied.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "equipoise/problems/dense.hpp"

namespace equipoise {

/// The entries of a file, in its own precision. The file must not be shortened while it is mapped; what is written to
/// it may or may not be seen.
struct MappedMatrix {
  std::variant<DenseView<double>, DenseView<float>> view;

  Index rows() const {
    return std::visit([](const auto& held) { return held.rows; }, view);
  }
  Index cols() const {
    return std::visit([](const auto& held) { return held.cols; }, view);
  }
  double largest() const;  ///< the largest |entry|; one pass
  Matrix copied() const;   ///< in double precision, for whoever needs a matrix of their own
};

/// Files below this many bytes are as well read.
inline constexpr std::uint64_t worth_mapping = std::uint64_t{256} << 20;

/// Nothing where the file is smaller than `least` bytes or no two-dimensional .npy of float64 or float32 in C order and
/// the byte order of this machine, aligned to its numbers: such a file must be read and converted. Throws Error for a
/// broken header and for an entry that is not finite, naming it.
std::optional<MappedMatrix> map_npy(const std::string& name, std::uint64_t least = worth_mapping);

}  // namespace equipoise
