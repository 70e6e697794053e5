// Steps built on the gradient alone.
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

}  // namespace equipoise
