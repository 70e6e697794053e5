// The one place that instantiates Eigen's decompositions.
#include "equipoise/core/decompositions.hpp"

#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <Eigen/SVD>
#include <algorithm>

namespace equipoise {

Svd thin_svd(const AnyMatrix& A) {
  if (A.size() == 0) return {Eigen::MatrixXd(A.rows(), 0), Vector(), Eigen::MatrixXd(A.cols(), 0)};
  const Eigen::BDCSVD<Eigen::MatrixXd> svd(A, Eigen::ComputeThinU | Eigen::ComputeThinV);
  return {svd.matrixU(), svd.singularValues(), svd.matrixV()};
}

Vector singular_values(const AnyMatrix& A) {
  if (A.size() == 0) return Vector();
  return Eigen::BDCSVD<Eigen::MatrixXd>(A).singularValues();
}

SymmetricEigen symmetric_eigen(const AnyMatrix& S) {
  if (S.size() == 0) return {Vector(), Eigen::MatrixXd()};
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(S);
  return {solver.eigenvalues(), solver.eigenvectors()};
}

Vector symmetric_eigenvalues(const AnyMatrix& S) {
  if (S.size() == 0) return Vector();
  return Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(S, Eigen::EigenvaluesOnly).eigenvalues();
}

Qr thin_qr(const AnyMatrix& A) {
  const Index k = std::min(A.rows(), A.cols());
  if (k == 0) return {Eigen::MatrixXd(A.rows(), 0), Eigen::MatrixXd(0, A.cols())};
  const Eigen::HouseholderQR<Eigen::MatrixXd> qr(A);
  return {qr.householderQ() * Eigen::MatrixXd::Identity(A.rows(), k), qr.matrixQR().topRows(k).triangularView<Eigen::Upper>()};
}

}  // namespace equipoise
