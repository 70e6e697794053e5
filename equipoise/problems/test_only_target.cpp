// The dispatch that a test narrows to one SIMD target, and widens again.
#include "equipoise/problems/test_only_target.hpp"

#include <hwy/targets.h>

namespace equipoise::testing {

OnlyTarget::OnlyTarget(std::int64_t target) {
  hwy::SetSupportedTargetsForTest(target);
  hwy::GetChosenTarget().Update(target);
}

OnlyTarget::~OnlyTarget() {
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace equipoise::testing
