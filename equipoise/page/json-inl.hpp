// How .cpp files write JSON: keys in the order of writing, and null for what is not a number. Not installed: nlohmann's
// header is heavy.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>

namespace equipoise {

using Json = nlohmann::ordered_json;

inline Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

}  // namespace equipoise
