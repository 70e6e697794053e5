// How .cpp files write JSON: keys in the order of writing, and null for what is not a number. Not installed: nlohmann's
// header is heavy.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

namespace equipoise {

using Json = nlohmann::ordered_json;

inline Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

/// One line, or a document of lines indented by two that ends with its last. Bytes that are no UTF-8, as a file name
/// may have, become U+FFFD: JSON cannot hold them.
inline std::string json_line(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }
inline std::string json_document(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace equipoise
