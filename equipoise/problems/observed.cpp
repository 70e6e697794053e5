// One pass by rows for X, one by columns for Y; each forms the residual anew.
#include "equipoise/problems/observed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "equipoise/core/error.hpp"
#include "equipoise/problems/entry_passes.hpp"

namespace equipoise {

namespace {

class ObservedProblem final : public Problem {
 public:
  explicit ObservedProblem(BlockedEntries by_row) : by_row_(std::move(by_row)), by_col_(by_row_.transposed()) {}

  Index rows() const override { return by_row_.rows(); }
  Index cols() const override { return by_row_.cols(); }
  Index entries() const override { return by_row_.stored(); }
  LossForm form() const override { return {by_row_.weights() == nullptr && entries() == rows() * cols(), 0}; }
  double cost(Index rank) const override { return cost_of_entries(entries(), rank); }

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

std::unique_ptr<Problem> observed_problem(SparseView A) {
  BlockedEntries by_row(A);
  A.owner.reset();
  return std::make_unique<ObservedProblem>(std::move(by_row));
}
std::unique_ptr<Problem> observed_problem(SparseMatrix&& A) { return observed_problem(taken(A)); }
std::unique_ptr<Problem> observed_problem(const SparseMatrix& A) {
  return A.isCompressed() ? observed_problem(borrowed(A)) : observed_problem(SparseMatrix(A));
}

std::unique_ptr<Problem> observed_problem(const SparseMatrix& A, const SparseMatrix& weights) {
  if (!A.isCompressed() || !weights.isCompressed()) {
    SparseMatrix values = A, factors = weights;
    values.makeCompressed();
    factors.makeCompressed();
    return observed_problem(values, factors);
  }
  bool same = A.rows() == weights.rows() && A.cols() == weights.cols() && A.nonZeros() == weights.nonZeros();
  same = same && std::equal(A.outerIndexPtr(), A.outerIndexPtr() + A.rows() + 1, weights.outerIndexPtr());
  same = same && std::equal(A.innerIndexPtr(), A.innerIndexPtr() + A.nonZeros(), weights.innerIndexPtr());
  if (!same) {
    throw Error(fmt::format("the weights ({} x {}, {} stored) must be stored exactly where A ({} x {}, {} stored) is",
                            weights.rows(), weights.cols(), weights.nonZeros(), A.rows(), A.cols(), A.nonZeros()));
  }
  const std::span<const double> values(weights.valuePtr(), static_cast<std::size_t>(weights.nonZeros()));
  return std::make_unique<ObservedProblem>(BlockedEntries(A, values));
}

}  // namespace equipoise
