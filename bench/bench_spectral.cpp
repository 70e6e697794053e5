// A step in spectral coordinates, against the multiply-add ceiling and against the same descent on a dense A.
#include <oneapi/tbb/parallel_for.h>

#include <hwy/aligned_allocator.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "contenders.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/problems/dense.hpp"
#include "equipoise/problems/spectral.hpp"
#include "equipoise/problems/spectral_kernel.hpp"

namespace equipoise::bench {

namespace {

/// The kernel alone over as many columns, each thread on one block of its own that stays in the first cache.
std::function<void()> kernel_in_cache(Index n, Index d, int threads) {
  struct Block {
    Index width;
    hwy::AlignedFreeUniquePtr<double[]> memory;
    double *xt, *yt, *values, *gram, *sums;
    explicit Block(Index rank) : width(spectral_block(rank)) {
      const auto lines = [](Index size) { return (size + kLaneLimit - 1) / kLaneLimit * kLaneLimit; };
      const Index size = 2 * rank * width + width + lines(rank * rank) + spectral_sums(rank);
      memory = hwy::AllocateAligned<double>(static_cast<std::size_t>(size));
      std::fill_n(memory.get(), size, 1e-3);
      xt = memory.get();
      yt = xt + rank * width;
      values = yt + rank * width;
      gram = values + width;
      sums = gram + lines(rank * rank);
    }
  };
  const auto blocks = std::make_shared<std::vector<Block>>();
  for (int thread = 0; thread < threads; ++thread) blocks->emplace_back(d);
  return [=] {
    tbb::parallel_for(
        0, threads,
        [&](int thread) {
          Block& block = (*blocks)[static_cast<std::size_t>(thread)];
          for (Index done = 0; done < n / threads; done += block.width) {
            spectral_step(SpectralPass{0, block.width, d, block.width, block.xt, block.yt, block.values, block.gram,
                                       block.gram, 1e-9, block.sums});
          }
        },
        tbb::simple_partitioner());
  };
}

Case spectral_case(const std::string& name, Index n, Index d, int threads, const Options& options) {
  // The dense contender holds the diagonal matrix itself: the same problem, hence the same steps.
  Vector values(n);
  for (Index i = 0; i < n; ++i) values[i] = 1.0 / static_cast<double>(i + 1);
  Matrix A = Matrix::Zero(n, n);
  A.diagonal() = values;
  Factors at = gaussian_factors({n, n, d}, 3);
  at.flat() *= 0.1;
  Factors reference(at.shape());
  const double loss = plain_dense_problem(A)->gradient(at, reference);

  // What the kernel does (spectral_kernel.hpp): half a Gram matrix, a product with one, the diagonal, the update and
  // the sums.
  const double rows = 2 * static_cast<double>(n), rank = static_cast<double>(d), area = static_cast<double>(n * n);
  Case result{name, threads, {}};
  result.contenders.push_back(fma_peak(threads, options));
  result.contenders.push_back(
      own_steps(spectral_problem(values, n, n), at, rows * (3 * rank * rank + 7 * rank), 0, 1e-11, reference, loss));
  result.contenders.push_back(limit(rows * (3 * rank * rank + 7 * rank), 0, kernel_in_cache(n, d, threads)));
  Contender dense = own_steps(dense_problem(A), at, 4 * area * rank, 8 * area, 1e-11, reference, loss);
  dense.name = "equipoise dense";
  result.contenders.push_back(dense);
  return result;
}

}  // namespace

std::vector<Plan> spectral_plans(const Options& options) {
  std::vector<Plan> plans;
  const Index n = options.smoke ? 64 : 4000;
  for (const int threads : {1, 2}) {
    for (const Index d : {1, 2, 4, 8, 16, 32}) {
      if (options.quick && d != 8 && d != 16) continue;
      const std::string name =
          "spectral/float64/n" + std::to_string(n) + "/d" + std::to_string(d) + "/threads" + std::to_string(threads);
      plans.push_back({name, [=] { return spectral_case(name, n, d, threads, options); }});
    }
  }
  return plans;
}

}  // namespace equipoise::bench
