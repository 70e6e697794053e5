// The plain loops over stored entries, for ever the oracle of the fast kernels.
//
// Tested in equipoise/problems/sparse_test.cpp
#include <utility>

#include "equipoise/problems/grams.hpp"
#include "equipoise/problems/observed.hpp"
#include "equipoise/problems/sparse.hpp"
#include "equipoise/problems/stored_rows.hpp"

namespace equipoise {

namespace {

/// out -= S V
void subtract_product(const StoredRows& S, const ConstBlock& V, MutableBlock out) {
  const Index rank = V.cols();
  S.for_each_run(rank, [&](Index, Index first, Index last) {
    for (Index i = first; i < last; ++i) {
      S.for_each_entry(i, [&](Index j, double a) { add_scaled(-a, V.data() + j * rank, out.data() + i * rank, rank); });
    }
  });
}

class PlainSparseProblem final : public Problem {
 public:
  explicit PlainSparseProblem(SparseMatrix A) : by_row_(std::move(A)), by_col_(by_row_.transposed()) {}

  Index rows() const override { return by_row_.rows(); }
  Index cols() const override { return by_row_.cols(); }
  Index entries() const override { return rows() * cols(); }
  LossForm form() const override { return {true, 0}; }

  double gradient(ConstFactors at, MutableFactors out) const override {
    const Matrix gram_x = gram(at.X(), at.X());
    const Matrix gram_y = gram(at.Y(), at.Y());
    out.flat().setZero();
    add_product(at.X(), gram_y, out.X());
    add_product(at.Y(), gram_x, out.Y());
    subtract_product(by_col_, at.X(), out.Y());

    struct Sums {
      double residuals = 0, products = 0;  ///< of squares, over stored entries
    };
    std::vector<Sums> parts(static_cast<std::size_t>(by_row_.runs()));
    const Index rank = at.shape().rank;
    const ConstBlock X = at.X(), Y = at.Y();
    MutableBlock out_x = out.X();
    by_row_.for_each_run(rank, [&](Index chunk, Index first, Index last) {
      Sums sums;
      for (Index i = first; i < last; ++i) {
        by_row_.for_each_entry(i, [&](Index j, double a) {
          const double* y = Y.data() + j * rank;
          const double p = dot(X.data() + i * rank, y, rank);
          sums.residuals += (a - p) * (a - p);
          sums.products += p * p;
          add_scaled(-a, y, out_x.data() + i * rank, rank);
        });
      }
      parts[static_cast<std::size_t>(chunk)] = sums;
    });
    Sums all;
    for (const Sums& part : parts) {
      all.residuals += part.residuals;
      all.products += part.products;
    }
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
    subtract_product(by_row_, direction.Y(), out.X());
    subtract_product(by_col_, direction.X(), out.Y());
  }

 private:
  StoredRows by_row_, by_col_;
};

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

class PlainObservedProblem final : public Problem {
 public:
  explicit PlainObservedProblem(SparseMatrix A) : by_row_(std::move(A)), by_col_(by_row_.transposed()) {}

  Index rows() const override { return by_row_.rows(); }
  Index cols() const override { return by_row_.cols(); }
  Index entries() const override { return by_row_.stored(); }
  LossForm form() const override { return {entries() == rows() * cols(), 0}; }

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

std::unique_ptr<Problem> plain_sparse_problem(SparseMatrix A) {
  return std::make_unique<PlainSparseProblem>(std::move(A));
}
std::unique_ptr<Problem> plain_observed_problem(SparseMatrix A) {
  return std::make_unique<PlainObservedProblem>(std::move(A));
}

}  // namespace equipoise
