// Flags as text, and the one-line messages for those that make no sense.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "equipoise/io/text.hpp"

namespace equipoise::cli {

/// Each reads the whole of `text` or throws Error "<flag> '<text>' is ...; write ...".
std::int64_t whole_number(std::string_view flag, std::string_view text, std::int64_t lowest, std::int64_t highest);
double number(std::string_view flag, std::string_view text, double lowest, double highest);
/// "9,1"
std::pair<double, double> two_numbers(std::string_view flag, std::string_view text, double lowest);
/// One of `words`, else an Error that lists them.
std::string one_of(std::string_view flag, std::string_view text, const std::vector<std::string>& words);

using equipoise::nearest;

}  // namespace equipoise::cli
