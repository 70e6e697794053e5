// What every objective can do with its gradient and its Hessian products alone.
#include "equipoise/core/objective.hpp"

namespace equipoise {

void Objective::advance(State z, double h, std::span<StepTrace> trace) const {
  Vector gradient_here(z.size());
  for (StepTrace& seen : trace) {
    seen.loss = gradient(z, gradient_here);
    seen.gradient_squared = space().squared_norm(gradient_here);
    seen.norm_squared = space().squared_norm(z);
    z -= h * gradient_here;
  }
}

double Objective::work() const { return static_cast<double>(space().whole(size())); }

Curvature Objective::curvature(ConstState at, const KeepGoing& keep_going) const {
  return curvature_by_lanczos(*this, at, keep_going);
}

}  // namespace equipoise
