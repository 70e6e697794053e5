// LOBPCG with the subspace of the iterate, its residual and the last direction.
#include "equipoise/core/tracker.hpp"

#include <cmath>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/lanczos.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/core/start.hpp"

namespace equipoise {
namespace {

constexpr int most_iterations = 24;  // Lanczos from scratch costs about as many products

// Orthonormal columns of the same span, the first column kept but for its length; columns that add nothing are left
// out. The images under the Hessian are carried along.
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

// One LOBPCG iteration after the other from a unit vector, until the residual is at the tolerance.
struct Climb {
  Vector x;
  Sharpness reached;  // NaN where the Hessian is not finite
  bool converged = false;
};

Climb climb(const SymmetricProduct& product, Vector x, double tolerance, int most) {
  const auto image_of = [&](const Vector& direction) {
    Vector image(direction.size());
    product(direction.data(), image.data());
    return image;
  };
  Vector Hx = image_of(x);
  Vector last_direction, last_image;
  for (int iteration = 0;; ++iteration) {
    const double value = x.dot(Hx);
    const Vector residual = Hx - value * x;
    const double left = residual.norm();
    if (!std::isfinite(left)) return {x, {nan, nan}, false};
    const bool converged = left <= tolerance * std::abs(value);
    if (converged || iteration == most) return {x, {value, left}, converged};
    Subspace space{x, Hx};
    space.add(residual, image_of(residual));
    if (last_direction.size() > 0) space.add(last_direction, last_image);
    const Eigen::MatrixXd small = space.basis.transpose() * space.images;
    const SymmetricEigen ritz = symmetric_eigen((small + small.transpose()) / 2);
    const Vector weights = ritz.vectors.rightCols(1);
    const Vector next = space.basis * weights;
    const Vector next_image = space.images * weights;
    // next - weights[0] x, without what cancels: near the end its rounding error would weigh more than it does.
    const Index others = space.basis.cols() - 1;
    last_direction = space.basis.rightCols(others) * weights.tail(others);
    last_image = space.images.rightCols(others) * weights.tail(others);
    const double length = next.norm();
    x = next / length;
    Hx = next_image / length;
  }
}

}  // namespace

Sharpness SharpnessTracker::from_scratch(ConstFactors at) {
  SharpnessSettings settings;
  settings.tolerance = tolerance_;
  const Eigenpairs top = extreme_eigenpairs(problem_, at, 1, SpectrumEnd::largest, settings);
  products_ += top.products;
  eigenvector_.resize(0);
  if (top.values.empty()) return {};
  if (std::isfinite(top.values[0])) eigenvector_ = top.vectors.row(0).transpose();
  return {top.values[0], top.residuals[0]};
}

Sharpness SharpnessTracker::measure(ConstFactors at) {
  const Index size = at.shape().size();
  if (eigenvector_.size() != size || size < 3) return from_scratch(at);
  const SymmetricProduct product = [&](const double* in, double* out) {
    problem_.hessian_product(at, ConstFactors(at.shape(), in), MutableFactors(at.shape(), out));
    ++products_;
  };
  Climb followed = climb(product, eigenvector_, tolerance_, most_iterations);
  if (!followed.converged) return from_scratch(at);
  if (++since_look_ >= look_every_) {
    // From a new direction each time: one that happens to be orthogonal to what overtook is not taken twice.
    since_look_ = 0;
    const Vector elsewhere = gaussian_factors({size, 0, 1}, ++looks_).flat().normalized();
    Climb looked = climb(product, elsewhere, tolerance_, most_iterations);
    if (looked.reached.value > followed.reached.value) {
      followed = climb(product, looked.x, tolerance_, most_iterations);
      if (!followed.converged) return from_scratch(at);
    }
  }
  eigenvector_ = followed.x;
  return followed.reached;
}

}  // namespace equipoise
