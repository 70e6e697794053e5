// The words for when a tangent vector is followed.
//
// Tested in equipoise/core/run_test.cpp
#include "equipoise/core/run_settings.hpp"

#include <fmt/format.h>

#include "equipoise/core/error.hpp"

namespace equipoise {

std::string_view name(Sensitivity sensitivity) {
  switch (sensitivity) {
    case Sensitivity::always:
      return "always";
    case Sensitivity::never:
      return "never";
    case Sensitivity::automatic:
      break;
  }
  return "auto";
}

Sensitivity sensitivity_from(std::string_view word) {
  for (const Sensitivity each : {Sensitivity::automatic, Sensitivity::always, Sensitivity::never}) {
    if (name(each) == word) return each;
  }
  throw Error(fmt::format("'{}' does not say when to follow the sensitivity; write auto, always or never", word));
}

}  // namespace equipoise
