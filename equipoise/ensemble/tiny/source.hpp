// The runs of an ensemble, whether they come as rows or as columns. For tiny ensembles alone.
#pragma once

#include <cstddef>
#include <span>

#include "equipoise/ensemble/tiny/ensemble.hpp"

namespace equipoise::tiny {

/// One of the two.
struct Source {
  std::span<const TinyRun> rows;
  const TinyColumns* columns = nullptr;

  std::size_t size() const { return columns != nullptr ? columns->count : rows.size(); }
  TinyRun run(std::size_t i) const { return columns != nullptr ? columns->run(i) : rows[i]; }
};

}  // namespace equipoise::tiny
