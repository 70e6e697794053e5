// Every chunk of every loop once, what one loop wrote seen by the next, with and without helpers, whatever they throw.
#include "equipoise/problems/parallel/crew.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

namespace equipoise::crew_test {
namespace {

/// Loops in which every chunk mixes its number with its left neighbour's of the loop before, around a ring: a chunk
/// that is taken twice, not at all, or before the last loop is over changes what comes out.
std::vector<std::uint64_t> ring(Index chunks, int loops, bool with_helpers) {
  std::vector<std::uint64_t> now(static_cast<std::size_t>(chunks)), before;
  for (std::size_t i = 0; i < now.size(); ++i) now[i] = i + 1;
  Crew crew(chunks, with_helpers);
  for (int loop = 0; loop < loops; ++loop) {
    before = now;
    crew.for_each_chunk([&](Index chunk) {
      const std::size_t i = static_cast<std::size_t>(chunk);
      // Some microseconds, so that helpers have time to come.
      for (int k = 0; k < 500; ++k)
        now[i] = (3 * now[i] ^ before[(i + now.size() - 1) % now.size()]) * 6364136223846793005U + i;
    });
  }
  return now;
}

TEST(Crew, EveryChunkOfEveryLoopOnce) {
  const ThreadLimit threads(4);
  for (const Index chunks : {0, 1, 2, 3, 7, 64}) {
    EXPECT_EQ(ring(chunks, 500, true), ring(chunks, 500, false)) << chunks << " chunks";
  }
}

TEST(Crew, HelpersThatNeverComeAreNotWaitedFor) {
  const ThreadLimit one(1);
  EXPECT_EQ(ring(5, 100, true), ring(5, 100, false));
}

TEST(Crew, CrewsWithinTasks) {
  const auto want = ring(3, 200, false);
  std::atomic<int> wrong{0};
  in_parallel(64, [&](Index) { wrong += ring(3, 200, true) != want; });
  EXPECT_EQ(wrong, 0);
}

TEST(Crew, ThrowsWhatABodyThrewAndGoesOn) {
  Crew crew(8, true);
  for (int loop = 0; loop < 200; ++loop) {
    std::atomic<int> taken{0};
    const auto body = [&](Index chunk) {
      ++taken;
      if (loop % 2 == 0 && chunk % 3 == 0) throw std::runtime_error("chunk");
    };
    if (loop % 2 == 0) EXPECT_THROW(crew.for_each_chunk(body), std::runtime_error);
    else EXPECT_NO_THROW(crew.for_each_chunk(body));
    EXPECT_EQ(taken, 8);
  }
}

}  // namespace
}  // namespace equipoise::crew_test
