// Any problem plus a ridge: lambda/2 (|X|_F^2 + |Y|_F^2) added to its loss.
#pragma once

#include <memory>

#include "equipoise/core/problem.hpp"

namespace equipoise {

/// lambda = 0 returns base itself. Otherwise the result is not complete(): the theory speaks of lambda = 0.
/// Throws Error for a negative or non-finite lambda, or without a base.
std::unique_ptr<Problem> ridge_problem(std::unique_ptr<Problem> base, double lambda);

}  // namespace equipoise
