// The one table of settings: key, unit, limits, words, default and help, for flags, records, files and checks alike.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "equipoise/core/run.hpp"
#include "equipoise/core/setting.hpp"
#include "equipoise/solve/request.hpp"
#include "equipoise/solve/run_record.hpp"

namespace equipoise {

/// Those of a Request, and those of RunSettings.
std::span<const Setting> request_settings();
std::span<const Setting> run_settings();
/// The row of that key. Throws Error, with the nearest key, where there is none.
const Setting& setting(std::string_view key);

/// Sets a setting from its text. Throws Error in one line, with the limits or the words, where the text does not fit,
/// and for a key that is not in the table. `start` takes gaussian and spectral: files are read by whoever may.
void set(Request& request, std::string_view key, std::string_view text);
void set(RunSettings& settings, std::string_view key, std::string_view text, const Spelling& spelling = as_keys);

/// Throws Error for a setting outside its limits.
void check(const RunSettings& settings, const Spelling& spelling = as_keys);
/// Throws Error for a rate or a multiple of 1/L that is not positive and finite.
void check(const Rate& rate);

/// The settings with their values, as record.json lists them.
ResolvedSettings resolved(const RunSettings& settings);

/// Values within the limits of a row of the table; each throws Error "<setting> '<text>' is ...; write ..." otherwise.
std::int64_t whole_number(std::string_view key, std::string_view text, const Spelling& spelling);
double number(std::string_view key, std::string_view text, const Spelling& spelling);
std::string word(std::string_view key, std::string_view text, const Spelling& spelling);
void require_whole(std::string_view key, std::int64_t value, const Spelling& spelling);
void require_whole(std::string_view key, std::uint64_t value, const Spelling& spelling);
void require_whole(std::string_view key, std::uint32_t value, const Spelling& spelling);
void require_number(std::string_view key, double value, const Spelling& spelling);

}  // namespace equipoise
