// The one place that instantiates Eigen's divide-and-conquer SVD.
#include "equipoise/core/svd.hpp"

#include <Eigen/SVD>

namespace equipoise {

Svd thin_svd(const Eigen::Ref<const Eigen::MatrixXd>& A) {
  if (A.size() == 0) return {Eigen::MatrixXd(A.rows(), 0), Vector(), Eigen::MatrixXd(A.cols(), 0)};
  const Eigen::BDCSVD<Eigen::MatrixXd> svd(A, Eigen::ComputeThinU | Eigen::ComputeThinV);
  return {svd.matrixU(), svd.singularValues(), svd.matrixV()};
}

Vector singular_values(const Eigen::Ref<const Eigen::MatrixXd>& A) {
  if (A.size() == 0) return Vector();
  return Eigen::BDCSVD<Eigen::MatrixXd>(A).singularValues();
}

}  // namespace equipoise
