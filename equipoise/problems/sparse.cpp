// A Y by rows, A^T X by columns, and Grams for everything that A does not hold.
#include "equipoise/problems/sparse.hpp"

#include <utility>

#include "equipoise/problems/entry_passes.hpp"

namespace equipoise {

namespace {

class SparseProblem final : public Problem {
 public:
  explicit SparseProblem(const SparseMatrix& A) : by_row_(A, {}), by_col_(SparseMatrix(A.transpose()), {}, true) {}

  Index rows() const override { return by_row_.rows(); }
  Index cols() const override { return by_row_.cols(); }
  Index entries() const override { return rows() * cols(); }
  bool complete() const override { return true; }

  double gradient(ConstFactors at, MutableFactors out) const override {
    const Matrix gram_x = gram(at.X(), at.X());
    const Matrix gram_y = gram(at.Y(), at.Y());
    out.flat().setZero();
    add_product(at.X(), gram_y, out.X());
    add_product(at.Y(), gram_x, out.Y());
    const StridedRows X(at.X()), Y(at.Y());
    const EntrySums all = add_entries(by_row_, EntryWork::multiply_measure, {&X, &Y}, out.X());
    add_entries(by_col_, EntryWork::multiply, {nullptr, &X}, out.Y());
    double absent = by_row_.stored() == entries() ? 0 : inner(gram_x, gram_y) - all.products;
    if (absent < 0) absent = 0;  // rounding; a NaN stays one
    return (all.residuals + absent) / 2;
  }

  void hessian_product(ConstFactors at, ConstFactors direction, MutableFactors out) const override {
    out.flat().setZero();
    // D Y - R V = U (Y^T Y) + X (V^T Y + Y^T V) - A V, and the mirror image
    const Matrix mixed_y = gram(direction.Y(), at.Y());
    const Matrix mixed_x = gram(direction.X(), at.X());
    add_product(direction.X(), gram(at.Y(), at.Y()), out.X());
    add_product(at.X(), mixed_y + mixed_y.transpose(), out.X());
    add_product(direction.Y(), gram(at.X(), at.X()), out.Y());
    add_product(at.Y(), mixed_x + mixed_x.transpose(), out.Y());
    const StridedRows U(direction.X()), V(direction.Y());
    add_entries(by_row_, EntryWork::multiply, {nullptr, &V}, out.X());
    add_entries(by_col_, EntryWork::multiply, {nullptr, &U}, out.Y());
  }

 private:
  BlockedEntries by_row_, by_col_;
};

}  // namespace

std::unique_ptr<Problem> sparse_problem(SparseMatrix A) {
  A.makeCompressed();
  return std::make_unique<SparseProblem>(A);
}

}  // namespace equipoise
