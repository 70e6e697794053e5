// What a run leaves behind, as text: record.json and samples.csv.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "equipoise/core/rate.hpp"
#include "equipoise/core/run.hpp"
#include "equipoise/theory/theory.hpp"

namespace equipoise {

/// A setting as it was resolved: absent, a switch, a whole number, a number or a word.
using SettingValue = std::variant<std::monostate, bool, std::int64_t, double, std::string>;
using ResolvedSettings = std::vector<std::pair<std::string, SettingValue>>;

/// The matrix as the record describes it.
struct MatrixFacts {
  std::string name;
  Index rows = 0;
  Index cols = 0;
  Index entries = 0;  ///< entries of the loss: rows * cols, or the observed ones
  double norm = 0;
  double sigma1 = 0;
  std::string held;                     ///< where the entries are: "memory" or "the file, read in place"
  std::vector<std::string> notes = {};  ///< what reading left out or renumbered, a sentence each
};

/// Everything that record.json says. Not finite numbers are written as null.
struct RunDocument {
  ResolvedSettings settings;
  MatrixFacts matrix;
  LearningRate rate;
  Record record;
  double relative_loss = 0;  ///< loss at the end over loss at the start; NaN where that is 0
  double excess = 0;         ///< f - f* of `record.last` (exact/excess.hpp); NaN where f* is not known
  double excess_error = 0;   ///< a bound of its error; NaN where not known
  std::vector<Finding> findings;
  std::uint64_t peak_memory = 0;  ///< bytes, the most that the process held at once; mapped files count
  std::string coordinates;        ///< which were used, and why: "spectral coordinates: ..." or "plain coordinates: ..."
};

/// The text of record.json: one object with every key of the contract; numbers read back exactly.
std::string record_json(const RunDocument& document);

/// The columns of samples_csv before those of eigenvalues.
inline constexpr std::string_view sample_columns = "step,loss,gradient_norm,norm_x,norm_y,imbalance";
/// One header line, then one row a sample; eigenvalue columns are empty where sharpness was not measured.
std::string samples_csv(const std::vector<Sample>& samples);

/// Findings as a JSON array, as in record.json.
std::string findings_json(const std::vector<Finding>& findings);

}  // namespace equipoise
