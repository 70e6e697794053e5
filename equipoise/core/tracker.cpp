// LOBPCG with the subspace of the iterate, its residual and the last direction.
#include "equipoise/core/tracker.hpp"

#include <cmath>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/factor_objective.hpp"
#include "equipoise/core/numbers.hpp"

namespace equipoise {
namespace {

constexpr int most_iterations = 24;  // Lanczos from scratch costs about as many products

// Orthonormal columns of the same span, the first column kept but for its length; columns that add nothing are left
// out. The images under the Hessian are carried along.
struct Subspace {
  const Space& space;
  Eigen::MatrixXd basis, images;

  void add(Vector direction, Vector image) {
    const double length = std::sqrt(space.squared_norm(direction));
    for (int pass = 0; pass < 2; ++pass) {
      const Vector along = space.dots(basis, direction);
      direction -= basis * along;
      image -= images * along;
    }
    const double left = std::sqrt(space.squared_norm(direction));
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
  bool cut_short = false;  // keep_going said false
};

// What a climb asks of the outside: H at one point.
struct Hill {
  const Objective& objective;
  const ConstState& at;
  const KeepGoing& keep_going;
  int& products;

  Vector image(const Vector& direction) const {
    Vector out(direction.size());
    objective.hessian_product(at, direction, out);
    ++products;
    return out;
  }
};

Climb climb(const Hill& hill, Vector x, double tolerance, int most) {
  const Space& space = hill.objective.space();
  Vector Hx = hill.image(x);
  Vector last_direction, last_image;
  bool has_last = false;
  for (int iteration = 0;; ++iteration) {
    const double value = space.dot(x, Hx);
    const Vector residual = Hx - value * x;
    const double left = std::sqrt(space.squared_norm(residual));
    if (!std::isfinite(left)) return {x, {nan, nan}, false, false};
    const bool converged = left <= tolerance * std::abs(value);
    if (converged || iteration == most) return {x, {value, left}, converged, false};
    if (hill.keep_going && !hill.keep_going()) return {x, {value, left}, false, true};
    Subspace subspace{space, x, Hx};
    subspace.add(residual, hill.image(residual));
    if (has_last) subspace.add(last_direction, last_image);
    const Eigen::MatrixXd small = space.all_dots(subspace.basis, subspace.images);
    const SymmetricEigen ritz = symmetric_eigen((small + small.transpose()) / 2);
    const Vector weights = ritz.vectors.rightCols(1);
    const Vector next = subspace.basis * weights;
    const Vector next_image = subspace.images * weights;
    // next - weights[0] x, without what cancels: near the end its rounding error would weigh more than it does.
    const Index others = subspace.basis.cols() - 1;
    last_direction = subspace.basis.rightCols(others) * weights.tail(others);
    last_image = subspace.images.rightCols(others) * weights.tail(others);
    has_last = true;
    const double length = std::sqrt(space.squared_norm(next));
    x = next / length;
    Hx = next_image / length;
  }
}

}  // namespace

Sharpness EigenvalueTracker::from_scratch(const Objective& objective, ConstState at, const KeepGoing& keep_going) {
  SharpnessSettings settings;
  settings.tolerance = tolerance_;
  settings.keep_going = keep_going;
  const Eigenpairs top = extreme_eigenpairs(objective, at, 1, SpectrumEnd::largest, settings);
  products_ += top.products;
  found_ = false;
  if (top.values.empty()) return {};
  if (std::isfinite(top.values[0])) {
    eigenvector_ = top.vectors.row(0).transpose();
    found_ = true;
  }
  return {top.values[0], top.residuals[0]};
}

Sharpness EigenvalueTracker::measure(const Objective& objective, ConstState at, const KeepGoing& keep_going) {
  const Space& space = objective.space();
  // A vector of another size belongs to another objective.
  if (!found_ || eigenvector_.size() != at.size() || space.whole(at.size()) < 3)
    return from_scratch(objective, at, keep_going);
  const Hill hill{objective, at, keep_going, products_};
  Climb followed = climb(hill, eigenvector_, tolerance_, most_iterations);
  if (followed.cut_short) return followed.reached;
  if (!followed.converged) return from_scratch(objective, at, keep_going);
  if (++since_look_ >= look_every_) {
    // From a new direction each time: one that happens to be orthogonal to what overtook is not taken twice.
    since_look_ = 0;
    Vector elsewhere(at.size());
    space.gaussian(elsewhere, ++looks_);
    elsewhere /= std::sqrt(space.squared_norm(elsewhere));
    Climb looked = climb(hill, elsewhere, tolerance_, most_iterations);
    if (looked.reached.value > followed.reached.value) {
      followed = climb(hill, looked.x, tolerance_, most_iterations);
      if (followed.cut_short) return followed.reached;
      if (!followed.converged) return from_scratch(objective, at, keep_going);
    }
  }
  eigenvector_ = followed.x;
  return followed.reached;
}

Sharpness SharpnessTracker::measure(ConstFactors at) {
  return tracker_.measure(FactorObjective(problem_, at.shape()), at.flat());
}

}  // namespace equipoise
