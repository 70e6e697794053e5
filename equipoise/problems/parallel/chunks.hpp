// Loops over chunks whose number depends on the problem alone, so that sums have the same bits for any number of
// threads.
#pragma once

#include <algorithm>
#include <vector>

#include "equipoise/core/factors.hpp"
#include "equipoise/problems/parallel/threads.hpp"

namespace equipoise {

/// Below this many multiplications waking a thread costs more than it brings.
inline constexpr double kWorthThreads = 1e5;

/// Calls body(chunk) for every chunk in [0, chunks), on several threads where `work` multiplications are worth it.
template <class Body>
void for_each_chunk(Index chunks, double work, const Body& body) {
  if (chunks < 2 || work < kWorthThreads) {
    for (Index chunk = 0; chunk < chunks; ++chunk) body(chunk);
  } else {
    in_parallel(chunks, std::cref(body));
  }
}

/// [0, size) cut into equal pieces of `length` (the last may be shorter); body(first, count) for each of them.
template <class Body>
void for_each_piece(Index size, Index length, double work, const Body& body) {
  for_each_chunk((size + length - 1) / length, work, [&](Index chunk) {
    const Index first = chunk * length;
    body(first, std::min(length, size - first));
  });
}

/// Sum of body(chunk) over the chunks, added up in their order.
template <class Body>
double sum_over_chunks(Index chunks, double work, const Body& body) {
  std::vector<double> parts(static_cast<std::size_t>(chunks));
  for_each_chunk(chunks, work, [&](Index chunk) { parts[static_cast<std::size_t>(chunk)] = body(chunk); });
  double sum = 0;
  for (const double part : parts) sum += part;
  return sum;
}

}  // namespace equipoise
