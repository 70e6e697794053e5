// Contenders that many cases share: ceilings, equipoise itself, a Python peer.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "bench.hpp"
#include "equipoise/core/problem.hpp"

namespace equipoise::bench {

/// Fused multiply-adds in double precision, on this many threads.
Contender fma_peak(int threads, const Options& options);
/// Reading this memory, which `owner` keeps.
Contender read_peak(std::span<const std::byte> memory, std::shared_ptr<const void> owner);

/// What limits a kernel where neither ceiling does, measured: the least that work of this kind can take. Counted as the
/// kernel's own flops and bytes. docs/performance.md says for each case what it is.
Contender limit(double flops, double bytes, std::function<void()> call);

/// Steps of descent by Problem::advance; the samples are seconds a step. flops and bytes are those of a step. The rate
/// is so small that the iterate hardly moves. `error`: of the gradient and loss at `at` against the reference.
Contender own_steps(std::shared_ptr<const Problem> problem, const Factors& at, double flops, double bytes,
                    double error_limit, const Factors& reference, double reference_loss);

/// A contender that peers.py announced for the case last handed over.
Contender python_peer(const std::string& name, int threads, double flops, double error_limit);
/// Their names, from the answer to the line that handed the case over.
std::vector<std::string> names_in(const std::string& answer);

/// max(|got - want| / |want| of the gradients, the same of the losses)
double relative_error(ConstFactors got, double got_loss, ConstFactors want, double want_loss);

}  // namespace equipoise::bench
