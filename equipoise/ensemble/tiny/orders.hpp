// Orders in which the lanes of a vector are taken, for every set of them.
#pragma once

#include <array>
#include <cstdint>

namespace equipoise::tiny {

/// Orders of 8 lanes for every set of them, four bits a lane: the numbers of its lanes, and the rank of each lane in
/// it.
struct Orders {
  std::array<std::uint32_t, 256> members{}, ranks{};
};
inline constexpr Orders orders = [] {
  Orders result;
  for (unsigned set = 0; set < 256; ++set) {
    unsigned rank = 0;
    for (unsigned lane = 0; lane < 8; ++lane) {
      result.ranks[set] |= (rank & 7U) << (4 * lane);  // beyond the last member: of no use, but in range
      if ((set >> lane & 1U) == 0) continue;
      result.members[set] |= lane << (4 * rank);
      ++rank;
    }
  }
  return result;
}();

}  // namespace equipoise::tiny
