// The space of a state that is held here whole.
#include "equipoise/core/space.hpp"

#include "equipoise/core/start.hpp"

namespace equipoise {

void Space::gaussian(State out, std::uint64_t seed) const {
  Generator generator(seed);
  for (double& each : out) each = generator.normal();
}

const Space& local_space() {
  static const Space here;
  return here;
}

}  // namespace equipoise
