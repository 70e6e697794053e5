// record.json read back, strictly: what a report may speak of.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "equipoise/core/balance.hpp"
#include "equipoise/core/verdict.hpp"
#include "equipoise/theory/theory.hpp"

namespace equipoise {

/// Names and values of a table, in the order of the record; values as written there ("not set" for null).
using NamedValues = std::vector<std::pair<std::string, std::string>>;

/// record.json as values. A number that is null there is NaN here, a text that is null is empty.
struct ReportRecord {
  std::string version;
  NamedValues settings;  ///< without `command`; nested ones as "outer.inner"
  std::string command;   ///< empty where the settings hold none
  NamedValues matrix;
  double rank = 0;
  std::string rate_requested, rate_why;
  double rate = 0, rate_times_L = 0, rate_limit = 0;                                           ///< h, h L, 2/L
  double sharpness_start = 0, sharpness_end = 0, sharpness_residual = 0, stability_limit = 0;  ///< the last is 2/h
  Balance balance_start, balance_end;
  double loss_start = 0, loss_end = 0, loss_relative = 0, loss_excess = 0, loss_excess_error = 0;
  double validation_rmse = 0;
  Verdict verdict;
  bool examined = false;  ///< findings were written (even if none applied)
  std::vector<Finding> findings;
  double steps = 0, seconds = 0, steps_per_second = 0;
};

/// Reads the text of record.json. Throws Error, in one line with the path of the key, where the text is not JSON, a key
/// is missing, or a value has the wrong type. Unknown keys are allowed: a newer program may write more.
ReportRecord read_report_record(std::string_view json);

}  // namespace equipoise
