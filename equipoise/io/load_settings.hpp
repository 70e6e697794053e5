// The table of settings that say how a matrix is read, and LoadOptions from their texts.
#pragma once

#include <span>
#include <string_view>

#include "equipoise/core/setting.hpp"
#include "equipoise/io/files.hpp"

namespace equipoise {

/// missing, format, triplets, and how text is written: separator, decimal, header, columns, missing_values, index_base,
/// duplicates.
std::span<const Setting> load_settings();

/// Sets one of them from its text; messages use options.spelling. `triplets` takes yes and no, `missing_values` a list
/// with commas, `separator` also the words comma, semicolon, tab and space. Throws Error for a text that does not fit
/// and for a key that is not in the table.
void set(LoadOptions& options, std::string_view key, std::string_view text);

}  // namespace equipoise
