// How a session holds A: as a problem, and as numbers as long as somebody may ask for them.
#pragma once

#include <memory>

#include "equipoise/core/problem.hpp"
#include "equipoise/core/spelling.hpp"
#include "equipoise/core/units.hpp"
#include "equipoise/problems/matrix_data.hpp"
#include "equipoise/solve/request.hpp"

namespace equipoise {

struct HeldMatrix {
  std::unique_ptr<Problem> problem;  ///< without a ridge
  /// A as `problem` holds it, or neither where nobody will ask. Both share their entries with the problem if they can.
  std::shared_ptr<const Matrix> dense;
  std::shared_ptr<const SparseMatrix> sparse;

  bool keeps_entries() const { return dense || sparse; }
  /// Every entry, O(rows cols) where it is held sparse. Only if keeps_entries().
  Matrix entries() const { return dense ? *dense : Matrix(*sparse); }
};

/// What will be asked of A, besides its problem.
struct Uses {
  bool descent = true;   ///< false: products with A alone, so that a sparse A is not prepared for more
  bool entries = false;  ///< its numbers, later
};

/// Multiplies every entry by a power of two, from the user's units to these. Copies entries that are read in place.
void change_units(MatrixData& data, const Units& units);
/// Throws Error where float32 is asked for and cannot be had.
HeldMatrix hold(MatrixData&& data, Precision precision, const Uses& uses, const Spelling& spelling);

}  // namespace equipoise
