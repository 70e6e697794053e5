// Powers of two, applied to every quantity of a run according to its dimension.
#include "equipoise/core/units.hpp"

#include <algorithm>
#include <cmath>

namespace equipoise {

double Units::matrix(double in_users) const { return std::scalbn(in_users, -2 * exponent); }
double Units::factor(double in_users) const { return std::scalbn(in_users, -exponent); }
double Units::rate(double in_users) const { return std::scalbn(in_users, 2 * exponent); }
double Units::matrix_to_users(double in_run) const { return std::scalbn(in_run, 2 * exponent); }
double Units::factor_to_users(double in_run) const { return std::scalbn(in_run, exponent); }

Units natural_units(double largest_a, double largest_z) {
  // The exponent of A's unit; half of it is the exponent of the factors'.
  int exponent = 0;
  if (largest_a > 0) exponent = std::ilogb(largest_a);
  if (largest_z > 0)
    exponent = largest_a > 0 ? std::max(exponent, 2 * std::ilogb(largest_z)) : 2 * std::ilogb(largest_z);
  constexpr int comfortable = 166;  // 2^166 = 1e50
  if (std::abs(exponent) <= comfortable) return {};
  return {exponent / 2};
}

Factors in_users_units(const Factors& factors, Units units) {
  Factors result = factors;
  for (double& value : result.flat()) value = units.factor_to_users(value);
  return result;
}

Record in_users_units(Record record, Units units) {
  if (units.exponent == 0) return record;
  const auto matrix = [&](double& value) { value = units.matrix_to_users(value); };
  const auto factor = [&](double& value) { value = units.factor_to_users(value); };
  const auto loss = [&](double& value) { value = std::scalbn(value, 4 * units.exponent); };
  const auto restore = [&](Balance& balance) {
    factor(balance.norm_x);
    factor(balance.norm_y);
    matrix(balance.imbalance);
  };
  record.learning_rate = std::scalbn(record.learning_rate, -2 * units.exponent);
  matrix(record.sigma1);
  matrix(record.norm);
  for (Sharpness* sharpness : {&record.sharpness_start, &record.sharpness_end}) {
    matrix(sharpness->value);
    matrix(sharpness->residual);
  }
  restore(record.balance_start);
  restore(record.balance_end);
  loss(record.loss_start);
  loss(record.loss_end);
  for (Sample& sample : record.samples) {
    loss(sample.loss);
    sample.gradient_norm = std::scalbn(sample.gradient_norm, 3 * units.exponent);
    factor(sample.norm_x);
    factor(sample.norm_y);
    matrix(sample.imbalance);
    for (double& value : sample.eigenvalues) matrix(value);
  }
  record.last = in_users_units(record.last, units);
  for (double& value : record.verdict.cycle_losses) loss(value);
  return record;
}

}  // namespace equipoise
