// Descent for every problem that offers nothing faster than its gradient.
//
// Tested in tests/agreement/agreement_test.cpp
#include "equipoise/core/problem.hpp"

namespace equipoise {

StepTrace trace_of(double loss, ConstFactors gradient, ConstFactors at, const Space& space) {
  return {loss, space.squared_norm(gradient.flat()), space.squared_norm(at.flat())};
}

void Problem::advance(MutableFactors z, double h, std::span<StepTrace> trace) const {
  Factors gradient_at_z(z.shape());
  for (StepTrace& seen : trace) {
    const double loss = gradient(z, gradient_at_z);
    seen = trace_of(loss, gradient_at_z, z, space());
    z.flat() -= h * gradient_at_z.flat();
  }
}

}  // namespace equipoise
