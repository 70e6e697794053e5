// One pass by rows for X, one by columns for Y; each forms the residual anew.
#include "equipoise/problems/observed.hpp"

#include <fmt/format.h>

#include <utility>

#include "equipoise/core/error.hpp"
#include "equipoise/problems/entry_passes.hpp"

namespace equipoise {

namespace {

/// A matrix with the pattern of A, hence with the same order of its entries.
SparseMatrix with_pattern_of(const SparseMatrix& A, const std::vector<double>& values) {
  SparseMatrix result = A;
  std::copy(values.begin(), values.end(), result.valuePtr());
  return result;
}

std::vector<double> values_of(const SparseMatrix& A) { return {A.valuePtr(), A.valuePtr() + A.nonZeros()}; }

class ObservedProblem final : public Problem {
 public:
  /// weights: one for each stored entry of the compressed A, or empty.
  ObservedProblem(const SparseMatrix& A, const std::vector<double>& weights)
      : by_row_(A, weights),
        by_col_(SparseMatrix(A.transpose()),
                weights.empty() ? weights : values_of(SparseMatrix(with_pattern_of(A, weights).transpose())), true) {}

  Index rows() const override { return by_row_.rows(); }
  Index cols() const override { return by_row_.cols(); }
  Index entries() const override { return by_row_.stored(); }
  LossForm form() const override { return {by_row_.weights() == nullptr && entries() == rows() * cols(), 0}; }

  double gradient(ConstFactors at, MutableFactors out) const override {
    out.flat().setZero();
    const StridedRows X(at.X()), Y(at.Y());
    const double squares = add_entries(by_row_, EntryWork::residual, {&X, &Y}, out.X()).residuals;
    add_entries(by_col_, EntryWork::residual, {&Y, &X}, out.Y());
    return squares / 2;
  }

  void hessian_product(ConstFactors at, ConstFactors direction, MutableFactors out) const override {
    out.flat().setZero();
    const StridedRows X(at.X()), Y(at.Y()), U(direction.X()), V(direction.Y());
    add_entries(by_row_, EntryWork::hessian, {&X, &Y, &U, &V}, out.X());
    add_entries(by_col_, EntryWork::hessian, {&Y, &X, &V, &U}, out.Y());
  }

 private:
  BlockedEntries by_row_, by_col_;
};

}  // namespace

std::unique_ptr<Problem> observed_problem(SparseMatrix A) {
  A.makeCompressed();
  return std::make_unique<ObservedProblem>(A, std::vector<double>());
}

std::unique_ptr<Problem> observed_problem(SparseMatrix A, SparseMatrix weights) {
  A.makeCompressed();
  weights.makeCompressed();
  bool same = A.rows() == weights.rows() && A.cols() == weights.cols() && A.nonZeros() == weights.nonZeros();
  same = same && std::equal(A.outerIndexPtr(), A.outerIndexPtr() + A.rows() + 1, weights.outerIndexPtr());
  same = same && std::equal(A.innerIndexPtr(), A.innerIndexPtr() + A.nonZeros(), weights.innerIndexPtr());
  if (!same) {
    throw Error(fmt::format("the weights ({} x {}, {} stored) must be stored exactly where A ({} x {}, {} stored) is",
                            weights.rows(), weights.cols(), weights.nonZeros(), A.rows(), A.cols(), A.nonZeros()));
  }
  return std::make_unique<ObservedProblem>(A, values_of(weights));
}

}  // namespace equipoise
