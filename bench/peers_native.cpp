// Eigen and OpenBLAS, in a shared library of their own: compiled for this processor, and no inline function of theirs
// can take the place of one in the program.
#include "peers.hpp"

#include <cblas.h>

#include <Eigen/Dense>
#include <Eigen/SparseCore>

namespace {

template <class Scalar>
using RowMajor = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class Scalar>
using View = Eigen::Map<const RowMajor<Scalar>>;
template <class Scalar>
using Target = Eigen::Map<RowMajor<Scalar>>;

template <class Scalar>
double residual_form(long rows, long cols, long rank, const Scalar* a, const Scalar* x, const Scalar* y, Scalar* g,
                     Scalar* h) {
  static RowMajor<Scalar> R;
  const View<Scalar> A(a, rows, cols), X(x, rows, rank), Y(y, cols, rank);
  R.resize(rows, cols);
  R.noalias() = X * Y.transpose();
  R -= A;
  Target<Scalar>(g, rows, rank).noalias() = R * Y;
  Target<Scalar>(h, cols, rank).noalias() = R.transpose() * X;
  return static_cast<double>(R.squaredNorm()) / 2;
}

}  // namespace

extern "C" {

void openblas_pair_double(int rows, int cols, int rank, const double* A, const double* X, const double* Y, double* P,
                          double* Q) {
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, rank, cols, 1, A, cols, Y, rank, 0, P, rank);
  cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, cols, rank, rows, 1, A, cols, X, rank, 0, Q, rank);
}

void openblas_pair_float(int rows, int cols, int rank, const float* A, const float* X, const float* Y, float* P,
                         float* Q) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, rank, cols, 1, A, cols, Y, rank, 0, P, rank);
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, cols, rank, rows, 1, A, cols, X, rank, 0, Q, rank);
}

void openblas_threads(int threads) { openblas_set_num_threads(threads); }

double eigen_residual_double(long rows, long cols, long rank, const double* A, const double* X, const double* Y,
                             double* G, double* H) {
  return residual_form(rows, cols, rank, A, X, Y, G, H);
}

double eigen_residual_float(long rows, long cols, long rank, const float* A, const float* X, const float* Y, float* G,
                            float* H) {
  return residual_form(rows, cols, rank, A, X, Y, G, H);
}

double eigen_sparse(long rows, long cols, long rank, const int* outer, const int* inner, const double* values,
                    const double* x, const double* y, double* g, double* h) {
  const Eigen::Map<const Eigen::SparseMatrix<double, Eigen::RowMajor, int>> A(rows, cols, outer[rows], outer, inner,
                                                                              values);
  const View<double> X(x, rows, rank), Y(y, cols, rank);
  const RowMajor<double> gram_x = X.transpose() * X, gram_y = Y.transpose() * Y;
  const RowMajor<double> AY = A * Y;
  const RowMajor<double> AtX = A.transpose() * X;
  Target<double>(g, rows, rank) = X * gram_y - AY;
  Target<double>(h, cols, rank) = Y * gram_x - AtX;
  return gram_x.cwiseProduct(gram_y).sum() / 2 - AY.cwiseProduct(X).sum();
}
}
