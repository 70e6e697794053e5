// LOBPCG with the subspace of the iterate, its residual and the last direction.
#include "equipoise/core/tracker.hpp"

#include <cmath>

#include "equipoise/core/decompositions.hpp"

namespace equipoise {
namespace {

constexpr int most_iterations = 24;  // Lanczos from scratch costs about as many products

// Orthonormal columns of the same span, the first column kept but for its length; columns that add nothing are left out.
// The images under the Hessian are carried along.
struct Subspace {
  Eigen::MatrixXd basis, images;

  void add(Vector direction, Vector image) {
    const double length = direction.norm();
    for (int pass = 0; pass < 2; ++pass) {
      const Vector along = basis.transpose() * direction;
      direction -= basis * along;
      image -= images * along;
    }
    const double left = direction.norm();
    if (!(left > 1e-8 * length)) return;
    basis.conservativeResize(direction.size(), basis.cols() + 1);
    images.conservativeResize(direction.size(), images.cols() + 1);
    basis.rightCols(1) = direction / left;
    images.rightCols(1) = image / left;
  }
};

}  // namespace

Sharpness SharpnessTracker::from_scratch(ConstFactors at) {
  SharpnessSettings settings;
  settings.tolerance = 1e-2 * tolerance_;
  const Eigenpairs top = extreme_eigenpairs(problem_, at, 1, SpectrumEnd::largest, settings);
  products_ += top.products;
  since_cold_ = 0;
  eigenvector_.resize(0);
  if (top.values.empty()) return {};
  if (std::isfinite(top.values[0])) eigenvector_ = top.vectors.row(0).transpose();
  return {top.values[0], top.residuals[0]};
}

Sharpness SharpnessTracker::measure(ConstFactors at) {
  const Index size = at.shape().size();
  if (eigenvector_.size() != size || size < 3 || ++since_cold_ >= cold_every_) return from_scratch(at);
  const auto product = [&](const Vector& direction) {
    Factors image(at.shape());
    problem_.hessian_product(at, ConstFactors(at.shape(), direction.data()), image);
    ++products_;
    return Vector(image.flat());
  };
  Vector x = eigenvector_;
  Vector Hx = product(x);
  Vector last_direction, last_image;
  for (int iteration = 0;; ++iteration) {
    const double value = x.dot(Hx);
    const Vector residual = Hx - value * x;
    const double left = residual.norm();
    if (!std::isfinite(left)) {
      eigenvector_.resize(0);
      return from_scratch(at);
    }
    if (left <= tolerance_ * std::abs(value)) {
      eigenvector_ = x;
      return {value, left};
    }
    if (iteration == most_iterations) return from_scratch(at);
    Subspace space{x, Hx};
    space.add(residual, product(residual));
    if (last_direction.size() > 0) space.add(last_direction, last_image);
    const Eigen::MatrixXd small = space.basis.transpose() * space.images;
    const SymmetricEigen ritz = symmetric_eigen((small + small.transpose()) / 2);
    const Vector weights = ritz.vectors.rightCols(1);
    const Vector next = space.basis * weights;
    const Vector next_image = space.images * weights;
    last_direction = next - weights[0] * x;
    last_image = next_image - weights[0] * Hx;
    const double length = next.norm();
    x = next / length;
    Hx = next_image / length;
  }
}

}  // namespace equipoise
