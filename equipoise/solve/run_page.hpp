// A run's record as one HTML page that opens offline.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "equipoise/core/run.hpp"

namespace equipoise {

/// `record_json` is the text of record.json (docs: interface of the command), `samples` the rows of samples.csv: the
/// page says nothing that is not in them, so it can be rebuilt from a folder. Throws Error where the JSON is not a
/// record.
std::string report_html(std::string_view record_json, const std::vector<Sample>& samples);

}  // namespace equipoise
