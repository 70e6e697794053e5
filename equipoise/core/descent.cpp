// Descent by hand, and the checks before any first step.
//
// Tested in equipoise/core/run_test.cpp
#include "equipoise/core/descent.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "equipoise/core/error.hpp"

namespace equipoise {
namespace {

void require_rate(double learning_rate) {
  if (learning_rate > 0 && std::isfinite(learning_rate)) return;
  throw Error(fmt::format("the learning rate must be positive and finite, not {}", learning_rate));
}

}  // namespace

void require_start(const Objective& objective, ConstState start, double learning_rate) {
  if (start.size() != objective.size()) {
    throw Error(
        fmt::format("the start has {} numbers, but the objective is a function of {}", start.size(), objective.size()));
  }
  if (!objective.space().finite(start)) throw Error("the start holds NaN or Inf; every number must be finite");
  require_rate(learning_rate);
}

void require_start(const Problem& problem, ConstFactors start, double learning_rate) {
  const Shape shape = start.shape();
  if (shape.rows != problem.rows() || shape.cols != problem.cols()) {
    throw Error(
        fmt::format("the start has X of {} rows and Y of {} rows, but A is {} x {}; X needs a row for every row of A "
                    "and Y one for every column",
                    shape.rows, shape.cols, problem.rows(), problem.cols()));
  }
  if (!problem.space().finite(start.flat()))
    throw Error("the start holds NaN or Inf; every entry of X and Y must be finite");
  require_rate(learning_rate);
}

Stepper::Stepper(const Objective& objective, ConstState start, double learning_rate)
    : objective_(objective), current_(start), learning_rate_(learning_rate) {
  require_start(objective, current_, learning_rate);
}

StepTrace Stepper::step(std::uint64_t count) {
  std::vector<StepTrace> trace(static_cast<std::size_t>(std::min<std::uint64_t>(count, 256)));
  StepTrace last;
  for (std::uint64_t left = count; left > 0;) {
    const std::size_t block = static_cast<std::size_t>(std::min<std::uint64_t>(left, trace.size()));
    objective_.advance(current_, learning_rate_, std::span(trace).first(block));
    last = trace[block - 1];
    left -= block;
  }
  steps_ += count;
  return last;
}

Descent::Descent(const Problem& problem, const Factors& start, double learning_rate)
    : objective_(problem, start.shape()),
      stepper_((require_start(problem, start, learning_rate), objective_), start.flat(), learning_rate) {}

}  // namespace equipoise
