// The one place that instantiates Eigen's decompositions.
#include "equipoise/core/decompositions.hpp"

#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <Eigen/SVD>
#include <algorithm>
#include <utility>

#include "equipoise/core/numbers.hpp"

namespace equipoise {
namespace {

// Eigen 3.4's divide and conquer is fast, and wrong by up to 1e-4 for about one matrix in a hundred that has several
// equal singular values. Its vectors stay orthonormal, so that one product shows whether it went wrong.
bool reconstructs(const Svd& svd, const AnyMatrix& A) {
  constexpr double tolerance = 1e-13;  // of |A|_F; a good decomposition is off by some 1e-15
  const double scale = A.cwiseAbs().maxCoeff();
  if (scale == 0) return true;
  const Eigen::MatrixXd miss = A / scale - svd.left * (svd.values / scale).asDiagonal() * svd.right.transpose();
  return miss.norm() <= tolerance * (A / scale).norm();  // false for NaN
}

// Two-sided Jacobi, which has no such weakness. The eigenvectors of A^T A leave it nearly nothing to rotate.
Svd by_jacobi(const AnyMatrix& A) {
  const double scale = A.cwiseAbs().maxCoeff();
  const Eigen::MatrixXd B = A / (scale > 0 ? scale : 1);
  const Eigen::MatrixXd nearly_right = symmetric_eigen(B.transpose() * B).vectors.rowwise().reverse();
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(B * nearly_right, Eigen::ComputeThinU | Eigen::ComputeThinV);
  return {svd.matrixU(), scale * svd.singularValues(), nearly_right * svd.matrixV()};
}

}  // namespace

Svd thin_svd(const AnyMatrix& A) {
  if (A.size() == 0) return {Eigen::MatrixXd(A.rows(), 0), Vector(), Eigen::MatrixXd(A.cols(), 0)};
  const Eigen::BDCSVD<Eigen::MatrixXd> divided(A, Eigen::ComputeThinU | Eigen::ComputeThinV);
  Svd svd{divided.matrixU(), divided.singularValues(), divided.matrixV()};
  if (reconstructs(svd, A)) return svd;
  if (A.rows() >= A.cols()) return by_jacobi(A);
  Svd mirrored = by_jacobi(A.transpose());
  return {std::move(mirrored.right), std::move(mirrored.values), std::move(mirrored.left)};
}

Vector singular_values(const AnyMatrix& A) { return thin_svd(A).values; }

SymmetricEigen symmetric_eigen(const AnyMatrix& S) {
  if (S.size() == 0) return {Vector(), Eigen::MatrixXd()};
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(S);
  return {solver.eigenvalues(), solver.eigenvectors()};
}

Vector symmetric_eigenvalues(const AnyMatrix& S) {
  if (S.size() == 0) return Vector();
  return Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(S, Eigen::EigenvaluesOnly).eigenvalues();
}

GeneralEigen general_eigen(const AnyMatrix& A) {
  if (A.size() == 0) return {Eigen::VectorXcd(), Eigen::MatrixXcd()};
  const Eigen::EigenSolver<Eigen::MatrixXd> solver(A);
  if (solver.info() == Eigen::Success) return {solver.eigenvalues(), solver.eigenvectors()};
  return {Eigen::VectorXcd::Constant(A.rows(), nan), Eigen::MatrixXcd::Constant(A.rows(), A.rows(), nan)};
}

std::vector<std::complex<double>> general_eigenvalues(const AnyMatrix& A) {
  if (A.size() == 0) return {};
  const Eigen::EigenSolver<Eigen::MatrixXd> solver(A, false);
  if (solver.info() != Eigen::Success)
    return std::vector<std::complex<double>>(static_cast<std::size_t>(A.rows()), nan);
  return {solver.eigenvalues().begin(), solver.eigenvalues().end()};
}

Qr thin_qr(const AnyMatrix& A) {
  const Index k = std::min(A.rows(), A.cols());
  if (k == 0) return {Eigen::MatrixXd(A.rows(), 0), Eigen::MatrixXd(0, A.cols())};
  const Eigen::HouseholderQR<Eigen::MatrixXd> qr(A);
  return {qr.householderQ() * Eigen::MatrixXd::Identity(A.rows(), k),
          qr.matrixQR().topRows(k).triangularView<Eigen::Upper>()};
}

}  // namespace equipoise
