// The table of the fields, and the codes of outcomes.
//
// Tested in equipoise/sweep/grid_test.cpp
#include "equipoise/sweep/field.hpp"

#include "equipoise/core/error.hpp"

namespace equipoise {
namespace {

constexpr FieldInfo fields[] = {
    {Field::outcome, "outcome", FieldType::uint8,
     "0 not computed, 1 converged, 2 periodic, 3 chaotic, 4 diverged, 5 exhausted"},
    {Field::period, "period", FieldType::uint32, "shortest period where periodic, otherwise 0"},
    {Field::steps, "steps", FieldType::uint64, "the step at which the verdict was reached; max_steps where none was"},
    {Field::loss, "loss", FieldType::float64, "f at that step"},
    {Field::sharpness, "sharpness", FieldType::float64, "largest Hessian eigenvalue there; NaN after divergence"},
    {Field::ratio, "ratio", FieldType::float64, "|X| / |Y| there; 1 where both are zero"},
    {Field::imbalance, "imbalance", FieldType::float64, "|X^T X - Y^T Y|_F there"},
    {Field::lyapunov, "lyapunov", FieldType::float64,
     "largest Lyapunov exponent per step; NaN where there is no verdict, and after divergence"},
    {Field::limit, "limit", FieldType::uint8, "of a converged run: 1 minimiser, 2 saddle; otherwise 0"},
    {Field::product, "product", FieldType::float64,
     "<X, Y> there, which is x y for numbers; NaN where A is not square"},
    {Field::norm_x, "norm_x", FieldType::float64, "|X|_F there"},
    {Field::norm_y, "norm_y", FieldType::float64, "|Y|_F there"},
    {Field::multiplier, "multiplier", FieldType::float64,
     "converged or periodic: the largest non-neutral multiplier of one turn; otherwise NaN"},
    {Field::lyapunov_error, "lyapunov_error", FieldType::float64,
     "standard error of the exponent where chaotic; otherwise NaN"},
    {Field::learning_rate, "learning_rate", FieldType::float64, "h of the cell"},
};

}  // namespace

std::span<const FieldInfo> field_list() { return fields; }
const FieldInfo& info(Field field) { return fields[static_cast<std::size_t>(field)]; }

std::size_t bytes_of(FieldType type) {
  switch (type) {
    case FieldType::uint8:
      return 1;
    case FieldType::uint32:
      return 4;
    case FieldType::uint64:
    case FieldType::float64:
      break;
  }
  return 8;
}

std::uint8_t outcome_code(Outcome outcome) {
  switch (outcome) {
    case Outcome::converged:
      return 1;
    case Outcome::periodic:
      return 2;
    case Outcome::chaotic:
      return 3;
    case Outcome::diverged:
      return 4;
    case Outcome::exhausted:
      return 5;
    case Outcome::stopped:
      break;
  }
  throw Error("a cell that was stopped has no outcome yet; compute it again");
}

}  // namespace equipoise
