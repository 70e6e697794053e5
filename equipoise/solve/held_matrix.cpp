// From data to a problem: which kind of entries becomes which problem, and who else keeps them.
//
// Tested in equipoise/solve/session_test.cpp
#include "equipoise/solve/held_matrix.hpp"

#include <fmt/format.h>

#include <utility>

#include "equipoise/core/error.hpp"
#include "equipoise/problems/dense.hpp"
#include "equipoise/problems/grams.hpp"
#include "equipoise/problems/observed.hpp"
#include "equipoise/problems/operator.hpp"
#include "equipoise/problems/sparse.hpp"

namespace equipoise {
namespace {

MatrixF narrowed(const MatrixData& data, const Spelling& spelling) {
  MatrixF narrow = data.in_place ? MatrixF(std::get<DenseView<double>>(data.in_place->view).matrix().cast<float>())
                                 : MatrixF(std::get<Matrix>(data.values).cast<float>());
  if (!narrow.allFinite()) {
    throw Error(fmt::format("{} cannot hold this matrix: an entry is beyond 3.4e38; use float64",
                            spelling("precision", "float32")));
  }
  return narrow;
}

HeldMatrix hold_in_place(MatrixData&& data, Precision precision, const Spelling& spelling) {
  // Entries that are stored in float32 are read as they are: in double they would be the same numbers.
  if (auto* narrow = std::get_if<DenseView<float>>(&data.in_place->view))
    return {dense_problem(std::move(*narrow)), nullptr, nullptr};
  if (precision == Precision::float32)
    return {single_precision_dense_problem(narrowed(data, spelling)), nullptr, nullptr};
  return {dense_problem(std::move(std::get<DenseView<double>>(data.in_place->view))), nullptr, nullptr};
}

// A v and A^T u, straight from the rows.
std::unique_ptr<Problem> products_alone(const std::shared_ptr<const SparseMatrix>& A) {
  const ConstBlock values(A->valuePtr(), A->nonZeros(), 1);
  const double squares = inner(values, values);
  return operator_problem(OperatorProducts{
      A->rows(), A->cols(), squares, [A](const Matrix& block) -> Matrix { return *A * block; },
      [A](const Matrix& block) -> Matrix { return A->transpose() * block; }, 4 * static_cast<double>(A->nonZeros())});
}

HeldMatrix hold_sparse(SparseMatrix&& entries, bool has_unknown, const Uses& uses) {
  HeldMatrix held;
  if (!uses.descent) {
    entries.makeCompressed();
    held.sparse = std::make_shared<const SparseMatrix>(std::move(entries));
    held.problem = products_alone(held.sparse);
    return held;
  }
  if (uses.entries) held.sparse = std::make_shared<const SparseMatrix>(entries);
  held.problem = has_unknown ? observed_problem(std::move(entries)) : sparse_problem(std::move(entries));
  return held;
}

}  // namespace

void change_units(MatrixData& data, const Units& units) {
  if (units.exponent == 0) return;
  if (data.in_place) {
    data.values = data.in_place->copied();
    data.in_place.reset();
  }
  if (Matrix* dense = std::get_if<Matrix>(&data.values)) {
    *dense = dense->unaryExpr([&](double value) { return units.matrix(value); });
  } else {
    for (double& value : std::get<SparseMatrix>(data.values).coeffs()) value = units.matrix(value);
  }
}

HeldMatrix hold(MatrixData&& data, Precision precision, const Uses& uses, const Spelling& spelling) {
  if (data.in_place) return hold_in_place(std::move(data), precision, spelling);
  if (SparseMatrix* sparse = std::get_if<SparseMatrix>(&data.values)) {
    if (precision == Precision::float32) {
      throw Error(fmt::format("{} is for complete dense matrices; leave it out for sparse or observed ones",
                              spelling("precision", "float32")));
    }
    return hold_sparse(std::move(*sparse), data.has_unknown, uses);
  }
  HeldMatrix held;
  if (precision == Precision::float32) {
    MatrixF narrow = narrowed(data, spelling);
    data.values = Matrix();
    if (uses.entries) held.dense = std::make_shared<const Matrix>(narrow.cast<double>());
    held.problem = single_precision_dense_problem(std::move(narrow));
    return held;
  }
  held.dense = std::make_shared<const Matrix>(std::move(std::get<Matrix>(data.values)));
  const Matrix& A = *held.dense;
  held.problem = dense_problem(DenseView<double>{A.data(), A.rows(), A.cols(), A.cols(), held.dense});
  return held;
}

}  // namespace equipoise
