// Grams by pieces of rows, added up in the order of the rows.
//
// Tested in equipoise/problems/gram_kernel_test.cpp
#include "equipoise/problems/grams.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "equipoise/core/error.hpp"
#include "equipoise/problems/gram_kernel.hpp"
#include "equipoise/problems/parallel/chunks.hpp"

namespace equipoise {

namespace {
constexpr Index kPiece = 1024;

double multiplications(const ConstBlock& P) {
  return static_cast<double>(P.rows()) * static_cast<double>(P.cols()) * static_cast<double>(P.cols());
}
}  // namespace

Matrix gram(const ConstBlock& P, const ConstBlock& Q) {
  std::vector<Matrix> parts(static_cast<std::size_t>((P.rows() + kPiece - 1) / kPiece));
  for_each_piece(P.rows(), kPiece, multiplications(P), [&](Index first, Index count) {
    Matrix& part = parts[static_cast<std::size_t>(first / kPiece)];
    part.resize(P.cols(), Q.cols());
    gram_rows({P.data() + first * P.cols(), count, P.cols()}, {Q.data() + first * Q.cols(), count, Q.cols()},
              part.data());
  });
  Matrix sum = Matrix::Zero(P.cols(), Q.cols());
  for (const Matrix& part : parts) sum += part;
  return sum;
}

void add_product(const ConstBlock& P, const Matrix& G, MutableBlock out) {
  for_each_piece(P.rows(), kPiece, multiplications(P), [&](Index first, Index count) {
    add_product_rows({P.data() + first * P.cols(), count, P.cols()}, G.data(), G.cols(), out.data() + first * G.cols());
  });
}

double inner(const Matrix& G, const Matrix& H) {
  double sum = 0;
  for (Index i = 0; i < G.size(); ++i) sum += G.data()[i] * H.data()[i];
  return sum;
}

double inner(const ConstBlock& P, const ConstBlock& Q) {
  const Index pieces = (P.size() + kPiece - 1) / kPiece;
  return sum_over_chunks(pieces, static_cast<double>(P.size()), [&](Index piece) {
    const Index first = piece * kPiece;
    return interleaved_inner(P.data() + first, Q.data() + first, std::min(kPiece, P.size() - first));
  });
}

double least_loss_of_products(double squared_norm_of_A, ConstFactors at) {
  const double norms = std::sqrt(inner(at.X(), at.X())) * std::sqrt(inner(at.Y(), at.Y()));
  const double reach = std::sqrt(squared_norm_of_A) + norms;
  return reach * reach / 1024;
}

void require_finite(double value, Index row, Index col) {
  if (!std::isfinite(value)) {
    throw Error(fmt::format("A holds {} in row {}, column {} (counted from 0); every entry must be a finite number",
                            value, row, col));
  }
}

}  // namespace equipoise
