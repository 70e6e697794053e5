// A Y by rows, A^T X by columns, and Grams for everything that A does not hold; entries are measured where the loss is
// small.
#include "equipoise/problems/sparse.hpp"

#include <cmath>
#include <utility>

#include "equipoise/core/error.hpp"
#include "equipoise/problems/entry_passes.hpp"

namespace equipoise {

namespace {

class SparseProblem final : public Problem {
 public:
  explicit SparseProblem(BlockedEntries by_row) : by_row_(std::move(by_row)), by_col_(by_row_.transposed()) {
    const ConstBlock values(by_row_.values(), by_row_.stored(), 1);
    squared_norm_ = inner(values, values);
  }

  Index rows() const override { return by_row_.rows(); }
  Index cols() const override { return by_row_.cols(); }
  Index entries() const override { return rows() * cols(); }
  LossForm form() const override { return {true, 0}; }
  double cost(Index rank) const override {
    const auto d = static_cast<double>(rank);
    return cost_of_entries(by_row_.stored(), rank) + 4 * d * d * static_cast<double>(rows() + cols());
  }

  double gradient(ConstFactors at, MutableFactors out) const override {
    bool small = false;
    return gradient(at, out, small);
  }

  /// The default's steps bit for bit, knowing at each how large the loss before it was.
  void advance(MutableFactors z, double h, std::span<StepTrace> trace) const override {
    Factors gradient_at_z(z.shape());
    bool small = false;
    for (StepTrace& seen : trace) {
      seen = trace_of(gradient(z, gradient_at_z, small), gradient_at_z, z);
      z.flat() -= h * gradient_at_z.flat();
    }
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
  /// Entries are measured only where the loss is too small to come from products: which, depends on the iterate alone.
  /// `small` foresees it, from the iterate before, and learns how it was; the gradient has the same bits either way.
  double gradient(ConstFactors at, MutableFactors out, bool& small) const {
    const Matrix gram_x = gram(at.X(), at.X());
    const Matrix gram_y = gram(at.Y(), at.Y());
    const double grams = inner(gram_x, gram_y);
    const StridedRows X(at.X()), Y(at.Y());
    out.Y().setZero();
    add_product(at.Y(), gram_x, out.Y());
    add_entries(by_col_, EntryWork::multiply, {nullptr, &X}, out.Y());
    const auto for_x = [&](bool measures) {
      out.X().setZero();
      add_product(at.X(), gram_y, out.X());
      return add_entries(by_row_, measures ? EntryWork::multiply_measure : EntryWork::multiply, {&X, &Y}, out.X());
    };
    const bool measured = small;
    EntrySums all = for_x(measured);
    // X Y^T Y - A Y times X is |X Y^T|^2 - <A Y, X>.
    const double loss = (squared_norm_ + 2 * inner(ConstFactors(out).X(), at.X()) - grams) / 2;
    small = !(std::isfinite(loss) && loss >= least_loss_of_products(squared_norm_, at));
    if (!small) return loss;
    if (!measured) all = for_x(true);
    double absent = by_row_.stored() == entries() ? 0 : grams - all.products;
    if (absent < 0) absent = 0;  // rounding; a NaN stays one
    return (all.residuals + absent) / 2;
  }

  BlockedEntries by_row_, by_col_;
  double squared_norm_ = 0;
};

}  // namespace

SparseView borrowed(const SparseMatrix& A) {
  if (!A.isCompressed()) throw Error("a sparse matrix must be compressed to be read in place");
  return {A.rows(), A.cols(), SparsePlaces<Index>{A.outerIndexPtr(), A.innerIndexPtr()}, A.valuePtr()};
}

SparseView taken(SparseMatrix& A) {
  // Swapped: Eigen's sparse matrices copy when they are moved.
  const auto kept = std::make_shared<SparseMatrix>();
  kept->swap(A);
  kept->makeCompressed();
  SparseView view = borrowed(*kept);
  view.owner = kept;
  return view;
}

std::unique_ptr<Problem> sparse_problem(SparseView A) {
  BlockedEntries by_row(A);
  A.owner.reset();
  return std::make_unique<SparseProblem>(std::move(by_row));
}
std::unique_ptr<Problem> sparse_problem(SparseMatrix&& A) { return sparse_problem(taken(A)); }
std::unique_ptr<Problem> sparse_problem(const SparseMatrix& A) {
  return A.isCompressed() ? sparse_problem(borrowed(A)) : sparse_problem(SparseMatrix(A));
}

}  // namespace equipoise
