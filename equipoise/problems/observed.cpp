// One pass by rows for X, one by columns for Y; each forms the residual anew.
#include "equipoise/problems/observed.hpp"

#include <utility>

#include "equipoise/problems/stored_rows.hpp"

namespace equipoise {

namespace {

/// Row i of out = - sum over stored j of (a_ij - p_i.q_j) q_j; returns the sum of the squared residuals.
/// With (A, X, Y) the gradient in X, with (A^T, Y, X) the one in Y.
double half_gradient(const StoredRows& A, const double* P, const double* Q, Index rank, double* out) {
  std::vector<double> parts(static_cast<std::size_t>(A.runs()));
  A.for_each_run(rank, [&](Index chunk, Index first, Index last) {
    double squares = 0;
    std::fill(out + first * rank, out + last * rank, 0.0);
    for (Index i = first; i < last; ++i) {
      A.for_each_entry(i, [&](Index j, double a) {
        const double* q = Q + j * rank;
        const double r = a - dot(P + i * rank, q, rank);
        squares += r * r;
        add_scaled(-r, q, out + i * rank, rank);
      });
    }
    parts[static_cast<std::size_t>(chunk)] = squares;
  });
  double squares = 0;
  for (const double part : parts) squares += part;
  return squares;
}

/// Row i of out = sum over stored j of d_ij q_j - r_ij v_j, d_ij = u_i.q_j + p_i.v_j; (U, V) is the direction of (P,
/// Q).
void half_hessian_product(const StoredRows& A, const double* P, const double* Q, const double* U, const double* V,
                          Index rank, double* out) {
  A.for_each_run(rank, [&](Index, Index first, Index last) {
    std::fill(out + first * rank, out + last * rank, 0.0);
    for (Index i = first; i < last; ++i) {
      const double *p = P + i * rank, *u = U + i * rank;
      A.for_each_entry(i, [&](Index j, double a) {
        const double *q = Q + j * rank, *v = V + j * rank;
        const double r = a - dot(p, q, rank);
        const double change = dot(u, q, rank) + dot(p, v, rank);
        add_scaled(change, q, out + i * rank, rank);
        add_scaled(-r, v, out + i * rank, rank);
      });
    }
  });
}

class ObservedProblem final : public Problem {
 public:
  explicit ObservedProblem(SparseMatrix A) : by_row_(std::move(A)), by_col_(by_row_.transposed()) {}

  Index rows() const override { return by_row_.rows(); }
  Index cols() const override { return by_row_.cols(); }
  Index entries() const override { return by_row_.stored(); }
  bool complete() const override { return entries() == rows() * cols(); }

  double gradient(ConstFactors at, MutableFactors out) const override {
    const Index rank = at.shape().rank;
    const double *x = at.X().data(), *y = at.Y().data();
    const double squares = half_gradient(by_row_, x, y, rank, out.X().data());
    half_gradient(by_col_, y, x, rank, out.Y().data());
    return squares / 2;
  }

  void hessian_product(ConstFactors at, ConstFactors direction, MutableFactors out) const override {
    const Index rank = at.shape().rank;
    const double *x = at.X().data(), *y = at.Y().data();
    const double *u = direction.X().data(), *v = direction.Y().data();
    half_hessian_product(by_row_, x, y, u, v, rank, out.X().data());
    half_hessian_product(by_col_, y, x, v, u, rank, out.Y().data());
  }

 private:
  StoredRows by_row_, by_col_;
};

}  // namespace

std::unique_ptr<Problem> observed_problem(SparseMatrix A) { return std::make_unique<ObservedProblem>(std::move(A)); }
std::unique_ptr<Problem> plain_observed_problem(SparseMatrix A) { return std::make_unique<ObservedProblem>(std::move(A)); }

}  // namespace equipoise
