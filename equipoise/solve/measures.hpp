// What is measured before a first step, within a budget of products: sigma_1, and the sharpness at the start.
#pragma once

#include "equipoise/core/run.hpp"
#include "equipoise/core/sharpness.hpp"

namespace equipoise {

/// The first singular triplet of A, whatever the ridge: to full precision where a product is cheap, otherwise to six
/// digits or a budget (SharpnessSettings::for_a_scale). Empty if A has no entries.
SingularTriplets first_singular_triplet(const Problem& problem, const std::function<bool()>& keep_going = {});
/// Its value, 0 without one.
double first_value(const SingularTriplets& triplets);

/// The sharpness, to full precision or within the budget of a rate. `first` is where to look first.
Sharpness sharpness_for_a_rate(const Problem& problem, ConstFactors at, const SingularTriplets& first,
                               const std::function<bool()>& keep_going = {});

/// |A|_F over the entries of the loss; one pass.
double norm_of(const Problem& problem);

/// All three.
StartMeasures measures_for_a_run(const Problem& problem, ConstFactors start);

}  // namespace equipoise
