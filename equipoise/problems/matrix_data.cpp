// Sizes and largest entries, whichever way the entries are held.
#include "equipoise/problems/matrix_data.hpp"

namespace equipoise {

double DenseInPlace::largest() const {
  return std::visit([](const auto& held) { return static_cast<double>(held.matrix().cwiseAbs().maxCoeff()); }, view);
}
Matrix DenseInPlace::copied() const {
  return std::visit([](const auto& held) { return Matrix(held.matrix().template cast<double>()); }, view);
}

Index MatrixData::rows() const {
  if (in_place) return in_place->rows();
  return std::visit([](const auto& matrix) { return matrix.rows(); }, values);
}

Index MatrixData::cols() const {
  if (in_place) return in_place->cols();
  return std::visit([](const auto& matrix) { return matrix.cols(); }, values);
}

Index MatrixData::entries() const {
  const auto* sparse = std::get_if<SparseMatrix>(&values);
  return sparse != nullptr ? sparse->nonZeros() : rows() * cols();
}

double MatrixData::largest() const {
  if (in_place) return in_place->largest();
  if (const auto* dense = std::get_if<Matrix>(&values)) return dense->size() > 0 ? dense->cwiseAbs().maxCoeff() : 0;
  const auto& sparse = std::get<SparseMatrix>(values);
  return sparse.nonZeros() > 0 ? sparse.coeffs().abs().maxCoeff() : 0;
}

}  // namespace equipoise
