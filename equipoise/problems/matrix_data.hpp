// A as it was handed over, before it is known how it will be factored: dense, sparse, or read in place.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "equipoise/problems/dense.hpp"
#include "equipoise/problems/sparse.hpp"

namespace equipoise {

/// Dense entries that something else keeps, in their own precision: a mapped file, another library's array. They must
/// not change while they are used.
struct DenseInPlace {
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

/// A matrix with what its absent entries mean. `values` holds a value for every entry (dense) or for the stored ones
/// (sparse: compressed, columns ascending within a row, no entry twice).
struct MatrixData {
  std::variant<Matrix, SparseMatrix> values;
  bool has_unknown = false;  ///< absent = unknown (observed), not zero; false where every entry is stored
  std::string source;        ///< the name as given, for records and messages
  std::optional<DenseInPlace> in_place = std::nullopt;  ///< the entries instead of `values`, which is then empty
  std::vector<std::string> row_ids = {}, col_ids = {};  ///< of each row and column if the source names them, else empty
  std::vector<std::string> notes = {};                  ///< what was left out in reading, a sentence each, for the user

  Index rows() const;
  Index cols() const;
  Index entries() const;   ///< stored entries if sparse, rows * cols if dense
  double largest() const;  ///< the largest |entry|, 0 without entries; one pass
  bool is_sparse() const { return !in_place && std::holds_alternative<SparseMatrix>(values); }
};

}  // namespace equipoise
