// Sparse A and observed entries, against scipy, Eigen and the numpy expression.
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>

#include "ceilings.hpp"
#include "contenders.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/problems/blocked_entries.hpp"
#include "equipoise/problems/entry_kernel.hpp"
#include "equipoise/problems/observed.hpp"
#include "measure.hpp"
#include "peers.hpp"

namespace equipoise::bench {

namespace {

/// About `per_row` entries a row, at uniform columns: the hardest pattern for a cache.
SparseMatrix scattered(Index rows, Index cols, Index per_row) {
  Generator random(4);
  SparseMatrix A(rows, cols);
  A.reserve(rows * per_row);
  std::vector<Index> columns;
  for (Index i = 0; i < rows; ++i) {
    A.startVec(i);
    columns.clear();
    for (Index k = 0; k < per_row; ++k)
      columns.push_back(static_cast<Index>(random.uniform() * static_cast<double>(cols)));
    std::sort(columns.begin(), columns.end());
    columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
    for (const Index j : columns) A.insertBackByOuterInner(i, j) = 2 * random.uniform() - 1;
  }
  A.finalize();
  return A;
}

/// The rows of a factor that the entries of A need, added up in the order of the kernel: what every such kernel has to
/// fetch, and one multiply-add for a vector of it.
std::function<void()> rows_gathered(const SparseMatrix& A, Index rank) {
  struct Piece {
    Index first_entry, count, first_col;
  };
  struct Gather {
    BlockedEntries entries;
    std::vector<double> factor;
    std::vector<std::vector<Piece>> runs;
  };
  const Index stride = entry_stride(rank);
  const auto gather = std::make_shared<Gather>(
      Gather{BlockedEntries(A, {}), std::vector<double>(static_cast<std::size_t>(A.cols() * stride), 0.5), {}});
  for (Index run = 0; run < gather->entries.runs(); ++run) {
    gather->runs.emplace_back();
    for (Index block = 0; block < gather->entries.blocks(); ++block) {
      const Tile tile = gather->entries.tile(run, block);
      Piece piece{tile.first_entry, 0, block * gather->entries.block_cols()};
      for (Index s = tile.first_segment; s < tile.last_segment; ++s) piece.count += gather->entries.segments()[s].count;
      gather->runs.back().push_back(piece);
    }
  }
  return [=] {
    tbb::parallel_for(std::size_t{0}, gather->runs.size(), [&](std::size_t run) {
      for (const Piece& piece : gather->runs[run]) {
        gather_rows(gather->entries.columns() + piece.first_entry, gather->entries.values() + piece.first_entry,
                    piece.count, gather->factor.data() + piece.first_col * stride, stride);
      }
    });
  };
}

/// The kernel itself, at the same runs and segments of A, but with all rows of the other factor in the first cache:
/// what an observed entry takes where nothing has to be fetched.
std::function<void()> residuals_in_cache(const SparseMatrix& A, Index rank) {
  constexpr std::uint32_t kRowsInCache = 64;
  struct Work {
    BlockedEntries entries;
    std::vector<std::uint32_t> columns;
    std::vector<double> p, q, out;
  };
  const Index stride = entry_stride(rank);
  const auto rows_of = [stride](Index rows) {
    return std::vector<double>(static_cast<std::size_t>(rows * stride), 0.5);
  };
  const auto work = std::make_shared<Work>(
      Work{BlockedEntries(A, {}), {}, rows_of(A.rows()), rows_of(kRowsInCache), rows_of(A.rows())});
  const std::uint32_t* columns = work->entries.columns();
  work->columns.assign(columns, columns + A.nonZeros() + BlockedEntries::kColumnsBeyond);
  for (std::uint32_t& column : work->columns) column %= kRowsInCache;
  return [=] {
    tbb::parallel_for(Index{0}, work->entries.runs(), [&](Index run) {
      const BlockedEntries& entries = work->entries;
      const Index first_row = entries.first_row(run);
      for (Index block = 0; block < entries.blocks(); ++block) {
        const Tile tile = entries.tile(run, block);
        entry_pass(EntryPass{EntryWork::residual, stride, entries.segments() + tile.first_segment,
                             entries.segments() + tile.last_segment, entries.values() + tile.first_entry, nullptr,
                             work->columns.data() + tile.first_entry, work->p.data() + first_row * stride,
                             work->q.data(), nullptr, nullptr, work->out.data() + first_row * stride});
      }
    });
  };
}

Case stored_case(const std::string& name, bool observed, Shape shape, Index per_row, int threads,
                 const Options& options) {
  struct Data {
    SparseMatrix A;
    std::vector<int> outer, inner;
    Factors at, gradient;
  };
  const auto data = std::make_shared<Data>();
  SparseMatrix& A = data->A;
  A = scattered(shape.rows, shape.cols, per_row);
  const Index stored = A.nonZeros();
  data->outer.assign(A.outerIndexPtr(), A.outerIndexPtr() + shape.rows + 1);
  data->inner.assign(A.innerIndexPtr(), A.innerIndexPtr() + stored);
  data->at = gaussian_factors(shape, 5);
  data->at.flat() *= 0.3;
  data->gradient = Factors(shape);
  Factors reference(shape);
  const double loss = (observed ? plain_observed_problem(A) : plain_sparse_problem(A))->gradient(data->at, reference);

  const double entries = static_cast<double>(stored), rank = static_cast<double>(shape.rank);
  const double rows = static_cast<double>(shape.rows + shape.cols);
  const double flops = observed ? 8 * entries * rank : 6 * entries * rank + 4 * rows * rank * rank;
  Case result{name, threads, {}};
  auto& all = result.contenders;
  all.push_back(fma_peak(threads, options));
  const std::size_t bytes = static_cast<std::size_t>(stored) * sizeof(double);
  all.push_back(read_peak({reinterpret_cast<const std::byte*>(A.valuePtr()), bytes}, data));
  // Two copies of values (8 bytes) and columns (4): what has to come from memory.
  all.push_back(own_steps(observed ? observed_problem(A) : sparse_problem(A), data->at, flops, 24 * entries, 1e-11,
                          reference, loss));
  if (shape.rank == 8 || shape.rank == 16 || shape.rank == 32) {
    const SparseMatrix transposed = A.transpose();
    const auto both = [&](const auto& pass_over) {
      return [by_row = pass_over(A, shape.rank), by_col = pass_over(transposed, shape.rank)] { by_row(), by_col(); };
    };
    const auto fetched = both(rows_gathered), computed = both(residuals_in_cache);
    const double slice = options.smoke ? 0 : 0.2;
    const bool fetching_is_slower = !observed || fastest_call(fetched, slice).wall > fastest_call(computed, slice).wall;
    all.push_back(limit(flops, 24 * entries, fetching_is_slower ? std::function<void()>(fetched) : computed));
  }
  if (!options.quick) {
    Contender plain = own_steps(observed ? plain_observed_problem(A) : plain_sparse_problem(A), data->at, flops,
                                32 * entries, 1e-11, reference, loss);
    plain.name = "plain loops";
    all.push_back(plain);
  }

  if (!observed && threads == 1) {
    Contender eigen;
    eigen.name = "eigen";
    eigen.flops = 4 * entries * rank + 4 * rows * rank * rank;
    eigen.call = [=] {
      eigen_sparse(shape.rows, shape.cols, shape.rank, data->outer.data(), data->inner.data(), data->A.valuePtr(),
                   data->at.data(), data->at.data() + shape.rows * shape.rank, data->gradient.data(),
                   data->gradient.data() + shape.rows * shape.rank);
    };
    eigen.call();
    eigen.error = relative_error(data->gradient, loss, reference, loss);
    eigen.error_limit = 1e-11;
    all.push_back(eigen);
  }
  if (PythonPeers* peers = python_peers()) {
    const auto give = [&](const char* file, const void* from, Index count, std::size_t size) {
      hand_over(peers->folder() / file, from, static_cast<std::size_t>(count) * size);
    };
    give("outer", data->outer.data(), shape.rows + 1, sizeof(int));
    give("inner", data->inner.data(), stored, sizeof(int));
    give("values", A.valuePtr(), stored, sizeof(double));
    give("X", data->at.data(), shape.rows * shape.rank, sizeof(double));
    give("Y", data->at.data() + shape.rows * shape.rank, shape.cols * shape.rank, sizeof(double));
    give("GX", reference.data(), shape.rows * shape.rank, sizeof(double));
    give("GY", reference.data() + shape.rows * shape.rank, shape.cols * shape.rank, sizeof(double));
    give("loss", &loss, 1, sizeof loss);
    const std::string order = std::string(observed ? "observed " : "sparse ") + std::to_string(shape.rows) + " " +
                              std::to_string(shape.cols) + " " + std::to_string(shape.rank) + " " +
                              std::to_string(stored);
    for (const std::string& peer : names_in(peers->ask(order))) all.push_back(python_peer(peer, threads, flops, 1e-9));
  }
  return result;
}

}  // namespace

std::vector<Plan> sparse_plans(const Options& options) {
  std::vector<Plan> plans;
  // As dense as ratings are: 4 million entries; at rank 32 the factors are 13 and 5 MB, more than a second cache holds.
  const Index m = options.smoke ? 60 : 50000, n = options.smoke ? 50 : 20000, per_row = options.smoke ? 3 : 80;
  for (const bool observed : {false, true}) {
    for (const int threads : {1, 2}) {
      for (const Index d : {1, 4, 8, 16, 32}) {
        if (options.quick && d != 8 && d != 32) continue;
        const std::string name = std::string(observed ? "observed" : "sparse") + "/float64/n" + std::to_string(m) +
                                 "x" + std::to_string(n) + "/d" + std::to_string(d) + "/threads" +
                                 std::to_string(threads);
        plans.push_back({name, [=] { return stored_case(name, observed, {m, n, d}, per_row, threads, options); }});
      }
    }
  }
  return plans;
}

}  // namespace equipoise::bench
