// Descent by hand, and the checks before any first step.
#include "equipoise/core/descent.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "equipoise/core/error.hpp"

namespace equipoise {

void require_start(const Problem& problem, ConstFactors start, double learning_rate) {
  const Shape shape = start.shape();
  if (shape.rows != problem.rows() || shape.cols != problem.cols()) {
    throw Error(
        fmt::format("the start has X of {} rows and Y of {} rows, but A is {} x {}; X needs a row for every row of A "
                    "and Y one for every column",
                    shape.rows, shape.cols, problem.rows(), problem.cols()));
  }
  if (!start.flat().allFinite()) throw Error("the start holds NaN or Inf; every entry of X and Y must be finite");
  if (!(learning_rate > 0) || !std::isfinite(learning_rate)) {
    throw Error(fmt::format("the learning rate must be positive and finite, not {}", learning_rate));
  }
}

Descent::Descent(const Problem& problem, Factors start, double learning_rate)
    : problem_(problem), current_(std::move(start)), learning_rate_(learning_rate) {
  require_start(problem, current_, learning_rate);
}

StepTrace Descent::step(std::uint64_t count) {
  std::vector<StepTrace> trace(static_cast<std::size_t>(std::min<std::uint64_t>(count, 256)));
  StepTrace last;
  for (std::uint64_t left = count; left > 0;) {
    const std::size_t block = static_cast<std::size_t>(std::min<std::uint64_t>(left, trace.size()));
    problem_.advance(current_, learning_rate_, std::span(trace).first(block));
    last = trace[block - 1];
    left -= block;
  }
  steps_ += count;
  return last;
}

}  // namespace equipoise
